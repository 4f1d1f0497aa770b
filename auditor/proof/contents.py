"""The members of a bundle: everything a report follows from, and the reports."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

import cattrs

from auditor.model.comparison_input import ComparisonInput, EarlierRun
from auditor.model.configuration import Judgement
from auditor.model.node import Json
from auditor.model.report import Report, Run, TrendPoint, Undelivered
from auditor.model.snapshot import Snapshot, SnapshotError, read_snapshot
from auditor.model.waiver import Waiver
from auditor.model.wire import from_json, to_json
from auditor.proof.problem import Kind, Problem, RefusedError

SNAPSHOT = "snapshot.json.gz"
CONFIGURATION = "configuration.json"
WAIVERS = "waivers.json"
COMPARISON = "comparison.json"
PREVIOUS_REPORT = "previous/report.json.gz"
PREVIOUS_SNAPSHOT = "previous/snapshot.json.gz"
EARLIER = "previous/earlier/"
"""Followed by the number of the snapshot: what the previous run could not read was last seen there."""
RULES = "rules/"
"""Followed by the path of each file in the folder of the rules."""
REPORT = "report.json"
DRIFT = "drift.json"

_MOST_RATIO = 200
"""What a member that is compressed itself may unpack to, compared with its size; snapshots come to 30."""
_ALWAYS_ALLOWED = 64 * 2**20
"""Bytes."""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedConfiguration:
    """configuration.json: what the configuration says about this tenant; nothing secret is read for it."""

    tenant: str
    """As the configuration calls it."""
    cloud: str
    graph: str | None
    """Where requests went instead of the cloud's own hosts."""
    login: str | None
    judgement: Judgement
    """The waivers stand in waivers.json."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The approved state when the run was made."""

    run_id: str | None
    snapshot_digest: str | None
    approved_at: str
    approved_by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviousFinding:
    """A finding of the previous run, by what it is known by."""

    fingerprint: str
    status: str
    severity: str
    first_seen_at: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """The run that this one was compared with."""

    run: Run
    snapshot_digest: str
    findings: tuple[PreviousFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """comparison.json: what the report says beyond what was collected, and where it is from."""

    history: bool
    """Whether runs are kept; without a history nothing is compared."""
    previous: Previous | None
    trend: tuple[TrendPoint, ...]
    """Of the runs before this one."""
    baseline: Baseline | None
    undelivered: tuple[Undelivered, ...]
    """Alerts that could not be delivered when the report was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Everything a report follows from, but for the program and the time (which the manifest says)."""

    snapshot: Snapshot
    configuration: UsedConfiguration
    """With the waivers."""
    rules: Mapping[str, bytes]
    """The files of rules and profiles, by their path in the folder."""
    compared_with: ComparisonInput | None
    """None without a history."""
    baseline: Baseline | None = None
    undelivered: tuple[Undelivered, ...] = ()


def files_of(case: Case) -> dict[str, bytes]:
    """The members, but for the reports."""
    judgement = case.configuration.judgement
    configuration = replace(case.configuration, judgement=replace(judgement, waivers=()))
    files = {
        SNAPSHOT: case.snapshot.to_gzip(),
        CONFIGURATION: _written(configuration),
        WAIVERS: _written(judgement.waivers),
        COMPARISON: _written(_comparison(case)),
        **{f"{RULES}{name}": content for name, content in case.rules.items()},
    }
    before = case.compared_with.before if case.compared_with else None
    if before is not None:
        files[PREVIOUS_SNAPSHOT] = before.snapshot.to_gzip()
        files[PREVIOUS_REPORT] = gzip.compress(_written(before.report), mtime=0)
        for number, snapshot in enumerate(before.earlier, 1):
            files[f"{EARLIER}{number:02}.json.gz"] = snapshot.to_gzip()
    return files


def read_case(files: Mapping[str, bytes]) -> Case:
    """What `files_of` wrote. Raises RefusedError when it is something else, or contradicts itself."""
    configuration = _read(files, CONFIGURATION, UsedConfiguration)
    waivers = _read(files, WAIVERS, tuple[Waiver, ...])
    comparison = _read(files, COMPARISON, Comparison)
    compared_with = None
    if comparison.history:
        before = None
        if comparison.previous is not None:
            report = _parsed(PREVIOUS_REPORT, _unpacked(files, PREVIOUS_REPORT), Report)
            earlier = (name for name in sorted(files) if name.startswith(EARLIER))
            before = EarlierRun(
                report=report,
                snapshot=_snapshot(files, PREVIOUS_SNAPSHOT),
                earlier=tuple(_snapshot(files, name) for name in earlier),
            )
        compared_with = ComparisonInput(before=before, trend=comparison.trend)
    case = Case(
        snapshot=_snapshot(files, SNAPSHOT),
        configuration=replace(configuration, judgement=replace(configuration.judgement, waivers=waivers)),
        rules={name.removeprefix(RULES): files[name] for name in sorted(files) if name.startswith(RULES)},
        compared_with=compared_with,
        baseline=comparison.baseline,
        undelivered=comparison.undelivered,
    )
    if _comparison(case) != comparison:
        raise _contradiction(
            COMPARISON, f"{COMPARISON} says something else than {PREVIOUS_REPORT} and {PREVIOUS_SNAPSHOT}"
        )
    return case


def read_outcome(files: Mapping[str, bytes]) -> tuple[Snapshot, Report]:
    """What a run saw and said. Raises RefusedError."""
    return _snapshot(files, SNAPSHOT), _parsed(REPORT, _member(files, REPORT), Report)


def _comparison(case: Case) -> Comparison:
    earlier = case.compared_with
    return Comparison(
        history=earlier is not None,
        previous=_previous(earlier.before) if earlier and earlier.before else None,
        trend=earlier.trend if earlier else (),
        baseline=case.baseline,
        undelivered=case.undelivered,
    )


def _previous(before: EarlierRun) -> Previous:
    return Previous(
        run=before.report.run,
        snapshot_digest=before.snapshot.digest,
        findings=tuple(
            PreviousFinding(
                fingerprint=finding.fingerprint,
                status=finding.status.value,
                severity=finding.severity.value,
                first_seen_at=finding.first_seen_at,
            )
            for finding in before.report.findings
        ),
    )


def _written(value: object) -> bytes:
    text = json.dumps(to_json(value), sort_keys=True, indent=1, ensure_ascii=False)
    # A name may hold half a surrogate pair; backslashreplace writes it as JSON's own escape.
    return f"{text}\n".encode(errors="backslashreplace")


def _read(files: Mapping[str, bytes], name: str, kind: type[_T]) -> _T:
    return _parsed(name, _member(files, name), kind)


def _parsed(name: str, data: bytes, kind: type[_T]) -> _T:
    try:
        document: Json = json.loads(data)
        return from_json(document, kind)
    except (cattrs.BaseValidationError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise _contradiction(name, f"{name} cannot be read: {type(error).__name__}") from error


def _snapshot(files: Mapping[str, bytes], name: str) -> Snapshot:
    try:
        return read_snapshot(_unpacked(files, name))
    except SnapshotError as error:
        raise _contradiction(name, f"{name} cannot be read: {error}") from error


def _unpacked(files: Mapping[str, bytes], name: str) -> bytes:
    packed = _member(files, name)
    most = max(_ALWAYS_ALLOWED, _MOST_RATIO * len(packed))
    unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)  # gzip
    try:
        data = unpacking.decompress(packed, most)
    except zlib.error as error:
        raise _contradiction(name, f"{name} cannot be unpacked: {error}") from error
    if not unpacking.eof or unpacking.unused_data:
        message = f"{name} unpacks to more than {most} bytes, or is not whole"
        raise RefusedError(Problem(kind=Kind.TOO_LARGE, message=message, member=name))
    return data


def _member(files: Mapping[str, bytes], name: str) -> bytes:
    if name not in files:
        raise _contradiction(name, f"{name} is not there, and a bundle has one")
    return files[name]


def _contradiction(member: str, message: str) -> RefusedError:
    return RefusedError(Problem(kind=Kind.INCONSISTENT, message=message, member=member))
