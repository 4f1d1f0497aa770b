"""Shows on the terminal what a collection does and what it waits for; logs it where there is none."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
)

from auditor.cli import console
from auditor.collect.progress import Progress as Watcher
from auditor.report.text import visible

_log = logging.getLogger("auditor")


@contextmanager
def watching(title: str) -> Iterator[Watcher]:
    """What a collection should tell its progress to; `title` names the tenant.

    A terminal gets a line that is redrawn and goes away at the end, unless only errors are wanted.
    """
    if console.is_terminal() and _log.isEnabledFor(logging.INFO) and not console.is_json():
        with _bar() as bar:
            yield _Drawn(bar, title)
    else:
        yield _Logged()


def _bar() -> Progress:
    return Progress(
        SpinnerColumn(),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.description}", markup=False),
        console=Console(stderr=True),
        transient=True,
    )


class _Drawn:
    """One line: how many collectors are done, which run, what is waited for."""

    def __init__(self, bar: Progress, title: str) -> None:
        self._bar = bar
        self._task = bar.add_task(f"signing in to {visible(title)}", total=None)
        self._running: list[str] = []

    def planned(self, steps: int) -> None:
        self._bar.update(self._task, total=steps)

    def started(self, title: str) -> None:
        self._running.append(title)
        self._describe()

    def finished(self, title: str) -> None:
        self._running.remove(title)
        self._bar.advance(self._task)
        self._describe()

    def waiting(self, reason: str, seconds: float) -> None:
        self._bar.update(self._task, description=f"waiting {seconds:.0f} s: {visible(reason)}")

    def _describe(self) -> None:
        self._bar.update(self._task, description=self._running[0] if self._running else "")


class _Logged:
    """Lines in the log; long waits are told without --verbose."""

    LONG = 5.0
    """Seconds."""

    def planned(self, steps: int) -> None:
        _log.debug("%d sections to read", steps)

    def started(self, title: str) -> None:
        _log.debug("reading: %s", title)

    def finished(self, title: str) -> None:
        _log.debug("read: %s", title, extra={"event": "section-read"})

    def waiting(self, reason: str, seconds: float) -> None:
        level = logging.INFO if seconds >= self.LONG else logging.DEBUG
        _log.log(level, "waiting %.0f s: %s", seconds, reason, extra={"event": "waiting"})
