"""Judges a captured SAML response as a careful service provider would: `auditor response check`.

A high finding rejects, a medium one warns. No value is given out that no pinned certificate signed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree

from auditor.model.node import Json
from auditor.saml.capture import read_capture
from auditor.saml.certificate import Certificate
from auditor.saml.date_time import read_date_time
from auditor.saml.door import INTERRUPTED_VALUE, Document, DocumentRefused, open_document
from auditor.saml.finding import SamlFinding, Verdict, note, reject, verdict, warn
from auditor.saml.response import (
    BEARER,
    SAMLP,
    Assertion,
    Confirmation,
    ResponseSignatures,
    issuer_of,
    read_assertion,
    status_problem,
    verify_response,
)
from auditor.saml.signature import Pins, SignatureState, Verification

_INTERRUPTED_NAME_ID = "boolean(//*[local-name()='NameID'][.//comment() or .//processing-instruction()])"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseExpected:
    """What the response is compared with. None: not compared."""

    issuer: str
    audience: str
    recipient: str
    name_id: str | None = None
    name_id_formats: tuple[str, ...] = ()
    """Any of these will do; empty: not compared."""
    relay_state: str | None = None
    in_response_to: str | None = None
    certificates: tuple[Certificate, ...]
    """Those that may have signed."""
    active: str | None = None
    """Thumbprint of the certificate that is active in Entra; None: not known, and never guessed."""
    at: datetime
    """Aware."""
    clock_skew: timedelta = timedelta(seconds=120)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseCheck:
    """The verdict on one response."""

    verdict: Verdict
    findings: tuple[SamlFinding, ...]
    signatures: ResponseSignatures | None
    """None when the document could not be read so far."""
    assertion: Assertion | None
    """What a pinned certificate signed; None when it signed nothing that can be read."""
    active: str | None

    @property
    def signer(self) -> Certificate | None:
        """Who signed: the assertion where it has a signature of its own, else the response."""
        signed = self._signed()
        return None if signed is None else signed.signer

    @property
    def signer_status(self) -> str:
        """`active`, `inactive` (another of the given certificates), or `unknown`, as a stranger's is."""
        signed = self._signed()
        if self.active is None or signed is None or signed.signer is None or not signed.pinned:
            return "unknown"
        return "active" if signed.signer.thumbprint == self.active else "inactive"

    def _signed(self) -> Verification | None:
        """The signature that tells the signer."""
        signed = () if self.signatures is None else self.signatures.present
        return next((one for one in reversed(signed) if one.signer is not None), None)

    def to_json(self) -> dict[str, Json]:
        """What `auditor response check --format json` prints."""
        signatures, assertion = self.signatures, self.assertion
        signed = () if signatures is None else signatures.present
        state = SignatureState.NOT_CHECKED if signatures is None else signatures.state
        return {
            "verdict": self.verdict.value,
            "signature": state.value,
            "responseSignature": _state(None if signatures is None else signatures.response, state),
            "assertionSignature": _state(None if signatures is None else signatures.assertion, state),
            "signer": None if self.signer is None else self.signer.thumbprint,
            "pinned": bool(signed) and all(one.pinned for one in signed),
            "signerStatus": self.signer_status,
            "entityId": None if assertion is None else assertion.issuer,
            "audiences": [] if assertion is None else [one for group in assertion.audiences for one in group],
            "nameId": None if assertion is None else assertion.name_id,
            "nameIdFormat": None if assertion is None else assertion.name_id_format,
            "attributes": {}
            if assertion is None
            else {name: list(all_) for name, all_ in assertion.attributes},
            "findings": [
                {"code": finding.code, "severity": finding.severity.value, "message": finding.message}
                for finding in self.findings
            ],
        }


