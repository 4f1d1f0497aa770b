"""Signature wrapping of responses: the eight families of the literature, for either signature, and more."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from lxml import etree

from tests.saml.federation import DS, attacker, sign
from tests.saml.response_cases import ATTACKER, case
from tests.saml.sign_on import (
    ASSERTION_ID,
    RESPONSE_ID,
    SAML,
    SAMLP,
    assertion,
    response,
    signed_assertion,
    signed_both,
    signed_response,
    subject,
)

ASSERTION = f"{{{SAML}}}Assertion"
SIGNATURE = f"{{{DS}}}Signature"
OBJECT = f"{{{DS}}}Object"
EVIL = "_evil"


def evil_assertion(identifier: str = EVIL) -> etree._Element:
    """What the attacker wants to be read."""
    return etree.fromstring(assertion(identifier=identifier, about=subject(ATTACKER), user=ATTACKER))


def evil_response(identifier: str = EVIL) -> etree._Element:
    """The attacker's assertion in a response of its own."""
    inside = assertion(identifier="_evil-assertion", about=subject(ATTACKER), user=ATTACKER)
    return etree.fromstring(response(inside, identifier=identifier))


def part(document: etree._Element, path: str) -> etree._Element:
    """The element at `path`."""
    found = document.find(path)
    assert found is not None
    return found


def unsigned_copy(element: etree._Element) -> etree._Element:
    """The element without its own signature, as it was when it was digested."""
    copy = deepcopy(element)
    copy.remove(part(copy, SIGNATURE))
    return copy


Edit = Callable[[etree._Element], None]


def _family(name: str, code: str, sign_it: Callable[[], bytes], edit: Edit) -> None:
    def wrapped() -> bytes:
        document = etree.fromstring(sign_it())
        edit(document)
        return etree.tostring(document)

    wrapped.__name__ = name
    case("reject", code)(wrapped)


def _family_of_response(
    name: str, code: str, edit: Callable[[etree._Element, etree._Element], etree._Element]
) -> None:
    def wrapped() -> bytes:
        original = etree.fromstring(signed_response())
        return etree.tostring(edit(original, evil_response()))

    wrapped.__name__ = name
    case("reject", code)(wrapped)


def _original_inside_the_signature(original: etree._Element, evil: etree._Element) -> etree._Element:
    signature = part(original, SIGNATURE)
    copy = unsigned_copy(original)
    signature.append(copy)
    evil.insert(1, signature)
    return evil


def _original_beside_the_signature(original: etree._Element, evil: etree._Element) -> etree._Element:
    evil.insert(1, part(original, SIGNATURE))
    evil.insert(1, deepcopy(original))
    return evil


def _original_in_an_object(original: etree._Element, evil: etree._Element) -> etree._Element:
    copy = unsigned_copy(original)
    signature = part(original, SIGNATURE)
    etree.SubElement(signature, OBJECT).append(copy)
    evil.insert(1, signature)
    return evil


def _original_in_extensions(original: etree._Element, evil: etree._Element) -> etree._Element:
    signature = part(original, SIGNATURE)
    evil.insert(1, signature)
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(original)
    evil.insert(2, extensions)
    return evil


_family_of_response("response_inside_its_signature", "assertion-count", _original_inside_the_signature)
_family_of_response("response_beside_its_signature", "assertion-count", _original_beside_the_signature)
_family_of_response("response_in_an_object_of_its_signature", "assertion-count", _original_in_an_object)
_family_of_response("response_in_extensions", "assertion-count", _original_in_extensions)


def _evil_before(document: etree._Element) -> None:
    part(document, ASSERTION).addprevious(evil_assertion())


def _evil_after(document: etree._Element) -> None:
    document.append(evil_assertion())


def _evil_around(document: etree._Element) -> None:
    original = part(document, ASSERTION)
    evil = evil_assertion()
    document.replace(original, evil)
    evil.append(original)


def _evil_with_the_signature(document: etree._Element) -> None:
    original, evil = part(document, ASSERTION), evil_assertion()
    copy = unsigned_copy(original)
    evil.insert(1, part(original, SIGNATURE))
    document.replace(original, evil)
    document.append(copy)


def _original_inside_the_signature_of_evil(document: etree._Element) -> None:
    original, evil = part(document, ASSERTION), evil_assertion()
    copy, signature = unsigned_copy(original), part(original, SIGNATURE)
    signature.append(copy)
    evil.insert(1, signature)
    document.replace(original, evil)


def _evil_in_extensions(document: etree._Element) -> None:
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(evil_assertion())
    document.insert(1, extensions)


def _original_in_an_object_of_evil(document: etree._Element) -> None:
    original, evil = part(document, ASSERTION), evil_assertion()
    copy, signature = unsigned_copy(original), part(original, SIGNATURE)
    etree.SubElement(signature, OBJECT).append(copy)
    evil.insert(1, signature)
    document.replace(original, evil)


def _evil_with_the_same_id(document: etree._Element) -> None:
    part(document, ASSERTION).addprevious(evil_assertion(ASSERTION_ID))


