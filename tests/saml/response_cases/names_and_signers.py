"""Whom an authentic response names, who signed it and how, and what stands around it."""

from __future__ import annotations

import base64
from dataclasses import replace
from urllib.parse import urlencode

from lxml import etree

from auditor.saml.response_check import ResponseExpected
from tests.saml.federation import DS, RSA_SHA1, SHA1, Signer, active, inactive, sign, signer
from tests.saml.response_cases import ATTACKER, Captured, case
from tests.saml.sign_on import (
    EMAIL,
    REPLY_URL,
    SAML,
    SAMLP,
    USER,
    assertion,
    expected,
    response,
    signed_assertion,
    signed_both,
    signed_response,
    subject,
)

PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"


def _assertion(**parts: str) -> bytes:
    return signed_assertion(response(assertion(**parts)))


def _signed_by(one: Signer, usual: ResponseExpected | None = None) -> Captured:
    return Captured(signed_assertion(by=one), usual or expected(one))


@case("warn", "name-id")
def another_name_id() -> bytes:
    return _assertion(about=subject("britta@contoso.com"))


@case("warn", "name-id")
def name_id_in_other_case() -> bytes:
    return _assertion(about=subject(USER.title()))


@case("warn", "name-id")
def name_id_with_a_space_behind() -> bytes:
    return _assertion(about=subject(f"{USER} "))


@case("warn", "name-id-empty")
def name_id_empty() -> bytes:
    return _assertion(about=subject(""))


@case("warn", "name-id-empty")
def name_id_of_white_space() -> Captured:
    return Captured(_assertion(about=subject(" \n ")), replace(expected(), name_id=None))


@case("warn", "name-id-empty")
def name_id_missing() -> bytes:
    return _assertion(about=subject().replace(f'<NameID Format="{EMAIL}">{USER}</NameID>', ""))


@case("warn", "name-id-of-a-guest")
def name_id_of_a_guest() -> Captured:
    guest = "britta_fabrikam.com#EXT#@contoso.onmicrosoft.com"
    return Captured(_assertion(about=subject(guest)), replace(expected(), name_id=guest))


@case("warn", "name-id-format")
def name_id_in_another_format() -> bytes:
    return _assertion(about=subject(name_id_format=PERSISTENT))


@case("warn", "name-id-format")
def name_id_without_a_format() -> bytes:
    return _assertion(about=subject(name_id_format=None))


@case("warn", "name-id-encrypted")
def name_id_encrypted() -> bytes:
    hidden = subject().replace(f'<NameID Format="{EMAIL}">{USER}</NameID>', "<EncryptedID/>")
    return _assertion(about=hidden)


@case("reject", "comment-in-name-id")
def comment_in_the_name_id() -> bytes:
    return signed_assertion().replace(USER.encode(), USER.replace("@", "<!-- -->@").encode())


@case("reject", "comment-in-name-id")
def comment_behind_the_name_id() -> bytes:
    xml = response(assertion(about=subject(f"{USER}.attacker.example")))
    return signed_assertion(xml).replace(b".attacker.example<", b"<!---->.attacker.example<")


@case("reject", "comment-in-name-id")
def processing_instruction_in_the_name_id() -> bytes:
    return signed_response(response(assertion(about=subject("britta<?a?>@contoso.com"))))


@case("warn", "comment-in-value")
def comment_in_an_attribute() -> bytes:
    return signed_assertion().replace(
        f"{USER}</AttributeValue>".encode(), f"{USER}<!-- --></AttributeValue>".encode()
    )


@case("warn", "signer-not-active")
def signed_by_the_inactive_certificate() -> Captured:
    return _signed_by(inactive(), expected(active(), inactive()))


@case("warn", "signer-not-active")
def response_and_assertion_signed_by_different_certificates() -> Captured:
    return Captured(signed_response(signed_assertion(), inactive()), expected(active(), inactive()))


@case("warn", "certificate-not-valid")
def signed_by_an_expired_certificate() -> Captured:
    return _signed_by(signer(serial=3, starts=-800, ends=-1))


