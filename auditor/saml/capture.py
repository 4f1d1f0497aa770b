"""Finds the SAML response in what an administrator has at hand after a test sign-on.

XML; the base64 of the form field; a URL-encoded form body, redirect URL or copied command line (deflated or
not); the HTML page that posts the form; a browser's HAR export; a SAML-tracer export. What is found is bytes,
for `door` to open.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree

from auditor.saml.door import MAX_BYTES, DocumentRefused

MAX_CAPTURE_BYTES = 50_000_000
"""A HAR export holds every image of the sign-in page."""

_MAX_VALUE = 5 * MAX_BYTES
"""Base64 makes four characters of three bytes; percent signs make three of one."""

_SPACE = b" \t\r\n"
_FIELD = "SAMLResponse"
_RELAY_STATE = "RelayState"
_FORM_VALUE = re.compile(r"(?<!\w)(SAMLResponse|RelayState)=([^&#\s\"']*)")
_RESPONSE_TAG = re.compile(r"<(?:[\w.-]+:)?Response[\s>]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """A response as it was on the wire."""

    document: bytes
    relay_state: str | None
    """The field beside it; None when the capture does not show it."""


def read_capture(data: bytes) -> Capture:
    """The one response that `data` holds; the page, the post and its decoded copy are one.

    Raises DocumentRefused: too-large, no-response, several-responses.
    """
    if len(data) > MAX_CAPTURE_BYTES:
        raise DocumentRefused("too-large", f"the file has more than {MAX_CAPTURE_BYTES} bytes")
    if _is_markup(data) and not _is_html(data):
        return Capture(document=data.lstrip(_SPACE), relay_state=None)
    found: dict[bytes, Capture] = {}
    for value, relay_state in _candidates(_decode(data)):
        document = _document(value)
        if document is not None and (document not in found or relay_state is not None):
            found[document] = Capture(document=document, relay_state=relay_state)
    if not found:
        raise DocumentRefused("no-response", "the file holds no SAML response in any form that is known")
    if len(found) > 1:
        message = f"the file holds {len(found)} different responses; export the one that is meant"
        raise DocumentRefused("several-responses", message)
    return next(iter(found.values()))


def _is_markup(data: bytes) -> bool:
    if data[:4] in (b"\xff\xfe<\x00", b"\xfe\xff\x00<"):
        return True
    return data.lstrip(b"\xef\xbb\xbf" + _SPACE).startswith(b"<")


def _is_html(data: bytes) -> bool:
    head = data[:2000].lower()
    return b"<html" in head or b"<!doctype html" in head or b"<form" in head


def _decode(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # what Windows calls Unicode
        return data.decode("utf-16", errors="replace")
    return data.decode("utf-8-sig", errors="replace")


def _candidates(text: str) -> Iterator[tuple[str, str | None]]:
    """Values that may be a response, each with the relay state beside it."""
    stripped = text.strip()
    if stripped[:1] in ("{", "["):
        try:
            document = json.loads(stripped)
        except (ValueError, RecursionError):
            return
        yield from _in_json(document)
    elif stripped[:1] == "<":
        yield from _in_html(stripped)
    elif f"{_FIELD}=" in stripped:
        yield from _in_form(stripped)
    else:
        yield stripped, None


def _in_json(document: object) -> Iterator[tuple[str, str | None]]:
    """Looks through HAR, SAML-tracer and whatever else is JSON: both write fields as names with values.

    SAML-tracer adds a decoded copy, in which letters beyond ASCII may be broken: used only without the field.
    """
    waiting, copies, found = [document], [], False
    while waiting:
        node = waiting.pop()
        here: Iterable[tuple[str, str | None]] = ()
        if isinstance(node, dict):
            waiting += node.values()
            here = _paired(node.items())
        elif isinstance(node, list):
            waiting += node
            here = _paired(node)
        elif isinstance(node, str) and node.lstrip()[:1] == "<":
            here = _in_html(node) if _FIELD in node else ()
            copies += [node] if _RESPONSE_TAG.search(node) else []
        elif isinstance(node, str) and f"{_FIELD}=" in node:
            here = _in_form(node)
        for value, relay_state in here:
            found = found or _document(value) is not None
            yield value, relay_state
    if not found:
        yield from ((copy, None) for copy in copies)


def _paired(items: Iterable[object]) -> Iterator[tuple[str, str | None]]:
    """The response among `{"name": ..., "value": ...}` objects or `[name, value]` pairs, once for each."""
    responses: list[str] = []
    relay_state: str | None = None
    for item in items:
        if isinstance(item, dict):
            name, value = item.get("name"), item.get("value")
        elif isinstance(item, list | tuple) and len(item) == 2:
            name, value = item
        else:
            continue
        value = value[0] if isinstance(value, list) and len(value) == 1 else value
        if name == _FIELD and isinstance(value, str):
            responses.append(value)
        elif name == _RELAY_STATE and isinstance(value, str):
            relay_state = value
    for response in responses:
        # Some browsers export the fields of a form as they were sent, others decoded.
        encoded = "%" in response and relay_state is not None
        yield response, unquote(relay_state or "") if encoded else relay_state


def _in_form(text: str) -> Iterator[tuple[str, str | None]]:
    responses: list[str] = []
    relay_state: str | None = None
    for name, value in _FORM_VALUE.findall(text):
        if name == _FIELD:
            responses.append(value)
        else:
            relay_state = unquote(value.replace("+", " "))
    for response in responses:
        yield response, relay_state


def _in_html(text: str) -> Iterator[tuple[str, str | None]]:
    parser = etree.HTMLParser(no_network=True, huge_tree=False, encoding="utf-8")
    try:
        page = etree.fromstring(text.encode("utf-8", errors="replace"), parser)
    except etree.XMLSyntaxError:
        return
    fields = () if page is None else page.iter("input")
    yield from _paired((field.get("name"), field.get("value")) for field in fields)


def _document(value: str) -> bytes | None:
    """The bytes that a field's value stands for; None when it is no value of that field."""
    if value.lstrip()[:1] == "<":
        return value.encode("utf-8", errors="replace")
    if len(value) > _MAX_VALUE:
        return None
    text = unquote(value) if "%" in value else value
    try:
        # Line ends come from wrapping; a space that is left is a plus sign, decoded once too often.
        compact = "".join(line.strip() for line in text.splitlines()).replace(" ", "+")
        data = base64.b64decode(compact + "=" * (-len(compact) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    if not data:
        return None
    return data if _is_markup(data) else _inflate(data)


def _inflate(data: bytes) -> bytes | None:
    """The redirect binding's deflate, no more than a byte beyond what the door lets in."""
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, MAX_BYTES + 1) or None
    except zlib.error:
        return None
