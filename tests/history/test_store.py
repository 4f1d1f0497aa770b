"""Runs go in and come out as they were, in both databases; two scans of a tenant never run at once."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from auditor.errors import CannotRunError, UsageError
from auditor.history import DamagedRunError, History, State, StoreMissingError, open_history
from auditor.model.finding import BaselineState
from auditor.model.report import Comparison
from auditor.model.snapshot import Snapshot
from tests.history.sample import at, report_of, sample_snapshot, timestamp
from tests.report.sample import TENANT_ID

NAME = "contoso.onmicrosoft.com"


def keep(history: History, snapshot: Snapshot, *, name: str = NAME) -> int:
    """Records a run of that night; gives its number."""
    begun = datetime.fromisoformat(snapshot.started_at)
    ended = datetime.fromisoformat(snapshot.finished_at)
    lock = history.begin(name, begun)
    history.complete(lock, snapshot=snapshot, report=report_of(snapshot), at=ended)
    return lock.number


def contents(url: str, history: History) -> int:
    """How many parts are stored."""
    from sqlalchemy import func, select

    from auditor.history.tables import CONTENT

    with history._database.reading() as connection:
        return connection.execute(select(func.count()).select_from(CONTENT)).scalar_one()


def test_what_was_recorded_comes_back_to_the_letter(history: History) -> None:
    snapshot = sample_snapshot()
    report = report_of(snapshot)
    comparison = Comparison(
        run_id="0" * 32,
        evaluated_at=timestamp(at(0)),
        rules_changed=False,
        new=1,
        unchanged=0,
        updated=0,
        absent=(),
        unknown=(),
    )
    findings = tuple(replace(f, baseline_state=BaselineState.NEW) for f in report.findings)
    report = replace(report, comparison=comparison, findings=findings)
    lock = history.begin(NAME, at(0))
    history.complete(lock, snapshot=snapshot, report=report, at=at(0))
    assert history.snapshot("last") == snapshot
    assert history.snapshot("last").digest == snapshot.digest
    assert history.report(report.run.id) == report
    (run,) = history.runs()
    assert (run.state, run.run_id, run.tenant_id, run.name) == (
        State.COMPLETE,
        report.run.id,
        TENANT_ID,
        NAME,
    )
    assert run.summary is not None
    assert run.summary["fail"] == report.summary.fail
    assert history.run(report.run.id[:6]).number == history.run(str(run.number)).number == run.number


def test_the_trend_is_that_of_whole_runs_the_oldest_first(history: History) -> None:
    for night in range(4):
        keep(history, replace(sample_snapshot(night), entries=(0,) if night == 2 else None))
    keep(history, sample_snapshot(1, tenant_id="another"), name="another")
    history.fail(history.begin(NAME, at(4)), message="no", at=at(4))
    times = [point.evaluated_at for point in history.trend(NAME, most=60)]
    assert times == [timestamp(at(night) + timedelta(seconds=41)) for night in (0, 1, 3)]
    newest = history.trend(NAME, most=2)
    assert [point.evaluated_at for point in newest] == times[1:]
    assert newest[-1].summary == report_of(sample_snapshot(3)).summary
    assert history.trend("nobody", most=60) == []


def test_unchanged_nights_store_nothing_twice(history: History, url: str) -> None:
    keep(history, sample_snapshot(0))
    after_one = contents(url, history)
    for night in range(1, 4):
        keep(history, sample_snapshot(night))
    assert contents(url, history) == after_one
    keep(history, sample_snapshot(4, users=4))
    assert contents(url, history) == after_one + 1
    assert history.snapshot("2") == sample_snapshot(1)
    assert history.snapshot("5") == sample_snapshot(4, users=4)


def test_a_tenant_is_the_same_by_name_and_by_id(history: History) -> None:
    keep(history, sample_snapshot(0))
    assert history.last(TENANT_ID) == history.last(NAME.upper()) == history.run("last")
    history.begin(NAME, at(1))
    with pytest.raises(CannotRunError, match="is being scanned"):
        history.begin(TENANT_ID, at(1))


def test_runs_that_failed_before_the_tenant_was_known_are_its_own(history: History) -> None:
    lock = history.begin(NAME, at(0))
    history.fail(lock, message="no token\0", at=at(0))
    keep(history, sample_snapshot(1))
    assert [run.state for run in history.runs(TENANT_ID)] == [State.COMPLETE, State.FAILED]
    assert history.runs(TENANT_ID)[1].message == "no token\N{REPLACEMENT CHARACTER}"


def test_two_scans_of_a_tenant_never_run_at_once(history: History, url: str) -> None:
    lock = history.begin(NAME, at(0))
    with open_history(url) as other:
        with pytest.raises(CannotRunError) as refused:
            other.begin(NAME, at(0) + timedelta(minutes=1))
        other.begin("fabrikam.onmicrosoft.com", at(0))
    assert (
        f"run {lock.number} began at 2026-11-23T02:00:00Z (process {os.getpid()} on " in refused.value.message
    )
    assert "from 2026-11-23T08:00:00Z on" in refused.value.remedy
    history.fail(lock, message="done", at=at(0))
    assert history.begin(NAME, at(0)).number > lock.number


@pytest.mark.parametrize("later", [timedelta(hours=6, seconds=1), -timedelta(hours=6, seconds=1)])
def test_a_run_without_end_is_taken_for_dead(history: History, later: timedelta) -> None:
    slow = history.begin(NAME, at(0))
    now = at(0) + later
    assert [run.state for run in history.runs(at=now)] == [State.DIED]
    assert [run.state for run in history.runs(at=at(0))] == [State.RUNNING]
    history.begin(NAME, now)
    snapshot = sample_snapshot(0)
    with pytest.raises(CannotRunError, match="taken for dead"):
        history.complete(slow, snapshot=snapshot, report=report_of(snapshot), at=now)
    assert history.last(NAME) is None


def test_a_process_that_is_gone_is_seen_at_once(history: History, url: str) -> None:
    program = (
        "import sys, os, signal; from datetime import datetime; from auditor.history import open_history\n"
        "open_history(sys.argv[1]).begin('contoso.onmicrosoft.com', datetime.fromisoformat(sys.argv[2]))\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, url, at(0).isoformat()], check=False, timeout=60)
    assert [run.state for run in history.runs(at=at(0))] == [State.DIED]
    lock = history.begin(NAME, at(0))
    assert [run.state for run in history.runs(at=at(0))] == [State.RUNNING, State.DIED]
    history.fail(lock, message="", at=at(0))


def test_a_run_that_could_not_be_completed_leaves_nothing(history: History) -> None:
    keep(history, sample_snapshot(0))
    lock = history.begin(NAME, at(1))
    snapshot = sample_snapshot(1, users=9)
    with history._database.writing() as connection:  # a part of it is in the way: the last thing stored fails
        connection.exec_driver_sql(
            "INSERT INTO auditor_part SELECT 2, 'report', 0, name, content, times FROM auditor_part"
            " WHERE position = 0 AND document = 'report'"
        )
    with pytest.raises(CannotRunError):
        history.complete(lock, snapshot=snapshot, report=report_of(snapshot), at=at(1))
    assert [run.state for run in history.runs(at=at(1))] == [State.RUNNING, State.COMPLETE]
    history.fail(lock, message="the disk is full", at=at(1))
    assert history.runs()[0].message == "the disk is full"
    assert history.snapshot("last") == sample_snapshot(0)


def test_pruning_keeps_what_others_need(history: History, url: str) -> None:
    for night in range(5):
        keep(history, sample_snapshot(night, users=night + 1))
    keep(history, sample_snapshot(0, tenant_id="another"), name="another")
    history.approve("1", reason="reviewed", by="Ana", at=at(4))
    pruned = history.prune(keep=2, at=at(5))
    assert [run.number for run in history.runs()] == [6, 5, 4, 1]
    assert (pruned.runs, pruned.contents) == (2, 1)  # the third night saw what the other tenant has
    for night in (0, 3, 4):
        assert history.snapshot(str(night + 1)) == sample_snapshot(night, users=night + 1)
    assert history.snapshot("6").tenant.id == "another"
    approved = history.baseline(NAME)
    assert approved is not None
    assert (approved.run, approved.approved_by, approved.reason) == (1, "Ana", "reviewed")
    assert history.baseline("another") is None


def test_pruning_by_days_keeps_the_last_complete_run(history: History) -> None:
    keep(history, sample_snapshot(0))
    keep(history, sample_snapshot(1))
    failed = history.begin(NAME, at(2))
    history.fail(failed, message="no token", at=at(2))
    assert history.prune(keep_days=1, at=at(300)).runs == 2
    assert [run.number for run in history.runs()] == [2]
    assert keep(history, sample_snapshot(301)) == 4  # numbers are not given again


@pytest.mark.parametrize("name", ["last", "1", "abcd", "12345678", ""])
def test_a_run_that_is_not_there(history: History, name: str) -> None:
    with pytest.raises(UsageError, match="there is no run"):
        history.report(name)


def test_a_run_that_is_not_complete_has_no_report(history: History) -> None:
    history.begin(NAME, at(0))
    with pytest.raises(UsageError, match="has no report"):
        history.report("1")
    with pytest.raises(UsageError, match="complete one"):
        history.approve("1", reason="", by="", at=at(0))


def test_damage_is_told_and_stays_with_its_run(tmp_path: Path) -> None:
    file = tmp_path / "auditor.db"
    with open_history(f"sqlite:///{file}") as history:
        keep(history, sample_snapshot(0))
        keep(history, sample_snapshot(1, users=4))
    with sqlite3.connect(file) as raw:
        raw.execute(
            "UPDATE auditor_content SET data = zeroblob(9) WHERE digest = (SELECT content FROM auditor_part"
            " WHERE run = 2 AND name = 'sections/users')"
        )
    raw.close()
    with open_history(f"sqlite:///{file}") as history:
        with pytest.raises(DamagedRunError, match="run 2"):
            history.snapshot("2")
        assert history.snapshot("1") == sample_snapshot(0)


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "store" / "auditor.db"
    with open_history("sqlite:///store/auditor.db", folder=tmp_path) as history:
        history.begin(NAME, at(0))
        with history._database.reading():
            beside = sorted(file.parent.iterdir())
            assert {stat.S_IMODE(each.stat().st_mode) for each in beside} == {0o600}
            assert file in beside
            assert len(beside) == 3  # the journal and its index, too
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_what_only_reads_makes_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreMissingError, match="there is no store"):
        open_history("sqlite:///auditor.db", folder=tmp_path, create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "url",
    [
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///a.db?mode=ro",
        "mysql://db/audit",
        "auditor.db",
        "",
        "://",
        "sqlite://h/a",
    ],
)
def test_what_is_no_store(url: str) -> None:
    with pytest.raises(UsageError, match="history: "):
        open_history(url)


def test_a_password_is_not_in_the_name_of_the_store() -> None:
    from auditor.history.address import display, password_of, store_url

    text = "postgres://auditor:correct%20horse@db.example.com:5433/audit"
    assert display(store_url(text, folder=Path())) == "postgresql://db.example.com:5433/audit"
    assert password_of(text) == "correct horse"
    assert password_of("postgresql://db/audit?password=staple") == "staple"


def test_an_interruption_ends_what_this_process_began(history: History) -> None:
    lock = history.begin(NAME, at(0))
    history.interrupted(at=at(0) + timedelta(seconds=1))
    ended = history.run(str(lock.number))
    assert (ended.state, ended.message) == (State.FAILED, "interrupted")
    history.interrupted(at=at(1))
    assert history.run(str(lock.number)) == ended