@case("warn", "certificate-weak")
def signed_by_a_short_key() -> Captured:
    return _signed_by(signer(serial=7, bits=1024))


@case("warn", "sha1")
def signed_with_sha1() -> bytes:
    return signed_assertion(method=RSA_SHA1, digest=SHA1)


@case("warn", "sha1")
def digested_with_sha1() -> bytes:
    return signed_response(digest=SHA1)


@case("warn", "reformatted")
def indented_by_a_tool() -> bytes:
    return signed_assertion().replace(b"><", b">\n  <")


@case("reject", "signature-broken")
def indented_by_a_tool_and_altered() -> bytes:
    return signed_assertion().replace(b"><", b">\n  <").replace(USER.encode(), ATTACKER.encode())


@case("reject", "bare-key")
def signed_with_a_bare_key() -> bytes:
    return signed_assertion(key_info="<KeyInfo><KeyName>active</KeyName></KeyInfo>")


@case("reject", "transform")
def transformed_otherwise() -> bytes:
    return signed_assertion().replace(b"xml-exc-c14n#", b"xml-exc-c14n#WithComments")


@case("reject", "reference-count")
def without_a_reference() -> bytes:
    return signed_assertion(references="")


@case("reject", "dtd")
def with_a_document_type() -> bytes:
    return b"<!DOCTYPE a>" + signed_assertion()


@case("reject", "too-large")
def with_two_megabytes_of_comments() -> bytes:
    return signed_assertion() + b"<!--" + b"x" * 2_000_000 + b"-->"


def _encrypted() -> str:
    data = '<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#"/>'
    return response(f'<EncryptedAssertion xmlns="{SAML}">{data}</EncryptedAssertion>')


@case("warn", "assertion-encrypted")
def encrypted_assertion_in_a_signed_response() -> bytes:
    return signed_response(_encrypted())


@case("reject", "encrypted-unverifiable")
def encrypted_assertion_in_an_unsigned_response() -> bytes:
    return _encrypted().encode()


@case("reject", "destination")
def encrypted_assertion_sent_elsewhere() -> bytes:
    return signed_response(_encrypted().replace(REPLY_URL, "https://other.example/acs"))


@case("reject", "assertion-count")
def encrypted_assertion_beside_a_plain_one() -> bytes:
    extra = f'<EncryptedAssertion xmlns="{SAML}"/>'
    return signed_response(response(assertion() + extra))


@case("reject", "signature-broken")
def signed_response_that_was_altered_around_a_signed_assertion() -> bytes:
    return signed_both().replace(b"Destination=", b'Consent="x" Destination=')


@case("reject", "signature-broken")
def signature_value_of_another_response() -> bytes:
    document = etree.fromstring(signed_assertion())
    other = etree.fromstring(signed_assertion(response(assertion(identifier="_other"))))
    value, stolen = (next(one.iter(f"{{{DS}}}SignatureValue")) for one in (document, other))
    value.text = stolen.text
    return etree.tostring(document)


@case("warn", "relay-state")
def another_relay_state() -> Captured:
    fields = {"SAMLResponse": base64.b64encode(signed_assertion()), "RelayState": "https://other.example"}
    usual = replace(expected(), relay_state="https://global.example.net")
    return Captured(urlencode(fields).encode(), usual)


@case("accept", "relay-state-not-seen")
def relay_state_not_in_the_capture() -> Captured:
    return Captured(signed_assertion(), replace(expected(), relay_state="https://global.example.net"))


@case("accept", None)
def line_ends_of_windows_inside_the_signed_part() -> bytes:
    xml = response().replace("><", ">\r\n<")
    return sign(xml.encode(), active(), path=f"{{{SAML}}}Assertion", position=1, declaration="").replace(
        b"\n", b"\r\n"
    )


@case("accept", None)
def other_prefixes() -> bytes:
    return signed_response(
        response().replace("samlp:", "p:").replace(f'xmlns:samlp="{SAMLP}"', f'xmlns:p="{SAMLP}"')
    )