def check_response(data: bytes, *, expected: ResponseExpected) -> ResponseCheck:
    """Judges the response that `data` holds in any form that `capture` knows. Never raises."""
    try:
        capture = read_capture(data)
        document = open_document(capture.document)
    except DocumentRefused as refused:
        return _check([reject(refused.code, refused.message)], expected)
    root = document.root
    if root.tag != f"{SAMLP}Response":
        return _check([reject("not-a-response", "the root is not a Response of SAML 2.0")], expected)
    status = status_problem(root)
    if status is not None:
        return _check([status], expected)
    signatures = verify_response(document, pins=Pins(certificates=expected.certificates))
    findings = [*signatures.findings, *_comment_problems(document)]
    for signature in signatures.present:
        findings += _signer_problems(signature, expected)
    if verdict(findings) is Verdict.REJECT:
        return _check(findings, expected, signatures)
    findings += _response_problems(root, signatures.signed_response(), expected)
    findings += _relay_state_problems(capture.relay_state, expected)
    element = signatures.signed_assertion()
    if element is None:
        message = "the assertion is encrypted; what it says can be read with the service provider's key only"
        return _check([*findings, warn("assertion-encrypted", message)], expected, signatures)
    assertion = read_assertion(element)
    findings += _assertion_problems(assertion, expected)
    findings += _name_id_problems(assertion, expected)
    return _check(findings, expected, signatures, assertion)


def _check(
    findings: list[SamlFinding],
    expected: ResponseExpected,
    signatures: ResponseSignatures | None = None,
    assertion: Assertion | None = None,
) -> ResponseCheck:
    found = tuple(dict.fromkeys(findings))
    return ResponseCheck(
        verdict=verdict(found),
        findings=found,
        signatures=signatures,
        assertion=assertion,
        active=expected.active,
    )


def _state(verification: Verification | None, overall: SignatureState) -> str:
    if verification is not None:
        return verification.state.value
    return (overall if overall is SignatureState.NOT_CHECKED else SignatureState.ABSENT).value


def _comment_problems(document: Document) -> Iterator[SamlFinding]:
    if document.root.xpath(_INTERRUPTED_NAME_ID):
        message = "a comment or processing instruction stands inside the name ID: readers may see half of it"
        yield reject("comment-in-name-id", message)
    elif document.root.xpath(INTERRUPTED_VALUE):
        yield warn("comment-in-value", "a comment or processing instruction stands inside a value")


def _signer_problems(signature: Verification, expected: ResponseExpected) -> Iterator[SamlFinding]:
    if signature.sha1:
        yield warn("sha1", "the signature or its digest uses SHA-1; Entra can sign with SHA-256 instead")
    if signature.state is SignatureState.REFORMATTED:
        message = "the signature holds only after white space is normalised: the capture was reformatted"
        yield warn("reformatted", message)
    signer = signature.signer
    if signer is None or not signature.pinned:
        return
    if expected.active is not None and signer.thumbprint != expected.active:
        message = f"signed by {signer.thumbprint}, but the active certificate is {expected.active}"
        yield warn("signer-not-active", message)
    if signer.validity(expected.at) != "valid":
        yield warn(
            "certificate-not-valid", f"the signer {signer.thumbprint} is {signer.validity(expected.at)}"
        )
    for weakness in signer.weaknesses():
        yield warn("certificate-weak", f"the signer {signer.thumbprint}: {weakness}")


def _response_problems(
    root: etree._Element, signed: etree._Element | None, expected: ResponseExpected
) -> Iterator[SamlFinding]:
    """What the response itself says. Unsigned, it is not quoted, and where it differs somebody must look."""
    outer = root if signed is None else signed
    weight: Callable[[str, str], SamlFinding] = warn if signed is None else reject
    unsigned = "unsigned " if signed is None else ""
    if outer.get("Version") != "2.0":
        yield reject("version", "the response is not of SAML version 2.0")
    if outer.get("Destination") not in (None, expected.recipient):
        yield weight("destination", f"the {unsigned}destination is not the reply URL {expected.recipient!r}")
    if issuer_of(outer) not in (None, expected.issuer):
        yield weight("issuer", f"the {unsigned}issuer of the response is not {expected.issuer!r}")
    answered = outer.get("InResponseTo")
    if expected.in_response_to is not None and answered not in (None, expected.in_response_to):
        yield reject("in-response-to", "the response answers another request")


def _relay_state_problems(relay_state: str | None, expected: ResponseExpected) -> Iterator[SamlFinding]:
    if expected.relay_state is None:
        return
    if relay_state is None:
        yield note("relay-state-not-seen", "the capture does not show the relay state")
    elif relay_state != expected.relay_state:
        yield warn("relay-state", f"the relay state is not {expected.relay_state!r}")


