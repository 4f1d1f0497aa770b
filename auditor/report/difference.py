"""Where an observed value departs from the expected one, for the eye."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from auditor.model.node import Json
from auditor.report.text import value_text

_LONGEST = 2000
"""Characters; longer values are shown unmarked: the comparison is quadratic."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of characters, and whether it differs from the other side."""

    text: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One value, or one element of a list."""

    pieces: tuple[Piece, ...]


def lines(value: Json, *, against: Json) -> tuple[Line, ...]:
    """The value as lines, the parts marked in which it differs from `against`.

    A string is compared by characters with the nearest string of the other side. An element of a list
    that the other side has is unmarked. Anything else is shown as it is.
    """
    others = _strings(against)
    if isinstance(value, str):
        return (Line(_marked(value, others)),)
    if isinstance(value, Sequence) and value:
        return tuple(
            Line(_marked(item, others) if isinstance(item, str) else (Piece(value_text(item), False),))
            for item in value
        )
    return (Line((Piece(value_text(value), bool(others)),)),)


def _strings(value: Json) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, Sequence):
        return [item for item in value if isinstance(item, str)]
    return []


def _marked(text: str, others: Sequence[str]) -> tuple[Piece, ...]:
    shown = value_text(text)
    if not others or text in others:
        return (Piece(shown, False),)
    if not 0 < len(text) <= _LONGEST:
        return (Piece(shown, True),)
    words = _words(text)
    nearest = max(
        (_words(other) for other in others if len(other) <= _LONGEST),
        key=lambda other: SequenceMatcher(None, other, words, autojunk=False).ratio(),
        default=[],
    )
    matcher = SequenceMatcher(None, nearest, words, autojunk=False)
    # With little in common, marking every other word would be noise: the whole value differs.
    if matcher.ratio() < 0.34:
        return (Piece(text, True),)
    pieces: list[Piece] = []
    for tag, old, old_end, new, new_end in matcher.get_opcodes():
        before, after = "".join(nearest[old:old_end]), "".join(words[new:new_end])
        if tag == "replace" and _close(before, after):
            pieces.extend(_by_letter(before, after))
        elif after:
            pieces.append(Piece(after, tag != "equal"))
    return tuple(pieces)


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+|[\W_]", text)


def _close(before: str, after: str) -> bool:
    return SequenceMatcher(None, before.casefold(), after.casefold(), autojunk=False).ratio() >= 0.75


def _by_letter(before: str, after: str) -> list[Piece]:
    opcodes = SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return [Piece(after[start:end], tag != "equal") for tag, _, _, start, end in opcodes if end > start]
