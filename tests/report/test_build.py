"""The report as it is put together: counts, accepted gaps, identity of the run, what was configured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor import __version__
from auditor.bundled import bundled
from auditor.evaluate import Evaluation, load_pack
from auditor.model.configuration import AcceptedGap, Judgement, RuleOverride
from auditor.model.finding import Status, Verdict
from auditor.model.gap import Gap, Reason
from auditor.model.report import Report
from auditor.model.rule import Severity
from auditor.model.snapshot import Snapshot, TenantIdentity
from auditor.report.build import accepted_sections, build_report, run_id
from tests.report.sample import sample_report

AT = datetime(2026, 11, 23, 2, 0, 41, tzinfo=UTC)
PACK = load_pack(bundled("rules"))
SNAPSHOT = Snapshot(
    tenant=TenantIdentity(id="3f1c2a54-5a0d-4b0e-9d0e-7d1f6a0c9b11", display_name="Contoso", domain=None),
    cloud="global",
    started_at="2026-11-23T02:00:00Z",
    finished_at="2026-11-23T02:00:41Z",
    auditor_version="0.0.1",
    configuration={},
    targets=(),
    sections={},
)


def gap(section: str, **changes: object) -> Gap:
    made = Gap(section=section, subject="tenant", reason=Reason.PERMISSION, detail="403", http_status=403)
    return replace(made, **changes)  # type: ignore[arg-type]


def accepted(section: str, expires: str) -> AcceptedGap:
    return AcceptedGap(section=section, reason="known", owner="iam@contoso.com", expires=expires)


def built(gaps: Sequence[Gap] = (), judgement: Judgement | None = None) -> Report:
    verdicts = tuple(Verdict(finding=finding) for finding in sample_report().findings)
    evaluation = Evaluation(verdicts=verdicts, applications=sample_report().applications, gaps=tuple(gaps))
    return build_report(SNAPSHOT, evaluation, pack=PACK, judgement=judgement or Judgement(), at=AT)


def test_the_counts_are_those_of_the_findings() -> None:
    report = built()
    assert report.summary == sample_report().summary
    count = {status: sum(f.status is status for f in report.findings) for status in Status}
    judged = count[Status.PASS] + count[Status.FAIL] + count[Status.WAIVED]
    assert (report.coverage.evaluated, report.coverage.not_evaluated) == (judged, count[Status.NOT_EVALUATED])


def test_the_run_is_that_of_the_snapshot_judged_by_this_program() -> None:
    run = built().run
    assert (run.started_at, run.finished_at) == (SNAPSHOT.started_at, SNAPSHOT.finished_at)
    assert (run.evaluated_at, run.auditor_version) == ("2026-11-23T02:00:41Z", __version__)
    assert run.rules.digest == PACK.digest
    assert run.rules.count == sum(rule.enabled for rule in PACK.rules)


def test_the_run_is_another_one_for_another_snapshot_or_another_time() -> None:
    ids = {
        run_id(SNAPSHOT, AT),
        run_id(SNAPSHOT, AT.astimezone(timezone(timedelta(hours=5)))),  # the same moment
        run_id(SNAPSHOT, AT + timedelta(seconds=1)),
        run_id(replace(SNAPSHOT, cloud="usgov"), AT),
    }
    assert len(ids) == 3


@pytest.mark.parametrize(
    ("expires", "is_accepted"), [("2026-11-22", False), ("2026-11-23", True), ("2027-01-01", True)]
)
def test_a_gap_is_accepted_up_to_and_including_its_last_day(expires: str, is_accepted: bool) -> None:
    last_second = datetime(2026, 11, 23, 23, 59, 59, tzinfo=UTC)
    assert ("signIns" in accepted_sections([accepted("signIns", expires)], last_second)) is is_accepted
    report = built([gap("signIns")], Judgement(accepted_gaps=(accepted("signIns", expires),)))
    assert [each.accepted for each in report.coverage.gaps] == [is_accepted]


@given(
    st.permutations([gap("signIns"), gap("signIns"), gap("owners", subject="b"), gap("owners", subject="a")])
)
def test_gaps_are_sorted_and_each_is_told_once(gaps: list[Gap]) -> None:
    found = [(each.section, each.subject) for each in built(gaps).coverage.gaps]
    assert found == [("owners", "a"), ("owners", "b"), ("signIns", "tenant")]


def test_rules_are_shown_as_they_judged() -> None:
    judgement = Judgement(
        rules={
            "owner-present": RuleOverride(enabled=True),
            "no-guests-assigned": RuleOverride(severity=Severity.LOW),
            "assignment-required": RuleOverride(enabled=False, reason="open to all"),
        }
    )
    report = built(judgement=judgement)
    rules = {rule.id: rule for rule in report.rules}
    assert rules["owner-present"].enabled
    assert rules["no-guests-assigned"].severity is Severity.LOW
    assert not rules["assignment-required"].enabled
    assert list(report.configuration.rules) == sorted(judgement.rules)
    assert [rule.id for rule in report.rules] == sorted(rule.id for rule in PACK.rules)


def test_profiles_come_with_their_steps_in_the_tutorials_order() -> None:
    (gotomeeting,) = (profile for profile in built().profiles if profile.id == "gotomeeting")
    (loaded,) = (profile for profile in PACK.profiles if profile.id == "gotomeeting")
    assert gotomeeting.steps == loaded.steps
    assert Path(loaded.mark.file).name == "gotomeeting.yaml"


def line_of(file: str, line: int) -> str:
    return (bundled("rules").parent / file).read_text(encoding="utf-8").splitlines()[line - 1].strip()


def test_every_rule_names_the_line_that_says_what_it_expects() -> None:
    for rule in built().rules:
        assert rule.source is not None
        assert rule.source.file == f"rules/{rule.category}/{rule.id}.yaml"
        assert line_of(rule.source.file, rule.source.line).startswith("- ")


def test_every_profile_names_the_lines_of_its_expected_values() -> None:
    (profile,) = (each for each in built().profiles if each.id == "gotomeeting")
    place = profile.expected["replyUrl"]
    assert place.file == "rules/profiles/gotomeeting.yaml"
    assert line_of(place.file, place.line) == "exactly: https://authentication.logmeininc.com/saml/acs"
    assert line_of(place.file, profile.expected["relayState"].line) == "one_of:"


def test_a_rule_says_which_of_the_profiles_values_it_compares_with() -> None:
    expects = {rule.id: rule.expects for rule in built().rules}
    assert expects["reply-url-matches"] == "replyUrl"
    assert expects["identifier-matches"] == "identifier"
    assert expects["signing-certificate-not-expired"] is None
