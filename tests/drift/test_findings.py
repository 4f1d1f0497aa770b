"""What became of each finding: new, unchanged, updated, absent; or nobody can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from auditor.drift.findings import Again, Judged, compare_findings
from auditor.model.finding import (
    ApplicationReference,
    BaselineState,
    Cause,
    Evidence,
    Finding,
    Status,
    Subject,
)
from auditor.model.node import Json
from auditor.model.report import AuditedApplication, Report
from auditor.model.rule import Remediation, Severity, SubjectKind
from auditor.model.wire import from_json, to_json
from tests.report.sample import sample_report

NEW, UNCHANGED, UPDATED = BaselineState.NEW, BaselineState.UNCHANGED, BaselineState.UPDATED


def finding(
    rule: str = "reply-url-matches",
    status: Status = Status.FAIL,
    *,
    app: str | None = "app-1",
    kind: SubjectKind = SubjectKind.APPLICATION,
    subject: str = "sp-1",
    severity: Severity = Severity.HIGH,
    observed: Json = None,
    source: str = "GET /v1.0/servicePrincipals/sp-1",
) -> Finding:
    reference = (
        ApplicationReference(service_principal_id=f"sp of {app}", app_id=app, display_name=app)
        if app
        else None
    )
    return Finding(
        fingerprint=f"{rule} {app} {kind.value} {subject}",
        rule_id=rule,
        title=rule,
        status=status,
        severity=severity,
        application=reference,
        subject=Subject(kind=kind, id=subject, name=subject),
        message="",
        expected=None,
        observed=observed,
        evidence=(Evidence(source=source, path="", value=None, present=True, collected_at=None),),
        remediation=Remediation(portal=""),
        references=(),
        controls={},
        tutorial=None,
    )


def application(app: str = "app-1", matched_by: str = "template") -> AuditedApplication:
    return replace(
        sample_report().applications[0],
        app_id=app,
        service_principal_id=f"sp of {app}",
        matched_by=matched_by,
    )


def report(
    night: int, *findings: Finding, applications: Sequence[AuditedApplication] | None = None
) -> Report:
    sample = sample_report()
    run = replace(sample.run, id=f"{night:032}", evaluated_at=f"2026-11-{night:02}T02:00:00Z")
    applications = (application(),) if applications is None else applications
    return replace(sample, run=run, findings=findings, applications=tuple(applications))


def only(compared: Report) -> tuple[BaselineState | None, Cause | None, str | None]:
    (found,) = compared.findings
    return found.baseline_state, found.baseline_cause, found.first_seen_at


def gone(compared: Report) -> tuple[list[str], list[str]]:
    """Fingerprints of what is solved and of what is unknown."""
    assert compared.comparison is not None
    absent, unknown = compared.comparison.absent, compared.comparison.unknown
    return [known.fingerprint for known in absent], [known.fingerprint for known in unknown]


FIRST = "2026-11-01T02:00:00Z"
SECOND = "2026-11-02T02:00:00Z"
THIRD = "2026-11-03T02:00:00Z"


def test_in_the_first_run_all_is_new_and_nothing_is_compared() -> None:
    first = compare_findings(
        report(1, finding(), finding("b", Status.PASS), finding("c", Status.NOT_EVALUATED)), None
    )
    assert [f.baseline_state for f in first.findings] == [NEW, NEW, None]
    assert [f.first_seen_at for f in first.findings] == [FIRST, FIRST, None]
    assert first.comparison is None


def test_what_stays_keeps_when_it_was_first_seen() -> None:
    nights = compare_findings(report(1, finding(observed=["a"])), None)
    for night in (2, 3):
        nights = compare_findings(report(night, finding(observed=("a",))), nights)
        assert only(nights) == (UNCHANGED, None, FIRST)
    assert nights.comparison is not None
    assert (nights.comparison.new, nights.comparison.unchanged, nights.comparison.updated) == (0, 1, 0)


@pytest.mark.parametrize("changed", [{"severity": Severity.CRITICAL}, {"observed": ["b"]}])
def test_a_failure_that_fails_otherwise_is_updated(changed: dict[str, object]) -> None:
    first = compare_findings(report(1, finding(observed=["a"])), None)
    after = replace(finding(observed=["a"]), **changed)  # type: ignore[arg-type]
    assert only(compare_findings(report(2, after), first)) == (UPDATED, Cause.TENANT, FIRST)


def test_counts_of_sign_ins_are_no_change() -> None:
    source = "GET /v1.0/auditLogs/signIns?$filter=..."
    first = compare_findings(report(1, finding(observed=5, source=source)), None)
    assert only(compare_findings(report(2, finding(observed=6, source=source)), first))[0] is UNCHANGED


@pytest.mark.parametrize("before", [Status.PASS, Status.NOT_APPLICABLE])
def test_a_failure_of_what_held_is_new(before: Status) -> None:
    first = compare_findings(report(1, finding(status=before)), None)
    assert only(compare_findings(report(2, finding()), first)) == (NEW, Cause.TENANT, SECOND)


def test_what_holds_again_is_absent_and_its_pass_updated() -> None:
    first = compare_findings(report(1, finding()), None)
    second = compare_findings(report(2, finding(status=Status.PASS)), first)
    assert gone(second) == ([finding().fingerprint], [])
    assert only(second) == (UPDATED, Cause.TENANT, SECOND)
    third = compare_findings(report(3, finding()), second)
    assert only(third) == (NEW, Cause.TENANT, THIRD)


def test_an_element_that_is_no_longer_there_is_solved() -> None:
    element = finding(kind=SubjectKind.REPLY_URL, subject="https://evil.example")
    first = compare_findings(report(1, element), None)
    second = compare_findings(report(2, finding(status=Status.PASS)), first)
    assert gone(second) == ([element.fingerprint], [])
    assert second.comparison is not None
    assert second.comparison.absent[0].first_seen_at == FIRST


def test_what_could_not_be_read_is_neither_solved_nor_new_until_it_is_seen() -> None:
    first = compare_findings(report(1, finding()), None)
    second = compare_findings(report(2, finding(status=Status.NOT_EVALUATED)), first)
    assert only(second) == (None, None, None)
    assert gone(second) == ([], [finding().fingerprint])
    second = from_json(to_json(second), Report)  # as the store gives it
    third = compare_findings(report(3, finding(status=Status.NOT_EVALUATED)), second)
    assert gone(third) == ([], [finding().fingerprint])
    assert only(compare_findings(report(4, finding()), third)) == (UNCHANGED, None, FIRST)
    assert gone(compare_findings(report(4, finding(status=Status.PASS)), third)) == (
        [finding().fingerprint],
        [],
    )


def test_an_element_of_a_list_that_could_not_be_read_is_unknown() -> None:
    element = finding(kind=SubjectKind.ASSIGNMENT, subject="a-1")
    first = compare_findings(report(1, element), None)
    second = compare_findings(report(2, finding(status=Status.NOT_EVALUATED)), first)
    assert gone(second) == ([], [element.fingerprint])


def test_an_unread_element_may_be_the_missing_one_unless_it_was_there_before() -> None:
    element = finding(kind=SubjectKind.ASSIGNMENT, subject="a-1")
    other = finding(status=Status.NOT_EVALUATED, kind=SubjectKind.ASSIGNMENT, subject="a-2")
    alone = compare_findings(report(1, element), None)
    assert gone(compare_findings(report(2, other), alone)) == ([], [element.fingerprint])
    both = compare_findings(report(1, element, other), None)
    assert gone(compare_findings(report(2, other), both)) == ([element.fingerprint], [])


def test_a_failure_after_a_night_without_sight_of_what_held_is_new() -> None:
    first = compare_findings(report(1, finding(status=Status.PASS)), None)
    second = compare_findings(report(2, finding(status=Status.NOT_EVALUATED)), first)
    assert only(compare_findings(report(3, finding()), second)) == (NEW, Cause.TENANT, THIRD)


def test_an_application_that_is_gone_takes_its_failures_along() -> None:
    first = compare_findings(report(1, finding()), None)
    assert gone(compare_findings(report(2, applications=()), first)) == ([finding().fingerprint], [])


def test_an_application_that_was_not_looked_for_is_unknown() -> None:
    first = compare_findings(report(1, finding()), None)
    narrowed = compare_findings(report(2, applications=()), first, narrowed=True)
    assert gone(narrowed) == ([], [finding().fingerprint])
    assert only(compare_findings(report(3, finding()), narrowed)) == (UNCHANGED, None, FIRST)


def test_an_application_whose_search_failed_is_unknown() -> None:
    first = compare_findings(report(1, finding()), None)
    search = finding(status=Status.NOT_EVALUATED, app=None, kind=SubjectKind.PROFILE, subject="gotomeeting")
    assert gone(compare_findings(report(2, search, applications=()), first)) == ([], [finding().fingerprint])


def test_what_only_a_scan_of_all_applications_finds_is_unknown_without_one() -> None:
    by_all = application(matched_by="allApplications")
    first = compare_findings(report(1, finding(), applications=(by_all,)), None)
    assert gone(compare_findings(report(2, applications=()), first)) == ([], [finding().fingerprint])
    others = (application("app-2", "allApplications"),)
    assert gone(compare_findings(report(2, applications=others), first)) == ([finding().fingerprint], [])


def again(
    cause: Cause, *findings: Finding, applications: Sequence[AuditedApplication] | None = None
) -> Again:
    applications = (application(),) if applications is None else applications
    return Again(cause=cause, judged=Judged(findings=findings, applications=applications))


def test_what_the_last_snapshot_gives_under_the_rules_of_now_is_no_change_of_the_tenant() -> None:
    first = compare_findings(report(1, finding(status=Status.PASS)), None)
    rules = again(Cause.RULES, finding())
    compared = compare_findings(report(2, finding()), first, again=[rules])
    assert only(compared) == (NEW, Cause.RULES, SECOND)
    assert compared.comparison is not None
    assert compared.comparison.rules_changed


def test_what_the_tenant_changed_is_told_though_the_rules_changed_too() -> None:
    first = compare_findings(report(1, finding(status=Status.PASS)), None)
    rules = again(Cause.RULES, finding(status=Status.PASS))
    time = again(Cause.TIME, finding(status=Status.PASS))
    assert only(compare_findings(report(2, finding()), first, again=[rules, time]))[:2] == (NEW, Cause.TENANT)


def test_a_certificate_that_came_nearer_to_its_end_is_the_work_of_time() -> None:
    first = compare_findings(report(1, finding(status=Status.PASS, observed=61)), None)
    time = again(Cause.TIME, finding(observed=60))
    second = compare_findings(report(2, finding(observed=60)), first, again=[time])
    assert only(second) == (NEW, Cause.TIME, SECOND)
    time = again(Cause.TIME, finding(observed=59))
    assert only(compare_findings(report(3, finding(observed=59)), second, again=[time])) == (
        UNCHANGED,
        None,
        SECOND,
    )
    worse = finding(observed=7, severity=Severity.CRITICAL)
    time = again(Cause.TIME, worse)
    assert only(compare_findings(report(3, worse), second, again=[time])) == (UPDATED, Cause.TIME, SECOND)


def test_a_certificate_that_expired_is_not_solved_as_one_that_expires_soon() -> None:
    def about(rule: str, status: Status = Status.FAIL, *, subject: str = "A7") -> Finding:
        return finding(rule, status, kind=SubjectKind.CERTIFICATE, subject=subject)

    first = compare_findings(
        report(1, about("expires-soon"), about("expires-soon", subject="B8"), about("expired", Status.PASS)),
        None,
    )
    now = (about("expired"),)
    second = compare_findings(report(2, *now), first, again=[again(Cause.TIME, *now)])
    assert (only(second)[:2], gone(second)[0]) == (
        (NEW, Cause.TIME),
        [about("expires-soon", subject="B8").fingerprint],
    )
    by_somebody = compare_findings(report(2, *now), first, again=[again(Cause.TIME, *first.findings)])
    assert len(gone(by_somebody)[0]) == 2


def test_a_rule_that_was_switched_off_solves_nothing_in_the_tenant() -> None:
    first = compare_findings(report(1, finding()), None)
    compared = compare_findings(report(2), first, again=[again(Cause.RULES)])
    assert compared.comparison is not None
    assert [known.cause for known in compared.comparison.absent] == [Cause.RULES]


def test_an_application_that_the_configuration_no_longer_names() -> None:
    first = compare_findings(report(1, finding()), None)
    compared = compare_findings(
        report(2, applications=()), first, again=[again(Cause.RULES, applications=())]
    )
    assert compared.comparison is not None
    assert [known.cause for known in compared.comparison.absent] == [Cause.RULES]


WAIVED = Status.WAIVED


def counts(compared: Report) -> tuple[int, int, int]:
    """New, unchanged and updated."""
    assert compared.comparison is not None
    return compared.comparison.new, compared.comparison.unchanged, compared.comparison.updated


def test_a_failure_that_is_waived_now_is_neither_solved_nor_forgotten() -> None:
    first = compare_findings(report(1, finding()), None)
    by_waiver = again(Cause.RULES, finding(status=WAIVED))
    second = compare_findings(report(2, finding(status=WAIVED)), first, again=[by_waiver])
    assert only(second) == (UPDATED, Cause.RULES, FIRST)
    assert (gone(second), counts(second)) == (([], []), (0, 0, 0))
    third = compare_findings(report(3, finding(status=WAIVED)), second)
    assert only(third) == (UNCHANGED, None, FIRST)


def test_a_failure_whose_waiver_is_over_is_new() -> None:
    first = compare_findings(report(1, finding(status=WAIVED)), None)
    over = again(Cause.TIME, finding())
    second = compare_findings(report(2, finding()), first, again=[over])
    assert (only(second), counts(second)) == ((NEW, Cause.TIME, SECOND), (1, 0, 0))
    assert only(compare_findings(report(3, finding()), second)) == (UNCHANGED, None, SECOND)


def test_a_failure_with_another_value_than_its_waiver_is_new_by_the_tenant() -> None:
    first = compare_findings(report(1, finding(status=WAIVED, observed="a")), None)
    as_then = again(Cause.TIME, finding(status=WAIVED, observed="a"))
    second = compare_findings(report(2, finding(observed="b")), first, again=[as_then])
    assert only(second) == (NEW, Cause.TENANT, SECOND)


def test_a_waiver_that_ends_while_nothing_can_be_read_brings_the_failure_back_as_new() -> None:
    first = compare_findings(report(1, finding(status=WAIVED)), None)
    unread = compare_findings(report(2, finding(status=Status.NOT_EVALUATED)), first)
    assert gone(unread) == ([], [finding().fingerprint])
    assert only(compare_findings(report(3, finding()), unread)) == (NEW, Cause.TENANT, THIRD)


def test_what_was_waived_and_holds_again_is_solved() -> None:
    first = compare_findings(report(1, finding(status=WAIVED)), None)
    assert gone(compare_findings(report(2, finding(status=Status.PASS)), first)) == (
        [finding().fingerprint],
        [],
    )
