"""Progress: drawn on a terminal, silent elsewhere, and it says what is being waited for."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from auditor.cli import console
from auditor.cli.progress import watching

ANSI = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")


def on_a_terminal(*arguments: str, cwd: Path, **environment: str) -> tuple[str, str]:
    """What a run of the program says on a terminal (its stderr), and to stdout."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "auditor", *arguments],
        cwd=cwd,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    said = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # Linux: the other end is closed
            break
        if not piece:
            break
        said += piece
    os.close(ours)
    out, _ = process.communicate(timeout=60)
    return said.decode(), out


def test_it_is_drawn_on_a_terminal_and_goes_away(tmp_path: Path) -> None:
    said, out = on_a_terminal("demo", cwd=tmp_path)
    assert out == ""
    assert "signing in to" in said
    assert re.search(r"\d+/\d+ [A-Z]", ANSI.sub("", said))  # how many are done, and what is being read
    assert "\x1b[2K" in said  # lines are redrawn
    assert "Could not be seen" in ANSI.sub("", said)


def test_no_color_is_honoured(tmp_path: Path) -> None:
    said, _ = on_a_terminal("demo", cwd=tmp_path, NO_COLOR="1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]m", said)


def test_json_lines_are_not_torn_by_it(tmp_path: Path) -> None:
    said, _ = on_a_terminal("demo", "--log-format", "json", cwd=tmp_path)
    assert "\x1b" not in said


@pytest.mark.parametrize(("seconds", "told"), [(1.0, False), (30.0, True)])
def test_without_a_terminal_long_waits_are_told(
    capsys: pytest.CaptureFixture[str], seconds: float, told: bool
) -> None:
    with console.logging_to_stderr():
        console.configure(quiet=False, verbose=False, log_format="text")
        with watching("contoso") as progress:
            progress.planned(1)
            progress.started("Owners")
            progress.waiting("Graph asks to wait", seconds)
            progress.finished("Owners")
    said = capsys.readouterr().err
    assert said == ("auditor: waiting 30 s: Graph asks to wait\n" if told else "")


def test_verbose_tells_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    with console.logging_to_stderr():
        console.configure(quiet=False, verbose=True, log_format="text")
        with watching("contoso") as progress:
            progress.started("Owners")
            progress.finished("Owners")
    assert capsys.readouterr().err == "auditor: reading: Owners\nauditor: read: Owners\n"
