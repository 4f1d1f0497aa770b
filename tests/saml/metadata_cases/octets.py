"""Bytes before they are markup: what is no document, too much of one, or in another encoding."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.saml.federation import (
    active,
    entity,
    sign,
)
from tests.saml.metadata_cases import case

BOM = b"\xef\xbb\xbf"
DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>'


def _document() -> bytes:
    return sign(entity(), active())


@case("accept", None)
def as_entra_writes_it() -> bytes:
    return BOM + _document()


@case("reject", "not-well-formed")
def nothing() -> bytes:
    return b""


@case("reject", "not-well-formed")
def white_space() -> bytes:
    return b" \r\n\t"


@case("reject", "not-well-formed")
def only_a_byte_order_mark() -> bytes:
    return BOM


@case("reject", "not-well-formed")
def json_error() -> bytes:
    return b'{"error": {"code": "Request_BadRequest"}}'


@case("reject", "html")
def html_page() -> bytes:
    return b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><br></body></html>"


@case("reject", "html")
def old_html_page() -> bytes:
    return b'<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 4.01//EN" "http://www.w3.org/TR/html4/strict.dtd"><HTML>'


@case("reject", "not-well-formed")
def random_bytes() -> bytes:
    return random.Random(7).randbytes(4096)


@case("reject", "not-well-formed")
def pem_file() -> bytes:
    return active().pem


@case("reject", "not-well-formed")
def zip_file() -> bytes:
    return b"PK\x03\x04" + bytes(64)


def _cut(name: str, at: Callable[[bytes], int]) -> None:
    def truncated() -> bytes:
        data = _document()
        return data[: at(data)]

    truncated.__name__ = name
    case("reject", "not-well-formed")(truncated)


_cut("truncated_by_one_byte", lambda data: len(data) - 1)
_cut("truncated_in_the_middle", lambda data: len(data) // 2)
_cut("truncated_behind_the_signature", lambda data: data.index(b"</Signature>") + 12)
_cut("truncated_inside_a_certificate", lambda data: data.rindex(b"</X509Certificate>") - 40)
_cut("truncated_behind_the_declaration", lambda data: len(DECLARATION))
_cut("truncated_before_the_last_tag", lambda data: data.rindex(b"</EntityDescriptor>"))


@case("reject", "not-well-formed")
def two_documents() -> bytes:
    return _document() + _document().removeprefix(DECLARATION)


@case("reject", "not-well-formed")
def garbage_behind_the_root() -> bytes:
    return _document() + b"garbage"


@case("reject", "too-large")
def fifty_megabytes_of_comments() -> bytes:
    return _document() + b"<!--" + b"x" * 50_000_000 + b"-->"


@case("reject", "too-large")
def fifty_megabytes_of_nothing() -> bytes:
    return bytes(50_000_000)


@case("reject", "too-large")
def one_byte_too_many() -> bytes:
    data = _document()
    return data + b"\n" * (1_000_001 - len(data))


@case("accept", None)
def as_large_as_allowed() -> bytes:
    data = _document()
    return data + b"\n" * (1_000_000 - len(data))


@case("reject", "limits")
def nested_too_deeply() -> bytes:
    inside = b"<a>" * 300 + b"</a>" * 300
    return _document().replace(b"</EntityDescriptor>", inside + b"</EntityDescriptor>")


@case("reject", "limits")
def nested_a_hundred_thousand_deep() -> bytes:
    return b"<a>" * 100_000 + b"</a>" * 100_000


@case("reject", "limits")
def very_long_name() -> bytes:
    return b"<" + b"a" * 200_000 + b"/>"


@case("reject", "signature-broken")
def twenty_thousand_attributes() -> bytes:
    attributes = b"".join(b' a%d=""' % n for n in range(20_000))
    return _document().replace(b"<EntityDescriptor", b"<EntityDescriptor" + attributes)


@case("reject", "limits")
def a_hundred_thousand_attributes() -> bytes:
    attributes = b"".join(b" a%x=''" % n for n in range(90_000))
    return _document().replace(b"<EntityDescriptor", b"<EntityDescriptor" + attributes)


@case("reject", "limits")
def ten_thousand_namespaces() -> bytes:
    declarations = b"".join(b' xmlns:n%d="u"' % n for n in range(10_000))
    return _document().replace(b"<EntityDescriptor", b"<EntityDescriptor" + declarations)


@case("accept", None)
def twenty_thousand_signed_attributes() -> bytes:
    return sign(entity(attributes="".join(f' a{n}=""' for n in range(20_000))), active())


@case("warn", "encoding")
def utf_16_without_declaration() -> bytes:
    return _document().decode().replace(DECLARATION.decode(), "").encode("utf-16")


@case("warn", "encoding")
def utf_16() -> bytes:
    return _document().decode().replace("utf-8", "utf-16").encode("utf-16")


@case("warn", "encoding")
def latin_1() -> bytes:
    return _document().replace(b"utf-8", b"iso-8859-1")


@case("warn", "encoding")
def windows_1252() -> bytes:
    return _document().replace(b"utf-8", b"windows-1252")


@case("warn", "encoding")
def ascii_declared() -> bytes:
    return _document().replace(b"utf-8", b"us-ascii")


@case("accept", None)
def no_declaration() -> bytes:
    return _document().removeprefix(DECLARATION)


@case("accept", None)
def declaration_in_capitals() -> bytes:
    return _document().replace(b"utf-8", b"UTF-8")


@case("reject", "encoding")
def utf_7() -> bytes:
    return _document().replace(b"utf-8", b"utf-7")


@case("reject", "encoding")
def encoding_unknown() -> bytes:
    return _document().replace(b"utf-8", b"rot13")


@case("reject", "encoding")
def encoding_of_a_mainframe() -> bytes:
    return _document().replace(b"utf-8", b"cp037")


@case("reject", "encoding")
def encoding_not_the_declared_one() -> bytes:
    return _document().replace(b"utf-8", b"utf-16")


@case("reject", "not-well-formed")
def utf_32() -> bytes:
    return _document().decode().replace("utf-8", "utf-32").encode("utf-32")


@case("reject", "not-well-formed")
def two_byte_order_marks() -> bytes:
    return BOM + BOM + _document()


@case("reject", "not-well-formed")
def line_feed_before_the_declaration() -> bytes:
    return b"\n" + _document()


@case("reject", "not-well-formed")
def bytes_that_are_not_utf_8() -> bytes:
    return _document().replace(b"<IDPSSODescriptor", b"\xff<IDPSSODescriptor")


@case("reject", "not-well-formed")
def overlong_utf_8() -> bytes:
    return _document().replace(b"<IDPSSODescriptor", b"\xc0\xbc!---->" + b"<IDPSSODescriptor")


@case("reject", "not-well-formed")
def null_characters() -> bytes:
    return _document().replace(b"<IDPSSODescriptor", b"\x00<IDPSSODescriptor")
