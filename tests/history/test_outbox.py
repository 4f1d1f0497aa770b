"""The outbox: with the run or not at all, each event once, in doubt when somebody died over it."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from auditor.errors import CannotRunError
from auditor.history import History, Told
from auditor.history.outbox import Letter
from auditor.history.tables import EVENT
from auditor.model.configuration import EventKind
from auditor.model.event import Event
from auditor.model.rule import Severity
from tests.history.sample import at, report_of, sample_snapshot
from tests.history.test_store import NAME
from tests.report.sample import TENANT_ID

ROOT = Path(__file__).parent.parent.parent


def told(*keys: str, channels: tuple[str, ...] = ("a",)) -> tuple[Told, ...]:
    tenant = sample_snapshot().tenant
    return tuple(
        Told(
            event=Event(
                id=key,
                event=EventKind.NEW,
                run_id=None,
                tenant=tenant,
                at="2026-11-23T02:00:00Z",
                severity=Severity.HIGH,
                text=f"New: {key}",
                report_url=None,
            ),
            channels=channels,
        )
        for key in keys
    )


def complete(history: History, night: int, *events: Told) -> None:
    snapshot = sample_snapshot(night)
    lock = history.begin(NAME, at(night))
    history.complete(lock, snapshot=snapshot, report=report_of(snapshot), at=at(night), told=events)


def claim(history: History, channel: str = "a", **how: Any) -> list[Letter]:
    return history.outbox.claim(TENANT_ID, channel, at=at(9), **{"of_run": False, **how})


def waiting(history: History) -> list[str]:
    return [letter.key for letter in history.outbox.waiting(TENANT_ID, at=at(9))]


def test_an_event_is_told_once_to_each_of_its_channels(history: History) -> None:
    complete(history, 0, *told("one", "two", channels=("a", "b", "a")), *told("nobody's", channels=()))
    complete(history, 1, *told("one", "three"))
    assert waiting(history) == ["one", "one", "two", "two", "three"]
    for key in ("one", "two", "three"):
        (letter,) = claim(history)
        assert (letter.key, letter.attempts, letter.in_doubt) == (key, 1, False)
        history.outbox.settle([letter], reason=None)
    assert claim(history) == []
    assert [letter.key for letter in claim(history, "b", of_run=True)] == ["one", "two"]
    complete(history, 2, *told("one", "two", "three"))
    assert claim(history) == []


def test_one_that_is_refused_does_not_hold_up_the_next(history: History) -> None:
    complete(history, 0, *told("one", "two"))
    (first,) = claim(history)
    history.outbox.settle([first], reason="answered 400")
    (second,) = claim(history, after=first.number)
    assert second.key == "two"
    assert claim(history, after=second.number) == []


def test_what_was_not_taken_waits_with_its_reason(history: History) -> None:
    complete(history, 0, *told("one"))
    for attempt in (1, 2):
        (letter,) = claim(history)
        assert letter.attempts == attempt
        assert waiting(history) == []  # it is on somebody's way
        history.outbox.settle([letter], reason="answered 500")
    (letter,) = history.outbox.waiting(TENANT_ID, at=at(9))
    assert (letter.reason, letter.attempts, letter.in_doubt) == ("answered 500", 2, False)


def test_a_claim_of_somebody_who_died_is_void_and_in_doubt(history: History, url: str) -> None:
    complete(history, 0, *told("one"))
    program = (
        "import sys; from auditor.history import open_history; from tests.history.test_outbox import claim;"
        "assert len(claim(open_history(sys.argv[1]))) == 1"
    )
    subprocess.run([sys.executable, "-c", program, url], cwd=ROOT, check=True)
    assert waiting(history) == ["one"]
    (letter,) = claim(history)
    assert (letter.attempts, letter.in_doubt) == (2, True)
    assert claim(history) == []  # this process lives
    assert history.outbox.claim(TENANT_ID, "a", at=at(9) + timedelta(minutes=20), of_run=False) != []


def test_a_clock_that_was_set_back_holds_nothing_up(history: History) -> None:
    complete(history, 0, *told("one"))
    assert history.outbox.claim(TENANT_ID, "a", at=at(20), of_run=False) != []
    assert claim(history) != []


def test_no_events_without_the_run(history: History) -> None:
    lock = history.begin(NAME, at(0))
    history.fail(lock, message="no network", at=at(0), told=told("failed"))
    with pytest.raises(CannotRunError):
        history.fail(lock, message="again", at=at(0), told=told("never"))
    outbox = history.outbox
    assert [letter.key for letter in outbox.waiting(NAME, at=at(9))] == ["failed"]
    complete(history, 1)  # now the tenant's id is known
    assert waiting(history) == ["failed"]


def test_what_waits_for_a_channel_that_is_gone_is_given_up(history: History) -> None:
    complete(history, 0, *told("one", channels=("a", "b")))
    assert history.outbox.drop_all_but(["a"], TENANT_ID) == 1
    assert history.outbox.drop_all_but(["a"], TENANT_ID) == 0
    assert history.outbox.drop_all_but(["a"], "other") == 0
    assert waiting(history) == ["one"]


def test_pruning_forgets_what_was_told_and_not_that_it_was(history: History) -> None:
    complete(history, 0, *told("old"))
    (letter,) = claim(history)
    history.outbox.settle([letter], reason=None)
    complete(history, 1, *told("late"))
    complete(history, 2)
    history.prune(keep=1, at=at(9))
    assert waiting(history) == ["late"]
    complete(history, 3, *told("old", "late"))
    assert waiting(history) == ["late"]
    with history._database.reading() as connection:
        bodies = {row.key: row.body for row in connection.execute(select(EVENT.c.key, EVENT.c.body))}
    assert bodies["old"] is None
    assert bodies["late"] is not None
