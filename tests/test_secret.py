"""Secrets: found where the reference says, and never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.errors import UsageError
from auditor.secret import is_reference, mask, resolve
from tests.conftest import Runner


def test_an_environment_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_TEST", "correct horse")
    assert resolve("env:AUDITOR_TEST") == "correct horse"


def test_a_file_without_the_line_end_of_its_editor(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(" battery staple \r\n")
    assert resolve(f"file:{tmp_path / 'secret'}") == " battery staple "


def test_what_was_resolved_is_masked_also_where_it_is_url_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_TEST", "a+b/c d=e")
    resolve("env:AUDITOR_TEST")
    assert mask("x a+b/c d=e y") == "x *** y"
    assert mask("secret=a%2Bb%2Fc%20d%3De&secret=a%2Bb%2Fc+d%3De") == "secret=***&secret=***"


def test_a_secret_that_begins_with_another_is_masked_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("shorter", "shorter-and-longer"):
        monkeypatch.setenv("AUDITOR_TEST", value)
        resolve("env:AUDITOR_TEST")
    assert mask("shorter-and-longer") == "***"


def test_very_short_values_do_not_black_out_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_TEST", "e")
    assert resolve("env:AUDITOR_TEST") == "e"
    assert mask("the report") == "the report"


@pytest.mark.parametrize("reference", ["env:AUDITOR_UNSET", "file:/nowhere/secret", "literal", "other:x"])
def test_what_cannot_be_resolved_is_a_usage_error(reference: str) -> None:
    with pytest.raises(UsageError):
        resolve(reference)


def test_a_literal_secret_is_not_repeated_in_the_error() -> None:
    with pytest.raises(UsageError) as raised:
        resolve("hunter2hunter2")
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_a_file_that_holds_no_secret(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret").write_bytes(content)
    with pytest.raises(UsageError):
        resolve(f"file:{tmp_path / 'secret'}")


@pytest.mark.parametrize(
    ("text", "expected"), [("env:X", True), ("file:x", True), ("env:", False), ("x", False), ("ENV:X", False)]
)
def test_what_a_reference_is(text: str, expected: bool) -> None:
    assert is_reference(text) is expected


def test_a_run_of_the_program_knows_no_secrets_of_another(
    auditor: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDITOR_TEST", "Commands")
    resolve("env:AUDITOR_TEST")
    assert "***" not in auditor("rules", "list").stdout
    assert mask("Commands") == "Commands"
