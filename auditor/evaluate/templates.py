"""Sentences with values of the evidence in them: `{servicePrincipal.displayName} has no relay state`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from auditor.evaluate.paths import Path
from auditor.model.node import Json, Node

UNREAD = "(could not be read)"
SHOWN_ITEMS = 10
"""How many items of a list a sentence or a finding shows."""


class Template:
    """A compiled sentence. Raises PathError or ValueError when it cannot be one."""

    def __init__(self, text: str, *, item: bool = False) -> None:
        self._parts: list[str | Path] = [
            Path(part.strip(), item=item) if is_path else part for is_path, part in _split(text)
        ]

    def paths(self) -> Iterator[Path]:
        """The paths whose values stand in the sentence."""
        return (part for part in self._parts if isinstance(part, Path))

    def fill(self, evidence: Mapping[str, Node]) -> str:
        """The sentence; what could not be read is said to be so."""
        return "".join(part if isinstance(part, str) else _said(part, evidence) for part in self._parts)


def _split(text: str) -> Iterator[tuple[bool, str]]:
    """The text in parts, each with whether it is a path. Braces nest, as JMESPath has some of its own."""
    depth = 0
    part = ""
    for character in text:
        if character == "{":
            depth += 1
            if depth == 1:
                yield False, part
                part = ""
                continue
        elif character == "}":
            depth -= 1
            if depth < 0:
                break
            if depth == 0:
                yield True, part
                part = ""
                continue
        part += character
    if depth != 0:
        raise ValueError("a brace without its other half")
    yield False, part


def _said(path: Path, evidence: Mapping[str, Node]) -> str:
    reading = path.read(evidence)
    return UNREAD if reading.gaps else in_words(reading.value)


def summarised(value: Json) -> Json:
    """The value for a report: of a list over ten, the number of its items and the first ten."""
    if isinstance(value, Mapping):
        return {key: summarised(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        first = [summarised(item) for item in value[:SHOWN_ITEMS]]
        return {"count": len(value), "first": first} if len(value) > SHOWN_ITEMS else first
    return value


def in_words(value: Json) -> str:
    """A value within a sentence."""
    if value is None or value == []:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    shown = ", ".join(in_words(item) for item in value[:SHOWN_ITEMS])
    further = len(value) - SHOWN_ITEMS
    return f"{shown} and {further} more" if further > 0 else shown
