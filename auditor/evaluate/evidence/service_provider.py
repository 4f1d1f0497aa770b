"""`serviceProvider`: what the service provider was told about Entra, beside what Entra says of itself.

No service provider can be asked. The collection stores what somebody declared in the configuration, with the
file or the certificate that backs it; here it is read and compared.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from auditor.evaluate.evidence.material import Material
from auditor.evaluate.evidence.metadata import Metadata
from auditor.evaluate.evidence.reading import Item, Source, Unread, attempt, derive, known
from auditor.evaluate.evidence.tenant import verified_domains
from auditor.model.configuration import ConfiguredBy
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node, Read, Request
from auditor.saml.certificate import Certificate, CertificateError, from_base64
from auditor.saml.door import Document, DocumentRefused, open_document
from auditor.saml.metadata import EntityDescriptor, read_entity, verify_metadata
from auditor.saml.signature import Pins, SignatureState
from auditor.saml.told import (
    IdentityProvider,
    Told,
    entity_id,
    metadata_url,
    names_a_domain,
    sign_in_url,
    sign_out_url,
)

SECTION = "serviceProvider"

_Compare = Callable[[str, IdentityProvider], Told]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """The certificates by which the service provider recognises Entra."""

    certificates: tuple[Certificate, ...]
    shared: bool
    """It was led to keys that the applications of a tenant share."""

    @property
    def thumbprints(self) -> frozenset[str]:
        """Of all of them; empty also where it was led elsewhere and nothing is known but that."""
        return frozenset(certificate.thumbprint for certificate in self.certificates)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceProvider:
    """The declaration about one application's service provider."""

    name: str
    """What to call it."""
    source: Source
    declared: Item | Gap | None
    """None: nobody is asked to declare anything about this application."""
    material: Material
    metadata: Metadata

    @property
    def way(self) -> ConfiguredBy:
        """How it was told. Raises Unread."""
        return ConfiguredBy(self._item().text("configuredBy"))

    @property
    def is_declared(self) -> bool:
        """Whether somebody declared what it was told, also when the declaration could not be read."""
        if isinstance(self.declared, Gap):
            return self.declared.reason is not Reason.NOT_DECLARED
        return self.declared is not None

    @property
    def reads_metadata(self) -> bool:
        """Whether it takes the certificates from the live document."""
        return isinstance(self.declared, Item) and self.way is ConfiguredBy.METADATA_URL

    @property
    def requests(self) -> tuple[Request, ...]:
        """What the certificates that it holds follow from."""
        if not self.reads_metadata:
            return self.source.requests
        text = self._item().optional_text("metadataUrl") or ""
        domains = self.material.tenant("organization").requests if names_a_domain(text) else ()
        astray = attempt(self._led_astray)
        document = (*self.metadata.source.requests, *self.metadata.keys.requests) if astray is None else ()
        return (*self.source.requests, *domains, *document)

    def holding(self) -> Holding:
        """The certificates it holds. Raises Unread."""
        match self.way:
            case ConfiguredBy.METADATA_URL:
                astray = self._led_astray()
                return (
                    Holding(certificates=self.metadata.certificates(), shared=False)
                    if astray is None
                    else astray
                )
            case ConfiguredBy.METADATA_FILE:
                listed = self._file().certificates
                shared = any(certificate.tenant_wide for certificate in listed)
                return Holding(certificates=listed, shared=shared)
            case ConfiguredBy.MANUAL:
                certificates = self._uploaded()
                return Holding(certificates=certificates, shared=any(one.tenant_wide for one in certificates))

    def holds(self, thumbprint: str) -> bool:
        """Whether it recognises Entra by this certificate. Raises Unread."""
        return thumbprint in self.holding().thumbprints

    def read(self, node: Node) -> Node:
        """`node` as something that follows from the certificates it holds."""
        return node if isinstance(node, Gap) else Read(node, self.requests)

    def as_evidence(self) -> Node:
        """The root `serviceProvider`."""
        if self.declared is None:
            return self.source.read(None)
        if isinstance(self.declared, Gap):
            return self.declared
        values: Mapping[str, Callable[[], Node]] = {
            "ageDays": self._age,
            "metadataUrl": lambda: self._told("metadataUrl", metadata_url),
            "signIn": lambda: self._told("signInPageUrl", sign_in_url),
            "signOut": lambda: self._told("signOutPageUrl", self._sign_out),
            "entityId": lambda: self._told("entityId", entity_id),
            "metadataFile": self._metadata_file,
        }
        certificates = derive(lambda: [self._certificate(one) for one in self.holding().certificates])
        return self.source.read(
            {
                "name": self.name,
                "configuredBy": self.declared.node("configuredBy"),
                "checkedOn": self.declared.node("checkedOn"),
                "checkedBy": self.declared.node("checkedBy"),
                **{name: derive(make) for name, make in values.items()},
                "certificates": self.read(certificates),
                "sharedKeys": self.read(derive(lambda: self.holding().shared)),
            }
        )

    def _item(self) -> Item:
        declared = known(self.declared)
        if declared is None:
            raise Unread(self._not_declared("nobody is asked what this service provider was told"))
        return declared

    def _not_declared(self, detail: str) -> Gap:
        return self.source.gap(detail, Reason.NOT_DECLARED)

    def _age(self) -> int:
        checked = self._item().optional_text("checkedOn")
        if checked is None:
            raise Unread(self._not_declared("service_provider does not say on which day it was checked_on"))
        return (self.material.at.date() - date.fromisoformat(checked)).days

    def _sign_out(self, text: str, provider: IdentityProvider) -> Told:
        return sign_out_url(text, provider, self._item().optional_text("signOutBinding"))

    def _told(self, name: str, compare: _Compare) -> Node:
        """A declared value beside Entra's; null where the way of telling has no such value."""
        item = self._item()
        if name not in item.value:
            return None
        text = item.optional_text(name)
        if text is None:
            raise Unread(
                self._not_declared(f"service_provider does not say which {_WORDS[name]} was entered")
            )
        told, requests = self._compared(text, compare)
        return Read(_told_node(told), requests) if requests else _told_node(told)

    def _compared(self, text: str, compare: _Compare) -> tuple[Told, tuple[Request, ...]]:
        """The comparison, and what was asked for the verified domains if they decide it. Raises Unread."""
        by_domain = compare is not entity_id and names_a_domain(text)
        organization = self.material.tenant("organization")
        provider = IdentityProvider(
            cloud=self.material.cloud,
            tenant_id=self.material.snapshot.tenant.id,
            app_id=self.material.target.app_id,
            domains=verified_domains(organization) if by_domain else (),
        )
        return compare(text, provider), organization.requests if by_domain else ()

    def _led_astray(self) -> Holding | None:
        """What it holds when the metadata URL leads to other keys; None when it leads to the document.

        Raises Unread when nobody can say where the URL leads.
        """
        told, _ = self._compared(self._item().text("metadataUrl"), metadata_url)
        if told.problem is None:
            return None
        if told.leads_to_shared_keys or told.leads_elsewhere:
            return Holding(certificates=(), shared=told.leads_to_shared_keys)
        raise Unread(self.source.gap(f"where its metadata URL leads is not known: it {told.problem}"))

    def _file(self) -> EntityDescriptor:
        """What the uploaded file says. Nobody but the declaration vouches for it. Raises Unread."""
        document = self._document()
        if isinstance(document, str):
            raise Unread(self.source.gap(f"the declared metadata file: {document}"))
        return read_entity(document.root)

    def _document(self) -> Document | str:
        """The uploaded file, or why it is none. Raises Unread."""
        file = self._item().item("metadataFile")
        if file is None:
            raise Unread(self._not_declared("service_provider does not say which file was uploaded"))
        problem = file.optional_text("problem")
        if problem is not None:
            return problem
        try:
            document = open_document(base64.b64decode(file.text("document"), validate=True))
        except DocumentRefused as refused:
            return refused.message
        except (binascii.Error, ValueError):
            raise Unread(self.source.gap("the metadata file is not base64")) from None
        # No service provider took such a file: what it has instead is not known.
        return (
            document if read_entity(document.root).identity_providers else "it describes no identity provider"
        )

    def _metadata_file(self) -> Node:
        if "metadataFile" not in self._item().value:
            return None
        document = self._document()
        if isinstance(document, str):
            return {"problem": document}
        entity = read_entity(document.root)
        listed = Pins(certificates=entity.certificates)
        state = verify_metadata(document, pins=listed).state
        altered = "it was altered after it was signed" if state is SignatureState.INVALID else None
        return {
            "problem": altered,
            "entityId": entity.entity_id,
            "singleSignOnUrls": list(entity.single_sign_on_urls),
            "singleLogoutUrls": list(entity.single_logout_urls),
        }

    def _uploaded(self) -> tuple[Certificate, ...]:
        """The certificates that were entered by hand. Raises Unread."""
        item = self._item()
        if item.get("certificates") is None:
            detail = "service_provider does not say which certificate_file holds what was uploaded there"
            raise Unread(self._not_declared(detail))
        try:
            return tuple(from_base64(text) for text in item.texts("certificates"))
        except CertificateError as error:
            raise Unread(self.source.gap(f"the declared certificate is none: {error}")) from error

    def _certificate(self, certificate: Certificate) -> Node:
        return {
            "thumbprint": certificate.thumbprint,
            "subject": certificate.subject,
            "notBefore": certificate.not_before,
            "notAfter": certificate.not_after,
            "validity": certificate.validity(self.material.at),
            "tenantWide": certificate.tenant_wide,
        }


_WORDS = {
    "metadataUrl": "metadata URL",
    "signInPageUrl": "sign-in page URL",
    "signOutPageUrl": "sign-out page URL",
    "entityId": "entity ID",
}


def service_provider(material: Material, metadata: Metadata) -> ServiceProvider:
    """What was declared about the application's service provider."""
    source = material.own(SECTION)
    declared: Item | Gap | None
    if source.record is None:
        detail = "nobody declared what the service provider was told about this tenant"
        declared = source.gap(detail, Reason.NOT_DECLARED)
    else:
        declared = attempt(source.optional_item)
    profile, target = material.profile, material.target
    return ServiceProvider(
        name=target.display_name if profile is None else profile.display_name,
        source=source,
        declared=declared,
        material=material,
        metadata=metadata,
    )


def _told_node(told: Told) -> Node:
    remarks = [f"{note[:1].upper()}{note[1:]}." for note in told.notes]
    return {
        "told": told.told,
        "expected": told.expected,
        "normalised": told.normalised,
        "problem": told.problem,
        "remark": "".join(f" {remark}" for remark in remarks),
    }
