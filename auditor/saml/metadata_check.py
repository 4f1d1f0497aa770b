"""Judges federation metadata against what is known of the application: `auditor metadata check`.

A high finding rejects, a medium one warns. Values are given out only when a pinned certificate vouches for
them, or when the document came over TLS from the cloud's own login host.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from auditor.model.cloud import Cloud
from auditor.model.node import Json
from auditor.saml.certificate import Certificate
from auditor.saml.date_time import read_date_time
from auditor.saml.door import INTERRUPTED_VALUE, Document, DocumentRefused, open_document
from auditor.saml.finding import SamlFinding, Verdict, note, reject, verdict, warn
from auditor.saml.metadata import (
    HTTP_POST,
    EntityDescriptor,
    read_entity,
    verify_metadata,
)
from auditor.saml.signature import Pins, SignatureState, Verification
from auditor.saml.url import foreign_to, read_login_url

_MICROSOFT_ENTITY_ID = re.compile(
    r"https://(?:sts|login)(?:[.-][a-z0-9-]+)*"
    r"\.(?:windows\.net|microsoftonline\.(?:us|cn)|usgovcloudapi\.net|chinacloudapi\.cn)/(?P<tenant>[0-9a-f-]+)/",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the document is compared with."""

    tenant_id: str
    """GUID."""
    app_id: str
    """GUID of the application, for the URL to use instead."""
    cloud: Cloud
    certificates: tuple[Certificate, ...] = ()
    """The application's signing certificates, as Graph lists them."""
    active: str | None = None
    """Thumbprint of the active one; None: not known."""
    at: datetime
    """Aware."""
    expiry_days: int = 60
    """A certificate with no more days left than this is worth a warning."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataCheck:
    """The verdict on one document."""

    verdict: Verdict
    signature: SignatureState
    signer: Certificate | None
    pinned: bool
    entity: EntityDescriptor | None
    """What it says; None when nothing vouches for it."""
    findings: tuple[SamlFinding, ...]
    at: datetime

    def to_json(self) -> dict[str, Json]:
        """One line of `auditor metadata check --format json`."""
        entity = self.entity
        certificates = () if entity is None else entity.certificates
        return {
            "verdict": self.verdict.value,
            "signature": self.signature.value,
            "signer": None if self.signer is None else self.signer.thumbprint,
            "pinned": self.pinned,
            "entityId": None if entity is None else entity.entity_id,
            "singleSignOnUrls": [] if entity is None else list(entity.single_sign_on_urls),
            "singleLogoutUrls": [] if entity is None else list(entity.single_logout_urls),
            "certificates": [certificate_json(certificate, self.at) for certificate in certificates],
            "findings": [
                {"code": finding.code, "severity": finding.severity.value, "message": finding.message}
                for finding in self.findings
            ],
        }


def check_metadata(data: bytes, *, expected: Expected, over_tls_from: str | None = None) -> MetadataCheck:
    """Judges the document `data`. Never raises, whatever the bytes are.

    `over_tls_from` is the host that served it, when it was fetched and its TLS certificate was verified.
    """
    try:
        document = open_document(data)
    except DocumentRefused as refused:
        finding = reject(refused.code, refused.message)
        return _check(Verification(state=SignatureState.NOT_CHECKED), [finding], expected)
    pins = Pins(certificates=expected.certificates)
    verification = verify_metadata(document, pins=pins)
    findings = [*verification.findings]
    findings += _signer_problems(verification, expected, over_tls_from)
    if verdict(findings) is Verdict.REJECT or verification.signed is None:
        return _check(verification, findings, expected)
    entity = read_entity(verification.signed)
    findings += _document_problems(document)
    findings += _entity_problems(entity, expected)
    findings += _endpoint_problems(entity, expected)
    findings += _certificate_problems(entity, verification.signer, expected)
    findings += _federation_problems(entity)
    return _check(verification, findings, expected, entity)


def certificate_json(certificate: Certificate, at: datetime) -> dict[str, Json]:
    """A certificate's facts under the names of report.json."""
    return {
        "thumbprint": certificate.thumbprint,
        "sha256": certificate.sha256,
        "subject": certificate.subject,
        "notBefore": certificate.not_before,
        "notAfter": certificate.not_after,
        "daysLeft": certificate.days_left(at),
        "validity": certificate.validity(at),
        "keyType": certificate.key_type,
        "keySize": certificate.key_size,
        "signatureAlgorithm": certificate.signature_algorithm,
    }


