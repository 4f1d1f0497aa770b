"""A SAML 2.0 Response: which signature covers what, and what stands under it. `response_check` judges it.

Entra signs the assertion, the response, or both. Values are read from the signed subtree alone: the reader
of a wrapped response finds the attacker's assertion where the verifier found the genuine one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from auditor.saml.door import Document, elements, text_of
from auditor.saml.finding import SamlFinding, reject
from auditor.saml.signature import SIGNATURE, Pins, SignatureState, Verification, verify

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
SAMLP = "{urn:oasis:names:tc:SAML:2.0:protocol}"
SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
NAME_ID_FORMATS = (
    UNSPECIFIED,
    *(
        f"urn:oasis:names:tc:SAML:1.1:nameid-format:{name}"
        for name in ("emailAddress", "X509SubjectName", "WindowsDomainQualifiedName")
    ),
    *(
        f"urn:oasis:names:tc:SAML:2.0:nameid-format:{name}"
        for name in ("kerberos", "entity", "persistent", "transient")
    ),
)
"""Those of SAML core, 8.3."""

_AADSTS = re.compile(r"AADSTS\d{3,8}", re.ASCII)

_STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
_STATUS_CODES = frozenset(
    {
        "AuthnFailed",
        "InvalidAttrNameOrValue",
        "InvalidNameIDPolicy",
        "NoAuthnContext",
        "NoAvailableIDP",
        "NoPassive",
        "NoSupportedIDP",
        "PartialLogout",
        "ProxyCountExceeded",
        "RequestDenied",
        "RequestUnsupported",
        "RequestVersionDeprecated",
        "RequestVersionTooHigh",
        "RequestVersionTooLow",
        "Requester",
        "ResourceNotRecognized",
        "Responder",
        "TooManyResponses",
        "UnknownAttrProfile",
        "UnknownPrincipal",
        "UnsupportedBinding",
        "VersionMismatch",
    }
)
"""SAML core, 3.2.2.2. Only these are repeated: nothing signs a status that anybody may write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseSignatures:
    """What verifying a response gave; None for an element that has no signature of its own."""

    response: Verification | None
    assertion: Verification | None
    findings: tuple[SamlFinding, ...]
    """What is wrong with the structure, or with a signature."""

    @property
    def present(self) -> tuple[Verification, ...]:
        """The signatures there are, the outer one first."""
        return tuple(one for one in (self.response, self.assertion) if one is not None)

    @property
    def state(self) -> SignatureState:
        """Of all signatures together: the worst."""
        order = [
            SignatureState.INVALID,
            SignatureState.NOT_CHECKED,
            SignatureState.REFORMATTED,
            SignatureState.VALID,
        ]
        states = {one.state for one in self.present}
        return next((state for state in order if state in states), SignatureState.ABSENT)

    def signed_response(self) -> etree._Element | None:
        """The response, when a pinned certificate vouches for the whole of it."""
        return _authentic(self.response)

    def signed_assertion(self) -> etree._Element | None:
        """The assertion, when a pinned certificate vouches for it or for the response around it."""
        whole = self.signed_response()
        return _authentic(self.assertion) if whole is None else whole.find(f"{SAML}Assertion")


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """A SubjectConfirmation."""

    method: str | None
    recipient: str | None
    not_before: str | None
    not_on_or_after: str | None
    in_response_to: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """What an assertion says; read from a signed subtree. None: it does not say."""

    version: str | None
    issuer: str | None
    name_id: str | None
    name_id_format: str | None
    name_id_encrypted: bool
    confirmations: tuple[Confirmation, ...]
    has_conditions: bool
    not_before: str | None
    not_on_or_after: str | None
    session_not_on_or_after: tuple[str, ...]
    audiences: tuple[tuple[str, ...], ...]
    """One group for each AudienceRestriction; each group must be met."""
    attributes: tuple[tuple[str, tuple[str, ...]], ...]
    """Name and values, sorted by name."""


def verify_response(document: Document, *, pins: Pins) -> ResponseSignatures:
    """Verifies the signatures of a document whose root is a Response."""
    root = document.root
    problems = tuple(_structure_problems(root))
    assertion = root.find(f"{SAML}Assertion")
    if problems:
        return ResponseSignatures(response=None, assertion=None, findings=problems)
    response_signature = _verified(document, root, "./", pins)
    location = f"./{SAML}Assertion/"
    assertion_signature = None if assertion is None else _verified(document, assertion, location, pins)
    signatures = ResponseSignatures(response=response_signature, assertion=assertion_signature, findings=())
    if not signatures.present:
        return ResponseSignatures(response=None, assertion=None, findings=(_unsigned(root),))
    found = [finding for one in signatures.present for finding in one.findings]
    if any(one.signer is not None and not one.pinned for one in signatures.present) or not pins:
        found.append(reject("signer-not-pinned", "the signer is none of the given certificates"))
    return ResponseSignatures(
        response=response_signature, assertion=assertion_signature, findings=tuple(dict.fromkeys(found))
    )


def read_assertion(element: etree._Element) -> Assertion:
    """What an assertion says. Give it a signed subtree, nothing else."""
    subject = element.find(f"{SAML}Subject")
    name_id = None if subject is None else subject.find(f"{SAML}NameID")
    conditions = element.find(f"{SAML}Conditions")
    restrictions = [] if conditions is None else conditions.findall(f"{SAML}AudienceRestriction")
    return Assertion(
        version=element.get("Version"),
        issuer=_text(element.find(f"{SAML}Issuer")),
        name_id=_text(name_id),
        name_id_format=None if name_id is None else name_id.get("Format", UNSPECIFIED),
        name_id_encrypted=subject is not None and subject.find(f"{SAML}EncryptedID") is not None,
        confirmations=() if subject is None else tuple(_confirmations(subject)),
        has_conditions=conditions is not None,
        not_before=None if conditions is None else conditions.get("NotBefore"),
        not_on_or_after=None if conditions is None else conditions.get("NotOnOrAfter"),
        session_not_on_or_after=tuple(
            end
            for statement in element.findall(f"{SAML}AuthnStatement")
            if (end := statement.get("SessionNotOnOrAfter")) is not None
        ),
        audiences=tuple(
            tuple(text_of(audience) for audience in restriction.findall(f"{SAML}Audience"))
            for restriction in restrictions
        ),
        attributes=_attributes(element),
    )


