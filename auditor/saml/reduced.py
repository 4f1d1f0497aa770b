"""What may be kept of a captured response: everything but who signed on, unless that is asked for.

A response names a person, and often says much about them. Verified with the certificates in it, it is reduced
to what an audit needs; whether the signer is one of the application's certificates is judged afterwards, by
thumbprint.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice

from auditor.model.node import Json
from auditor.model.rule import Severity
from auditor.saml.capture import read_capture
from auditor.saml.certificate import Certificate, CertificateError, format_time, from_base64
from auditor.saml.date_time import read_date_time
from auditor.saml.door import Document, DocumentRefused, elements, open_document, text_of
from auditor.saml.finding import Verdict
from auditor.saml.response import Assertion, read_assertion, verify_response
from auditor.saml.response_check import ResponseCheck, ResponseExpected, check_response
from auditor.saml.signature import DS, Pins

USER_NAME, MAIL = "user.userprincipalname", "user.mail"

_CLAIMS = {
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name": USER_NAME,
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress": MAIL,
}
"""Attributes that Entra sends unless told otherwise, and what it takes them from."""

_COMPARED = ("destination", "issuer")
"""Codes of findings about values that there is nothing to compare with where no assertion can be read."""

_WITHOUT_QUOTING = {
    "audience": "its audience restrictions name no audience in common",
    "recipient": "its confirmations name different recipients",
}
"""What is said for codes whose messages quote the response: who signed it is not judged here."""

_MOST_CERTIFICATES = 8


MASK = "(masked)"
"""Stands for a value that was seen and not kept."""


def reduce_response(
    data: bytes, *, person: Mapping[str, str], believed: Callable[[Certificate], bool] | None = None
) -> dict[str, Json]:
    """The facts of the response in `data`, in any form that `capture` knows.

    The values of name ID and attributes are masked, unless all signers are `believed` and nothing is wrong.
    `person` are attributes of the test user, by the name of the source (`user.mail`). Never raises.
    """
    try:
        capture = read_capture(data)
        document = open_document(capture.document)
    except DocumentRefused as refused:
        return {"problem": refused.message}
    certificates = _embedded(document)
    signatures = verify_response(document, pins=Pins(certificates=certificates))
    element = signatures.signed_assertion()
    assertion = None if element is None else read_assertion(element)
    check = check_response(data, expected=_itself(assertion, certificates))
    if assertion is None:
        problems = (finding.message for finding in check.findings if finding.code not in _COMPARED)
        return {"problem": next(problems, "its assertion cannot be read")}
    rejected = check.verdict is Verdict.REJECT
    signers = [one.signer for one in signatures.present if one.signer is not None]
    keep = believed is not None and not rejected and all(believed(signer) for signer in signers)
    return {
        "problem": _problem(check) if rejected else None,
        "signer": None if check.signer is None else check.signer.thumbprint,
        "issuer": assertion.issuer,
        "audiences": [audience for audiences in assertion.audiences for audience in audiences],
        "recipients": [one.recipient for one in assertion.confirmations],
        "issuedAt": format_time(_moment(assertion)),
        "nameId": assertion.name_id if keep else assertion.name_id and MASK,
        "nameIdFormat": assertion.name_id_format,
        "attributes": {} if rejected else _attributes(assertion, keep),
        "nameIdSources": _sources(assertion, person),
    }


def _problem(check: ResponseCheck) -> str:
    """The first finding that rejects."""
    found = next(finding for finding in check.findings if finding.severity >= Severity.HIGH)
    return _WITHOUT_QUOTING.get(found.code, found.message)


def _attributes(assertion: Assertion, keep: bool) -> dict[str, Json]:
    """Attributes by name: claims are not personal, their values are."""
    return {
        name: [value if keep or not value else MASK for value in values]
        for name, values in assertion.attributes
    }


def _itself(assertion: Assertion | None, certificates: tuple[Certificate, ...]) -> ResponseExpected:
    """What the response says of itself, so that only what is wrong with it as such is found."""
    audiences = [] if assertion is None else [one for group in assertion.audiences for one in group]
    recipients = [] if assertion is None else [one.recipient for one in assertion.confirmations]
    return ResponseExpected(
        issuer=(assertion and assertion.issuer) or "",
        audience=next(iter(audiences), ""),
        recipient=next((one for one in recipients if one), ""),
        certificates=certificates,
        at=datetime.now(UTC) if assertion is None else _moment(assertion),
    )


def _moment(assertion: Assertion) -> datetime:
    """When it was made: the beginning of its validity, which is signed."""
    found = read_date_time(assertion.not_before or "") or read_date_time(assertion.not_on_or_after or "")
    return found or datetime(1970, 1, 1, tzinfo=UTC)


def _sources(assertion: Assertion, person: Mapping[str, str]) -> Sequence[Json]:
    """The attributes whose value the name ID is, sorted; empty: none that can be seen here."""
    name_id = assertion.name_id
    if not name_id:
        return []
    found = {source for source, value in person.items() if value == name_id}
    found |= {
        _CLAIMS[name]
        for name, values in assertion.attributes
        if name in _CLAIMS and list(values) == [name_id]
    }
    return sorted(found)


def _embedded(document: Document) -> tuple[Certificate, ...]:
    """The certificates that stand in the response itself."""
    found = []
    holders = (element for element in elements(document.root) if element.tag == f"{DS}X509Certificate")
    for holder in islice(holders, _MOST_CERTIFICATES):
        try:
            found.append(from_base64(text_of(holder)))
        except CertificateError:
            continue
    return tuple(dict.fromkeys(found))
