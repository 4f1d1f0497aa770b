"""`metadata`: what the federation metadata says, where a certificate of the application vouches for it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from auditor.evaluate.evidence.material import Material
from auditor.evaluate.evidence.reading import Item, Source, Unread, attempt, derive, known
from auditor.evaluate.evidence.signing_keys import key_groups, preferred_thumbprint
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node, Read
from auditor.saml.certificate import Certificate
from auditor.saml.metadata import MetadataReading, ReadingState, listed_certificates, read_metadata
from auditor.saml.signature import Pins

_SECTION = "federationMetadata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The federation metadata of one application."""

    source: Source
    keys: Source
    """Where the certificates were read that it was verified with."""
    available: bool | Gap
    reading: MetadataReading | Gap
    """What it says; a gap also where nothing can be said about its signature."""
    listed: tuple[Certificate, ...] = ()
    """The certificates that it lists, also where no signature vouches for it: to be known by thumbprint."""

    def certificates(self) -> tuple[Certificate, ...]:
        """The certificates that it lists and that its signature covers, sorted. Raises Unread."""
        reading = known(self.reading)
        if reading.certificates is None:
            raise Unread(self.source.gap(f"the metadata cannot be relied on: {reading.problem}"))
        return tuple(sorted(reading.certificates, key=lambda certificate: certificate.thumbprint))

    def read(self, node: Node) -> Node:
        """`node` as something that follows from the document and from the certificates."""
        return node if isinstance(node, Gap) else Read(node, (*self.source.requests, *self.keys.requests))

    def as_evidence(self) -> Node:
        """The root `metadata`."""
        if isinstance(self.available, Gap):
            return self.available
        root = {
            "signature": lambda: known(self.reading).signature.value,
            "problem": lambda: known(self.reading).problem,
            "signer": self._signer,
            "entityId": lambda: self._verified(known(self.reading).entity_id),
            "singleSignOnUrls": lambda: self._verified(known(self.reading).single_sign_on_urls),
            "singleLogoutUrls": lambda: self._verified(known(self.reading).single_logout_urls),
            "certificates": lambda: [_certificate(certificate) for certificate in self.certificates()],
        }
        values = {name: self.read(derive(make)) for name, make in root.items()}
        return self.source.read({"available": self.available, **values})

    def _signer(self) -> str | None:
        signer = known(self.reading).signer
        return None if signer is None else signer.thumbprint

    def _verified(self, value: str | tuple[str, ...] | None) -> Node:
        self.certificates()
        return list(value) if isinstance(value, tuple) else value


def metadata(material: Material) -> Metadata:
    """Reads and verifies the document with the certificates that Graph lists for signing."""
    source, keys = material.own(_SECTION), material.own("servicePrincipals")
    document = attempt(lambda: _document(source))
    if isinstance(document, Gap):
        return Metadata(source=source, keys=keys, available=document, reading=document)
    if document is None:
        nothing = source.gap("there is no federation metadata for the application", Reason.NOT_FOUND)
        return Metadata(source=source, keys=keys, available=False, reading=nothing)
    trust = attempt(lambda: _trust(keys.item()))
    reading = read_metadata(document, pins=Pins() if isinstance(trust, Gap) else trust.pins)
    if reading.signature is ReadingState.NOT_XML:
        # A truncated answer or an error page, not what the tenant publishes.
        not_xml = source.gap(f"the answer is no federation metadata: {reading.problem}")
        return Metadata(source=source, keys=keys, available=not_xml, reading=not_xml)
    judged = trust if isinstance(trust, Gap) else _judged(reading, trust, source)
    listed = listed_certificates(document)
    return Metadata(source=source, keys=keys, available=True, reading=judged, listed=listed)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trust:
    """Whom to believe: the application's signing certificates, as Graph lists them."""

    pins: Pins
    unknown: Gap | None
    """A signing certificate of which Graph sent neither the bytes nor a thumbprint."""


def _trust(service_principal: Item) -> _Trust:
    groups = [group for group in key_groups(service_principal) if group.signs]
    candidates = preferred_thumbprint(service_principal)
    thumbprints = {group.thumbprint(candidates) for group in groups}
    return _Trust(
        pins=Pins(
            certificates=tuple(group.certificate for group in groups if group.certificate),
            thumbprints=frozenset(thumbprint for thumbprint in thumbprints if thumbprint),
        ),
        unknown=next((group.unknown() for group in groups if not group.thumbprint(candidates)), None),
    )


def _judged(reading: MetadataReading, trust: _Trust, source: Source) -> MetadataReading | Gap:
    """The reading, unless a certificate that Graph did not show might change it."""
    if reading.signature in (ReadingState.VALID, ReadingState.ABSENT, ReadingState.REFUSED):
        return reading
    if trust.unknown is not None:
        return trust.unknown
    if reading.signature is ReadingState.UNPINNED:
        nothing = "Graph lists no signing certificate to verify the metadata with"
        return source.gap(nothing, Reason.NOT_OBSERVABLE)
    return reading


def _document(source: Source) -> bytes | None:
    written = source.item().optional_text("document")
    try:
        return None if written is None else base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        raise Unread(source.gap("the document is not base64")) from None


def _certificate(certificate: Certificate) -> Node:
    return {
        "thumbprint": certificate.thumbprint,
        "sha256": certificate.sha256,
        "subject": certificate.subject,
        "notBefore": certificate.not_before,
        "notAfter": certificate.not_after,
        "tenantWide": certificate.tenant_wide,
    }