def issuer_of(root: etree._Element) -> str | None:
    """The Issuer of a response itself; None when it names none."""
    return _text(root.find(f"{SAML}Issuer"))


def status_problem(root: etree._Element) -> SamlFinding | None:
    """The finding about a status other than Success; it may be read unsigned, for it can only refuse."""
    if len(root.findall(f"{SAMLP}Status")) > 1:
        return reject("status", "the response has several statuses")
    codes = [code.get("Value", "") for code in root.findall(f"{SAMLP}Status//{SAMLP}StatusCode")]
    if codes[:1] == [SUCCESS]:
        return None
    if not codes:
        return reject("status", "the response has no status")
    said = "".join(text_of(message) for message in root.findall(f"{SAMLP}Status/{SAMLP}StatusMessage"))
    reason = _AADSTS.search(said)
    known = [name for code in codes if (name := code.removeprefix(_STATUS)) in _STATUS_CODES]
    named = ", ".join([*known, *([reason[0]] if reason else [])])
    return reject("status", f"the sign-on failed: {named or 'for a reason that is not named'}")


def _structure_problems(root: etree._Element) -> Iterator[SamlFinding]:
    assertions = [element for element in elements(root) if element.tag == f"{SAML}Assertion"]
    encrypted = [element for element in elements(root) if element.tag == f"{SAML}EncryptedAssertion"]
    if len(assertions) + len(encrypted) != 1:
        found = len(assertions) + len(encrypted)
        yield reject("assertion-count", f"the response holds {found} assertions; one is expected")
        return
    if any(one.getparent() is not root for one in (*assertions, *encrypted)):
        yield reject("assertion-misplaced", "an assertion is not a child of the response")
    if any(_is_ambiguous(assertion) for assertion in assertions):
        message = (
            "the assertion says more than once what it may say once, so that readers may differ about it"
        )
        yield reject("ambiguous", message)
    holders = []
    for signature in (element for element in elements(root) if element.tag == SIGNATURE):
        holder = signature.getparent()
        if holder is None or not (holder is root or (holder in assertions and holder.getparent() is root)):
            yield reject(
                "signature-misplaced", "a signature stands neither in the response nor in its assertion"
            )
            return
        if holder in holders:
            yield reject("several-signatures", "an element has more than one signature")
            return
        holders.append(holder)
        before = list(signature.itersiblings("*", preceding=True))
        if [sibling.tag for sibling in before] not in ([], [f"{SAML}Issuer"]):
            yield reject("signature-misplaced", "a signature does not stand right behind the issuer")


def _is_ambiguous(assertion: etree._Element) -> bool:
    """Whether it has more of an element than the schema lets it have, or elements inside the name ID."""
    once = (
        "Issuer",
        "Subject",
        "Conditions",
        f"Subject/{SAML}NameID",
        f"Subject/{SAML}EncryptedID",
    )
    if any(len(assertion.findall(f"{SAML}{path}")) > 1 for path in once):
        return True
    if any(
        len(confirmation.findall(f"{SAML}SubjectConfirmationData")) > 1
        for confirmation in assertion.findall(f"{SAML}Subject/{SAML}SubjectConfirmation")
    ):
        return True
    return assertion.find(f"{SAML}Subject/{SAML}NameID/*") is not None


def _unsigned(root: etree._Element) -> SamlFinding:
    if root.find(f"{SAML}EncryptedAssertion") is not None:
        message = "an encrypted assertion in an unsigned response cannot be verified without the service"
        return reject("encrypted-unverifiable", f"{message} provider's key")
    return reject("signature-absent", "neither the response nor its assertion is signed")


def _verified(document: Document, holder: etree._Element, location: str, pins: Pins) -> Verification | None:
    found = verify(document, holder=holder, location=location, pins=pins)
    return None if found.state is SignatureState.ABSENT else found


def _authentic(verification: Verification | None) -> etree._Element | None:
    return verification.signed if verification is not None and verification.pinned else None


def _confirmations(subject: etree._Element) -> Iterator[Confirmation]:
    for element in subject.findall(f"{SAML}SubjectConfirmation"):
        data = element.find(f"{SAML}SubjectConfirmationData")
        attributes = etree.Element("none").attrib if data is None else data.attrib
        yield Confirmation(
            method=element.get("Method"),
            recipient=attributes.get("Recipient"),
            not_before=attributes.get("NotBefore"),
            not_on_or_after=attributes.get("NotOnOrAfter"),
            in_response_to=attributes.get("InResponseTo"),
        )


def _attributes(element: etree._Element) -> tuple[tuple[str, tuple[str, ...]], ...]:
    found: dict[str, list[str]] = {}
    for attribute in element.findall(f"{SAML}AttributeStatement/{SAML}Attribute"):
        values = [text_of(value) for value in attribute.findall(f"{SAML}AttributeValue")]
        found.setdefault(attribute.get("Name", ""), []).extend(values)
    return tuple((name, tuple(values)) for name, values in sorted(found.items()))


def _text(element: etree._Element | None) -> str | None:
    return None if element is None else text_of(element)
