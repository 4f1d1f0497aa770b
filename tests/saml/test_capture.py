"""The response is found in everything that browsers and their tools export."""

from __future__ import annotations

import base64
import contextlib
import html
import json
import zlib
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.saml.capture import MAX_CAPTURE_BYTES, Capture, read_capture
from auditor.saml.door import MAX_BYTES, DocumentRefused
from tests.saml.sign_on import REPLY_URL, response, signed_assertion

XML = signed_assertion()
VALUE = base64.b64encode(XML).decode()
RELAY_STATE = "https://global.example.net/?a=b&c=d e"
FORM = urlencode({"SAMLResponse": VALUE, "RelayState": RELAY_STATE})


def _deflated(data: bytes) -> str:
    packed = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.b64encode(packed.compress(data) + packed.flush()).decode()


def _page(value: str = VALUE) -> str:
    return (
        f'<html><head><title>Working...</title></head><body><form method="POST" action="{REPLY_URL}">'
        f'<input type="hidden" name="SAMLResponse" value="{value}" />'
        f'<input type="hidden" name="RelayState" value="{html.escape(RELAY_STATE)}" />'
        '<noscript><p>Script is off</p><input type="submit" value="Submit" /></noscript></form></body></html>'
    )


def _har(*, text: bool = True, parameters: bool = True, page: bool = True, packed: bool = False) -> bytes:
    posted: dict[str, object] = {"mimeType": "application/x-www-form-urlencoded"}
    if text:
        posted["text"] = FORM
    if parameters:
        fields = {"SAMLResponse": VALUE, "RelayState": RELAY_STATE}
        posted["params"] = [{"name": name, "value": quote(value, safe="")} for name, value in fields.items()]
    content = {"mimeType": "text/html", "text": _page() if page else "<html></html>"}
    if packed:
        content = {
            **content,
            "text": base64.b64encode(content["text"].encode()).decode(),
            "encoding": "base64",
        }
    asked = {"method": "GET", "url": "https://login.microsoftonline.com/", "queryString": []}
    entries = [
        {"request": asked, "response": {"content": content}},
        {"request": {"method": "POST", "url": REPLY_URL, "postData": posted}, "response": {"content": {}}},
    ]
    return json.dumps({"log": {"version": "1.2", "creator": {"name": "x"}, "entries": entries}}).encode()


def _tracer(*, hidden: bool = False) -> bytes:
    posted = [["SAMLResponse", "***" if hidden else VALUE], ["RelayState", RELAY_STATE]]
    requests = [
        {"method": "GET", "url": "https://example.net/", "requestId": "1", "requestHeaders": []},
        {"method": "POST", "url": REPLY_URL, "requestId": "2", "post": posted, "saml": XML.decode()},
    ]
    return json.dumps({"requests": requests, "timestamp": "2026-11-23T02:00:00.000Z"}, indent=2).encode()


def _wrapped(value: str, width: int = 76) -> str:
    return "\r\n  ".join(value[start : start + width] for start in range(0, len(value), width))


@pytest.mark.parametrize(
    "data",
    [
        XML,
        b"\r\n  " + XML,
        b'\xef\xbb\xbf<?xml version="1.0"?>' + XML,
        VALUE.encode(),
        f"\n{_wrapped(VALUE)}\n".encode(),
        VALUE.rstrip("=").encode(),
        quote(VALUE, safe="").encode(),
        VALUE.replace("+", " ").encode(),
        VALUE.encode("utf-16"),
        b"\xef\xbb\xbf" + VALUE.encode(),
        _deflated(XML).encode(),
        quote(_deflated(XML), safe="").encode(),
        base64.urlsafe_b64encode(XML),
        base64.urlsafe_b64encode(XML).rstrip(b"="),
        quote(quote(VALUE, safe=""), safe="").encode(),
        quote(XML.decode(), safe="").encode(),
        f'"{VALUE}"'.encode(),
        f"SAMLResponse: {VALUE}\n".encode(),
    ],
)
def test_the_response_alone(data: bytes) -> None:
    capture = read_capture(data)
    assert capture.document.removeprefix(b'\xef\xbb\xbf<?xml version="1.0"?>') == XML
    assert capture.relay_state is None


