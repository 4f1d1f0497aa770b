"""Federation metadata: what a verified document says. `metadata_check` judges it.

Entra's documents hold two WS-Federation roles and one IDPSSODescriptor, each with the same certificates; they
are signed by the application's active certificate when asked for with `appid`, else by a key of the tenant.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from lxml import etree

from auditor.saml.certificate import Certificate, CertificateError, from_base64
from auditor.saml.door import Document, DocumentRefused, elements, open_document, text_of
from auditor.saml.finding import SamlFinding, reject
from auditor.saml.signature import DS, SIGNATURE, Pins, SignatureState, Verification, verify

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
FED = "{http://docs.oasis-open.org/wsfed/federation/200706}"
WSA = "{http://www.w3.org/2005/08/addressing}"

HTTP_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
HTTP_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"

NOT_XML = frozenset({"not-well-formed", "html"})
"""Refusals of the door that say: this is no answer at all, perhaps a truncated one or an error page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A SingleSignOnService or SingleLogoutService."""

    binding: str
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """The signing keys of one role descriptor."""

    name: str
    """IDPSSODescriptor, or the element's name for others (RoleDescriptor: WS-Federation)."""
    valid_until: str | None
    certificates: tuple[Certificate, ...]
    """In the document's order, each once."""
    others: tuple[Certificate, ...]
    """Readable certificates for another use than signing; Entra lists none."""
    unreadable: tuple[str, ...]
    """Why further X509Certificate elements could not be read."""
    issuers: tuple[str, ...]
    """Of a WS-Federation role: the token issuer names it gives (`fed:TargetScopes`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityDescriptor:
    """What a document says; trustworthy only as far as the subtree is that it was read from."""

    entity_id: str | None
    valid_until: str | None
    roles: tuple[Role, ...]
    single_sign_on: tuple[Endpoint, ...]
    single_logout: tuple[Endpoint, ...]

    @property
    def identity_providers(self) -> tuple[Role, ...]:
        """The IDPSSODescriptors; Entra writes one."""
        return tuple(role for role in self.roles if role.name == "IDPSSODescriptor")

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The signing certificates of the identity provider, in the document's order, each once."""
        return _once(certificate for role in self.identity_providers for certificate in role.certificates)

    @property
    def single_sign_on_urls(self) -> tuple[str, ...]:
        """The SSO URLs of all bindings, sorted, each once."""
        return tuple(sorted({endpoint.location for endpoint in self.single_sign_on}))

    @property
    def single_logout_urls(self) -> tuple[str, ...]:
        """The SLO URLs of all bindings, sorted, each once."""
        return tuple(sorted({endpoint.location for endpoint in self.single_logout}))


class ReadingState(StrEnum):
    """What a scan says of the signature of the metadata that Entra answered."""

    VALID = "valid"
    """It holds under a pinned certificate."""
    INVALID = "invalid"
    """It does not hold, or only after white space was normalised."""
    ABSENT = "absent"
    FOREIGN = "foreign"
    """It holds, but under no pinned certificate."""
    REFUSED = "refused"
    """The document breaks the rules for one that may be trusted at all: DTD, size, wrapping, SHA-1."""
    UNPINNED = "unpinned"
    """No pins were given, so nothing can be said: not a failure."""
    NOT_XML = "not-xml"
    """Not a document at all (truncated, an error page): must not be judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataReading:
    """Metadata as evidence. The values are None unless the signature is VALID."""

    signature: ReadingState
    problem: str | None
    """One sentence; None when the signature is valid."""
    problem_code: str | None
    """The code of `auditor metadata check` for it."""
    signer: Certificate | None
    """Of a valid signature the pinned certificate, else the one that fits, unproven; None when none does."""
    entity_id: str | None = None
    single_sign_on_urls: tuple[str, ...] | None = None
    single_logout_urls: tuple[str, ...] | None = None
    certificates: tuple[Certificate, ...] | None = None
    """Signing certificates of the IDPSSODescriptor, in the document's order."""


def read_metadata(document: bytes, *, pins: Pins) -> MetadataReading:
    """What the federation metadata `document` says under a signature of one of `pins`."""
    try:
        opened = open_document(document)
    except DocumentRefused as refused:
        state = ReadingState.NOT_XML if refused.code in NOT_XML else ReadingState.REFUSED
        return _unread(state, refused.code, refused.message)
    verification = verify_metadata(opened, pins=pins)
    state, problem = _reading(verification, pins)
    if state is not ReadingState.VALID or verification.signed is None:
        return _unread(state, problem.code, problem.message, verification.signer)
    entity = read_entity(verification.signed)
    return MetadataReading(
        signature=state,
        problem=None,
        problem_code=None,
        signer=verification.signer,
        entity_id=entity.entity_id,
        single_sign_on_urls=entity.single_sign_on_urls,
        single_logout_urls=entity.single_logout_urls,
        certificates=entity.certificates,
    )


def signing_certificates(document: bytes) -> tuple[Certificate, ...]:
    """What a document lists for signing, provided that one of these certificates signed it.

    Nothing but the caller vouches for the document; this only shows that it is whole. Raises ValueError.
    """
    opened = open_document(document)
    listed = read_entity(opened.root).certificates
    verification = verify_metadata(opened, pins=Pins(certificates=listed))
    if verification.signed is None or not verification.pinned or verification.sha1:
        raise ValueError("the metadata is not signed by one of the certificates that it lists")
    return read_entity(verification.signed).certificates


