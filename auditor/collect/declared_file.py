"""Files that the configuration names as evidence: read where the configuration lies, and capped."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from auditor.collect.collector import Origin
from auditor.graph.question import timestamp
from auditor.model.configuration import shown_file
from auditor.model.gap import Gap, Reason
from auditor.model.node import Request


def file_request(name: str, at: datetime) -> Request:
    """How evidence names a file: as the configuration does, without the machine's folders."""
    return Request(method="FILE", url=f"file:{shown_file(name)}", at=timestamp(at))


def read_declared(
    folder: Path, name: str, *, cap: int, section: str, subject: str, request: Request
) -> bytes | Gap:
    """The bytes of a declared file; a gap when it cannot be read or is longer than `cap` bytes."""
    origin = Origin(section=section, subject=subject, request=request)
    try:
        with (folder / name).open("rb") as file:
            data = file.read(cap + 1)
    except OSError as error:
        return origin.gap(f"{request.url} cannot be read: {error.strerror or type(error).__name__}")
    if len(data) > cap:
        return origin.gap(f"{request.url} is longer than {cap:,} bytes", Reason.TRUNCATED)
    return data
