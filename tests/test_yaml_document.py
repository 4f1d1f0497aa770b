"""What people write wrongly in YAML, and what an attacker would: each is one error with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.errors import DocumentError
from auditor.yaml_document import MAX_BYTES, bundled_schema, problems, read_yaml

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["severity"],
    "properties": {
        "severity": {"enum": ["low", "medium", "high"]},
        "enabled": {"type": "boolean"},
        "days": {"type": "array", "minItems": 1, "items": {"type": "integer", "minimum": 0}},
        "title": {"type": "string", "minLength": 1, "description": "One line, without a full stop."},
        "id": {"type": "string", "pattern": "^[a-z-]+$", "examples": ["reply-url-matches"]},
        "value": {
            "oneOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "required": ["from"],
                    "additionalProperties": False,
                    "properties": {"from": {"type": "string"}},
                },
            ]
        },
        "clause": {
            "oneOf": [
                {
                    "type": "object",
                    "required": ["path"],
                    "additionalProperties": False,
                    "properties": {"path": {}, "otherwise": {}},
                },
                {
                    "type": "object",
                    "required": ["either"],
                    "additionalProperties": False,
                    "properties": {"either": {}, "otherwise": {}},
                },
            ]
        },
        "named": {"type": "object", "propertyNames": {"pattern": "^[a-z]+$"}},
    },
}


def written(folder: Path, text: str | bytes) -> Path:
    file = folder / "document.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def error_of(folder: Path, text: str | bytes, schema: dict[str, object] | None = None) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read_yaml(written(folder, text), schema)
    assert caught.value.remedy
    return caught.value


def test_data_types_and_marks(tmp_path: Path) -> None:
    text = "\ufeffa: 1\nb:\n  - x: 2026-11-01\n    50105: [true, null, 1.5, 'no']\nc: ''\n"
    document = read_yaml(written(tmp_path, text))
    assert document.data == {"a": 1, "b": [{"x": "2026-11-01", "50105": [True, None, 1.5, "no"]}], "c": ""}
    assert str(document.mark("b", 0, "x")) == f"{tmp_path}/document.yaml:3:8"
    assert (document.mark("b", 0, "x", key=True).line, document.mark("b", 0, "x", key=True).column) == (3, 5)
    assert (document.mark("b", 0, "50105", 2).line, document.mark("b", 0, "50105", 2).column) == (4, 25)


def test_an_unknown_path_has_the_mark_around_it(tmp_path: Path) -> None:
    document = read_yaml(written(tmp_path, "a:\n  b: 1\n"))
    assert document.mark("a", "nothing", 3) == document.mark("a")
    assert document.mark("nothing").line == 1


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1), "duplicate key 'a'; it stands on line 1 already"),
        ("{a: 1, 'a': 2}", (1, 8), "duplicate key 'a'"),
        ("a: &x [1]\nb: *x\n", (1, 4), "anchors and aliases"),
        ("a: 1\nb: *x\n", (2, 4), "anchors and aliases"),
        ("a: !!python/object/apply:os.system [ls]\n", (1, 4), "is not allowed"),
        ("a: !secret x\n", (1, 4), "the tag !secret is not allowed"),
        ("!!map {a: 1}\n", (1, 1), "the tag"),
        ("a:\n  <<: {b: 1}\n", (2, 3), "merge key"),
        ("? [a]\n: 1\n", (1, 3), "a list or a mapping as a key"),
        ("a: .nan\n", (1, 4), "is no number"),
        ("a: " + "9" * 5000 + "\n", (1, 4), "too long"),
        ("a: 1\n---\nb: 2\n", (2, 1), "a second document"),
        ("", (1, 1), "the file is empty"),
        ("# only a comment\n", (1, 1), "the file is empty"),
        ("a: [1, 2\nb: 3\n", (2, 2), "this is not YAML"),
        ("a: b: c\n", (1, 5), "this is not YAML"),
        ("a:\n\t- x\n", (2, 1), "this is not YAML"),
        ("a: 'x\x00y'\n", (1, 6), "a control character"),
        (b"a: 1\nb: \xff\xfe\n", (2, 4), "not UTF-8"),
        ("a: 1".encode("utf-16"), (1, 1), "not UTF-8"),
        ("[" * 5000, (1, 52), "nested deeper than 50 levels"),
        ("a: " + "{a: " * 5000, (1, 204), "nested deeper than 50 levels"),
    ],
)
def test_what_is_refused_names_its_place(
    tmp_path: Path, text: str | bytes, place: tuple[int, int], sentence: str
) -> None:
    error = error_of(tmp_path, text)
    assert sentence in error.message
    assert (error.mark.line, error.mark.column) == place
    assert error.exit_code == 2


def test_expanding_aliases_are_refused_before_they_expand(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 12)]
    assert "anchors and aliases" in error_of(tmp_path, "\n".join(lines)).message


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    assert "larger than 4 MB" in error_of(tmp_path, b"a" * (MAX_BYTES + 1)).message


def test_a_file_that_is_not_there_and_a_folder(tmp_path: Path) -> None:
    for file in (tmp_path / "nothing.yaml", tmp_path):
        with pytest.raises(DocumentError, match="cannot be read"):
            read_yaml(file)


@pytest.mark.parametrize(
    ("text", "place", "sentence", "remedy"),
    [
        ("severty: low\nseverity: low\n", (1, 1), "unknown key 'severty'", "Known here: severity"),
        ("severity: low\ntitel: x\n", (2, 1), "unknown key 'titel'; did you mean 'title'?", "Known here"),
        (
            "severity: hihg\n",
            (1, 11),
            "severity: 'hihg' is none of low, medium, high; did you mean 'high'?",
            "",
        ),
        ("title: x\n", (1, 1), "lacks 'severity'", ""),
        ("severity: low\nenabled: 'yes'\n", (2, 10), "must be true or false, not the text 'yes'", ""),
        ("severity: low\ndays: []\n", (2, 7), "days needs at least 1 item", ""),
        ("severity: low\ndays: [1, x]\n", (2, 11), "days[1] must be a whole number, not the text 'x'", ""),
        ("severity: low\ndays: [1, -1]\n", (2, 11), "days[1] must be at least 0", ""),
        ("severity: low\ntitle: ''\n", (2, 8), "title must not be empty", "One line, without a full stop."),
        ("severity: low\nid: A B\n", (2, 5), "id: 'A B' is not of the form", "reply-url-matches"),
        ("severity: low\nvalue: {form: x}\n", (2, 9), "unknown key 'form'; did you mean 'from'?", ""),
        ("severity: low\nclause: {ether: x}\n", (2, 10), "unknown key 'ether'; did you mean 'either'?", ""),
        ("severity: low\nvalue: 3\n", (2, 8), "must be a text or a mapping, not the number 3", ""),
        ("severity: low\nnamed: {A: 1}\n", (2, 9), "the key 'A' is not of the form", ""),
        ("- severity\n", (1, 1), "the document must be a mapping, not a list", ""),
    ],
)
def test_schema_problems_are_sentences(
    tmp_path: Path, text: str, place: tuple[int, int], sentence: str, remedy: str
) -> None:
    error = error_of(tmp_path, text, dict(SCHEMA))
    assert sentence in error.message
    assert (error.mark.line, error.mark.column) == place
    assert remedy in error.remedy


def test_all_problems_come_in_the_order_of_lines(tmp_path: Path) -> None:
    found = problems(written(tmp_path, "days: [x]\nenabled: 1\nbogus: 2\n"), SCHEMA)
    assert [error.mark.line for error in found] == [1, 1, 2, 3]
    assert problems(written(tmp_path, "severity: low\n"), SCHEMA) == []
    assert len(problems(written(tmp_path, "a: [\n"), SCHEMA)) == 1


def test_a_bundled_schema_that_does_not_exist() -> None:
    with pytest.raises(FileNotFoundError):
        bundled_schema("no-such-schema")
