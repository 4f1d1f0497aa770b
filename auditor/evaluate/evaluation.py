"""Snapshot, rules, profiles, configuration and time in; findings out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import auditor.evaluate.evidence as derived
from auditor.evaluate.applications import audited_application
from auditor.evaluate.clauses import Look
from auditor.evaluate.engine import CompiledRule, Requirement, Result
from auditor.evaluate.findings import About, Findings
from auditor.evaluate.loader import RulePack
from auditor.evaluate.paths import Reading
from auditor.evaluate.waivers import Scanned, apply_waivers
from auditor.model.configuration import ApplicationConfiguration, Judgement
from auditor.model.finding import ApplicationReference, Subject, Verdict
from auditor.model.gap import Gap
from auditor.model.node import Node
from auditor.model.profile import Profile
from auditor.model.report import AuditedApplication
from auditor.model.rule import Rule, Scope, SubjectKind
from auditor.model.snapshot import Snapshot, Target
from auditor.model.waiver import ReportedWaiver

SEARCH = "matches"
"""The section that tells how each profile's applications were searched for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What the rules say about a snapshot."""

    verdicts: tuple[Verdict, ...]
    """Sorted; findings about a profile or the tenant first."""
    applications: tuple[AuditedApplication, ...]
    gaps: tuple[Gap, ...]
    """What could not be read: whole records, and whatever kept a finding from being judged."""
    waivers: tuple[ReportedWaiver, ...] = ()
    """What became of those of the judgement."""


def evaluate(snapshot: Snapshot, *, pack: RulePack, judgement: Judgement, at: datetime) -> Evaluation:
    """Judges the snapshot for the time `at` (UTC) by the rules that are switched on."""
    return _Evaluation(snapshot, pack, judgement, at).run()


class RuleSet:
    """Compiled rules, each evidence judged by each rule at most once."""

    def __init__(self, rules: Sequence[Rule], judgement: Judgement) -> None:
        self._rules = {rule.id: CompiledRule(rule) for rule in rules}
        self._judgement = judgement

    def enabled(self, scope: Scope) -> list[Rule]:
        """The rules of a scope that are switched on."""
        rules = (compiled.rule for compiled in self._rules.values())
        return [rule for rule in rules if rule.scope is scope and self._is_on(rule)]

    def _is_on(self, rule: Rule) -> bool:
        override = self._judgement.rules.get(rule.id)
        return rule.enabled if override is None or override.enabled is None else override.enabled

    def _required(self, rule_id: str) -> list[str]:
        """The rules that must hold first, also those that they require; nothing is on a circle."""
        found: dict[str, None] = {}
        for required in self._rules[rule_id].rule.requires:
            found.update(dict.fromkeys([*self._required(required), required]))
        return list(found)

    def judged(self, evidence: Mapping[str, Node]) -> Callable[[str], Sequence[Result]]:
        """A function from rule id to results; rules that another requires are judged also when off."""
        known: dict[str, Sequence[Result]] = {}

        def results(rule_id: str) -> Sequence[Result]:
            if rule_id not in known:
                compiled = self._rules[rule_id]
                override = self._judgement.rules.get(rule_id)
                known[rule_id] = compiled.judge(
                    evidence,
                    requirements=[
                        Requirement(title=self._rules[required].rule.title, results=results(required))
                        for required in self._required(rule_id)
                    ],
                    severity=override.severity if override else None,
                )
            return known[rule_id]

        return results


