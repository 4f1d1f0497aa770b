"""Secrets: given by reference, resolved at the last moment, masked in everything that is written.

A reference is `env:NAME` (an environment variable) or `file:PATH` (the file's text, without the line end
that editors leave).
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, quote_plus, urlsplit

from auditor.errors import UsageError

KINDS = ("env:", "file:")

MASK = "***"

_LONG = 12
"""Characters from which on a part of a URL is taken for a secret."""

SHORTEST_MASKED = 4
"""Characters; masking anything shorter would black out ordinary words."""

_TOKEN = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(\.[A-Za-z0-9_-]*)?")
"""A JSON Web Token, also one that nobody resolved: a federated assertion, a refused token."""

_PASSWORD = re.compile(r"(?<=://)[^/\s@:]*:[^/\s@]+(?=@)")
"""User and password in a URL, as proxies and databases have them."""

_resolved: set[str] = set()


def is_reference(text: str) -> bool:
    """Whether a value is a reference and not a secret itself."""
    return text.startswith(KINDS) and len(text.split(":", 1)[1]) > 0


def resolve(reference: str) -> str:
    """The secret behind a reference; from now on `mask` hides it. Raises UsageError."""
    kind, _, place = reference.partition(":")
    match kind:
        case "env":
            value = os.environ.get(place, "")
            if not value:
                raise UsageError(
                    f"{reference} refers to an environment variable that is not set",
                    remedy=f"Set {place} in the environment of the program.",
                )
        case "file":
            value = _text(Path(place), reference)
        case _:
            raise UsageError(
                "a secret is given in the configuration itself",
                remedy="Give it as env:NAME or file:PATH.",
            )
    return masked_from_now_on(value)


def forget() -> None:
    """No secret is known any more: a run of the program begins, and masks its own alone."""
    _resolved.clear()


def masked_from_now_on(value: str) -> str:
    """The same value; `mask` hides it wherever it turns up."""
    if len(value) >= SHORTEST_MASKED:
        _resolved.update({value, quote(value, safe=""), quote_plus(value)})
    return value


def mask_parts_of(url: str) -> None:
    """From now on `mask` hides what of a secret URL libraries may repeat: its password, and long parts."""
    with suppress(ValueError):
        masked_from_now_on(urlsplit(url).password or "")
    for part in re.split(r"[/?&=:@,;#]+", url):
        if len(part) >= _LONG:
            masked_from_now_on(part)


def mask(text: str) -> str:
    """The text with every secret that was resolved so far blacked out, also where it is URL-encoded.

    Tokens and passwords in URLs are, too, wherever they come from.
    """
    for value in sorted(_resolved, key=len, reverse=True):
        text = text.replace(value, MASK)
    return _PASSWORD.sub(MASK, _TOKEN.sub(MASK, text))


def _text(file: Path, reference: str) -> str:
    try:
        value = file.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{reference} cannot be read: {error}", remedy="Check the path and the file's permissions."
        ) from error
    if not value:
        raise UsageError(f"{reference} is empty", remedy="Put the secret into the file.")
    return value
