"""A snapshot is read as it was written, or not at all."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import Any

import pytest

from auditor.model.snapshot import (
    Per,
    Record,
    Section,
    Snapshot,
    SnapshotError,
    TenantIdentity,
    read_snapshot,
)

NAME = "Müller \ud800 <b>"

SNAPSHOT = Snapshot(
    tenant=TenantIdentity(id="t", display_name=NAME, domain=None),
    cloud="global",
    started_at="2026-11-23T02:00:00Z",
    finished_at="2026-11-23T02:00:09Z",
    auditor_version="1",
    configuration={},
    targets=(),
    sections={
        "users": Section(
            name="users", per=Per.OBJECT, mount=None, records={"u": Record(value={"n": 1.5, "m": None})}
        )
    },
)


def test_it_carries_the_digest_of_all_the_rest() -> None:
    document = json.loads(gzip.decompress(SNAPSHOT.to_gzip()))
    assert document.pop("digest") == SNAPSHOT.digest
    rest = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(rest.encode(errors="backslashreplace")).hexdigest() == SNAPSHOT.digest
    assert read_snapshot(SNAPSHOT.to_gzip()) == SNAPSHOT
    assert read_snapshot(json.dumps(json.loads(SNAPSHOT.to_bytes()), indent=2).encode()) == SNAPSHOT


@pytest.mark.parametrize(
    "change",
    [
        {"cloud": "china"},
        {"further": 1},
        {"digest": None},
        {"digest": "0" * 64},
        {"finishedAt": "2026-11-23T02:00:10Z"},
    ],
    ids=str,
)
def test_one_that_was_changed_is_refused(change: dict[str, Any]) -> None:
    changed = {**json.loads(SNAPSHOT.to_bytes()), **change}
    with pytest.raises(SnapshotError, match="changed or damaged"):
        read_snapshot(json.dumps(changed).encode())


def test_one_that_is_nested_without_end_is_refused() -> None:
    with pytest.raises(SnapshotError, match="nested too deep"):
        read_snapshot(b"[" * 200_000)
