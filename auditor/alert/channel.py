"""A channel: takes what is to be told, and says what became of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from auditor.history import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an attempt."""

    reason: str | None = None
    """Why it was not told; None: it was. Without a secret."""
    in_doubt: bool = False
    """Nobody knows whether it arrived."""
    answered: bool = False
    """The channel is there and does not want this one; it may take the next."""
    wait: float | None = None
    """Seconds after which the channel itself asks to be tried again."""


TOLD = Outcome()


class Channel(Protocol):
    """Somewhere to tell events. Never raises for what goes wrong out there."""

    @property
    def of_run(self) -> bool:
        """Whether all events of a run make one message."""

    def send(self, letters: Sequence[Letter]) -> Outcome:
        """Tells these, which are one unless `of_run`."""

    def close(self) -> None:
        """Lets go of connections."""


def within(seconds: float, work: Callable[[], Outcome]) -> Outcome:
    """What `work` gives, or an outcome in doubt when it does not end in time.

    Timeouts of sockets start anew with every byte; a server that sends one now and then would hold the
    program for hours. Whoever does not end is left behind, in a thread that dies with the program.
    """
    given: list[Outcome] = []
    thread = threading.Thread(target=lambda: given.append(work()), daemon=True)
    thread.start()
    thread.join(seconds)
    if given:
        return given[0]
    if not thread.is_alive():
        return Outcome(reason="the attempt broke off", in_doubt=True)
    return Outcome(reason=f"no answer within {seconds:g} seconds", in_doubt=True)
