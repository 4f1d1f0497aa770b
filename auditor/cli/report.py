"""`auditor report`: the schema of report.json, and any format again from it."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import click

from auditor.cli import options
from auditor.errors import UsageError
from auditor.model.report import Report
from auditor.model.wire import from_json

_log = logging.getLogger("auditor")


@click.group()
def command() -> None:
    """The report's JSON Schema, and any format again from report.json."""


@command.command()
def schema() -> None:
    """Print the JSON Schema of report.json (2020-12)."""
    from auditor.yaml_document import bundled_schema

    click.echo(json.dumps(bundled_schema("report"), indent=2, ensure_ascii=False))


@command.command(epilog="\b\nExample:\n  auditor report render out/report.json --format html --out public")
@click.argument("file", metavar="REPORT.json", type=options.EXISTING_FILE)
@click.option(
    "--format",
    "format_names",
    type=options.FormatNames(),
    default="html",
    show_default=True,
    help="Which to write, separated by commas.",
)
@click.option(
    "--out", type=options.DIRECTORY, default=Path("out"), show_default=True, help="Where the files go."
)
@options.split
@options.output
def render(file: Path, format_names: tuple[str, ...], out: Path, split: bool) -> None:
    """Write a report in other formats, from report.json alone; offline."""
    from auditor.cli.audit import check_split, suggest_split, write_reports

    check_split(format_names, split=split)
    files = write_reports(read_report(file), out, format_names, split=split)
    for written in files:
        _log.info("%s", written)
    suggest_split(files, split=split)


def read_report(file: Path) -> Report:
    """The report of a report.json. Raises UsageError when the file is none."""
    from jsonschema import Draft202012Validator

    from auditor.yaml_document import bundled_schema

    remedy = "Name a report.json that this version of the program wrote."
    try:
        document = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} is no report.json: {error}", remedy=remedy) from error
    except RecursionError as error:
        raise UsageError(f"{file} is no report.json: nested too deep", remedy=remedy) from error
    problem = next(Draft202012Validator(bundled_schema("report")).iter_errors(document), None)
    if problem is not None:
        raise UsageError(
            f"{file} is no report.json: {problem.json_path}: {problem.message[:200]}", remedy=remedy
        )
    return from_json(document, Report)
