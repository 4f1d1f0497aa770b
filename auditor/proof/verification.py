"""A bundle, looked through: what can be said without judging anything again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from cryptography import x509

from auditor.proof.archive import read_archive
from auditor.proof.contents import Case, read_outcome
from auditor.proof.manifest import (
    MANIFEST,
    SIGNATURE,
    TIMESTAMP,
    Manifest,
    member_problems,
    read_manifest,
)
from auditor.proof.problem import Kind, Problem, RefusedError
from auditor.proof.signature import Signature, digest, read_signature
from auditor.proof.timestamp import Timestamp, read_timestamp
from auditor.proof.trust import Trusted, name_of, signer_problems

_SLACK = timedelta(minutes=5)
"""By how much the clocks of two machines may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Whom the one who verifies believes, and for which time."""

    trusted: Trusted = field(default_factory=Trusted)
    timestamp_authorities: Sequence[x509.Certificate] = ()
    at: datetime | None = None
    """For which time the signer's certificate has to be valid; None: for that of the signature."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What was found. What could not be read is None."""

    problems: tuple[Problem, ...]
    unknown: tuple[str, ...]
    """Sentences: what could not be judged, and what to give so that it can."""
    files: Mapping[str, bytes]
    manifest: Manifest | None = None
    manifest_digest: str | None = None
    signature: Signature | None = None
    timestamp: Timestamp | None = None


def examine(data: bytes, reader: Reader) -> Examined:
    """Archive, manifest, members, signature, signer and timestamp of a bundle."""
    try:
        archive = read_archive(data)
    except RefusedError as refused:
        return Examined(problems=(refused.problem,), unknown=(), files={})
    looking = _Looking(archive.members, reader)
    found = tuple(looking.problems())
    # Whoever altered a member altered the checksums around it, too: that goes without saying.
    around = () if found else archive.problems
    named = tuple(each for each in archive.problems if each.kind is not Kind.ARCHIVE_REWRITTEN)
    return Examined(
        problems=(*(named if found else around), *found),
        unknown=tuple(looking.unknown),
        files=archive.members,
        manifest=looking.manifest,
        manifest_digest=_digest(archive.members[MANIFEST]) if MANIFEST in archive.members else None,
        signature=looking.signature,
        timestamp=looking.timestamp,
    )


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class _Looking:
    def __init__(self, files: Mapping[str, bytes], reader: Reader) -> None:
        self._files = files
        self._reader = reader
        self.unknown: list[str] = []
        self.manifest: Manifest | None = None
        self.signature: Signature | None = None
        self.timestamp: Timestamp | None = None

    def problems(self) -> Iterator[Problem]:
        if MANIFEST not in self._files:
            message = f"{MANIFEST} is missing: nothing says what belongs to the bundle"
            yield Problem(kind=Kind.MANIFEST_MISSING, message=message, member=MANIFEST)
            return
        try:
            self.manifest = read_manifest(self._files[MANIFEST])
        except RefusedError as refused:
            yield refused.problem
        if self.manifest is not None:
            yield from member_problems(self.manifest, self._files)
        if SIGNATURE not in self._files:
            message = f"{SIGNATURE} is missing: nobody signed the manifest"
            yield Problem(kind=Kind.UNSIGNED, message=message, member=SIGNATURE)
            return
        yield from self._of_timestamp()
        try:
            self.signature = read_signature(self._files[SIGNATURE], self._files[MANIFEST])
        except RefusedError as refused:
            yield refused.problem
            return
        yield from self._of_signer(self.signature)

    def _of_timestamp(self) -> Iterator[Problem]:
        promised = self.manifest is not None and self.manifest.timestamp_authority is not None
        if TIMESTAMP not in self._files:
            if promised:
                message = f"{TIMESTAMP} is missing; the manifest says that there is one"
                yield Problem(kind=Kind.TIMESTAMP_MISSING, message=message, member=TIMESTAMP)
            return
        if not promised:
            message = f"{TIMESTAMP} was added; the manifest says that there is none"
            yield Problem(kind=Kind.MEMBER_ADDED, message=message, member=TIMESTAMP)
            return
        authorities = self._reader.timestamp_authorities
        try:
            self.timestamp = read_timestamp(self._files[TIMESTAMP], self._files[SIGNATURE], authorities)
        except RefusedError as refused:
            yield refused.problem
            return
        if not self.timestamp.checked:
            self.unknown.append(
                "whether the timestamp is its authority's: give the authority's root with --timestamp-ca"
            )

    def _of_signer(self, signature: Signature) -> Iterator[Problem]:
        manifest, trusted = self.manifest, self._reader.trusted
        if manifest is not None:
            first, *above = signature.certificates
            if manifest.signer != (digest(first), *sorted(map(digest, above))):
                message = f"{SIGNATURE} carries other certificates than the manifest names"
                yield Problem(kind=Kind.SIGNATURE_INVALID, message=message, member=SIGNATURE)
            ended = datetime.fromisoformat(manifest.run.finished_at)
            if signature.signed_at + _SLACK < ended:
                message = (
                    f"{SIGNATURE} was made before what it signs was collected ({manifest.run.finished_at})"
                )
                yield Problem(kind=Kind.INCONSISTENT, message=message, member=SIGNATURE)
        stamped = self.timestamp.at if self.timestamp and self.timestamp.checked else None
        if stamped is not None and signature.signed_at > stamped + _SLACK:
            message = f"{TIMESTAMP} is older than the signature that it is about"
            yield Problem(kind=Kind.TIMESTAMP_INVALID, message=message, member=TIMESTAMP)
        yield from signer_problems(signature, trusted, self._reader.at or stamped or signature.signed_at)
        if not trusted:
            self.unknown.append(
                f"whether {name_of(signature.signer)} is one to believe: give the signer's certificate with"
                " --certificate, or that of the authority that issued it with --ca"
            )


