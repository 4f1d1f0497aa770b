"""Documents taken apart so that what two nights have in common is stored once, and put together again.

The time of every request changes from night to night and nothing else need: times go beside the parts. What
is left of a part is stored under its SHA-256. Putting together gives the same document, to the letter.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, cast

from auditor.model.node import Json

_TIMES = frozenset({"at", "collectedAt"})
"""Keys of requests, of evidence and of gaps that hold a time."""

_TAKEN = "$time"
"""Stands where a time was taken out; every string under such a key is, so this one is never mistaken."""

_OF_SNAPSHOT = ("configuration", "targets")
"""Parts of their own; the rest of a snapshot is small and stays in its head."""

_HEAD_OF_REPORT = frozenset({"schemaVersion", "run", "summary"})
"""What a list of runs tells; everything else of a report is a part of its own."""

Document = Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part: `data` is compressed and the same for the same content, `times` is this run's."""

    name: str
    digest: str
    data: bytes
    times: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A whole document. `digest` is the SHA-256 of its canonical JSON."""

    head: str
    digest: str
    parts: tuple[Part, ...]


def canonical(document: Json) -> bytes:
    """Sorted keys, no spaces, UTF-8; half a surrogate pair as JSON's own escape."""
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode(errors="backslashreplace")


def snapshot_parts(document: Document) -> Parts:
    """A part for each section."""
    head = dict(document)
    sections = cast(Mapping[str, Json], head.pop("sections"))
    named = [(f"sections/{name}", section) for name, section in sorted(sections.items())]
    return _parts(document, head, [*((key, head.pop(key)) for key in _OF_SNAPSHOT), *named])


def report_parts(document: Document) -> Parts:
    """Several parts for the findings of each application: one that moves takes few others along."""
    head = dict(document)
    findings = cast(Sequence[Mapping[str, Json]], head.pop("findings"))
    named = [("findings", list(same)) for _, same in groupby(findings, key=_neighbours)]
    others = sorted(head.keys() - _HEAD_OF_REPORT)
    return _parts(document, head, [*((key, head.pop(key)) for key in others), *named])


def _neighbours(finding: Mapping[str, Json]) -> tuple[Json, str]:
    return finding["application"], str(finding["ruleId"])[:1]


def put_together(head: str, parts: Iterable[tuple[str, bytes, bytes]]) -> dict[str, Json]:
    """The document of a head and its parts (name, data, times), in their order."""
    document: dict[str, Any] = json.loads(head)
    for name, data, times in parts:
        value = _with_times(json.loads(zlib.decompress(data)), iter(json.loads(zlib.decompress(times))))
        key, _, member = name.partition("/")
        if member:
            document[key][member] = value
        elif key == "findings":
            document[key].extend(value)
        else:
            document[key] = value
    return document


def _parts(document: Document, head: dict[str, Json], named: Iterable[tuple[str, Json]]) -> Parts:
    empty: dict[str, Json] = {"sections": {}} if "sections" in document else {"findings": []}
    parts = tuple(_part(name, value) for name, value in named)  # empties `head` as it goes
    return Parts(
        head=json.dumps({**head, **empty}, sort_keys=True),
        digest=hashlib.sha256(canonical(document)).hexdigest(),
        parts=parts,
    )


def _part(name: str, value: Json) -> Part:
    times: list[str] = []
    content = canonical(_without_times(value, times))
    return Part(
        name=name,
        digest=hashlib.sha256(content).hexdigest(),
        data=zlib.compress(content),
        times=zlib.compress(json.dumps(times, separators=(",", ":")).encode()),
    )


def _without_times(value: Json, times: list[str]) -> Json:
    if isinstance(value, Mapping):
        found: dict[str, Json] = {}
        for key, item in sorted(value.items()):
            if key in _TIMES and isinstance(item, str):
                times.append(item)
                found[key] = _TAKEN
            else:
                found[key] = _without_times(item, times)
        return found
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_without_times(item, times) for item in value]
    return value


def _with_times(value: Json, times: Iterator[str]) -> Json:
    if isinstance(value, Mapping):
        return {
            key: next(times) if key in _TIMES and isinstance(item, str) else _with_times(item, times)
            for key, item in sorted(value.items())
        }
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_with_times(item, times) for item in value]
    return value
