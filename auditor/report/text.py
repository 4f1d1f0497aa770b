"""Text from the tenant, made fit to be shown: whoever can create an application chooses its names and URLs.

What cannot be seen (control, bidirectional and zero-width characters) is made visible as `‹U+202E›`, so
that a name is shown as what it is and cannot reorder or hide its neighbours.
"""

from __future__ import annotations

import json
import re
import unicodedata

from auditor.model.node import Json

_UNSEEN = re.compile(
    "["
    "\u0000-\u0008\u000b-\u001f\u007f-\u009f"  # controls, save tab and line feed
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"  # soft hyphen, joiners, fillers
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f"  # zero-width, separators, bidirectional
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff"  # fillers, byte order mark, no characters
    "\ud800-\udfff"  # lone surrogates
    "\U000e0000-\U000e0fff"  # tags
    "]"
)

_THUMBPRINT = re.compile(r"\b[0-9A-F]{40}\b")

_TIME_OF_DAY = re.compile(r"(?<=\b\d{4}-\d\d-\d\d)T\d\d:\d\d:\d\d(\.\d+)?Z\b")

_TO_THE_APPLICATION = "Entra admin center: Entra ID, Enterprise apps, the application, "

REDACTED = "Redacted: pseudonyms stand in place of people's names and addresses."

_COMBINING_RUN = 4
"""More combining marks than this on one letter are a name that wants to climb out of its line."""


def visible(text: str) -> str:
    """The text with every character that cannot be seen written as `‹U+XXXX›`."""
    marked = _UNSEEN.sub(lambda match: f"‹U+{ord(match.group()):04X}›", text)
    return marked if marked.isascii() else _without_stacked_marks(marked)


def split_unseen(text: str) -> list[tuple[str, bool]]:
    """The text in pieces: (piece, False) as it is, (`U+202E`, True) for what cannot be seen."""
    pieces: list[tuple[str, bool]] = []
    end = 0
    for match in _UNSEEN.finditer(text):
        if match.start() > end:
            pieces.append((_without_stacked_marks(text[end : match.start()]), False))
        pieces.append((f"U+{ord(match.group()):04X}", True))
        end = match.end()
    if end < len(text):
        pieces.append((_without_stacked_marks(text[end:]), False))
    return pieces


def first_sentence(text: str) -> str:
    """Up to the first full stop that a space or the end follows."""
    match = re.match(r".+?[.!](?=\s|$)", text.strip(), flags=re.DOTALL)
    return match.group() if match else text.strip()


def brief(message: str) -> str:
    """The message with thumbprints cut to their first eight digits, enough to tell two apart at a glance, and
    times cut to their days."""
    cut = _THUMBPRINT.sub(lambda match: f"{match.group()[:8]}…", message)
    return _TIME_OF_DAY.sub("", cut)


def act(remedy: str) -> str:
    """The first thing to do, without the way through the portal that all remedies share."""
    first = first_sentence(remedy).removeprefix(_TO_THE_APPLICATION)
    return first[:1].upper() + first[1:]


def value_text(value: Json) -> str:
    """A JSON value in one line: strings bare, null as `null`, the empty string as `""`, others as JSON."""
    if isinstance(value, str):
        return value if value else '""'
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _without_stacked_marks(text: str) -> str:
    if text.isascii():
        return text
    kept: list[str] = []
    run = 0
    for character in [*text, ""]:
        if character and unicodedata.combining(character):
            run += 1
            if run > _COMBINING_RUN:
                continue
        elif run > _COMBINING_RUN:
            kept.append(f"‹+{run - _COMBINING_RUN} marks›")
            run = 0
        else:
            run = 0
        kept.append(character)
    return "".join(kept)
