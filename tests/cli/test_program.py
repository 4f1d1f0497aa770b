"""The program as a whole: help that teaches at once, exit codes of misuse, stdout for machines."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click
import pytest
from jsonschema import Draft202012Validator

from auditor import __version__
from auditor.cli import COMMANDS, program
from auditor.report import html
from auditor.report.json import render
from tests.conftest import Runner, Start
from tests.report.sample import sample_report

HEAVY = ("msgraph", "azure", "lxml", "jinja2", "starlette", "jmespath", "yaml", "rich", "requests")


def commands() -> list[list[str]]:
    """Every command and subcommand, as typed."""
    found: list[list[str]] = [[]]
    context = click.Context(program)
    for name in COMMANDS:
        command = program.get_command(context, name)
        found.append([name])
        if isinstance(command, click.Group):
            found += [[name, inner] for inner in command.list_commands(context)]
    return found


@pytest.mark.parametrize("path", commands(), ids=" ".join)
def test_every_command_explains_itself(auditor: Runner, path: list[str]) -> None:
    result = auditor(*path, "--help")
    assert result.code == 0
    assert result.stdout.startswith(f"Usage: auditor {' '.join(path)}".rstrip())
    assert len(result.stdout.splitlines()) > 5


def test_help_loads_nothing_heavy() -> None:
    script = (
        "import sys; from auditor.cli import main; code = main(['--help'])\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)\nsys.exit(code)"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stderr.strip() == "[]"


def test_all_commands_load_without_the_network_libraries() -> None:
    script = (
        "import sys, importlib; from auditor.cli import COMMANDS\n"
        "for name in COMMANDS: importlib.import_module(f'auditor.cli.{name}')\n"
        "print([name for name in ('msgraph', 'azure', 'lxml', 'starlette') if name in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_the_version(auditor: Runner) -> None:
    assert __version__ in auditor("--version").stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["scn"], "Did you mean 'scan'?"),
        (["scan", "--configg", "x"], "Did you mean '--config'?"),
        (["scan", "--at", "yesterday"], "'yesterday' is no time; write for example 2026-11-23T02:00:00Z"),
        (["scan", "--at", "9999-12-31T23:00:00-05:00"], "is no time; write for example"),
        (["scan", "--format", "docx"], "unknown format 'docx'. Known: "),
        (["scan", "--format", "htlm"], "unknown format 'htlm'; did you mean 'html'? Known: "),
        (["scan", "--fail-on", "hihg"], "'hihg' is not one of 'informational'"),
        (["scan", "--max-wait", "-1"], "-1 is not in the range x>=0"),
        (["scan", "--rules", "nowhere"], "Directory 'nowhere' does not exist"),
        (["scan"], "auditor.yaml:1:1: the file cannot be read: No such file or directory"),
        (["collect"], "Missing option '--snapshot'"),
        (["evaluate", "nothing.json.gz"], "File 'nothing.json.gz' does not exist"),
        (["permissions", "--check"], "--check needs --config"),
    ],
)
def test_misuse_ends_with_2_and_says_what_to_do(auditor: Runner, arguments: list[str], told: str) -> None:
    result = auditor(*arguments)
    assert result.code == 2
    assert result.stdout == ""
    assert told in " ".join(result.stderr.split())
    assert "Traceback" not in result.stderr


def test_errors_as_json_lines(auditor: Runner) -> None:
    result = auditor("scan", "--config", "none.yaml", "--log-format", "json")
    assert result.code == 2
    entry = json.loads(result.stderr)
    assert entry["level"] == "error"
    assert entry["message"].startswith("none.yaml:1:1: the file cannot be read")
    assert entry["remedy"] == "Check its name and its permissions."


def test_the_schema_of_the_report_is_printed(auditor: Runner) -> None:
    result = auditor("report", "schema")
    assert (result.code, result.stderr) == (0, "")
    Draft202012Validator.check_schema(json.loads(result.stdout))


def test_any_format_again_from_report_json(auditor: Runner, tmp_path: Path) -> None:
    (tmp_path / "old.json").write_bytes(render(sample_report()))
    result = auditor("report", "render", "old.json", "--format", "all", "--out", "again")
    assert result.code == 0
    assert (tmp_path / "again" / "report.json").read_bytes() == render(sample_report())
    assert b"<!doctype html>" in (tmp_path / "again" / "report.html").read_bytes().lower()


def test_the_page_from_report_json_is_the_page_of_the_run(auditor: Runner, tmp_path: Path) -> None:
    """Also where a rule names its frameworks in another order than the sorted one of report.json."""
    report = sample_report()
    controls = {"nist-sp-800-53-r5": ("CM-6",), "iso-27001-2022": ("A.8.9",)}
    report = replace(report, findings=tuple(replace(f, controls=controls) for f in report.findings))
    (tmp_path / "old.json").write_bytes(render(report))
    assert auditor("report", "render", "old.json", "--out", "again").code == 0
    assert (tmp_path / "again" / "report.html").read_bytes() == html.render(report)


def test_files_are_told_as_json_lines_or_not_at_all(auditor: Runner, tmp_path: Path) -> None:
    (tmp_path / "old.json").write_bytes(render(sample_report()))
    told = auditor("report", "render", "old.json", "--out", "again", "--log-format", "json").stderr
    assert json.loads(told)["message"] == "again/report.html"
    assert auditor("report", "render", "old.json", "--out", "again", "--quiet").stderr == ""


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"\xff", b'{"schemaVersion": "9.0"}', b"[" * 200_000], ids=range(6)
)
def test_what_is_no_report_is_refused(auditor: Runner, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "report.json").write_bytes(content)
    result = auditor("report", "render", "report.json", "--out", "again")
    assert result.code == 2
    assert "report.json is no report.json" in result.stderr
    assert not (tmp_path / "again").exists()


def test_a_reader_that_goes_away_is_no_crash(auditor_process: Start) -> None:
    process = auditor_process("report", "schema")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=120) in (0, 1)


def test_completion_completes(auditor_process: Start) -> None:
    environment = {"_AUDITOR_COMPLETE": "bash_complete", "COMP_WORDS": "auditor per", "COMP_CWORD": "1"}
    process = auditor_process(env=environment)
    said, _ = process.communicate(timeout=120)
    assert said.strip() == "plain,permissions"
