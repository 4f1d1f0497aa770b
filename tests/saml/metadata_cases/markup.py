"""Markup: what harms parsers, what readers see differently."""

from __future__ import annotations

from lxml import etree

from tests.saml.federation import (
    APPLICATION,
    DS,
    ENTITY_ID,
    LOGIN_URL,
    TENANT,
    active,
    attacker,
    entity,
    identity_provider,
    key_descriptor,
    sign,
    ws_federation,
)
from tests.saml.metadata_cases import case

BOM = b"\xef\xbb\xbf"
DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>'


def _document() -> bytes:
    return sign(entity(), active())


def _with_doctype(doctype: str) -> bytes:
    return _document().replace(DECLARATION, DECLARATION + doctype.encode())


@case("reject", "not-an-entity-descriptor")
def html_page_that_is_well_formed() -> bytes:
    return b"<html><body>Sign in</body></html>"


@case("reject", "not-well-formed")
def undeclared_prefix() -> bytes:
    return _document().replace(b"<IDPSSODescriptor", b"<x:IDPSSODescriptor")


@case("reject", "not-well-formed")
def the_same_attribute_twice() -> bytes:
    return _document().replace(b" entityID=", b' entityID="https://attacker.example/" entityID=')


@case("reject", "not-well-formed")
def undeclared_entity() -> bytes:
    return _document().replace(ENTITY_ID.encode(), b"&evil;")


@case("reject", "dtd")
def bare_document_type() -> bytes:
    return _with_doctype("<!DOCTYPE EntityDescriptor>")


@case("reject", "dtd")
def document_type_behind_a_comment() -> bytes:
    return _with_doctype("<!-- harmless --><?harmless?>\n<!DOCTYPE EntityDescriptor>")


@case("reject", "dtd")
def entity_in_an_attribute() -> bytes:
    doctype = f'<!DOCTYPE EntityDescriptor [<!ENTITY tenant "{TENANT}">]>'
    return _with_doctype(doctype).replace(ENTITY_ID.encode(), b"https://sts.windows.net/&tenant;/")


@case("reject", "dtd")
def external_entity() -> bytes:
    return _with_doctype('<!DOCTYPE EntityDescriptor [<!ENTITY file SYSTEM "file:///etc/hostname">]>')


@case("reject", "dtd")
def external_document_type() -> bytes:
    return _with_doctype('<!DOCTYPE EntityDescriptor SYSTEM "http://127.0.0.1:9/evil.dtd">')


@case("reject", "dtd")
def parameter_entity() -> bytes:
    return _with_doctype('<!DOCTYPE a [<!ENTITY % more SYSTEM "http://127.0.0.1:9/more"> %more;]>')


@case("reject", "dtd")
def attribute_default_from_a_document_type() -> bytes:
    return _with_doctype('<!DOCTYPE a [<!ATTLIST EntityDescriptor validUntil CDATA "2099-01-01T00:00:00Z">]>')


@case("reject", "dtd")
def id_type_from_a_document_type() -> bytes:
    return _with_doctype("<!DOCTYPE a [<!ATTLIST IDPSSODescriptor name ID #IMPLIED>]>")


@case("reject", "dtd")
def billion_laughs() -> bytes:
    levels = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE EntityDescriptor [<!ENTITY a0 "ha">{levels}]>'
    return _with_doctype(doctype).replace(ENTITY_ID.encode(), b"&a9;")


@case("reject", "dtd")
def quadratic_blowup() -> bytes:
    doctype = f'<!DOCTYPE EntityDescriptor [<!ENTITY a "{"ha" * 40_000}">]>'
    return _with_doctype(doctype).replace(ENTITY_ID.encode(), b"&a;" * 40_000)


@case("reject", "dtd")
def document_type_in_utf_16() -> bytes:
    text = _with_doctype("<!DOCTYPE EntityDescriptor>").decode().replace("utf-8", "utf-16")
    return text.encode("utf-16")


@case("reject", "dtd")
def document_type_behind_a_byte_order_mark() -> bytes:
    return BOM + _with_doctype('<!DOCTYPE EntityDescriptor [<!ENTITY a "b">]>')


@case("accept", None)
def line_ends_of_windows() -> bytes:
    indented = entity().replace("><", ">\r\n  <")
    return sign(indented.encode(), active()).replace(b"\n", b"\r\n")


@case("accept", None)
def other_prefixes() -> bytes:
    xml = entity().replace('xmlns="urn:oasis:names:tc:SAML:2.0:metadata"', "")
    parts = ("EntityDescriptor", "RoleDescriptor", "IDPSSODescriptor", "KeyDescriptor", "SingleSignOnService")
    for name in (*parts, "SingleLogoutService"):
        xml = xml.replace(f"<{name}", f"<saml:{name}").replace(f"</{name}", f"</saml:{name}")
    declared = 'xmlns:saml="urn:oasis:names:tc:SAML:2.0:metadata"'
    return sign(xml.replace("<saml:EntityDescriptor", f"<saml:EntityDescriptor {declared}"), active())


