"""What a run ends with: the exit code."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import IntEnum

from auditor.model.change import Drift
from auditor.model.finding import Status, Verdict
from auditor.model.rule import Severity


class ExitCode(IntEnum):
    """How the program ends."""

    CLEAN = 0
    CANNOT_RUN = 1
    USAGE = 2
    NOT_EVALUATED = 3
    """Something could not be judged that is no accepted gap."""
    DRIFT = 11
    """Something changed."""
    FAILED = 10
    """A failure at or above `--fail-on`."""


_OF_SEVERAL_TENANTS = (ExitCode.CANNOT_RUN, ExitCode.FAILED, ExitCode.NOT_EVALUATED, ExitCode.DRIFT)


def outcome(verdicts: Collection[Verdict], *, fail_on: Severity, accepted: Collection[str]) -> ExitCode:
    """The exit code of one tenant's run; `accepted` names the sections whose gaps are known blind spots."""
    if any(v.finding.status is Status.FAIL and v.finding.severity >= fail_on for v in verdicts):
        return ExitCode.FAILED
    unseen = (verdict for verdict in verdicts if verdict.finding.status is Status.NOT_EVALUATED)
    if any(
        not verdict.gaps or any(gap.section not in accepted for gap in verdict.gaps) for verdict in unseen
    ):
        return ExitCode.NOT_EVALUATED
    return ExitCode.CLEAN


def with_drift(code: ExitCode, drift: Drift | None, *, fail_on: Severity) -> ExitCode:
    """The exit code of a run that was compared; `code` is that of its findings."""
    if drift is None:
        return code
    if any(finding.status is Status.FAIL and finding.severity >= fail_on for finding in drift.findings):
        return ExitCode.FAILED
    return ExitCode.DRIFT if code is ExitCode.CLEAN and (drift.changes or drift.access) else code


def of_several(codes: Iterable[ExitCode]) -> ExitCode:
    """The exit code of several tenants' runs: the first that any gave, in the order of what matters most."""
    given = set(codes)
    return next((code for code in _OF_SEVERAL_TENANTS if code in given), ExitCode.CLEAN)
