"""manifest.json: what belongs to a bundle, to the byte, and which bundle came before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import cattrs

from auditor.model.node import Json
from auditor.model.report import Run
from auditor.model.wire import from_json, to_json
from auditor.proof.problem import Kind, Problem, RefusedError

SCHEMA_VERSION = "1.0"

MANIFEST = "manifest.json"
SIGNATURE = "manifest.p7s"
TIMESTAMP = "manifest.tsr"
APART = frozenset({MANIFEST, SIGNATURE, TIMESTAMP})
"""What the manifest cannot list: itself, and what is made of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One file of the archive."""

    sha256: str
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousManifest:
    """The bundle before this one, of the same tenant and store."""

    run_id: str
    sha256: str
    """Of its manifest.json."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The whole document."""

    schema_version: str = SCHEMA_VERSION
    run: Run
    """As in report.json."""
    rules_folder: str
    """Where the rules lay, as the report shows it."""
    signer: tuple[str, ...]
    """SHA-256 of the certificates that the signature carries: the signer's, then those above it."""
    timestamp_authority: str | None
    """The URL of the one that made manifest.tsr; None: there is none."""
    previous_manifest: PreviousManifest | None
    """None without a history, and in the first bundle of one."""
    members: Mapping[str, Member]

    def to_bytes(self) -> bytes:
        """Sorted keys, UTF-8; the same manifest gives the same bytes."""
        text = json.dumps(to_json(self), sort_keys=True, indent=2, ensure_ascii=False)
        # A name may hold half a surrogate pair; backslashreplace writes it as JSON's own escape.
        return f"{text}\n".encode(errors="backslashreplace")


def members_of(files: Mapping[str, bytes]) -> Mapping[str, Member]:
    """What the manifest says about these files."""
    return {
        name: Member(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
        for name, content in sorted(files.items())
    }


def read_manifest(data: bytes) -> Manifest:
    """Reads what `to_bytes` wrote, and nothing else. Raises RefusedError."""
    try:
        document = json.loads(data, object_pairs_hook=_without_duplicates)
        version = document.get("schemaVersion") if isinstance(document, dict) else None
        if version != SCHEMA_VERSION:
            raise _unreadable(f"it is of version {version!r}, and this program reads {SCHEMA_VERSION}")
        manifest = from_json(document, Manifest)
    except (cattrs.BaseValidationError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise _unreadable(f"{type(error).__name__}: {error}") from error
    if manifest.to_bytes() != data:
        raise _unreadable("it is not written as this program writes it")
    return manifest


def _without_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _unreadable(why: str) -> RefusedError:
    message = f"{MANIFEST} cannot be read: {why}"
    return RefusedError(Problem(kind=Kind.MANIFEST_UNREADABLE, message=message, member=MANIFEST))


def member_problems(manifest: Manifest, files: Mapping[str, bytes]) -> Iterator[Problem]:
    """What of the files is not what the manifest lists."""
    found = members_of({name: content for name, content in files.items() if name not in APART})
    owners = {member.sha256: name for name, member in manifest.members.items()}
    for name in sorted(manifest.members.keys() | found.keys()):
        wanted, there = manifest.members.get(name), found.get(name)
        if there is None:
            message = f"{name} is missing; the manifest lists it"
            yield Problem(kind=Kind.MEMBER_MISSING, message=message, member=name)
        elif wanted is None:
            message = f"{name} was added; the manifest does not list it"
            yield Problem(kind=Kind.MEMBER_ADDED, message=message, member=name)
        elif there != wanted:
            owner = owners.get(there.sha256)
            if owner is not None and owner != name:
                message = f"{name} was swapped: it holds what belongs in {owner}"
                yield Problem(kind=Kind.MEMBER_SWAPPED, message=message, member=name)
            else:
                message = f"{name} was altered: its SHA-256 is {there.sha256}, the manifest's {wanted.sha256}"
                yield Problem(kind=Kind.MEMBER_ALTERED, message=message, member=name)