@pytest.mark.parametrize(
    "data",
    [
        FORM.encode(),
        f"RelayState={quote(RELAY_STATE)}&SAMLResponse={quote(VALUE, safe='')}".encode(),
        f"{REPLY_URL}?{urlencode({'SAMLResponse': _deflated(XML), 'RelayState': RELAY_STATE})}".encode(),
        f"POST /saml/acs HTTP/1.1\r\nHost: example.net\r\n\r\n{FORM}".encode(),
        f"curl 'https://example.net/saml/acs' --data-raw '{FORM}' --compressed".encode(),
        _page().encode(),
        b"<!DOCTYPE html>" + _page().encode(),
        _page(_wrapped(VALUE)).encode(),
        _har(),
        _har(parameters=False, page=False),
        _har(text=False, page=False),
        _har(text=False, parameters=False),
        _har(text=False, parameters=False, packed=True),
        _page().encode("utf-16"),
        _page().encode("utf-16-le"),
        _page().encode("utf-16-be"),
        f"<!-- saved --><body>{_page()}</body>".encode(),
        urlencode(
            {"SAMLResponse": quote(VALUE, safe=""), "RelayState": quote(RELAY_STATE, safe="")}
        ).encode(),
        quote(FORM, safe="").encode(),
        f"SAMLResponse: {VALUE}\nRelayState: {RELAY_STATE}".encode(),
        json.dumps({"body": quote(FORM, safe="")}).encode(),
        f'curl ^"https://example.net^" --data-raw ^"{FORM.replace("%", "^%^").replace("&", "^&")}^"'.encode(),
        _tracer(),
        json.dumps({"SAMLResponse": [VALUE], "RelayState": RELAY_STATE}).encode(),
    ],
)
def test_the_response_with_its_relay_state(data: bytes) -> None:
    assert read_capture(data) == Capture(document=XML, relay_state=RELAY_STATE)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_markup_of_two_bytes_a_letter_is_left_as_it_is(encoding: str) -> None:
    data = XML.decode().encode(encoding)
    assert read_capture(data).document == data


def test_a_trace_whose_fields_are_hidden_still_has_its_copy() -> None:
    assert read_capture(_tracer(hidden=True)) == Capture(document=XML, relay_state=None)


def test_two_different_responses_are_not_chosen_from() -> None:
    other = base64.b64encode(signed_assertion(response(request=None))).decode()
    data = json.dumps([["SAMLResponse", VALUE], {"name": "SAMLResponse", "value": other}]).encode()
    with pytest.raises(DocumentRefused) as refused:
        read_capture(data)
    assert refused.value.code == "several-responses"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no response here",
        b"SAMLResponse=",
        b"SAMLResponse=%",
        b"A" + b" " * 1_000_000 + b"A",
        b"A" * 6_000_000,
        b"SAMLRequest=" + VALUE.encode(),
        b"{}",
        b"[" * 100_000,
        b'{"log": ',
        b'{"SAMLResponse": 7}',
        b"<html></html>",
        b"<form><input name=SAMLResponse></form>",
        b"<!DOCTYPE html>",
        b"\xff\xfe\x00",
        _har(text=False, parameters=False, page=False),
        b'{"text": "SAMLResponse", "encoding": "base64"}',
        b"SAMLResponse=" + quote(quote(quote(quote(VALUE + "=+")))).encode(),
    ],
)
def test_what_holds_no_response_is_refused(data: bytes) -> None:
    with pytest.raises(DocumentRefused) as refused:
        read_capture(data)
    assert refused.value.code == "no-response"


def test_a_file_that_is_too_large_is_refused() -> None:
    with pytest.raises(DocumentRefused) as refused:
        read_capture(bytes(MAX_CAPTURE_BYTES + 1))
    assert refused.value.code == "too-large"


def test_inflation_stops_at_the_cap() -> None:
    bomb = _deflated(b"<a>" + bytes(200_000_000))
    assert len(read_capture(bomb.encode()).document) == MAX_BYTES + 1


@given(
    st.binary(max_size=500) | st.recursive(st.text(), st.lists).map(lambda value: json.dumps(value).encode())
)
def test_any_bytes_are_a_capture_or_refused(data: bytes) -> None:
    with contextlib.suppress(DocumentRefused):
        assert read_capture(data).document