def _original_in_the_status(document: etree._Element) -> None:
    original = part(document, ASSERTION)
    document.append(evil_assertion())
    detail = etree.SubElement(part(document, f"{{{SAMLP}}}Status"), f"{{{SAMLP}}}StatusDetail")
    detail.append(original)


_FAMILIES: dict[str, Edit] = {
    "evil_assertion_before_the_original": _evil_before,
    "evil_assertion_after_the_original": _evil_after,
    "evil_assertion_around_the_original": _evil_around,
    "evil_assertion_with_the_signature_of_the_original": _evil_with_the_signature,
    "original_inside_the_signature_of_an_evil_assertion": _original_inside_the_signature_of_evil,
    "evil_assertion_in_extensions": _evil_in_extensions,
    "original_in_an_object_of_an_evil_assertion": _original_in_an_object_of_evil,
    "evil_assertion_with_the_id_of_the_original": _evil_with_the_same_id,
    "original_in_the_status_detail": _original_in_the_status,
}

for _name, _edit in _FAMILIES.items():
    _family(f"{_name}_where_the_assertion_is_signed", "assertion-count", signed_assertion, _edit)
    _family(f"{_name}_where_both_are_signed", "assertion-count", signed_both, _edit)


@case("reject", "assertion-count")
def ten_thousand_assertions_each_with_a_signature() -> bytes:
    xml = response("<s:Assertion><d:Signature/></s:Assertion>" * 10_000)
    return xml.replace(" xmlns:samlp", f' xmlns:s="{SAML}" xmlns:d="{DS}" xmlns:samlp', 1).encode()


@case("reject", "duplicate-id")
def assertion_with_the_id_of_the_response() -> bytes:
    document = etree.fromstring(signed_response())
    part(document, ASSERTION).set("ID", RESPONSE_ID)
    return etree.tostring(document)


@case("reject", "reference-target")
def evil_assertion_with_a_signature_over_the_response() -> bytes:
    document = etree.fromstring(signed_response())
    signature = part(document, SIGNATURE)
    evil = evil_assertion()
    evil.insert(1, signature)
    document.replace(part(document, ASSERTION), evil)
    return etree.tostring(document)


@case("reject", "reference-target")
def signature_of_the_assertion_moved_to_the_response() -> bytes:
    document = etree.fromstring(signed_assertion())
    document.insert(1, part(part(document, ASSERTION), SIGNATURE))
    return etree.tostring(document)


@case("reject", "signature-broken")
def name_exchanged_in_a_signed_assertion() -> bytes:
    return signed_assertion().replace(b"britta.simon@contoso.com", ATTACKER.encode())


@case("reject", "signature-broken")
def name_exchanged_in_a_signed_response() -> bytes:
    return signed_response().replace(b"britta.simon@contoso.com", ATTACKER.encode())


@case("reject", "signature-broken")
def evil_assertion_signed_by_nobody_in_place_of_the_original() -> bytes:
    document = etree.fromstring(signed_response())
    document.replace(part(document, ASSERTION), evil_assertion())
    return etree.tostring(document)


@case("reject", "signer-not-pinned")
def evil_assertion_signed_by_the_attacker() -> bytes:
    xml = response(assertion(about=subject(ATTACKER), user=ATTACKER))
    return signed_assertion(xml, attacker())


@case("reject", "signer-not-pinned")
def genuine_assertion_in_a_response_signed_by_the_attacker() -> bytes:
    return sign(signed_assertion(), attacker(), position=1, declaration="")


@case("reject", "signature-broken")
def evil_assertion_signed_by_the_attacker_inside_a_signed_response() -> bytes:
    document = etree.fromstring(signed_response())
    evil = etree.fromstring(
        signed_assertion(response(assertion(about=subject(ATTACKER), user=ATTACKER)), attacker())
    )
    document.replace(part(document, ASSERTION), part(evil, ASSERTION))
    return etree.tostring(document)


@case("reject", "several-signatures")
def two_signatures_in_the_assertion() -> bytes:
    document = etree.fromstring(signed_assertion())
    signature = part(document, f"{ASSERTION}/{SIGNATURE}")
    signature.addnext(deepcopy(signature))
    return etree.tostring(document)


@case("reject", "signature-misplaced")
def signature_inside_the_subject() -> bytes:
    document = etree.fromstring(signed_assertion())
    signature = part(document, f"{ASSERTION}/{SIGNATURE}")
    part(document, f"{ASSERTION}/{{{SAML}}}Subject").append(signature)
    return etree.tostring(document)


@case("reject", "signature-misplaced")
def signature_behind_the_subject() -> bytes:
    document = etree.fromstring(signed_assertion())
    signature = part(document, f"{ASSERTION}/{SIGNATURE}")
    part(document, f"{ASSERTION}/{{{SAML}}}Subject").addnext(signature)
    return etree.tostring(document)


@case("reject", "signature-absent")
def nothing_signed() -> bytes:
    return response().encode()


@case("reject", "signature-absent")
def signature_removed() -> bytes:
    document = etree.fromstring(signed_assertion())
    holder = part(document, ASSERTION)
    holder.remove(part(holder, SIGNATURE))
    return etree.tostring(document)