@case("accept", None)
def character_references() -> bytes:
    escaped = "".join(f"&#{ord(letter)};" for letter in ENTITY_ID).encode()
    return _document().replace(f'entityID="{ENTITY_ID}"'.encode(), b'entityID="' + escaped + b'"')


@case("accept", None)
def certificate_as_cdata() -> bytes:
    text = active().text.encode()
    data = _document()
    return data.replace(text, b"<![CDATA[" + text + b"]]>")


@case("accept", None)
def comments_between_elements() -> bytes:
    return _document().replace(b"<IDPSSODescriptor", b"<!-- sso --><IDPSSODescriptor")


@case("accept", None)
def comment_before_the_root() -> bytes:
    return _document().replace(DECLARATION, DECLARATION + b"<!-- saved by hand -->")


@case("accept", None)
def comment_before_the_signature() -> bytes:
    return _document().replace(b"<Signature", b"<!-- signature --><Signature", 1)


@case("accept", None)
def processing_instruction_before_the_root() -> bytes:
    return _document().replace(DECLARATION, DECLARATION + b'<?xml-stylesheet href="a.css"?>')


@case("reject", "signature-broken")
def processing_instruction_inside_the_root() -> bytes:
    return _document().replace(b"<IDPSSODescriptor", b"<?evil?><IDPSSODescriptor")


@case("warn", "comment-in-value")
def comment_inside_a_certificate() -> bytes:
    text = active().text.encode()
    return _document().replace(text, text[:100] + b"<!-- -->" + text[100:])


@case("warn", "comment-in-value")
def comment_inside_the_issuer_of_a_role() -> bytes:
    return _document().replace(f">{ENTITY_ID}<".encode(), f">{ENTITY_ID}<!-- .attacker.example --><".encode())


@case("warn", "comment-in-value")
def comment_inside_the_digest() -> bytes:
    # The canonical form drops it, so the signature holds; naive verifiers read what stands before it.
    return _document().replace(b"<DigestValue>", b"<DigestValue><!--AAAA-->")


@case("reject", "signature-broken")
def other_digest_inside_a_comment_of_the_digest() -> bytes:
    document = etree.fromstring(_document())
    digest = next(document.iter(f"{{{DS}}}DigestValue"))
    text, digest.text = digest.text, "AAAA"
    comment = etree.Comment("")
    comment.tail = text
    digest.append(comment)
    return etree.tostring(document)


@case("warn", "comment-in-value")
def signed_processing_instruction_inside_a_certificate() -> bytes:
    text = active().text
    keys = key_descriptor(f"{text[:100]}<?break?>{text[100:]}")
    return sign(entity(ws_federation(keys), identity_provider(keys)), active())


@case("warn", "reformatted")
def indented_by_an_editor() -> bytes:
    return _document().replace(b"><", b">\n    <")


@case("warn", "reformatted")
def indented_with_tabs_and_line_ends_of_windows() -> bytes:
    return _document().replace(b"><", b">\r\n\t<")


@case("warn", "reformatted")
def indented_and_certificates_wrapped() -> bytes:
    text = active().text
    lines = "\n".join(text[start : start + 64] for start in range(0, len(text), 64))
    return _document().replace(b"><", b">\n<").replace(text.encode(), f"\n{lines}\n".encode())


@case("warn", "reformatted")
def values_moved_to_lines_of_their_own() -> bytes:
    return _document().replace(f">{ENTITY_ID}<".encode(), f">\n      {ENTITY_ID}\n    <".encode())


@case("reject", "signature-broken")
def indented_and_altered() -> bytes:
    return _document().replace(b"><", b">\n<").replace(b"HTTP-POST", b"HTTP-GET")


@case("reject", "signature-broken")
def indented_and_a_space_put_into_a_url() -> bytes:
    return _document().replace(b"><", b">\n<").replace(LOGIN_URL.encode(), LOGIN_URL.encode() + b" ")


@case("reject", "signature-broken")
def indented_document_of_the_attacker() -> bytes:
    return sign(entity(), attacker()).replace(b"><", b">\n<")


@case("reject", "signature-broken")
def no_break_space_for_indentation() -> bytes:
    return _document().replace(b"><RoleDescriptor", ">\u00a0<RoleDescriptor".encode())


@case("reject", "not-well-formed")
def surrogate_as_a_character_reference() -> bytes:
    return _document().replace(APPLICATION.encode(), b"").replace(b"HTTP-POST", b"&#xD800;")


@case("reject", "not-an-entity-descriptor")
def entity_descriptor_without_its_namespace() -> bytes:
    xml = entity().replace(' xmlns="urn:oasis:names:tc:SAML:2.0:metadata"', "")
    return sign(xml, active())


@case("reject", "not-an-entity-descriptor")
def entity_descriptor_of_another_namespace() -> bytes:
    return sign(entity().replace("SAML:2.0:metadata", "SAML:1.1:metadata"), active())


@case("reject", "not-an-entity-descriptor")
def a_role_alone() -> bytes:
    keys = key_descriptor(active().text)
    role = identity_provider(keys, attributes=' ID="_role" xmlns="urn:oasis:names:tc:SAML:2.0:metadata"')
    return sign(role, active())
