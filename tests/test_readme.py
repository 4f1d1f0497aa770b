"""The README says what the program does: its help, exit codes, permissions, commands and configuration."""

from __future__ import annotations

import re
import shlex
import subprocess
import textwrap
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
import yaml

from auditor.bundled import bundled
from auditor.cli import program
from auditor.cli.audit import load_configuration_for
from auditor.cli.outcome import ExitCode
from auditor.evaluate import load_pack
from auditor.report import formats
from tests.conftest import Runner

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, their indentation taken away."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", README, flags=re.DOTALL | re.MULTILINE)
    return [textwrap.dedent(text) for _, text in found]


def section(title: str) -> str:
    """The text under a heading."""
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(text: str) -> Iterator[list[str]]:
    """The cells of a table's rows, without the heading."""
    table = [line for line in text.splitlines() if line.startswith("|")]
    for line in table[2:]:
        yield [cell.strip() for cell in line.strip("|").split("|")]


def test_the_help_is_the_programs(auditor: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    (shown,) = blocks("text")
    assert shown.strip() == f"$ auditor --help\n{auditor('--help').stdout}".strip()


def test_the_exit_codes_are_the_programs() -> None:
    listed = [int(code) for code, _ in rows(section("Exit codes"))]
    assert sorted(listed) == sorted(ExitCode)
    assert listed == [2, 1, 10, 3, 11, 0]


def test_the_permissions_are_the_programs(auditor: Runner) -> None:
    import json

    planned = json.loads(auditor("permissions", "--format", "json").stdout)["permissions"]
    listed = {permission.strip("`"): reads for permission, reads in rows(section("Permissions"))}
    assert listed == {entry["permission"]: ", ".join(entry["sections"]) for entry in planned}


def test_the_formats_are_the_programs() -> None:
    listed = {name.strip("`"): file.strip("`") for name, file, _ in rows(section("Report formats"))}
    assert listed == {name: each.file_name for name, each in formats().items()}


def commands() -> list[str]:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line.startswith("auditor ")]


def test_there_are_commands() -> None:
    assert len(commands()) > 4


@pytest.mark.parametrize("line", commands())
def test_every_command_in_it_can_be_typed(line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    command: click.Command = program
    context = click.Context(program, info_name="auditor")
    while isinstance(command, click.Group):
        name, found, words = command.resolve_command(context, words)
        assert found is not None
        command, context = found, click.Context(found, parent=context, info_name=name)
    parser = command.make_parser(context)
    parser.parse_args(list(words))


def test_every_configuration_in_it_loads(tmp_path: Path) -> None:
    pack = load_pack(bundled("rules"))
    waivers, *configurations = sorted(blocks("yaml"), key=lambda text: not text.startswith("- rule:"))
    (tmp_path / "waivers.yaml").write_text(waivers, encoding="utf-8")
    assert len(configurations) == 2
    for text in configurations:
        assert yaml.safe_load(text)
        file = tmp_path / "auditor.yaml"
        file.write_text(text, encoding="utf-8")
        loaded = load_configuration_for(file, pack, datetime(2026, 11, 23, tzinfo=UTC))
        assert len(loaded.waivers) == text.count("waivers: waivers.yaml")


def test_the_two_commands_are_make_targets() -> None:
    makefile = (Path(__file__).parent.parent / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)", README)) <= targets


def test_the_gate_calls_the_test_command() -> None:
    gate = Path(__file__).parent.parent / ".ci/run"
    subprocess.run(["bash", "-n", gate], check=True)
    assert gate.read_text(encoding="utf-8").splitlines()[-1] == "make test"
