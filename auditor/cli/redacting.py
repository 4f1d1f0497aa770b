"""`--redact`: what is written for others names nobody; key and names stay where they are.

The store keeps what was read, and alerts go to people inside: both name them.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.cli import console
from auditor.cli.files import write_files
from auditor.errors import CannotRunError, UsageError
from auditor.model.comparison_input import ComparisonInput
from auditor.model.configuration import Configuration, Judgement
from auditor.model.snapshot import Snapshot
from auditor.model.wire import to_json
from auditor.secret import masked_from_now_on, resolve

if TYPE_CHECKING:
    from auditor.evaluate import RulePack
    from auditor.model.report import Undelivered
    from auditor.proof.contents import Baseline
    from auditor.redaction import Redaction

KEY_FILE = "redaction.key"
_SHORTEST_KEY = 16
"""Characters: names can be guessed, so that a short key could be, too."""

_log = logging.getLogger("auditor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything that a report is made of, but rules and time."""

    snapshot: Snapshot
    judgement: Judgement
    compared_with: ComparisonInput | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redactor:
    """Makes cases fit to leave. Of several tenants one: the same people have the same pseudonyms."""

    key: bytes
    kept: frozenset[str]
    """Addresses that profiles expect."""
    names: Path | None
    """Where to write who the pseudonyms stand for."""
    _given: dict[str, str] = field(default_factory=dict)

    def redacted(self, case: Case) -> RedactedCase:
        """The case with pseudonyms. Raises UsageError for a snapshot that has those of another key."""
        from auditor.redaction import Redaction, key_id

        if case.snapshot.redaction not in (None, key_id(self.key)):
            raise UsageError(
                "the snapshot was redacted with another key",
                remedy="Name that key as redaction_key, or leave out --redact: it stays redacted.",
            )
        earlier = case.compared_with and case.compared_with.before
        snapshots = [case.snapshot, *([earlier.snapshot] if earlier else [])]
        redaction = Redaction(self.key, snapshots, kept=self.kept)
        console.rewrite(redaction.text)
        redacted = Case(
            snapshot=redaction.snapshot(case.snapshot),
            judgement=redaction.judgement(case.judgement),
            compared_with=case.compared_with and redaction.comparison_input(case.compared_with),
        )
        self._given.update(redaction.given)
        return RedactedCase(case=redacted, redaction=redaction)

    def write_names(self) -> None:
        """Writes the file of `--pseudonyms`, where it is asked for."""
        if self.names is not None:
            text = json.dumps(self._given, indent=2, sort_keys=True, ensure_ascii=False)
            write_files({self.names: f"{text}\n".encode(errors="backslashreplace")})
            _log.info("%s tells who each pseudonym stands for; it is not for others", self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactedCase:
    """A case as it is written, and what made it fit to leave; None: nothing did."""

    case: Case
    redaction: Redaction | None = None

    def undelivered(self, late: tuple[Undelivered, ...]) -> tuple[Undelivered, ...]:
        """Alerts that could not be delivered, as the report tells of them."""
        return self.redaction.values(late) if self.redaction else late

    def baseline(self, approved: Baseline | None) -> Baseline | None:
        """What was approved, as a bundle tells of it."""
        return self.redaction.values([approved])[0] if self.redaction and approved else approved


@contextmanager
def redactor_for(
    *,
    redact: bool,
    names: Path | None,
    configuration: Configuration | None,
    folder: Path,
    out: Path,
    pack: RulePack,
) -> Iterator[Redactor | None]:
    """What `--redact` and `--pseudonyms` ask for; while it lasts, no log line names an address either.

    `folder` is where the key lies unless the configuration names another place. Raises UsageError when key or
    names would lie among what leaves.
    """
    if not redact:
        if names is not None:
            raise UsageError(
                "--pseudonyms says whom --redact hides, and --redact is not given", remedy="Add --redact."
            )
        yield None
        return
    from auditor.redaction import Redaction

    if names is not None:
        _refuse_within(out, names, "--pseudonyms")
    key = _key(configuration, folder, out)
    kept = _expected_addresses(pack)
    console.rewrite(Redaction(key, (), kept=kept).text)
    try:
        redactor = Redactor(key=key, kept=kept, names=names)
        yield redactor
        redactor.write_names()
    finally:
        console.rewrite(None)


def _key(configuration: Configuration | None, folder: Path, out: Path) -> bytes:
    reference = configuration.redaction_key if configuration else None
    file = folder / KEY_FILE
    if reference is None:
        _refuse_within(out, file, "the redaction key")
        if not file.exists():
            _make_key(file)
        reference = f"file:{file}"
    elif reference.startswith("file:"):
        _refuse_within(out, Path(reference.removeprefix("file:")), "redaction_key")
    key = resolve(reference)
    if len(key) < _SHORTEST_KEY:
        raise UsageError(
            f"the redaction key has {len(key)} characters, and {_SHORTEST_KEY} is the least",
            remedy="Take a long random one: `openssl rand -hex 32`.",
        )
    return key.encode()


def _make_key(file: Path) -> None:
    key = masked_from_now_on(secrets.token_hex(32))
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
            opened.write(f"{key}\n")
    except OSError as error:
        raise CannotRunError(
            f"{file}: {error.strerror}", remedy="Let the program write there, or name a redaction_key."
        ) from error
    _log.info("%s is made: keep it, and apart from what leaves; another key gives other pseudonyms", file)


def _refuse_within(out: Path, file: Path, what: str) -> None:
    if file.resolve().is_relative_to(out.resolve()):
        raise UsageError(
            f"{what} would lie in {out}, among what is to leave: {file}",
            remedy="Put it elsewhere, or the reports with --out.",
        )


def _expected_addresses(pack: RulePack) -> frozenset[str]:
    """What looks like an address in what profiles expect: an entity ID may. It has to stay comparable."""
    from auditor.redaction import addresses_in
    from auditor.redaction.people import strings

    expected = [to_json(profile.expected) for profile in pack.profiles]
    identifiers = [to_json(profile.identifiers) for profile in pack.profiles]
    return addresses_in(text for document in (*expected, *identifiers) for text in strings(document))
