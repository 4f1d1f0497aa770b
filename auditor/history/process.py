"""Whether the process that began a run still lives.

Told for certain or not at all: a process of another machine, or of another container, cannot be looked at.
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process, over the lives of its machine. Empty strings: the system does not say."""

    host: str
    machine: str
    """Survives a restart of the machine."""
    boot: str
    """Differs after each."""
    namespace: str
    """In which the number counts; containers have their own."""
    number: int
    started: str
    """Clock ticks since the machine started: a number is used again, a number at a time is not."""


def this_process() -> Process:
    """The one that asks."""
    number = os.getpid()
    return Process(
        host=platform.node(),
        machine=_text(Path("/etc/machine-id")),
        boot=_text(_PROC / "sys/kernel/random/boot_id"),
        namespace=_namespace(),
        number=number,
        started=_started(number),
    )


def is_gone(process: Process) -> bool:
    """True when the process certainly ended; False when it lives, or nobody here can tell."""
    here = this_process()
    if process.host != here.host or process.machine != here.machine:
        return False
    if process.boot != here.boot:
        return process.machine != "" and process.boot != ""
    if process.namespace != here.namespace:
        return False
    if process.started:
        return _started(process.number) != process.started
    return os.name == "posix" and not _exists(process.number)


def _exists(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's, so there is one
        return True
    return True


def _started(number: int) -> str:
    """proc(5): field 22 of /proc/PID/stat; the name before may hold spaces and brackets."""
    fields = _text(_PROC / str(number) / "stat").rpartition(")")[2].split()
    return fields[19] if len(fields) > 19 and fields[0] not in "ZX" else ""


def _namespace() -> str:
    try:
        return str((_PROC / "self/ns/pid").readlink())
    except OSError:
        return ""


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