def listed_certificates(document: bytes) -> tuple[Certificate, ...]:
    """What a document lists for signing; none where it is no document.

    Nothing vouches for it: one of these certificates is known by its thumbprint, or it is not known at all.
    """
    try:
        return read_entity(open_document(document).root).certificates
    except DocumentRefused:
        return ()


def verify_metadata(document: Document, *, pins: Pins) -> Verification:
    """Verifies that the root is an EntityDescriptor, signed by the signature that is its first child."""
    root = document.root
    if root.tag != f"{MD}EntityDescriptor":
        message = "the root is not an EntityDescriptor of SAML 2.0 metadata"
        return _not_checked(reject("not-an-entity-descriptor", message))
    signatures = [element for element in elements(root) if element.tag == SIGNATURE]
    if not signatures:
        absent = reject("signature-absent", "the document is not signed")
        return Verification(state=SignatureState.ABSENT, findings=(absent,))
    if len(signatures) > 1:
        return _broken(
            reject("several-signatures", f"the document holds {len(signatures)} signatures, not one")
        )
    if next(root.iterchildren("*"), None) is not signatures[0]:
        message = "the signature is not the first child of the root, where SAML metadata has it"
        return _broken(reject("signature-misplaced", message))
    return verify(document, holder=root, location="./", pins=pins)


def read_entity(root: etree._Element) -> EntityDescriptor:
    """What an EntityDescriptor says. Give it the verified subtree, nothing else."""
    descriptors = root.findall(f"{MD}IDPSSODescriptor")
    return EntityDescriptor(
        entity_id=root.get("entityID"),
        valid_until=root.get("validUntil"),
        roles=tuple(_role(element) for element in root.iterchildren("*") if _is_role(element)),
        single_sign_on=_endpoints(descriptors, "SingleSignOnService"),
        single_logout=_endpoints(descriptors, "SingleLogoutService"),
    )


def _reading(verification: Verification, pins: Pins) -> tuple[ReadingState, SamlFinding]:
    first = next(
        iter(verification.findings), reject("signature-not-checked", "the signature was not checked")
    )
    if verification.state is SignatureState.ABSENT:
        return ReadingState.ABSENT, first
    if verification.state is SignatureState.REFORMATTED:
        message = "the signature holds only after white space is normalised: the document was reformatted"
        return ReadingState.INVALID, reject("reformatted", message)
    if verification.state is SignatureState.INVALID and verification.signer is not None:
        return ReadingState.INVALID, foreign_signer(verification)
    if verification.state is SignatureState.INVALID:
        broken = first.code == "signature-broken"
        return (ReadingState.INVALID if broken else ReadingState.REFUSED), first
    if verification.state is SignatureState.NOT_CHECKED:
        return (ReadingState.UNPINNED if verification.findings == () else ReadingState.REFUSED), first
    if verification.sha1:
        message = "the signature uses SHA-1, which Entra does not use for metadata"
        return ReadingState.REFUSED, reject("sha1", message)
    if verification.pinned:
        return ReadingState.VALID, first
    if not pins:
        return ReadingState.UNPINNED, reject(
            "not-pinned", "no certificate is known to compare the signer with"
        )
    return ReadingState.FOREIGN, foreign_signer(verification)


def foreign_signer(verification: Verification) -> SamlFinding:
    """The finding about a signature that holds under a certificate that is not pinned."""
    if verification.signer is not None and verification.signer.tenant_wide:
        message = "signed by a key of the tenant, not of the application: it was saved without ?appid="
        return reject("saved-without-appid", message)
    return reject("signer-not-pinned", "the signer is none of the application's certificates")


def _unread(
    state: ReadingState, code: str, message: str, signer: Certificate | None = None
) -> MetadataReading:
    return MetadataReading(signature=state, problem=message, problem_code=code, signer=signer)


def _not_checked(finding: SamlFinding) -> Verification:
    return Verification(state=SignatureState.NOT_CHECKED, findings=(finding,))


def _broken(finding: SamlFinding) -> Verification:
    return Verification(state=SignatureState.INVALID, findings=(finding,))


def _is_role(element: etree._Element) -> bool:
    return element.find(f"{MD}KeyDescriptor") is not None or element.tag == f"{MD}IDPSSODescriptor"


def _role(element: etree._Element) -> Role:
    signing: list[Certificate] = []
    others: list[Certificate] = []
    unreadable: list[str] = []
    for key in element.findall(f"{MD}KeyDescriptor"):
        readable = signing if key.get("use", "signing") == "signing" else others
        for certificate in key.findall(f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate"):
            try:
                readable.append(from_base64(text_of(certificate)))
            except CertificateError as error:
                unreadable.append(str(error))
    scopes = element.findall(f"{FED}TargetScopes/{WSA}EndpointReference/{WSA}Address")
    return Role(
        name=etree.QName(element).localname,
        valid_until=element.get("validUntil"),
        certificates=_once(signing),
        others=_once(others),
        unreadable=tuple(unreadable),
        issuers=tuple(text_of(scope).strip() for scope in scopes),
    )


def _endpoints(descriptors: Iterable[etree._Element], name: str) -> tuple[Endpoint, ...]:
    return tuple(
        Endpoint(binding=element.get("Binding", ""), location=element.get("Location", ""))
        for descriptor in descriptors
        for element in descriptor.findall(f"{MD}{name}")
    )


def _once(certificates: Iterable[Certificate]) -> tuple[Certificate, ...]:
    return tuple({certificate.sha256: certificate for certificate in certificates}.values())
