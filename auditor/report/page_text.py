"""The filters of the page templates: whatever the tenant chose comes out escaped, and visible."""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import Markup, escape

from auditor.model.node import Json
from auditor.model.rule import Remediation
from auditor.report.difference import lines
from auditor.report.text import split_unseen, value_text, visible

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
_BLADES = {"Overview", "SignOn", "UsersAndGroups", "Owners", "Permissions", "Properties", "Provisioning"}
_WORDS: Mapping[str, str] = {
    "null": "null (not set)",
    '""': "empty text",
    "[]": "empty list",
    "{}": "empty object",
}
_NAMES = ("principalDisplayName", "displayName", "name", "userPrincipalName")
"""Keys of Graph's objects under which people know them."""

_LONGEST = 300
"""Characters of a name or a sentence in a table; details show the whole."""


def shown(text: object) -> Markup:
    """Text from the tenant: escaped, and what cannot be seen made visible."""
    return Markup().join(
        Markup("<span class=unseen>{}</span>").format(piece) if unseen else escape(piece)
        for piece, unseen in split_unseen(str(text))
    )


def short(text: object, most: int = _LONGEST) -> Markup:
    """Like `shown`, cut where it gets longer than a name or a sentence is; what is empty or blank says so."""
    whole = str(text)
    if not whole:
        return Markup("<i>empty</i>")
    if whole.isspace():
        return Markup("<i>blank</i>")
    return shown(whole if len(whole) <= most else whole[: most - 1] + "…")


def value(of: Json) -> Markup:
    """A value of evidence: null, empty text and the empty list told apart from text that spells them."""
    if isinstance(of, str) and of:
        return shown(of)
    text = value_text(of)
    return Markup("<i>{}</i>").format(_WORDS[text]) if text in _WORDS else shown(text)


def short_value(of: Json) -> Markup:
    """Like `value`, cut like `short`."""
    text = value_text(of)
    return value(of) if len(text) <= _LONGEST else short(text)


def changed_value(of: Json) -> Markup:
    """A value that came or went; of an object its name, which unfolds to the whole."""
    if isinstance(of, Mapping):
        name = next((of[key] for key in _NAMES if isinstance(of.get(key), str) and of[key]), None)
        if name is not None:
            return Markup("<details class=raw><summary>{}</summary><code>{}</code></details>").format(
                short(name), short(value_text(of), 5000)
            )
    return short_value(of)


def differing(of: Json, against: Json) -> Markup:
    """A value with the parts marked that differ from the other one; one line per element of a list."""
    if of is None or of in ("", [], {}):
        return value(of)
    return Markup("<br>").join(
        Markup().join(
            Markup("<mark>{}</mark>").format(shown(piece.text)) if piece.differs else shown(piece.text)
            for piece in line.pieces
        )
        for line in lines(of, against=against)
    )


def blade(portal: str | None, object_id: str, app_id: str, name: str) -> str | None:
    """The page of the Entra admin centre on an enterprise application; None for ids that are no GUIDs."""
    if portal is None or name not in _BLADES or not (_GUID.fullmatch(object_id) and _GUID.fullmatch(app_id)):
        return None
    return (
        f"{portal}/#view/Microsoft_AAD_IAM/ManagedAppMenuBlade/~/{name}/objectId/{object_id}/appId/{app_id}"
    )


def https_link(url: str) -> str | None:
    """References of our own rules may be links when they are https."""
    return url if url.startswith("https://") else None


def commands(remediation: Remediation) -> list[tuple[str, str]]:
    """Name and text of what can be copied."""
    named = (("Microsoft Graph", remediation.graph), ("Azure CLI", remediation.cli))
    return [(name, text) for name, text in named if text]


def when(time: str | None) -> str:
    """`2026-11-23 07:30 UTC` from ISO 8601."""
    if time is None:
        return "unknown"
    return f"{time[:10]} {time[11:16]} UTC" if _TIME.match(time) else visible(time[:40])


def number(of: int | None) -> str:
    """`12,345`; `unknown` for what is not known."""
    return "unknown" if of is None else f"{of:,}"


def plural(of: int | None, word: str, words: str | None = None) -> str:
    """`1 run`, `12 runs`; `words` where an s does not do."""
    return f"{number(of)} {word if of == 1 else words or word + 's'}"


def days_left(days: int) -> str:
    """What is left of a waiver: `in 12 days`, `today`, `3 days ago`."""
    if days < 0:
        return f"{plural(-days, 'day')} ago"
    return f"in {plural(days, 'day')}" if days else "today"
