"""Finds the SAML response in what an administrator has at hand after a test sign-on.

XML; the base64 of the form field, in either alphabet; a URL-encoded form body, redirect URL or copied command
line (deflated or not, and encoded twice where a tool encoded what was encoded); the HTML page that posts the
form; a browser's HAR export, its contents in base64 or not; a SAML-tracer export. What is found is bytes, for
`door` to open.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from urllib.parse import unquote

from lxml import etree

from auditor.saml.door import MAX_BYTES, DocumentRefused

MAX_CAPTURE_BYTES = 50_000_000
"""A HAR export holds every image of the sign-in page."""

_MAX_VALUE = 5 * MAX_BYTES
"""Base64 makes four characters of three bytes; percent signs make three of one."""

_MOST_ENCODINGS = 3
"""How often a value may be URL-encoded: a command line that is copied from a log has it twice."""

_MOST_VALUES = 1_000
"""How many values of one file are looked at."""

_SPACE = b" \t\r\n"
_OF_URLS = str.maketrans("-_", "+/")
_FIELD = "SAMLResponse"
_RELAY_STATE = "RelayState"
_FORM_VALUE = re.compile(r"(?<!\w)(SAMLResponse|RelayState)=([^&#\s\"']*)")
_RESPONSE_TAG = re.compile(r"<(?:[\w.-]+:)?Response[\s>]")
_PAGE_TAG = re.compile(r"<(?:!doctype\s+html|html|body|form|input)\b|<(?:[\w.-]+:)?(Response)[\s>]", re.I)
_FORM = re.compile(rf"(?<!\w){_FIELD}(?:=|%(?:25)*3D)", re.I)
"""A form as it was sent, or encoded as a whole."""
_SHOWN_VALUE = re.compile(r"^[ \t]*(SAMLResponse|RelayState):[ \t]*(\S[^\r\n]*)", re.M)
"""A field as developer tools show it."""


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
    text = _decode(data)
    if text.lstrip().startswith("<") and not _is_page(text):
        return Capture(document=data.lstrip(_SPACE), relay_state=None)
    found: dict[bytes, Capture] = {}
    for value, relay_state in islice(_candidates(text), _MOST_VALUES):
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
    if data[:4] in (b"\xff\xfe<\0", b"\xfe\xff\0<") or data[:2] in (b"<\0", b"\0<"):
        return True
    return data.lstrip(b"\xef\xbb\xbf" + _SPACE).startswith(b"<")


def _is_page(text: str) -> bool:
    """Whether markup is a web page, or the form of one, and no document of SAML."""
    first = _PAGE_TAG.search(text, 0, 2000)
    return first is not None and first[1] is None


def _decode(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):  # what Windows calls Unicode
        return data.decode("utf-16", errors="replace")
    if data[:2] in (b"<\0", b"\0<"):  # the same without its mark
        return data.decode("utf-16-le" if data[:1] == b"<" else "utf-16-be", errors="replace")
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
    elif _FORM.search(stripped):
        yield from _in_form(stripped)
    elif f"{_FIELD}:" in stripped:
        yield from _paired((name, value.rstrip()) for name, value in _SHOWN_VALUE.findall(stripped))
    else:
        yield stripped.strip("\"'"), None


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
            waiting += _content(node)
            here = _paired(node.items())
        elif isinstance(node, list):
            waiting += node
            here = _paired(node)
        elif isinstance(node, str) and node.lstrip()[:1] == "<":
            here = _in_html(node) if _FIELD in node else ()
            copies += [node] if _RESPONSE_TAG.search(node) else []
        elif isinstance(node, str) and _FORM.search(node):
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
    for response in _no_longer(responses):
        # Some browsers export the fields of a form as they were sent, others decoded.
        times = _times_encoded(response)
        yield response, None if relay_state is None else _unquoted(relay_state, times)


def _content(node: dict[str, object]) -> Iterator[str]:
    """The text of a HAR entry's content that is given in base64."""
    text = node.get("text")
    if node.get("encoding") != "base64" or not isinstance(text, str):
        return
    try:
        decoded = _decode(base64.b64decode("".join(text.split())))
    except (binascii.Error, ValueError):
        return
    if _FIELD in decoded:  # an image is none of our business
        yield decoded


def _in_form(text: str) -> Iterator[tuple[str, str | None]]:
    if '^"' in text:  # a command line of Windows, which has a caret before everything else
        text = text.replace("^", "")
    for _ in range(_MOST_ENCODINGS):
        if len(text) <= _MAX_VALUE and not _FORM_VALUE.search(text):
            text = unquote(text)
    responses: list[str] = []
    relay_state: str | None = None
    for name, value in _FORM_VALUE.findall(text):
        if name == _FIELD:
            responses.append(value)
        else:
            relay_state = value
    for response in _no_longer(responses):
        times = max(1, _times_encoded(response))
        yield response, None if relay_state is None else _unquoted(relay_state.replace("+", " "), times)


def _no_longer(values: Iterable[str]) -> Iterator[str]:
    """Those that may be a response at all: taking percent signs away from others takes its time."""
    return (value for value in values if len(value) <= _MAX_VALUE)


def _times_encoded(value: str) -> int:
    """How often a response was URL-encoded: neither base64 nor markup has a percent sign of its own."""
    for times in range(_MOST_ENCODINGS):
        if "%" not in value:
            return times
        value = unquote(value)
    return _MOST_ENCODINGS


def _unquoted(value: str, times: int) -> str:
    for _ in range(times):
        value = unquote(value)
    return value


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
    if len(value) > _MAX_VALUE:
        return None
    if value.lstrip()[:1] != "<":
        value = _unquoted(value, _times_encoded(value))
    if value.lstrip()[:1] == "<":
        return value.encode("utf-8", errors="replace")
    # Line ends come from wrapping; a space that is left is a plus sign, decoded once too often; minus and
    # underscore are what URLs have for plus and slash.
    compact = "".join(line.strip() for line in value.splitlines()).replace(" ", "+")
    try:
        data = base64.b64decode(compact.translate(_OF_URLS) + "=" * (-len(compact) % 4), validate=True)
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
