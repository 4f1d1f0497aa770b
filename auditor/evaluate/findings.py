"""The one door through which a result becomes a finding."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from auditor.evaluate.engine import Result
from auditor.model.finding import (
    ApplicationReference,
    Finding,
    Status,
    Subject,
    TutorialStep,
    Verdict,
    fingerprint,
)
from auditor.model.gap import Gap
from auditor.model.profile import Profile
from auditor.model.rule import Rule

_QUIET = (Status.PASS, Status.NOT_APPLICABLE)
"""Nothing is to be set right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The application, profile or tenant that a rule was evaluated for."""

    owner: str
    """Of the fingerprint: the appId, the profile id, or `tenant`."""
    subject: Subject
    application: ApplicationReference | None = None
    profile: Profile | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Makes the findings of one tenant. `mounts` says where each section of the snapshot is in evidence."""

    tenant_id: str
    mounts: Mapping[str, str]

    def verdict(self, result: Result, *, rule: Rule, about: About) -> Verdict:
        """The finding of a result, with the gaps that kept it from being judged."""
        subject = result.subject or about.subject
        finding = Finding(
            fingerprint=fingerprint(
                tenant_id=self.tenant_id,
                rule_id=rule.id,
                owner=about.owner,
                kind=subject.kind,
                subject_id=subject.id,
            ),
            rule_id=rule.id,
            title=rule.title,
            status=result.status,
            severity=result.severity,
            application=about.application,
            subject=subject,
            message=result.message,
            expected=result.expected,
            observed=result.observed,
            evidence=result.evidence,
            remediation=None if result.status in _QUIET else rule.remediation,
            references=rule.references,
            controls=rule.controls,
            tutorial=tutorial_step(rule.id, about.profile),
        )
        gaps = tuple(dict.fromkeys(self._placed(gap, about) for gap in result.gaps))
        return Verdict(finding=finding, gaps=gaps)

    def _placed(self, gap: Gap, about: About) -> Gap:
        """A gap found on the way through evidence, under the name of the section it stands in."""
        section = gap.section
        if section not in self.mounts:
            held = [mount for mount in self.mounts.values() if f"{section}.".startswith(f"{mount}.")]
            longest = max(held, key=len, default=None)
            section = next((name for name, mount in self.mounts.items() if mount == longest), section)
        return replace(gap, section=section, subject=gap.subject or about.subject.id)


def tutorial_step(rule_id: str, profile: Profile | None) -> TutorialStep | None:
    """The first step of the profile's tutorial that the rule judges."""
    for step in profile.steps if profile else ():
        if rule_id in step.rules:
            source = profile.sources[step.document] if profile else None
            document = f"{source.title} ({source.date})" if source else step.document
            return TutorialStep(document=document, step=step.title)
    return None
