"""Events as lines of a file: whole, once, and for its owner alone."""

from __future__ import annotations

from pathlib import Path

from auditor.alert.channel import TOLD
from auditor.alert.lines import File
from tests.alert.test_webhook import letter


def test_a_line_each(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    file = File(path)
    assert file.send([letter('{"a":1}')]) == TOLD
    assert file.send([letter('{"b":2}')]) == TOLD
    assert path.read_text() == '{"a":1}\n{"b":2}\n'
    assert path.stat().st_mode & 0o777 == 0o600


def test_one_that_was_written_before_a_death_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    file = File(path)
    file.send([letter('{"a":1}')])
    assert file.send([letter('{"a":1}', in_doubt=True)]) == TOLD
    assert path.read_text() == '{"a":1}\n'
    assert file.send([letter('{"b":2}', in_doubt=True)]) == TOLD
    assert path.read_text() == '{"a":1}\n{"b":2}\n'


def test_a_line_that_was_torn_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "alerts.jsonl"
    path.write_text('{"a":')
    assert File(path).send([letter('{"a":1}', in_doubt=True)]) == TOLD
    assert path.read_text() == '{"a":\n{"a":1}\n'


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    assert File(tmp_path).send([letter()]).reason == "Is a directory"
    assert File(tmp_path / "no" / "folder").send([letter()]).reason == "No such file or directory"