def _check(
    verification: Verification,
    findings: list[SamlFinding],
    expected: Expected,
    entity: EntityDescriptor | None = None,
) -> MetadataCheck:
    return MetadataCheck(
        verdict=verdict(findings),
        signature=verification.state,
        signer=verification.signer,
        pinned=verification.pinned,
        entity=entity,
        findings=tuple(findings),
        at=expected.at,
    )


def _signer_problems(
    verification: Verification, expected: Expected, over_tls_from: str | None
) -> Iterator[SamlFinding]:
    signer = verification.signer
    if verification.sha1:
        message = "the signature or its digest uses SHA-1; it may hold, but Entra does not sign metadata so"
        yield reject("sha1", message)
    if verification.state is SignatureState.REFORMATTED:
        message = "the signature holds only after white space is normalised: an editor reformatted the file"
        yield warn("reformatted", message)
    own = any(not certificate.tenant_wide for certificate in expected.certificates)
    if signer is not None and signer.tenant_wide and own:
        url = expected.cloud.metadata_url(expected.tenant_id, expected.app_id)
        message = f"signed by a key that all applications of the tenant share; save it from {url} instead"
        yield reject("saved-without-appid", message)
    elif expected.certificates and signer is not None and not verification.pinned:
        yield reject("signer-not-pinned", "the signer is none of the application's certificates")
    elif not expected.certificates and over_tls_from in expected.cloud.login_hosts and signer is not None:
        message = "no certificate was given to compare the signer with; only the connection vouches for it"
        yield warn("not-pinned", message)
    elif not expected.certificates:
        message = "no certificate was given to compare the signer with, and nothing else vouches for the file"
        yield reject("not-pinned", message)


def _document_problems(document: Document) -> Iterator[SamlFinding]:
    if document.encoding not in ("utf-8", "utf8"):
        yield warn("encoding", f"the document is encoded in {document.encoding}; Entra writes UTF-8")
    if document.root.xpath(INTERRUPTED_VALUE):
        message = "a comment or processing instruction stands inside a value: readers may see half of it"
        yield warn("comment-in-value", message)


def _entity_problems(entity: EntityDescriptor, expected: Expected) -> Iterator[SamlFinding]:
    cloud, wanted = expected.cloud, expected.cloud.entity_id(expected.tenant_id)
    if not cloud.confirmed:
        message = f"no public document confirms the SAML names of the cloud {cloud.name}; compare them by eye"
        yield warn("cloud-unconfirmed", message)
    if entity.entity_id != wanted and not _plausible(entity.entity_id, expected):
        hint = "; only the slash at its end is missing" if f"{entity.entity_id}/" == wanted else ""
        yield reject("entity-id", f"the entity ID is {entity.entity_id!r}, not {wanted!r}{hint}")
    if len(entity.identity_providers) > 1:
        yield warn(
            "several-identity-providers", "the document has several IDPSSODescriptors; Entra writes one"
        )
    for valid_until in (entity.valid_until, *(role.valid_until for role in entity.identity_providers)):
        if valid_until is None:
            continue
        end = read_date_time(valid_until)
        if end is None:
            yield reject("valid-until", "validUntil is not a time")
        elif end <= expected.at:
            yield reject("valid-until", f"the document was valid until {valid_until}")


def _plausible(entity_id: str | None, expected: Expected) -> bool:
    """In a cloud whose names no document confirms: another host of Microsoft's, but exactly this tenant."""
    if expected.cloud.confirmed or entity_id is None:
        return False
    match = _MICROSOFT_ENTITY_ID.fullmatch(entity_id)
    return match is not None and match["tenant"] == expected.tenant_id.lower()


