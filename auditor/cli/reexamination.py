"""What a bundle holds, judged again: does its report follow from its evidence?"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor import __version__
from auditor.cli.drifted import as_file
from auditor.cli.judging import judge
from auditor.errors import AuditorError
from auditor.model.report import Report
from auditor.model.rule import Severity
from auditor.model.wire import to_json
from auditor.proof.contents import DRIFT, REPORT, Case, read_case
from auditor.proof.manifest import Manifest
from auditor.proof.problem import Kind, Problem, RefusedError

if TYPE_CHECKING:
    from auditor.evaluate import RulePack

_NAMED = 5
"""Differences that are told one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reexamined:
    """What came out."""

    problems: tuple[Problem, ...]
    said: str
    """What was compared, and how; a sentence without its full stop."""


def reexamine(case: Case, files: Mapping[str, bytes], manifest: Manifest) -> Reexamined:
    """Judges the case again with its rules, and compares with the report that the bundle holds."""
    same_version = manifest.run.auditor_version == __version__
    try:
        report = _report(case, manifest)
    except AuditorError as error:
        problem = Problem(kind=Kind.INCONSISTENT, message=f"it cannot be judged again: {error.message}")
        return Reexamined(problems=(problem,), said="")
    if same_version:
        return Reexamined(
            problems=tuple(_byte_for_byte(report, files)),
            said="judged again with its own rules, and its report came out byte for byte",
        )
    findings = len(report.findings)
    return Reexamined(
        problems=tuple(_by_fingerprint(report, files, manifest)),
        said=(
            f"judged again with its own rules by version {__version__}, it was made by"
            f" {manifest.run.auditor_version}: not compared byte for byte; statuses and severities of all"
            f" {findings} findings are the same"
        ),
    )


def opened_case(files: Mapping[str, bytes]) -> Case | Problem:
    """Everything the report follows from, or why it cannot be read."""
    try:
        return read_case(files)
    except RefusedError as refused:
        return refused.problem


def _report(case: Case, manifest: Manifest) -> Report:
    with tempfile.TemporaryDirectory() as folder:
        pack = _pack(case.rules, Path(folder), manifest.rules_folder)
    audit = judge(
        case.snapshot,
        pack=pack,
        judgement=case.configuration.judgement,
        at=datetime.fromisoformat(manifest.run.evaluated_at),
        fail_on=Severity.CRITICAL,
        compared_with=case.compared_with,
    )
    return replace(audit.report, undelivered=case.undelivered)


def _pack(rules: Mapping[str, bytes], folder: Path, shown: str) -> RulePack:
    from auditor.evaluate import load_pack

    for name, content in rules.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return load_pack(folder, folder=shown)


def _byte_for_byte(report: Report, files: Mapping[str, bytes]) -> Iterator[Problem]:
    from auditor.report.json import render

    again = render(report)
    if again != files.get(REPORT):
        line = _first_line(again, files.get(REPORT, b""))
        message = f"{REPORT} is not what its evidence gives: judged again, line {line} is another"
        yield Problem(kind=Kind.REPORT_DIFFERS, message=message, member=REPORT)
    drift = None if report.drift is None else as_file(report.drift)
    if drift != files.get(DRIFT):
        message = f"{DRIFT} is not what its evidence gives"
        yield Problem(kind=Kind.DRIFT_DIFFERS, message=message, member=DRIFT)


def _first_line(one: bytes, other: bytes) -> int:
    lines = zip(one.splitlines(), other.splitlines(), strict=False)
    return next((n for n, (left, right) in enumerate(lines, start=1) if left != right), 1)


def _by_fingerprint(report: Report, files: Mapping[str, bytes], manifest: Manifest) -> Iterator[Problem]:
    try:
        document = json.loads(files[REPORT])
        told = {each["fingerprint"]: (each["status"], each["severity"]) for each in document["findings"]}
        run = document["run"]
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        message = f"{REPORT} cannot be read: {type(error).__name__}"
        yield Problem(kind=Kind.INCONSISTENT, message=message, member=REPORT)
        return
    if run != to_json(manifest.run):
        message = f"{REPORT} is of another run than the manifest says"
        yield Problem(kind=Kind.INCONSISTENT, message=message, member=REPORT)
    found = {each.fingerprint: (each.status.value, each.severity.value) for each in report.findings}
    other = sorted(key for key in told.keys() | found.keys() if told.get(key) != found.get(key))
    if other:
        named = "; ".join(
            f"{key}: {_words(told.get(key))}, judged again {_words(found.get(key))}" for key in other[:_NAMED]
        )
        further = f"; and {len(other) - _NAMED} more" if len(other) > _NAMED else ""
        message = (
            f"{len(other)} findings of {REPORT} are judged otherwise by version {__version__} (it was made by"
            f" {manifest.run.auditor_version}): {named}{further}"
        )
        yield Problem(kind=Kind.REPORT_DIFFERS, message=message, member=REPORT)


def _words(judged: tuple[str, str] | None) -> str:
    return "not there" if judged is None else " ".join(judged)