def chain_problems(bundle: Examined, previous: Examined) -> Iterator[Problem]:
    """What speaks against `previous` being the bundle before this one."""
    manifest, before = bundle.manifest, previous.manifest
    if manifest is None or before is None:
        return
    named = manifest.previous_manifest
    if named is None:
        why = f"run {manifest.run.id} says that no bundle came before it"
    elif named.sha256 != previous.manifest_digest:
        why = (
            f"run {manifest.run.id} names the manifest {named.sha256} of run {named.run_id} as the one before"
            f" it; this is {previous.manifest_digest} of run {before.run.id}"
        )
    elif before.run.tenant.id.lower() != manifest.run.tenant.id.lower():
        why = f"run {before.run.id} is of another tenant, {before.run.tenant.id}"
    elif named.run_id != before.run.id:
        why = f"its manifest is the one that is named, its run {before.run.id} is not {named.run_id}"
    else:
        return
    yield Problem(kind=Kind.CHAIN_BROKEN, message=f"the chain is broken: {why}")


def comparison_problems(case: Case, previous: Examined) -> Iterator[Problem]:
    """Whether the run was compared with what the previous bundle holds, when that is of the same run."""
    before = case.compared_with.before if case.compared_with else None
    if before is None or previous.manifest is None or previous.manifest.run.id != before.report.run.id:
        return
    saw, said = read_outcome(previous.files)
    if before.snapshot != saw:
        yield _other("snapshot", previous.manifest)
    # What could not be delivered is found out after a report was kept.
    if before.report != replace(said, undelivered=()):
        yield _other("report", previous.manifest)


def _other(what: str, manifest: Manifest) -> Problem:
    message = (
        f"the chain is broken: the {what} of run {manifest.run.id} that this run was compared with is not the"
        " one in that run's bundle"
    )
    return Problem(kind=Kind.CHAIN_BROKEN, message=message)