def _assertion_problems(assertion: Assertion, expected: ResponseExpected) -> Iterator[SamlFinding]:
    if assertion.version != "2.0":
        yield reject("version", "the assertion is not of SAML version 2.0")
    if assertion.issuer != expected.issuer:
        yield reject("issuer", f"the issuer is {assertion.issuer!r}, not {expected.issuer!r}")
    if not assertion.has_conditions:
        yield reject("conditions-missing", "the assertion has no Conditions")
    else:
        yield from _window(assertion.not_before, assertion.not_on_or_after, "the assertion", expected)
    if assertion.has_conditions and not assertion.audiences:
        yield reject("audience-missing", "the assertion is not restricted to an audience")
    for audiences in assertion.audiences:
        if expected.audience not in audiences:
            named = ", ".join(repr(audience) for audience in audiences) or "nobody"
            yield reject("audience", f"the assertion is meant for {named}, not for {expected.audience!r}")
    for end in assertion.session_not_on_or_after:
        yield from _window(None, end, "the session", expected)
    if not assertion.confirmations:
        yield reject("confirmation-missing", "the assertion has no SubjectConfirmation")
    for confirmation in assertion.confirmations:
        yield from _confirmation_problems(confirmation, expected)


def _confirmation_problems(confirmation: Confirmation, expected: ResponseExpected) -> Iterator[SamlFinding]:
    if confirmation.method != BEARER:
        yield reject("confirmation-method", "the subject is confirmed by another method than bearer")
    if confirmation.recipient is None:
        yield reject("recipient-missing", "the confirmation names no recipient")
    elif confirmation.recipient != expected.recipient:
        message = f"the recipient is {confirmation.recipient!r}, not the reply URL {expected.recipient!r}"
        yield reject("recipient", message)
    yield from _window(confirmation.not_before, confirmation.not_on_or_after, "the confirmation", expected)
    if expected.in_response_to is None:
        return
    if confirmation.in_response_to is None:
        yield warn("in-response-to-missing", "the confirmation does not say which request it answers")
    elif confirmation.in_response_to != expected.in_response_to:
        yield reject("in-response-to", "the confirmation answers another request")


def _window(
    not_before: str | None, not_on_or_after: str | None, what: str, expected: ResponseExpected
) -> Iterator[SamlFinding]:
    """Whether `at` lies in a window whose end must be there, or outside by no more than the clock skew.

    NotOnOrAfter is itself outside (SAML core, 2.5.1.2): it is refused where no skew is granted. A granted
    skew counts to its last moment, at either end.
    """
    skew = expected.clock_skew
    if not_on_or_after is None:
        yield reject("not-on-or-after-missing", f"{what} has no end of validity")
    for text, is_end in ((not_before, False), (not_on_or_after, True)):
        if text is None:
            continue
        moment = read_date_time(text)
        if moment is None:
            yield reject("time-unreadable", f"{what} names a time that cannot be read")
        elif is_end and (expected.at - moment > skew or expected.at - moment == skew == timedelta(0)):
            yield reject("expired", f"{what} was valid until {text}")
        elif not is_end and moment - expected.at > skew:
            yield reject("not-yet-valid", f"{what} is valid only from {text}")


def _name_id_problems(assertion: Assertion, expected: ResponseExpected) -> Iterator[SamlFinding]:
    name_id, wanted = assertion.name_id, expected.name_id
    if assertion.name_id_encrypted:
        yield warn("name-id-encrypted", "the name ID is encrypted")
        return
    if not name_id or not name_id.strip():
        yield warn("name-id-empty", "the name ID is empty: the user has no value in its source attribute")
    elif wanted is not None and name_id != wanted:
        by_case = ", by the case of its letters only" if name_id.casefold() == wanted.casefold() else ""
        yield warn("name-id", f"the name ID is {name_id!r}, not {wanted!r}{by_case}")
    if name_id and "#ext#" in name_id.lower():
        yield warn("name-id-of-a-guest", "the name ID is the internal user name of a guest (#EXT#)")
    formats = expected.name_id_formats
    if formats and assertion.name_id_format not in formats:
        wanted_formats = " or ".join(repr(one) for one in formats)
        message = f"the name ID format is {assertion.name_id_format!r}, not {wanted_formats}"
        yield warn("name-id-format", message)
