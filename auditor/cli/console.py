"""What goes to stderr: errors with their remedy, log lines, warnings; as text, or as a JSON object a line."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import pairwise
from typing import TextIO

from auditor.errors import AuditorError
from auditor.secret import mask

_program = logging.getLogger("auditor")

_run: ContextVar[str] = ContextVar("run", default="")
_tenant: ContextVar[str] = ContextVar("tenant", default="")


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to whatever stderr is at the moment: a progress bar takes its place while it is drawn."""

    def __init__(self) -> None:
        super().__init__(sys.stderr)

    def emit(self, record: logging.LogRecord) -> None:
        self.stream = sys.stderr
        super().emit(record)


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        from auditor.report.text import visible

        lines = [f"auditor: {record.getMessage()}", *(f"  {line}" for line in _remedy(record))]
        return _shown("\n".join(visible(line.replace("\n", " ")) for line in lines))


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname.lower(),
            "run": _run.get(),
            "event": getattr(record, "event", record.levelname.lower()),
            "logger": record.name,
            "message": _shown(record.getMessage()),
        }
        if _tenant.get():
            entry["tenant"] = mask(_tenant.get())
        if hasattr(record, "run_id"):
            entry["runId"] = record.run_id
        for remedy in _remedy(record):
            entry["remedy"] = _shown(remedy)
        return json.dumps(entry)


_rewritings: list[Callable[[str], str]] = []


def rewrite(change: Callable[[str], str] | None) -> None:
    """From now on each line is changed so before it is shown; None: it is shown as it is."""
    _rewritings[:] = [] if change is None else [change]


def _shown(text: str) -> str:
    for change in _rewritings:
        text = change(text)
    return mask(text)


def _remedy(record: logging.LogRecord) -> list[str]:
    """What to do, where the record says it."""
    remedy = getattr(record, "remedy", "")
    return [remedy] if remedy else []


@contextmanager
def logging_to_stderr(*, as_json: bool = False, run: str | None = None) -> Iterator[None]:
    """While it lasts, what the program logs goes to stderr; warnings and errors, as text or JSON.

    Every JSON line carries the same `run`: what one call of the program did can be picked out of many.

    What libraries log goes nowhere: without a handler for it, Python would write warnings to stderr as they
    are, unmasked and in no format. What they complain of reaches the program as an error, and is told by it.
    """
    handler = _Stderr()
    handler.setFormatter(_JsonLines() if as_json else _Text())
    token = _run.set(run or new_run())
    libraries = logging.NullHandler()
    logging.getLogger().addHandler(libraries)
    _program.addHandler(handler)
    _program.setLevel(logging.WARNING)
    _program.propagate = False
    try:
        yield
    finally:
        _run.reset(token)
        logging.getLogger().removeHandler(libraries)
        _program.removeHandler(handler)
        _program.setLevel(logging.NOTSET)
        _program.propagate = True


def configure(*, quiet: bool, verbose: bool, log_format: str) -> None:
    """Sets what `logging_to_stderr` shows, and how."""
    level = logging.ERROR if quiet else logging.DEBUG if verbose else logging.INFO
    _program.setLevel(level)
    for handler in _program.handlers:
        if isinstance(handler, _Stderr):
            handler.setFormatter(_JsonLines() if log_format == "json" else _Text())


def new_run() -> str:
    """An id for one call of the program."""
    return uuid.uuid4().hex


@contextmanager
def about(tenant: str) -> Iterator[None]:
    """While it lasts, JSON lines say that they are about this tenant."""
    token = _tenant.set(tenant)
    try:
        yield
    finally:
        _tenant.reset(token)


def tell(error: AuditorError) -> None:
    """One line on what happened, one on what to do."""
    _program.error("%s", error.message, extra={"remedy": error.remedy, "event": "failed"})


def tell_defect(error: BaseException, *, as_json: bool, run: str) -> None:
    """A defect of the program, with where it happened; masked like everything else."""
    where = "".join(traceback.format_exception(error)).strip()
    remedy = "This is a defect of the program; report it with this text."
    if as_json:
        with logging_to_stderr(as_json=True, run=run):
            _program.critical("%s", where, extra={"remedy": remedy, "event": "defect"})
    else:
        sys.stderr.write(f"{mask(where)}\nauditor: {remedy}\n")


def asks_for_json(argv: Sequence[str]) -> bool:
    """Whether a command line wants JSON lines; known before it is parsed, which may fail."""
    return "--log-format=json" in argv or ("--log-format", "json") in pairwise(argv)


def is_json() -> bool:
    """Whether stderr is for a machine."""
    return any(isinstance(handler.formatter, _JsonLines) for handler in _program.handlers)


def is_terminal() -> bool:
    """Whether somebody watches stderr."""
    return sys.stderr.isatty()


def close_stdout() -> None:
    """After the reader went away (`auditor ... | head`): lets the interpreter flush without a complaint."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
