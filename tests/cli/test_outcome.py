"""Exit codes: the first that applies."""

from __future__ import annotations

from dataclasses import replace

import pytest

from auditor.cli.outcome import ExitCode, of_several, outcome, with_drift
from auditor.model.finding import Finding, Status, Verdict
from auditor.model.gap import Gap, Reason
from auditor.model.rule import Severity
from tests.report.drifted import sample_drift
from tests.report.sample import sample_report

_FINDING = sample_report().findings[0]


def finding(status: Status, severity: Severity = Severity.HIGH) -> Finding:
    return replace(_FINDING, status=status, severity=severity)


def unseen(*sections: str) -> Verdict:
    gaps = (Gap(section=name, subject="s", reason=Reason.PERMISSION, detail="403") for name in sections)
    return Verdict(finding=finding(Status.NOT_EVALUATED), gaps=tuple(gaps))


PASS = Verdict(finding=finding(Status.PASS))
LOW = Verdict(finding=finding(Status.FAIL, Severity.LOW))
HIGH = Verdict(finding=finding(Status.FAIL, Severity.HIGH))
WAIVED = Verdict(finding=finding(Status.WAIVED, Severity.CRITICAL))
NOT_APPLICABLE = Verdict(finding=finding(Status.NOT_APPLICABLE, Severity.CRITICAL))


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ((), ExitCode.CLEAN),
        ((PASS, LOW, WAIVED, NOT_APPLICABLE), ExitCode.CLEAN),
        ((PASS, HIGH), ExitCode.FAILED),
        ((HIGH, unseen("signIns")), ExitCode.FAILED),
        ((LOW, unseen("signIns")), ExitCode.NOT_EVALUATED),
        ((unseen("claimsPolicy"),), ExitCode.CLEAN),
        ((unseen("claimsPolicy", "signIns"),), ExitCode.NOT_EVALUATED),
        ((unseen(),), ExitCode.NOT_EVALUATED),
    ],
)
def test_one_tenant(verdicts: tuple[Verdict, ...], code: ExitCode) -> None:
    assert outcome(verdicts, fail_on=Severity.HIGH, accepted={"claimsPolicy"}) is code


@pytest.mark.parametrize("fail_on", list(Severity))
def test_a_failure_below_the_line_does_not_count(fail_on: Severity) -> None:
    for severity in Severity:
        code = outcome([Verdict(finding=finding(Status.FAIL, severity))], fail_on=fail_on, accepted=())
        assert code is (ExitCode.FAILED if severity.rank >= fail_on.rank else ExitCode.CLEAN)


@pytest.mark.parametrize(
    ("codes", "code"),
    [((0, 0), 0), ((0, 11), 11), ((11, 3), 3), ((0, 3), 3), ((3, 10, 0), 10), ((10, 1, 3), 1), ((), 0)],
)
def test_several_tenants(codes: tuple[int, ...], code: int) -> None:
    assert of_several(ExitCode(each) for each in codes) == code


def test_what_changed_counts_when_nothing_is_wrong_and_what_nobody_explains_is_wrong() -> None:
    unexplained = sample_drift()  # of a critical property
    explained = replace(unexplained, findings=())
    waived = replace(
        unexplained, findings=tuple(replace(it, status=Status.WAIVED) for it in unexplained.findings)
    )
    quiet = replace(explained, changes=(), access=())
    for drift, code in ((unexplained, 10), (explained, 11), (waived, 11), (quiet, 0), (None, 0)):
        assert with_drift(ExitCode.CLEAN, drift, fail_on=Severity.HIGH) == code
    assert with_drift(ExitCode.NOT_EVALUATED, explained, fail_on=Severity.HIGH) == 3
    assert with_drift(ExitCode.NOT_EVALUATED, unexplained, fail_on=Severity.HIGH) == 10
