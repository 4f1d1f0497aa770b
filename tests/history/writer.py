"""Kills a process that writes runs, at random points, again and again; says what each left behind.

    python -m tests.history.writer URL TIMES SEED

Forks, so that many deaths cost little. Exits with 0 when every promise held each time.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from datetime import timedelta

from auditor.history import State, open_history
from tests.history.sample import at, report_of, sample_snapshot


def write(url: str, told: int) -> None:
    """Runs without end; each that was committed is told through the pipe."""
    number = 0
    while True:
        with open_history(url) as history:
            night = random.randrange(1000)
            snapshot = sample_snapshot(night, users=night % 7)
            lock = history.begin("contoso", at(0))
            history.complete(lock, snapshot=snapshot, report=report_of(snapshot), at=at(0))
            number = lock.number
        os.write(told, number.to_bytes(4, "big"))


def started(url: str) -> tuple[int, int]:
    """A writer, and where to hear it."""
    told, telling = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(told)
        random.seed(os.getpid())
        try:
            write(url, telling)
        finally:
            os._exit(1)
    os.close(telling)
    return child, told


def killed(child: int, told: int) -> set[int]:
    """Kills a writer now; gives the numbers of the runs that it told of."""
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the writer ended by itself"
    with os.fdopen(told, "rb") as stream:
        heard = stream.read()
    return {int.from_bytes(heard[place : place + 4], "big") for place in range(0, len(heard) // 4 * 4, 4)}


def duration(url: str) -> float:
    """Seconds that a run takes on this machine, the start of its process included."""
    begun = time.monotonic()
    child, told = started(url)
    os.read(told, 4)
    took = time.monotonic() - begun
    killed(child, told)
    return took


def check(url: str, told: set[int], known: dict[int, str]) -> int:
    """That nothing that was told is lost, that what is complete can be read; gives the number of deaths."""
    with open_history(url) as history:
        runs = history.runs(at=at(0) + timedelta(minutes=1))
        complete = {run.number for run in runs if run.state is State.COMPLETE}
        assert told <= complete, f"lost: {told - complete}"
        assert State.RUNNING not in {run.state for run in runs}, "a dead run passes for a living one"
        for run in runs:
            if run.number not in known:
                if run.number in complete:
                    snapshot = history.snapshot(str(run.number))
                    assert report_of(snapshot) == history.report(str(run.number))
                known[run.number] = run.state
            assert known[run.number] == run.state
    return len(runs) - len(complete)


def main(url: str, times: int, seed: int) -> None:
    """Deaths without end."""
    random.seed(seed)
    told: set[int] = set()
    known: dict[int, str] = {}
    died = 0
    longest = 2 * duration(url)
    for _ in range(times):
        child, heard = started(url)
        time.sleep(random.uniform(0, longest))
        told |= killed(child, heard)
        died = check(url, told, known)
    sys.stdout.write(f"{len(told)} told, {len(known) - died} complete, {died} died\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
