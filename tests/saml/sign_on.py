"""SAML responses in the shapes that Entra sends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from auditor.saml.response_check import ResponseExpected
from tests.saml.federation import ENTITY_ID, Signer, active, sign

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
AUDIENCE = "https://authentication.example.net/saml/sp"
REPLY_URL = "https://authentication.example.net/saml/acs"
REQUEST = "id6c1c178c166d486687be4aaf5e482730"
USER = "britta.simon@contoso.com"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
NAME_CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
RESPONSE_ID = "_a8c7a1f0-1111-4a4a-9c9c-000000000001"
ASSERTION_ID = "_a8c7a1f0-2222-4a4a-9c9c-000000000002"
ASSERTION_PATH = f"{{{SAML}}}Assertion"


def moment(minutes: float) -> str:
    """A time relative to NOW, with the milliseconds that Entra writes."""
    return (NOW + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def subject(
    name_id: str = USER,
    *,
    name_id_format: str | None = EMAIL,
    method: str = "urn:oasis:names:tc:SAML:2.0:cm:bearer",
    data: str | None = None,
) -> str:
    """The Subject; `data` replaces the attributes of SubjectConfirmationData."""
    attribute = "" if name_id_format is None else f' Format="{name_id_format}"'
    if data is None:
        data = f'InResponseTo="{REQUEST}" NotOnOrAfter="{moment(5)}" Recipient="{REPLY_URL}"'
    return (
        f"<Subject><NameID{attribute}>{name_id}</NameID>"
        f'<SubjectConfirmation Method="{method}"><SubjectConfirmationData {data}/></SubjectConfirmation>'
        "</Subject>"
    )


def audience_restriction(*audiences: str) -> str:
    """An AudienceRestriction."""
    named = "".join(f"<Audience>{audience}</Audience>" for audience in audiences)
    return f"<AudienceRestriction>{named}</AudienceRestriction>"


def conditions(restrictions: str | None = None, *, attributes: str | None = None) -> str:
    """The Conditions; `attributes` replaces its times."""
    inside = audience_restriction(AUDIENCE) if restrictions is None else restrictions
    times = f'NotBefore="{moment(-5)}" NotOnOrAfter="{moment(60)}"' if attributes is None else attributes
    return f"<Conditions {times}>{inside}</Conditions>"


def assertion(
    *,
    identifier: str = ASSERTION_ID,
    issuer: str = ENTITY_ID,
    version: str = "2.0",
    about: str | None = None,
    under: str | None = None,
    user: str = USER,
    statement: str = "",
) -> str:
    """The Assertion; `about` replaces the Subject, `under` the Conditions."""
    return (
        f'<Assertion ID="{identifier}" IssueInstant="{moment(0)}" Version="{version}" xmlns="{SAML}">'
        f"<Issuer>{issuer}</Issuer>{subject() if about is None else about}"
        f"{conditions() if under is None else under}"
        f'<AttributeStatement><Attribute Name="{NAME_CLAIM}"><AttributeValue>{user}</AttributeValue>'
        "</Attribute></AttributeStatement>"
        f'<AuthnStatement AuthnInstant="{moment(-1)}" SessionIndex="{identifier}"{statement}>'
        "<AuthnContext><AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password"
        "</AuthnContextClassRef></AuthnContext></AuthnStatement></Assertion>"
    )


def status(code: str = "Success", *, second: str = "", message: str = "") -> str:
    """The Status."""
    prefix = "urn:oasis:names:tc:SAML:2.0:status:"
    inner = f'<samlp:StatusCode Value="{prefix}{second}"/>' if second else ""
    said = f"<samlp:StatusMessage>{message}</samlp:StatusMessage>" if message else ""
    outer = f'<samlp:StatusCode Value="{prefix}{code}">{inner}</samlp:StatusCode>'
    return f"<samlp:Status>{outer}{said}</samlp:Status>"


def response(
    inside: str | None = None,
    *,
    identifier: str = RESPONSE_ID,
    issuer: str | None = ENTITY_ID,
    version: str = "2.0",
    destination: str = REPLY_URL,
    request: str | None = REQUEST,
    outcome: str | None = None,
) -> str:
    """The Response, unsigned, around one assertion."""
    named = "" if issuer is None else f'<Issuer xmlns="{SAML}">{issuer}</Issuer>'
    answered = "" if request is None else f' InResponseTo="{request}"'
    return (
        f'<samlp:Response ID="{identifier}" Version="{version}" IssueInstant="{moment(0)}"'
        f' Destination="{destination}"{answered} xmlns:samlp="{SAMLP}">{named}'
        f"{status() if outcome is None else outcome}{assertion() if inside is None else inside}"
        "</samlp:Response>"
    )


def signed_assertion(xml: str | None = None, by: Signer | None = None, **options: str) -> bytes:
    """What Entra sends by default: only the assertion is signed."""
    return sign(
        response() if xml is None else xml,
        by or active(),
        path=ASSERTION_PATH,
        position=1,
        declaration="",
        **options,
    )


def signed_response(xml: str | bytes | None = None, by: Signer | None = None, **options: str) -> bytes:
    """The response is signed as a whole."""
    return sign(
        response() if xml is None else xml,
        by or active(),
        position=1,
        declaration="",
        **options,
    )


def signed_both(xml: str | None = None, by: Signer | None = None) -> bytes:
    """The assertion is signed, and the response around it too."""
    return signed_response(signed_assertion(xml, by), by)


def expected(*pinned: Signer) -> ResponseExpected:
    """What responses are compared with; without `pinned` the active certificate."""
    known = pinned or (active(),)
    return ResponseExpected(
        issuer=ENTITY_ID,
        audience=AUDIENCE,
        recipient=REPLY_URL,
        name_id=USER,
        name_id_formats=(EMAIL,),
        in_response_to=REQUEST,
        certificates=tuple(one.certificate for one in known),
        active=known[0].certificate.thumbprint,
        at=NOW,
    )
