"""The snapshot: what one collection saw of one tenant, as one canonical JSON document.

Sections hold records by subject; a record is what requests answered, or the gap that stands instead.
The document says where each section belongs in the evidence (`mount`), so that a new collector is seen by
rules without anybody naming it twice.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

import cattrs

from auditor.model.gap import Gap
from auditor.model.node import Json, Node, Read, Request
from auditor.model.wire import from_json, to_json

SCHEMA_VERSION = 1

TENANT = "tenant"
"""The subject of records of which a tenant has one."""


class Per(StrEnum):
    """What the subjects of a section's records are."""

    TENANT = "tenant"
    SERVICE_PRINCIPAL = "servicePrincipal"
    """Object id of the service principal."""
    OBJECT = "object"
    """Object id of whatever the section holds (user, group, policy) or an address."""
    PROFILE = "profile"
    """Profile id: how the profile's applications were searched for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What was read about one subject, or why it was not."""

    value: Node
    """JSON in which gaps may stand, or a `Gap` for the whole."""
    requests: tuple[Request, ...] = ()

    def as_evidence(self) -> Node:
        """The record as a node of evidence: a bare `Gap`, or the value with its requests."""
        return self.value if isinstance(self.value, Gap) else Read(self.value, self.requests)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """All records of one kind."""

    name: str
    per: Per
    mount: str | None
    """Dotted path in the evidence, as `servicePrincipal.owners`; None when evidence is derived from it."""
    records: Mapping[str, Record] = field(default_factory=dict)


class MatchedBy(StrEnum):
    """How a service principal was recognised as one to audit."""

    TEMPLATE = "template"
    IDENTIFIER = "identifier"
    DISPLAY_NAME = "displayName"
    CONFIGURATION = "configuration"
    """By `match` of the configuration."""
    ALL_APPLICATIONS = "allApplications"
    """No profile matches; audited because `--all-applications` was given."""
    LAST_SNAPSHOT = "lastSnapshot"
    """Nothing finds it any more; audited because the last snapshot was about it, and it is still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A service principal to audit."""

    service_principal_id: str
    app_id: str
    display_name: str
    profile: str | None
    application: int | None
    """Index into the configuration's applications; None when no entry covers it."""
    matched_by: MatchedBy


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantIdentity:
    """The tenant that was read. `id` is its GUID; the others are None when they could not be read."""

    id: str
    display_name: str | None
    domain: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """One collection. Times are UTC, ISO 8601 with Z."""

    schema_version: int = SCHEMA_VERSION
    tenant: TenantIdentity
    cloud: str
    started_at: str
    finished_at: str
    auditor_version: str
    configuration: Json
    """The tenant's configuration as used, without secrets (`Configuration.to_json`)."""
    targets: tuple[Target, ...]
    entries: tuple[int, ...] | None = None
    """Indices of the configuration's applications that this collection looked for; None: all of them."""
    sections: Mapping[str, Section]
    redaction: str | None = None
    """Which key the pseudonyms in it were made with, without telling the key; None: it names people."""

    @property
    def digest(self) -> str:
        """SHA-256, hex, of the canonical document without the digest itself."""
        return _digest(self._document())

    def record(self, section: str, subject: str = TENANT) -> Record | None:
        """The record, or None when this collection had no reason to ask for it."""
        found = self.sections.get(section)
        return None if found is None else found.records.get(subject)

    def to_bytes(self) -> bytes:
        """Canonical JSON with its digest: sorted keys, no spaces, UTF-8."""
        document = self._document()
        return _canonical({**document, "digest": _digest(document)})

    def _document(self) -> dict[str, Json]:
        document = cast(dict[str, Json], to_json(self))
        if self.redaction is None:  # as it was written before there was redaction: with the same digest
            del document["redaction"]
        return document

    def to_gzip(self) -> bytes:
        """What `auditor collect` writes; the same snapshot gives the same bytes (no time in the header)."""
        return gzip.compress(self.to_bytes(), mtime=0)


class SnapshotError(ValueError):
    """The bytes are no snapshot of a version this program reads."""


def _canonical(document: Json) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode(
        errors="backslashreplace"  # half a surrogate pair in a name becomes JSON's own escape
    )


def _digest(document: Json) -> str:
    return hashlib.sha256(_canonical(document)).hexdigest()


def read_snapshot(data: bytes) -> Snapshot:
    """Reads what `to_gzip` or `to_bytes` wrote. Raises SnapshotError, also when it was changed since."""
    try:
        document = json.loads(gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        raise SnapshotError(f"not a snapshot: {error}") from error
    except RecursionError as error:
        raise SnapshotError("not a snapshot: nested too deep") from error
    version = document.get("schemaVersion") if isinstance(document, dict) else None
    if version != SCHEMA_VERSION:
        raise SnapshotError(f"snapshot version {version!r}; this program reads version {SCHEMA_VERSION}")
    digest = document.pop("digest", None)
    if digest != _digest(document):
        raise SnapshotError(f"its digest {digest} is not that of its content: it was changed or damaged")
    try:
        return from_json(document, Snapshot)
    except (cattrs.BaseValidationError, KeyError, TypeError, ValueError) as error:
        raise SnapshotError(f"not a snapshot: {type(error).__name__}: {error}") from error
