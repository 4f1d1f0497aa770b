"""`auditor verify`: whether a bundle is what was signed, and its report what its evidence gives."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from auditor.cli import options
from auditor.cli.outcome import ExitCode
from auditor.errors import CannotRunError, UsageError

if TYPE_CHECKING:
    from auditor.proof.contents import Case
    from auditor.proof.problem import Problem
    from auditor.proof.verification import Examined, Reader

_EPILOG = """\b
Examples:
  auditor verify tonight.zip --certificate evidence.pem
  auditor verify tonight.zip --ca company-root.pem --previous yesterday.zip
  auditor verify tonight.zip --ca company-root.pem --timestamp-ca authority.pem --format json

\b
Exit codes:
  10  refused: altered, not signed, by somebody else, another report, a broken chain
   3  nothing is wrong as far as it could be looked at: it says what to give
   0  fine
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What is known of a bundle."""

    said: tuple[str, ...]
    """What was found to be right."""
    problems: tuple[Problem, ...]
    unknown: tuple[str, ...]

    @property
    def code(self) -> ExitCode:
        if self.problems:
            return ExitCode.FAILED
        return ExitCode.NOT_EVALUATED if self.unknown else ExitCode.CLEAN


@click.command(epilog=_EPILOG)
@click.argument("file", metavar="BUNDLE", type=options.EXISTING_FILE)
@click.option(
    "--certificate",
    "certificates",
    type=options.EXISTING_FILE,
    multiple=True,
    help="The signer's certificate (PEM) that you know.",
)
@click.option(
    "--ca",
    "authorities",
    type=options.EXISTING_FILE,
    multiple=True,
    help="The authority (PEM) that issued the signer's certificate.",
)
@click.option(
    "--timestamp-ca",
    "timestamp_authorities",
    type=options.EXISTING_FILE,
    multiple=True,
    help="The timestamp authority's root (PEM).",
)
@click.option(
    "--previous",
    "previous",
    type=options.EXISTING_FILE,
    multiple=True,
    metavar="BUNDLE",
    help="The bundle before it; several: newest first, each the one before the last.",
)
@options.at("when it was signed, or the timestamp's")
@options.text_or_json("Of stdout.")
@options.output
def command(
    file: Path,
    certificates: tuple[Path, ...],
    authorities: tuple[Path, ...],
    timestamp_authorities: tuple[Path, ...],
    previous: tuple[Path, ...],
    at: datetime | None,
    form: str,
) -> int:
    """Verify a bundle that `auditor scan --bundle` made. Needs no network and no configuration.

    Every byte is checked: archive, members, signature, signer. Then the snapshot is judged again with the
    rules in the bundle: with the version that made it, the report has to come out byte for byte. --at is the
    time for which the signer's certificate has to be valid.
    """
    from auditor.proof.signing import read_certificates
    from auditor.proof.trust import Trusted
    from auditor.proof.verification import Reader

    reader = Reader(
        trusted=Trusted(
            signers=[each for path in certificates for each in read_certificates(path)],
            authorities=[each for path in authorities for each in read_certificates(path)],
        ),
        timestamp_authorities=[each for path in timestamp_authorities for each in read_certificates(path)],
        at=at,
    )
    verified = _verified(file, previous, reader)
    click.echo(_as_json(file, verified) if form == "json" else _as_text(file, verified))
    return verified.code


def _verified(file: Path, previous: tuple[Path, ...], reader: Reader) -> Verified:
    from auditor.cli.reexamination import opened_case, reexamine
    from auditor.proof.problem import Problem
    from auditor.proof.verification import chain_problems, examine

    examined = examine(_bytes(file), reader)
    said, problems, unknown = _said(examined), list(examined.problems), list(examined.unknown)
    opened: Case | None = None
    if not problems and examined.manifest is not None:
        case = opened_case(examined.files)
        if isinstance(case, Problem):
            problems.append(case)
        else:
            opened = case
            again = reexamine(case, examined.files, examined.manifest)
            problems.extend(again.problems)
            said.extend([] if again.problems else [again.said])
    newer = examined
    for path in previous:
        older = examine(_bytes(path), reader)
        found = [*older.problems, *chain_problems(newer, older)]
        if opened is not None and newer is examined and not found:
            found.extend(_compared(opened, older))
        problems.extend(_of(path, each) for each in found)
        unknown.extend(f"{path}: {sentence}" for sentence in older.unknown)
        if not found:
            said.append(f"{path} is the bundle before {'it' if newer is examined else 'that'}")
        newer = older
    if examined.manifest is not None and not previous:
        named = examined.manifest.previous_manifest
        if named is not None:
            said.append(f"it names run {named.run_id} as the one before it (--previous checks that)")
    return Verified(said=tuple(said), problems=tuple(problems), unknown=tuple(unknown))


def _compared(case: Case, older: Examined) -> list[Problem]:
    from auditor.proof.problem import RefusedError
    from auditor.proof.verification import comparison_problems

    try:
        return list(comparison_problems(case, older))
    except RefusedError as refused:
        return [refused.problem]


def _bytes(file: Path) -> bytes:
    """A file that is, or once was, a ZIP: emptied or begun otherwise, it is a bundle that was altered.

    Raises UsageError, CannotRunError.
    """
    from auditor.proof.archive import MAGIC, MOST_BYTES

    try:
        if file.stat().st_size > MOST_BYTES:
            raise UsageError(
                f"{file} is larger than the {MOST_BYTES} bytes that are read", remedy="No bundle is so large."
            )
        data = file.read_bytes()
    except OSError as error:
        raise CannotRunError(
            f"{file} cannot be read: {error.strerror}", remedy="Check its permissions."
        ) from error
    if data and MAGIC not in data and not data.startswith(MAGIC[:2]):
        raise UsageError(f"{file} is no bundle", remedy="Name a file that `auditor scan --bundle` wrote.")
    return data


def _of(path: Path, problem: Problem) -> Problem:
    from dataclasses import replace

    return replace(problem, message=f"{path}: {problem.message}")


def _said(examined: Examined) -> list[str]:
    from auditor.proof.trust import name_of

    if examined.problems or examined.manifest is None or examined.signature is None:
        return []
    manifest, signature = examined.manifest, examined.signature
    run = manifest.run
    said = [
        f"run {run.id} of {run.tenant.domain or run.tenant.id}, collected {run.finished_at}, judged for"
        f" {run.evaluated_at}",
        f"all {len(manifest.members)} members are as the manifest lists them",
        f"signed at {signature.signed_at:%Y-%m-%dT%H:%M:%SZ} by {name_of(signature.signer)}",
    ]
    if examined.timestamp is not None:
        said.append(f"the signature was there at {examined.timestamp.at:%Y-%m-%dT%H:%M:%SZ} (timestamp)")
    return said


def _as_text(file: Path, verified: Verified) -> str:
    from auditor.report.text import visible

    verdict = {
        ExitCode.CLEAN: "fine",
        ExitCode.NOT_EVALUATED: "not wholly judged",
    }.get(verified.code, "refused")
    lines = [
        f"{file}: {verdict}",
        *(f"  right    {sentence}" for sentence in verified.said),
        *(f"  unknown  {sentence}" for sentence in verified.unknown),
        *(f"  wrong    {problem.message}" for problem in verified.problems),
    ]
    return "\n".join(visible(line).replace("\n", " ") for line in lines)


def _as_json(file: Path, verified: Verified) -> str:
    from auditor.model.wire import to_json

    verdict = {ExitCode.CLEAN: "fine", ExitCode.NOT_EVALUATED: "unknown"}.get(verified.code, "refused")
    document = {
        "bundle": str(file),
        "verdict": verdict,
        "right": list(verified.said),
        "unknown": list(verified.unknown),
        "problems": [to_json(problem) for problem in verified.problems],
    }
    return json.dumps(document, indent=2)
