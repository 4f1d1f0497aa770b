"""What scan, collect, evaluate and demo share: configuration in, reports out."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.bundled import bundled
from auditor.cli.files import remove_files, written_beside
from auditor.cli.judging import Audit
from auditor.errors import UsageError
from auditor.model.change import Drift
from auditor.model.configuration import Configuration
from auditor.model.rule import Severity

if TYPE_CHECKING:
    from auditor.evaluate import RulePack
    from auditor.model.report import Report
    from auditor.report import Format

_log = logging.getLogger("auditor")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportOptions:
    """What `--out`, `--format`, `--fail-on` and `--split` say."""

    out: Path
    formats: Sequence[str]
    fail_on: Severity
    split: bool = False

    def __post_init__(self) -> None:
        check_split(self.formats, split=self.split)


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


def check_split(names: Sequence[str], *, split: bool) -> None:
    """Raises UsageError when there is nothing to split."""
    if split and "html" not in names:
        raise UsageError(
            "--split divides report.html, and --format does not name html",
            remedy="Add html to --format, or leave out --split.",
        )


def write_reports(
    report: Report, directory: Path, names: Sequence[str], *, split: bool = False
) -> list[Path]:
    """Writes the report in these formats; gives the files, html first because people open that.

    `split` makes report.html an index, with a page for each application in a folder beside it.
    """
    with reports_written_beside(report, directory, names, split=split) as files:
        return files


@contextmanager
def reports_written_beside(
    report: Report,
    directory: Path,
    names: Sequence[str],
    *,
    split: bool = False,
    drift: Drift | None = None,
) -> Iterator[list[Path]]:
    """Like `write_reports`, but the files come to their places at the end, unless what runs inside raises.

    `drift` comes into a file of its own beside them.
    """
    from auditor.report import formats

    chosen = [each for name, each in formats().items() if name in names]
    files = [directory / each.file_name for each in chosen]
    rendered = _rendered(report, directory, chosen, split=split)
    if drift is not None:
        from auditor.cli.drifted import as_file

        files.append(directory / "drift.json")
        rendered = chain(rendered, [(files[-1], as_file(drift))])
    with written_beside(rendered):
        yield sorted(files, key=lambda file: (file.suffix != ".html", file))
    if "html" in names:
        remove_files(_stale_pages(report, directory, split=split))


def report_files(report: Report, names: Sequence[str], *, split: bool = False) -> dict[str, bytes]:
    """All files of a report in these formats, by their names in the output directory; with drift.json."""
    from auditor.cli.drifted import as_file
    from auditor.report import formats

    chosen = [each for name, each in formats().items() if name in names]
    rendered = _rendered(report, Path(), chosen, split=split)
    files = {file.as_posix(): content for file, content in rendered}
    return files if report.drift is None else {**files, "drift.json": as_file(report.drift)}


def _rendered(
    report: Report, directory: Path, chosen: Sequence[Format], *, split: bool
) -> Iterator[tuple[Path, bytes]]:
    """One after the other: thousands of pages need not be in memory at once."""
    for each in chosen:
        if split and each.render_split is not None:
            for name, content in each.render_split(report):
                yield directory / name, content
        else:
            yield directory / each.file_name, each.render(report)


def _stale_pages(report: Report, directory: Path, *, split: bool) -> list[Path]:
    """Pages of an earlier index that this one does not have: nobody shall take them for tonight's."""
    from auditor.report.places import FOLDER, PAGE, page_names

    current = page_names(report) if split else frozenset()
    folder = directory / FOLDER
    pages = sorted(folder.iterdir()) if folder.is_dir() else []
    return [page for page in pages if PAGE.fullmatch(page.name) and page.name not in current]


def suggest_split(files: Sequence[Path], *, split: bool) -> None:
    """Says on stderr that report.html is large, unless it is split."""
    from auditor.report.html import SPLIT_ABOVE

    for file in files:
        if file.suffix == ".html" and not split and file.stat().st_size > SPLIT_ABOVE:
            _log.info(
                "%s has %.0f MB, more than %.0f; --split writes an index and a file per application instead.",
                file,
                file.stat().st_size / 1e6,
                SPLIT_ABOVE / 1e6,
            )


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
        _log.info(
            "%d findings; %s",
            len(audit.report.findings),
            ", ".join(str(file) for file in files),
            extra={"event": "scan-complete", "run_id": audit.report.run.id},
        )
