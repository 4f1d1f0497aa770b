"""`auditor explain`: one finding, its whole story, from report.json alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from auditor.bundled import bundled
from auditor.evaluate import load_pack
from auditor.model.finding import BaselineState, Cause, Finding, Status
from auditor.model.report import Comparison, EarlierFinding, Report
from auditor.report.json import render
from tests.conftest import Runner
from tests.report.nights import second_night
from tests.report.sample import HOSTILE, sample_report

HEADINGS = ["Judged", "What was read", "What must hold", "Why it matters", "Where it comes from"]


def finding(report: Report, status: Status) -> Finding:
    return next(each for each in report.findings if each.status is status and each.rule_id in _rules(report))


def _rules(report: Report) -> set[str]:
    return {rule.id for rule in report.rules}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(report: Report, file: str = "out/report.json") -> Report:
    Path(file).parent.mkdir(exist_ok=True)
    Path(file).write_bytes(render(report))
    return report


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_its_story(auditor: Runner, status: Status) -> None:
    report = write(sample_report())
    about = finding(report, status)
    told = auditor("explain", about.fingerprint[:8])
    assert (told.code, told.stderr) == (0, "")
    lines = told.stdout.splitlines()
    assert about.fingerprint in told.stdout
    assert [line for line in lines if line in HEADINGS] == HEADINGS
    assert f"  {status.value}: it " in told.stdout
    for entry in about.evidence:
        assert entry.path in told.stdout
        assert entry.collected_at is None or f"read {entry.collected_at}" in told.stdout
    assert ("How to set it right" in lines) is (about.remediation is not None)


def test_a_change_that_nobody_explains_has_its_story(auditor: Runner) -> None:
    report = write(second_night())
    assert report.drift is not None
    for about in report.drift.findings:
        told = auditor("explain", about.fingerprint)
        assert (told.code, told.stderr) == (0, "")
        assert "unattributed-change" in told.stdout


def test_names_cannot_write_over_the_terminal(auditor: Runner) -> None:
    report = sample_report()
    bad = replace(report.findings[0], message=HOSTILE, observed=HOSTILE, title=HOSTILE)
    write(replace(report, findings=(bad,)))
    told = auditor("explain", bad.fingerprint).stdout
    assert "‹U+001B›" in told
    assert not {"\x1b", "\u202e", "\u200b"} & set(told)


def test_the_clauses_are_shown_only_of_the_rules_that_judged(auditor: Runner) -> None:
    report = sample_report()
    about = next(each for each in report.findings if each.rule_id == "reply-url-matches")
    write(report)
    told = " ".join(auditor("explain", about.fingerprint).stdout.split())
    assert "which are others than these" in told
    same = replace(report.run.rules, digest=load_pack(bundled("rules")).digest)
    write(replace(report, run=replace(report.run, rules=same)))
    assert "has one that meets profile.expected.replyUrl" in auditor("explain", about.fingerprint).stdout


def test_since_when_and_why(auditor: Runner) -> None:
    report = sample_report()
    about = replace(
        finding(report, Status.FAIL),
        first_seen_at="2026-11-20T02:00:00Z",
        baseline_state=BaselineState.NEW,
        baseline_cause=Cause.RULES,
    )
    gone, unseen = earlier("a" * 32, Cause.TENANT), earlier("b" * 32, None)
    comparison = Comparison(
        run_id="0" * 32,
        evaluated_at="2026-11-22T02:00:00Z",
        rules_changed=True,
        new=1,
        unchanged=0,
        updated=0,
        absent=(gone,),
        unknown=(unseen,),
    )
    write(replace(report, findings=(about,), comparison=comparison))
    told = " ".join(auditor("explain", about.fingerprint).stdout.split())
    assert "First seen 2026-11-20T02:00:00Z." in told
    assert "New since the run of 2026-11-22T02:00:00Z, because the rules" in told
    assert "it is solved, because something changed" in " ".join(auditor("explain", "aaaa").stdout.split())
    assert "neither solved nor new" in auditor("explain", "bbbb").stdout


def earlier(fingerprint: str, cause: Cause | None) -> EarlierFinding:
    it = finding(sample_report(), Status.FAIL)
    return EarlierFinding(
        fingerprint=fingerprint,
        rule_id=it.rule_id,
        title=it.title,
        status=it.status,
        severity=it.severity,
        application=it.application,
        subject=it.subject,
        expected=it.expected,
        observed=it.observed,
        first_seen_at="2026-11-01T02:00:00Z",
        cause=cause,
    )


def test_for_programs(auditor: Runner) -> None:
    report = write(sample_report(), "other.json")
    about = finding(report, Status.FAIL)
    told = json.loads(
        auditor("explain", about.fingerprint, "--report", "other.json", "--format", "json").stdout
    )
    assert told["finding"]["fingerprint"] == about.fingerprint
    assert told["rule"]["id"] == about.rule_id
    assert told["run"]["id"] == report.run.id


def test_what_cannot_be_found_is_said(auditor: Runner) -> None:
    assert "out/report.json is no report.json" in auditor("explain", "abcd").stderr
    report = sample_report()
    twins = [replace(report.findings[0], fingerprint=f"abcd{n:028}") for n in (1, 2)]
    write(replace(report, findings=tuple(twins)))
    for given, said in (
        ("abc", "too short"),
        ("ffff", "no finding of the run"),
        ("ABCD", "2 findings begin"),
    ):
        refused = auditor("explain", given)
        assert (refused.code, refused.stdout) == (2, "")
        assert said in refused.stderr
    assert auditor("explain", "abcd", "--report", "x", "--run", "last").code == 2
