"""A whole bundle: put together and signed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from auditor.model.report import Report
from auditor.proof.archive import write_archive
from auditor.proof.contents import Case, files_of
from auditor.proof.manifest import (
    MANIFEST,
    SIGNATURE,
    TIMESTAMP,
    Manifest,
    PreviousManifest,
    members_of,
)
from auditor.proof.signature import digest
from auditor.proof.signing import Signer


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """What is written."""

    data: bytes
    """The archive."""
    manifest_digest: str
    """SHA-256 of manifest.json: what the next one names."""
    unstamped: str | None
    """Why there is no timestamp although one was asked for."""


class NoTimestampError(Exception):
    """The authority gave none; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampAuthority:
    """Where timestamps come from."""

    url: str
    stamp: Callable[[bytes], bytes]
    """Gives the answer (DER) to a request about these bytes. Raises NoTimestampError."""


def make_bundle(
    case: Case,
    report: Report,
    reports: Mapping[str, bytes],
    *,
    rules_folder: str,
    previous: PreviousManifest | None,
    signer: Signer,
    authority: TimestampAuthority | None,
) -> Bundle:
    """The signed archive of a run; `reports` are the files of `report`, by their names.

    Without the timestamp that was asked for, the bundle says that it has none.
    """
    files = {**files_of(case), **reports}
    above = sorted(digest(certificate) for certificate in signer.chain)
    manifest = Manifest(
        run=report.run,
        rules_folder=rules_folder,
        signer=(digest(signer.certificate), *above),
        timestamp_authority=authority.url if authority else None,
        previous_manifest=previous,
        members=members_of(files),
    )
    unstamped = None
    apart = _signed(manifest, signer)
    if authority is not None:
        try:
            apart[TIMESTAMP] = authority.stamp(apart[SIGNATURE])
        except NoTimestampError as error:
            unstamped = str(error)
            apart = _signed(replace(manifest, timestamp_authority=None), signer)
    return Bundle(
        data=write_archive({**files, **apart}),
        manifest_digest=hashlib.sha256(apart[MANIFEST]).hexdigest(),
        unstamped=unstamped,
    )


def _signed(manifest: Manifest, signer: Signer) -> dict[str, bytes]:
    content = manifest.to_bytes()
    return {MANIFEST: content, SIGNATURE: signer.sign(content)}
