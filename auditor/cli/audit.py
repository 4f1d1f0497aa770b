"""What scan, collect, evaluate and demo share: configuration in; snapshot, judgement, reports out."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.bundled import bundled
from auditor.cli.files import written_beside
from auditor.cli.outcome import ExitCode, outcome
from auditor.model.change import Drift
from auditor.model.configuration import Configuration, Judgement
from auditor.model.rule import Severity
from auditor.model.snapshot import Snapshot

if TYPE_CHECKING:
    from auditor.evaluate import RulePack
    from auditor.model.report import Report

_log = logging.getLogger("auditor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """One tenant's audit: its report, and the exit code of it alone."""

    report: Report
    code: ExitCode


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """What `--out`, `--format` and `--fail-on` say."""

    out: Path
    formats: Sequence[str]
    fail_on: Severity


def load_rules(directory: Path | None) -> RulePack:
    """The rules and profiles of `--rules`, else the bundled ones. Raises DocumentError."""
    from auditor.evaluate import load_pack

    if directory is None:
        return load_pack(bundled("rules"))
    return load_pack(directory, folder=_in_repository(directory))


def _in_repository(directory: Path) -> str:
    """The directory relative to the repository it lies in, else to where the program runs, else its name."""
    place = directory.resolve()
    tops = [folder for folder in (place, *place.parents) if (folder / ".git").exists()]
    for top in (*tops[:1], Path.cwd()):
        if place.is_relative_to(top):
            relative = place.relative_to(top).as_posix()
            return "" if relative == "." else relative
    return place.name


def load_configuration_for(file: Path, pack: RulePack, at: datetime | None = None) -> Configuration:
    """The configuration, its names checked against the rules and profiles. Raises DocumentError.

    `at`: the time that will be judged for, where one is given.
    """
    from auditor.collect import permissions_by_section
    from auditor.configuration import Known, load_configuration

    return load_configuration(
        file,
        known=Known(
            rules=[rule.id for rule in pack.rules],
            profiles=pack.profiles,
            sections=list(permissions_by_section()),
        ),
        at=at,
    )


def judge(
    snapshot: Snapshot, *, pack: RulePack, judgement: Judgement, at: datetime | None, fail_on: Severity
) -> Audit:
    """Judges a snapshot for the time `at`; None: for the time at which it was finished."""
    from auditor.evaluate import evaluate
    from auditor.report.build import accepted_sections, build_report

    at = at or datetime.fromisoformat(snapshot.finished_at).astimezone(UTC)
    evaluation = evaluate(snapshot, pack=pack, judgement=judgement, at=at)
    report = build_report(snapshot, evaluation, pack=pack, judgement=judgement, at=at)
    accepted = accepted_sections(judgement.accepted_gaps, at)
    return Audit(report=report, code=outcome(evaluation.verdicts, fail_on=fail_on, accepted=accepted))


def write_reports(report: Report, directory: Path, names: Sequence[str]) -> list[Path]:
    """Writes the report in these formats; gives the files, html first because people open that."""
    with reports_written_beside(report, directory, names) as files:
        return files


@contextmanager
def reports_written_beside(
    report: Report, directory: Path, names: Sequence[str], *, drift: Drift | None = None
) -> Iterator[list[Path]]:
    """Like `write_reports`, but the files come to their places at the end, unless what runs inside raises.

    `drift` comes into a file of its own beside them.
    """
    from auditor.report import formats

    known = formats()
    files = {directory / known[name].file_name: known[name].render(report) for name in names}
    if drift is not None:
        from auditor.cli.drifted import as_file

        files[directory / "drift.json"] = as_file(drift)
    with written_beside(files):
        yield sorted(files, key=lambda file: (file.suffix != ".html", file))


def tell(audit: Audit, files: Sequence[Path]) -> None:
    """The summary on stderr, unless only errors or only JSON lines are wanted there."""
    from rich.console import Console

    from auditor.cli import console
    from auditor.report.changes import changes
    from auditor.report.terminal import summary

    if _log.isEnabledFor(logging.INFO) and not console.is_json():
        stderr = Console(stderr=True, highlight=False)
        stderr.print(summary(audit.report, files=files))
        since = changes(audit.report)
        if since is not None:
            stderr.print(since)
    else:
        _log.info("%d findings; %s", len(audit.report.findings), ", ".join(str(file) for file in files))
