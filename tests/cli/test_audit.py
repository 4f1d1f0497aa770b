"""What the commands that audit share."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.cli.audit import load_rules
from tests.evaluate.rule_files import rule, write


def test_the_bundled_rules_are_shown_where_they_lie_in_the_repository() -> None:
    assert load_rules(None).folder == "rules"


def test_rules_are_shown_relative_to_their_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "security" / "mine", rule())
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path / "security")
    assert load_rules(Path("mine")).folder == "security/mine"


def test_a_repository_may_be_a_folder_of_rules(tmp_path: Path) -> None:
    write(tmp_path, rule())
    (tmp_path / ".git").write_text("gitdir: elsewhere\n", encoding="utf-8")
    assert load_rules(tmp_path).folder == ""


def test_rules_outside_of_a_repository_are_shown_as_they_would_be_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a" / "mine", rule())
    monkeypatch.chdir(tmp_path)
    assert load_rules(tmp_path / "a" / "mine").folder == "a/mine"
    (tmp_path / "b").mkdir()
    monkeypatch.chdir(tmp_path / "b")
    assert load_rules(Path("../a/mine")).folder == "mine"
