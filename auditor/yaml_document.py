"""Reads the YAML people write (configuration, rules, profiles, scenes), and says where something is wrong.

What comes out is plain JSON data and a mark (file, line, column) for every node of it. YAML's types apply as
PyYAML's safe loader knows them, except that dates stay text and keys always are the text as written.
Refused, because no document here needs them and each has been used to attack or mislead a reader: anchors
and aliases (a few lines expand to gigabytes), tags, merge keys, duplicate keys, several documents in a file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeAlias, cast

import yaml
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from auditor.bundled import bundled
from auditor.errors import DocumentError, Mark
from auditor.model.node import Json
from auditor.schema_problems import Place, schema_problems

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 50

# libyaml's parser gives the same events an order of magnitude faster, where the wheel has it.
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

NodePath: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """The data of a file, and where each node of it stands."""

    data: Json
    file: Path
    places: Mapping[NodePath, Place]

    def mark(self, *path: str | int, key: bool = False) -> Mark:
        """Where the value at `path` begins (`key`: its key does); an unknown path: the nearest one around."""
        while path not in self.places:
            path = path[:-1]
        place = self.places[path]
        line, column = place.key if key else place.value
        return Mark(self.file, line, column)

    def problem(self, message: str, *path: str | int, remedy: str, key: bool = False) -> DocumentError:
        """An error about the node at `path`."""
        return DocumentError(message, mark=self.mark(*path, key=key), remedy=remedy)


def read_yaml(file: Path, schema: Mapping[str, object] | None = None) -> YamlDocument:
    """The document of `file`. Raises DocumentError with the first thing that is wrong with it."""
    document = _read(file)
    if schema is not None:
        for problem in schema_errors(document, schema):
            raise problem
    return document


def problems(file: Path, schema: Mapping[str, object]) -> list[DocumentError]:
    """Everything that is wrong with `file`, in the order of its lines; one only when it is no YAML."""
    try:
        document = _read(file)
    except DocumentError as error:
        return [error]
    return schema_errors(document, schema)


@cache
def bundled_schema(name: str) -> Mapping[str, object]:
    """The JSON Schema `reports/schema/<name>.schema.json` that ships with the program."""
    text = (bundled("reports") / "schema" / f"{name}.schema.json").read_text(encoding="utf-8")
    return cast(Mapping[str, object], json.loads(text))


def schema_errors(document: YamlDocument, schema: Mapping[str, object]) -> list[DocumentError]:
    """What `schema` finds wrong with a document that was read, in the order of its lines."""
    errors = [
        document.problem(problem.message, *problem.path, remedy=problem.remedy, key=problem.at_key)
        for problem in schema_problems(document.data, schema)
    ]
    return sorted(errors, key=lambda error: (error.mark.line, error.mark.column, error.message))


def _read(file: Path) -> YamlDocument:
    text = _text(file)
    unprintable = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if unprintable:
        raise _at(file, text[: unprintable.start()], "a control character", "Remove it; YAML allows none.")
    composer = _Composer(file)
    try:
        data = composer.document(iter(yaml.parse(text, Loader=_Loader)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = ", ".join(part for part in (error.context, error.problem) if part)
        raise DocumentError(
            f"this is not YAML: {what}",
            mark=Mark(file, line, column),
            remedy="Look at indentation, quotes and brackets here and on the line above.",
        ) from error
    return YamlDocument(data, file, composer.places)


def _text(file: Path) -> str:
    start = Mark(file, 1, 1)
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise DocumentError(
            f"the file cannot be read: {reason}", mark=start, remedy="Check its name and its permissions."
        ) from error
    if len(data) > MAX_BYTES:
        limit = f"{MAX_BYTES // 1024 // 1024} MB"
        raise DocumentError(
            f"the file is larger than {limit}", mark=start, remedy="Is it the file that was meant?"
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", errors="replace")
        raise _at(file, before, "this is not UTF-8", "Save the file as UTF-8.") from error


def _at(file: Path, before: str, message: str, remedy: str) -> DocumentError:
    """An error at the place that follows the text `before`."""
    line = before.count("\n") + 1
    column = len(before) - (before.rfind("\n") + 1) + 1
    return DocumentError(message, mark=Mark(file, line, column), remedy=remedy)


class _Types(Resolver):
    """The implicit types of the safe loader without dates: Graph and this program write dates as text."""


_Types.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in Resolver.yaml_implicit_resolvers.items()
}


class _Composer:
    """Makes data and places of the parser's events. Not recursive beyond `MAX_DEPTH`."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.places: dict[NodePath, Place] = {}
        self._types = _Types()
        self._constructor = SafeConstructor()

    def document(self, events: Iterator[yaml.Event]) -> Json:
        """The data of the only document in the stream."""
        next(events)  # the start of the stream
        if isinstance(next(events), yaml.StreamEndEvent):
            raise self._empty()
        first = next(events)
        data = self._node(first, events, (), _position(first))
        next(events)  # the end of the document
        further = next(events)
        if not isinstance(further, yaml.StreamEndEvent):
            raise self._error(further, "a second document in one file", "Remove everything from `---` on.")
        if data is None:
            raise self._empty()
        return data

    def _node(
        self, event: yaml.Event, events: Iterator[yaml.Event], path: NodePath, key: tuple[int, int]
    ) -> Json:
        self._refuse_tricks(event)
        if len(path) > MAX_DEPTH:
            raise self._error(event, f"nested deeper than {MAX_DEPTH} levels", "Write it flatter.")
        self.places[path] = Place(key=key, value=_position(event))
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            items: list[Json] = []
            while not isinstance(event := next(events), yaml.SequenceEndEvent):
                items.append(self._node(event, events, (*path, len(items)), _position(event)))
            return items
        data: dict[str, Json] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            name = self._key(event)
            if name in data:
                first = self.places[(*path, name)].key
                raise self._error(
                    event,
                    f"duplicate key {name!r}; it stands on line {first[0]} already",
                    "Keep one of the two.",
                )
            data[name] = self._node(next(events), events, (*path, name), _position(event))
        return data

    def _key(self, event: yaml.Event) -> str:
        self._refuse_tricks(event)
        if not isinstance(event, yaml.ScalarEvent):
            raise self._error(event, "a list or a mapping as a key", "A key is a word; is a quote missing?")
        if event.value == "<<" and event.implicit[0]:
            raise self._error(event, "a merge key (<<)", "Write the merged keys out.")
        return str(event.value)

    def _scalar(self, event: yaml.ScalarEvent) -> Json:
        tag = str(self._types.resolve(yaml.ScalarNode, event.value, event.implicit))  # type: ignore[no-untyped-call]
        node = yaml.ScalarNode(tag, event.value)
        try:
            match tag.rpartition(":")[2]:
                case "null":
                    return None
                case "bool":
                    return bool(self._constructor.construct_yaml_bool(node))
                case "int":
                    return int(self._constructor.construct_yaml_int(node))
                case "float":
                    number = float(self._constructor.construct_yaml_float(node))
                    if not math.isfinite(number):
                        raise self._error(event, f"{event.value} is no number", "Write a finite number.")
                    return number
        except ValueError as error:  # an integer beyond Python's limit of digits
            raise self._error(event, "a number that is too long", "Quote it if it is a text.") from error
        return str(event.value)

    def _refuse_tricks(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise self._error(event, "anchors and aliases (& and *) are not allowed", "Write the value out.")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise self._error(event, f"the tag {tag} is not allowed", "Remove it; quotes make a text.")

    def _empty(self) -> DocumentError:
        return DocumentError(
            "the file is empty", mark=Mark(self.file, 1, 1), remedy="Is it the file that was meant?"
        )

    def _error(self, event: yaml.Event, message: str, remedy: str) -> DocumentError:
        line, column = _position(event)
        return DocumentError(message, mark=Mark(self.file, line, column), remedy=remedy)


def _position(event: yaml.Event) -> tuple[int, int]:
    mark = event.start_mark
    return (1, 1) if mark is None else (mark.line + 1, mark.column + 1)
