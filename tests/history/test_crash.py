"""The machine dies in the middle of a write: the store opens, and what was committed is there."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.errors import CannotRunError
from auditor.history import State, open_history
from tests.history.postgresql import Cluster
from tests.history.sample import at, report_of, sample_snapshot
from tests.history.test_store import NAME, keep

ROOT = Path(__file__).parent.parent.parent


def test_killed_at_random_points_many_times(url: str) -> None:
    times = 30 if url.startswith("sqlite") else 15
    done = subprocess.run(
        [sys.executable, "-m", "tests.history.writer", url, str(times), "20261123"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    told, complete, died = map(int, re.findall(r"\d+", done.stdout))
    assert told > 0, "no run was ever complete: the kills come too early to say anything"
    assert died > 0, "no run was ever killed: the kills come too late to say anything"
    assert told <= complete
    if url.startswith("sqlite"):
        with sqlite3.connect(url.removeprefix("sqlite:///")) as raw:
            assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
        raw.close()


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of four runs whose journal was not yet written back: the folder as a dead machine leaves it."""
    folder = tmp_path_factory.mktemp("interrupted")
    file = folder / "auditor.db"
    with open_history(f"sqlite:///{file}") as history:
        keep(history, sample_snapshot(0))
    watcher = sqlite3.connect(file)
    watcher.execute("BEGIN")
    watcher.execute(
        "SELECT count(*) FROM auditor_run"
    ).fetchall()  # keeps the journal from being written back
    with open_history(f"sqlite:///{file}") as history:
        for night in range(1, 4):
            keep(history, sample_snapshot(night, users=night + 3))
    copy = folder / "copy"
    copy.mkdir()
    for name in ("auditor.db", "auditor.db-wal"):
        shutil.copy(folder / name, copy / name)
    watcher.close()
    return copy


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kept=st.floats(0, 1), torn=st.integers(0, 600))
def test_a_journal_that_was_half_written(interrupted: Path, tmp_path: Path, kept: float, torn: int) -> None:
    """Any beginning of the journal, its last sector garbled: a beginning of the runs, whole."""
    folder = tmp_path / "again"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(interrupted, folder)
    journal = folder / "auditor.db-wal"
    content = journal.read_bytes()
    size = int(len(content) * kept)
    journal.write_bytes(content[: max(0, size - torn)] + b"\xa5" * min(size, torn))
    with open_history(f"sqlite:///{folder}/auditor.db") as history:
        runs = sorted(run.number for run in history.runs(at=at(0)) if run.state is State.COMPLETE)
        assert runs == list(range(1, len(runs) + 1))
        assert len(runs) >= 1
        for number in runs[1:]:
            assert history.snapshot(str(number)) == sample_snapshot(number - 1, users=number + 2)
    with sqlite3.connect(folder / "auditor.db") as raw:
        assert raw.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    raw.close()


def test_a_commit_waits_for_the_disk(tmp_path: Path) -> None:
    with (
        open_history(f"sqlite:///{tmp_path}/auditor.db") as history,
        history._database.reading() as connection,
    ):
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_postgresql_gone_in_the_middle(cluster: Cluster) -> None:
    url = cluster.database()
    with open_history(url) as history:
        keep(history, sample_snapshot(0))
        lock = history.begin(NAME, at(1))
        snapshot = sample_snapshot(1)
        cluster.stop("immediate")
        with pytest.raises(CannotRunError) as raised:
            history.complete(lock, snapshot=snapshot, report=report_of(snapshot), at=at(1))
        assert raised.value.message.startswith("the store postgresql:///audit_")
        assert "\n" not in raised.value.message
        with pytest.raises(CannotRunError):
            history.fail(lock, message="gone", at=at(1))
        with pytest.raises(CannotRunError):
            open_history(url)
        cluster.start()
        assert [run.state for run in history.runs(at=at(1))] == [State.RUNNING, State.COMPLETE]
        assert history.snapshot("last") == sample_snapshot(0)
        history.fail(lock, message="the store was gone", at=at(1))
        keep(history, sample_snapshot(2))


def test_many_at_once_make_one_store_and_one_of_them_scans(url: str) -> None:
    begun: list[int] = []
    refused: list[str] = []

    def scan() -> None:
        try:
            with open_history(url) as history:
                begun.append(history.begin(NAME, at(0)).number)
        except CannotRunError as error:
            refused.append(error.message)

    threads = [threading.Thread(target=scan) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert begun == [1], refused
    assert all("is being scanned" in message for message in refused)
    assert len(refused) == 5
