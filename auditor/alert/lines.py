"""Events as lines of JSON: into a file, for a log shipper, or to stdout."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from auditor.alert.channel import TOLD, Outcome
from auditor.history import Letter

_TAIL = 4 * 1024 * 1024
"""Bytes at the end of a file in which an event that may be there already is looked for."""


class File:
    """Appends to a file, which its owner alone may read when this makes it."""

    of_run = False

    def __init__(self, path: Path) -> None:
        self._path = path

    def send(self, letters: Sequence[Letter]) -> Outcome:
        """A line that an earlier attempt wrote before it died is not written again."""
        (letter,) = letters
        try:
            handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "r+b", buffering=0) as file:
                tail = _tail(file.fileno())
                if letter.in_doubt and letter.body.encode() in tail.splitlines():
                    return TOLD
                torn = b"" if tail.endswith(b"\n") or not tail else b"\n"
                file.write(torn + letter.body.encode() + b"\n")
                os.fsync(file.fileno())
        except OSError as error:
            return Outcome(reason=error.strerror or type(error).__name__)
        return TOLD

    def close(self) -> None:
        """Nothing is held."""


class Stdout:
    """Writes through a function that commands give: nothing else prints."""

    of_run = False

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write

    def send(self, letters: Sequence[Letter]) -> Outcome:
        """One line."""
        (letter,) = letters
        self._write(letter.body)
        return TOLD

    def close(self) -> None:
        """Nothing is held."""


def _tail(handle: int) -> bytes:
    size = os.fstat(handle).st_size
    start = max(0, size - _TAIL)
    return os.pread(handle, size - start, start)