def _endpoint_problems(entity: EntityDescriptor, expected: Expected) -> Iterator[SamlFinding]:
    if entity.identity_providers and not entity.single_sign_on:
        yield reject("sso-url-missing", "the document names no single sign-on URL")
    for location in entity.single_sign_on_urls:
        yield from _url_problems("sso-url", "single sign-on", location, expected, reject)
    if entity.single_sign_on and not any(sso.binding == HTTP_POST for sso in entity.single_sign_on):
        yield warn("post-binding-missing", "the document offers no single sign-on by HTTP-POST")
    if entity.identity_providers and not entity.single_logout:
        yield warn("slo-url-missing", "the document names no single logout URL")
    for location in entity.single_logout_urls:
        yield from _url_problems("slo-url", "single logout", location, expected, warn)


def _url_problems(
    code: str, name: str, location: str, expected: Expected, weight: Callable[[str, str], SamlFinding]
) -> Iterator[SamlFinding]:
    url = read_login_url(location)
    if url is None:
        yield weight(code, f"the {name} URL {location!r} is not a plain URL of a tenant")
        return
    problem = foreign_to(url, cloud=expected.cloud, tenant_id=expected.tenant_id)
    if problem is not None:
        yield weight(code, f"the {name} URL {location!r} {problem}")
    elif url.path != "/saml2" or url.query or url.fragment:
        yield warn(f"{code}-path", f"the {name} URL {location!r} is not the tenant's /saml2")
    elif url.host != expected.cloud.login_host:
        yield note(f"{code}-older-host", f"the {name} URL uses {url.host}, an older name of the login host")


def _certificate_problems(
    entity: EntityDescriptor, signer: Certificate | None, expected: Expected
) -> Iterator[SamlFinding]:
    if not entity.identity_providers:
        yield reject("no-identity-provider", "the document has no IDPSSODescriptor")
        return
    listed = entity.certificates
    if not listed:
        yield reject(
            "no-signing-certificate", "the IDPSSODescriptor has no signing certificate that can be read"
        )
    for reason in sorted({reason for role in entity.identity_providers for reason in role.unreadable}):
        yield warn("certificate-unreadable", f"a listed certificate cannot be read: {reason}")
    signing = () if signer is None or signer in listed else (signer,)
    for certificate in (*listed, *signing):
        yield from _one_certificate(certificate, expected)
    names = {certificate.thumbprint for certificate in listed}
    signed_by = None if signer is None else signer.thumbprint
    active = expected.active or signed_by
    if active not in names and listed:
        which = "active certificate" if expected.active else "signer"
        yield warn("active-certificate-missing", f"the {which} {active} is not among the listed certificates")
    if expected.active and signed_by != expected.active:
        yield warn(
            "active-not-signer", f"signed by {signed_by}, but the active certificate is {expected.active}"
        )
    known = {certificate.thumbprint for certificate in expected.certificates}
    others = [certificate for role in entity.identity_providers for certificate in role.others]
    for certificate in dict.fromkeys((*listed, *others)):
        if certificate.thumbprint != active:
            what = "not active" if certificate.thumbprint in known else "not among the application's own"
            yield warn("further-certificate", f"also lists {certificate.thumbprint}, which is {what}")


def _one_certificate(certificate: Certificate, expected: Expected) -> Iterator[SamlFinding]:
    name, days = certificate.thumbprint, certificate.days_left(expected.at)
    validity = certificate.validity(expected.at)
    if validity == "expired":
        yield warn("certificate-expired", f"{name} expired on {certificate.not_after}")
    elif validity == "not-yet-valid":
        yield warn("certificate-not-yet-valid", f"{name} is valid only from {certificate.not_before}")
    elif days <= expected.expiry_days:
        yield warn("certificate-expiring", f"{name} expires on {certificate.not_after}, in {days} days")
    for weakness in certificate.weaknesses():
        yield warn("certificate-weak", f"{name}: {weakness}")


def _federation_problems(entity: EntityDescriptor) -> Iterator[SamlFinding]:
    listed = {certificate.sha256 for certificate in entity.certificates}
    others = [role for role in entity.roles if role.name == "RoleDescriptor"]
    keys = [{certificate.sha256 for certificate in role.certificates} for role in others]
    if any(role.unreadable for role in others) or any(found and found != listed for found in keys):
        message = "the WS-Federation roles list other certificates than the IDPSSODescriptor"
        yield warn("ws-federation-certificates", message)
    if any(issuer != entity.entity_id for role in others for issuer in role.issuers):
        message = "a WS-Federation role names another issuer than the entity ID"
        yield warn("ws-federation-issuer", message)