class _Evaluation:
    def __init__(self, snapshot: Snapshot, pack: RulePack, judgement: Judgement, at: datetime) -> None:
        self._snapshot = snapshot
        self._judgement = judgement
        self._at = at
        self._profiles = {profile.id: profile for profile in pack.profiles}
        self._rules = RuleSet(pack.rules, judgement)
        mounts = {name: section.mount or name for name, section in snapshot.sections.items()}
        self._findings = Findings(tenant_id=snapshot.tenant.id, mounts=mounts)

    def run(self) -> Evaluation:
        verdicts = [*self._of_tenant(), *self._of_profiles(), *self._of_failed_searches()]
        applications: list[AuditedApplication] = []
        for target in self._snapshot.targets:
            profile = self._profiles.get(target.profile or "")
            evidence = derived.application_evidence(
                self._snapshot, target, profile=profile, judgement=self._judgement, at=self._at
            )
            verdicts.extend(self._judged(Scope.APPLICATION, evidence, _about_application(target, profile)))
            applications.append(
                audited_application(target, evidence, profile=profile, judgement=self._judgement)
            )
        applications.sort(key=lambda a: (a.display_name.casefold(), a.app_id, a.service_principal_id))
        verdicts.sort(key=_order)
        findings, waivers = apply_waivers(
            (verdict.finding for verdict in verdicts),
            self._judgement.waivers,
            at=self._at,
            scanned=Scanned(
                applications=applications,
                narrowed=self._snapshot.entries is not None,
                rules={rule.id for scope in Scope for rule in self._rules.enabled(scope)},
            ),
        )
        return Evaluation(
            verdicts=tuple(replace(v, finding=f) for v, f in zip(verdicts, findings, strict=True)),
            applications=tuple(applications),
            gaps=self._gaps(verdicts),
            waivers=waivers,
        )

    def _judged(self, scope: Scope, evidence: Mapping[str, Node], about: About) -> Iterator[Verdict]:
        results = self._rules.judged(evidence)
        for rule in self._rules.enabled(scope):
            for result in results(rule.id):
                yield self._findings.verdict(result, rule=rule, about=about)

    def _of_tenant(self) -> Iterator[Verdict]:
        evidence = derived.tenant_evidence(self._snapshot, judgement=self._judgement, at=self._at)
        return self._judged(Scope.TENANT, evidence, self._about_tenant())

    def _of_profiles(self) -> Iterator[Verdict]:
        seen: set[str] = set()
        for index, entry in enumerate(self._judgement.applications):
            profile = self._profiles.get(entry.profile or "")
            looked_for = self._snapshot.entries is None or index in self._snapshot.entries
            if profile is None or not looked_for:
                continue
            about = _about_profile(profile, entry)
            if about.subject.id in seen:
                continue  # the products of a profile are searched for together
            seen.add(about.subject.id)
            evidence = derived.profile_evidence(
                self._snapshot,
                profile=profile,
                application_index=index,
                judgement=self._judgement,
                at=self._at,
            )
            yield from self._judged(Scope.PROFILE, evidence, about)

    def _of_failed_searches(self) -> Iterator[Verdict]:
        """Where an application might be that could not be searched for, no application rule was judged."""
        section = self._snapshot.sections.get(SEARCH)
        found = {target.profile for target in self._snapshot.targets}
        for searched, record in sorted(section.records.items()) if section else ():
            if not isinstance(record.value, Gap) or searched in found:
                continue
            profile = self._profiles.get(searched)
            about = self._about_tenant() if profile is None else _about_profile(profile, None)
            reading = Reading(value=None, gaps=(record.value,), requests=record.requests)
            for rule in self._rules.enabled(Scope.APPLICATION):
                override = self._judgement.rules.get(rule.id)
                result = Result.unjudged(
                    reading.gaps,
                    evidence=Look(path=SEARCH, reading=reading).evidence(),
                    severity=(override and override.severity) or rule.severity,
                )
                yield self._findings.verdict(result, rule=rule, about=about)

    def _about_tenant(self) -> About:
        tenant = self._snapshot.tenant
        name = tenant.display_name or tenant.domain or tenant.id
        return About(owner="tenant", subject=Subject(kind=SubjectKind.TENANT, id=tenant.id, name=name))

    def _gaps(self, verdicts: Sequence[Verdict]) -> tuple[Gap, ...]:
        records = (
            record.value
            for section in self._snapshot.sections.values()
            for record in section.records.values()
        )
        gaps = {value for value in records if isinstance(value, Gap)}
        gaps.update(gap for verdict in verdicts for gap in verdict.gaps)
        return tuple(sorted(gaps, key=lambda gap: (gap.section, gap.subject, gap.reason, repr(gap))))


def _about_application(target: Target, profile: Profile | None) -> About:
    return About(
        owner=target.app_id,
        subject=Subject(
            kind=SubjectKind.APPLICATION, id=target.service_principal_id, name=target.display_name
        ),
        application=ApplicationReference(
            service_principal_id=target.service_principal_id,
            app_id=target.app_id,
            display_name=target.display_name,
        ),
        profile=profile,
    )


def _about_profile(profile: Profile, entry: ApplicationConfiguration | None) -> About:
    """The profile; where the entry says which service principal it means, that one of it."""
    match = entry.match if entry else None
    meant = (match.app_id or match.object_id or match.display_name) if match else None
    identity = profile.id if meant is None else f"{profile.id}/{meant}"
    return About(
        owner=profile.id,
        subject=Subject(kind=SubjectKind.PROFILE, id=identity, name=profile.display_name),
        profile=profile,
    )


def _order(verdict: Verdict) -> tuple[str, ...]:
    finding = verdict.finding
    application = finding.application
    return (
        *(
            ("", "")
            if application is None
            else (f"1{application.display_name.casefold()}", application.app_id)
        ),
        finding.rule_id,
        finding.subject.kind.value,
        finding.subject.id,
        finding.fingerprint,
    )
