"""What can be wrong with a SAML artefact, each with a code of its own.

Messages never quote a value that no trusted signature covers: it is the attacker's to choose.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from auditor.model.rule import Severity


class Verdict(StrEnum):
    """`metadata check` and `response check` exit 0, 3 and 10 with these."""

    ACCEPT = "accept"
    WARN = "warn"
    """Authentic, but somebody must look."""
    REJECT = "reject"
    """Must not be trusted, or cannot be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SamlFinding:
    """One thing that is wrong, or worth knowing."""

    code: str
    severity: Severity
    """High and critical reject, low and medium warn, informational does neither."""
    message: str


def reject(code: str, message: str) -> SamlFinding:
    """A finding that makes the artefact unusable."""
    return SamlFinding(code=code, severity=Severity.HIGH, message=message)


def warn(code: str, message: str) -> SamlFinding:
    """A finding that somebody must look at."""
    return SamlFinding(code=code, severity=Severity.MEDIUM, message=message)


def note(code: str, message: str) -> SamlFinding:
    """A finding that changes no verdict."""
    return SamlFinding(code=code, severity=Severity.INFORMATIONAL, message=message)


def verdict(findings: Iterable[SamlFinding]) -> Verdict:
    """The verdict that the worst finding gives."""
    worst = max((finding.severity for finding in findings), default=Severity.INFORMATIONAL)
    if worst >= Severity.HIGH:
        return Verdict.REJECT
    return Verdict.WARN if worst > Severity.INFORMATIONAL else Verdict.ACCEPT
