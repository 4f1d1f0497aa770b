"""Files are whole or as they were, and nobody else's to read."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from auditor.cli.files import check_writable, write_files
from auditor.errors import CannotRunError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_and_their_directories_are_the_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "a" / "b" / "report.json"
    write_files({file: b"{}"})
    assert file.read_bytes() == b"{}"
    assert [mode(path) for path in (file, file.parent, file.parent.parent)] == [0o600, 0o700, 0o700]
    assert list(file.parent.iterdir()) == [file]


def test_an_existing_directory_keeps_its_mode_and_an_existing_file_does_not(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    file = tmp_path / "report.json"
    file.write_bytes(b"yesterday")
    file.chmod(0o644)
    write_files({file: b"today"})
    assert (file.read_bytes(), mode(file), mode(tmp_path)) == (b"today", 0o600, 0o755)


def test_when_one_cannot_be_written_none_changes(tmp_path: Path) -> None:
    good = tmp_path / "report.json"
    good.write_bytes(b"yesterday")
    (tmp_path / "file").touch()
    with pytest.raises(CannotRunError, match="cannot be written"):
        write_files({good: b"today", tmp_path / "file" / "report.html": b"today"})
    assert good.read_bytes() == b"yesterday"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "report.json"]


def test_a_directory_in_the_place_of_a_file_leaves_no_litter(tmp_path: Path) -> None:
    (tmp_path / "report.json" / "full").mkdir(parents=True)
    with pytest.raises(CannotRunError):
        write_files({tmp_path / "report.json": b"today"})
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_checking_leaves_no_trace(tmp_path: Path) -> None:
    check_writable(tmp_path / "not" / "yet" / "there")
    check_writable(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "out").touch()
    for directory in (tmp_path / "out", tmp_path / "out" / "deeper"):
        with pytest.raises(CannotRunError, match="cannot be written"):
            check_writable(directory)
