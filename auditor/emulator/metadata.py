"""Federation metadata, in the shape that Entra's documents have, signed with the key that Entra would use.

One enveloped signature, first child of the root, over the root by its ID; exclusive canonicalization, RSA
with SHA-256; the same key descriptors in all three roles; a byte order mark in front.
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field
from typing import Any

from lxml import etree
from signxml import methods
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from auditor.emulator.certificates import APPLICATION_SUBJECT, KeyPair, self_signed
from auditor.emulator.directory import SigningKeys, Tenant, object_id

_MD = "urn:oasis:names:tc:SAML:2.0:metadata"
_DS = "http://www.w3.org/2000/09/xmldsig#"
_FED = "http://docs.oasis-open.org/wsfed/federation/200706"
_AUTH = "http://docs.oasis-open.org/wsfed/authorization/200706"
_WSA = "http://www.w3.org/2005/08/addressing"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_MD_PREFIX: Any = {None: _MD}
_DS_PREFIX: Any = {None: _DS}
_BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-"
_BOM = b"\xef\xbb\xbf"

_CLAIMS = (
    (
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name",
        "Name",
        "The mutable display name of the user.",
    ),
    (
        "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
        "Email",
        "Email address of the user.",
    ),
)

VARIANTS = {
    "as documented": "signed by the application's own certificate",
    "missing": "404",
    "oversized": "five million bytes of well-formed XML",
    "not xml": "a sign-in page",
    "dtd": "an internal DTD with entities",
    "broken signature": "changed after it was signed",
    "foreign signature": "signed by a key that is not the application's, and listing it",
    "unsigned": "without a signature",
    "another tenant": "names another tenant",
}
"""What a document can be instead."""


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata documents of one tenant."""

    tenant: Tenant
    _made: dict[str, bytes | None] = field(default_factory=dict)
    """By appId; empty for the tenant's own."""

    def document(self, app_id: str | None) -> bytes | None:
        """The application's document, or None when there is none.

        Without `app_id`, and for an application that has no certificate: the tenant's.
        """
        key = app_id if app_id in self.tenant.signing else ""
        if key not in self._made:
            keys = self.tenant.signing.get(app_id) if app_id else None
            if keys is None:
                pairs = self.tenant.tenant_keys
                # The signer is one of the listed keys and, as often as not, not the first.
                keys = SigningKeys(listed=pairs, signer=pairs[-1], variant="as documented")
            self._made[key or ""] = self._document(keys)
        return self._made[key or ""]

    def made_of(self, keys: SigningKeys) -> bytes:
        """The document that lists these keys, as somebody saved it."""
        document = self._document(keys)
        assert document is not None
        return document

    def _document(self, keys: SigningKeys) -> bytes | None:
        tenant_id = self.tenant.id
        match keys.variant:
            case "missing":
                return None
            case "not xml":
                return (
                    b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Sign in<br></body></html>"
                )
            case "foreign signature":
                stranger = self_signed(
                    "stranger",
                    kind="stranger",
                    subject=APPLICATION_SUBJECT,
                    not_before=self.tenant.at(-10),
                    not_after=self.tenant.at(1000),
                    key_size=3072,
                )
                keys = SigningKeys(listed=[stranger], signer=stranger, variant=keys.variant)
            case "another tenant":
                tenant_id = object_id("another tenant")
        root = self._root(tenant_id, [pair.der for pair in keys.listed])
        if keys.variant == "unsigned":
            root.remove(root[0])
        else:
            root = _signed(root, keys.signer)
        if keys.variant == "broken signature":
            for location in root.iter(f"{{{_MD}}}SingleSignOnService"):
                location.set("Location", str(location.get("Location")).replace("saml2", "saml3"))
        text = etree.tostring(root)
        if keys.variant == "dtd":
            return b'<!DOCTYPE x [<!ENTITY a "b">]>' + text
        if keys.variant == "oversized":
            text += b"<!--" + b"x" * 5_000_000 + b"-->"
        return _BOM + b'<?xml version="1.0" encoding="utf-8"?>' + text

    def _root(self, tenant_id: str, certificates: list[bytes]) -> etree._Element:
        cloud = self.tenant.cloud
        entity = f"https://{cloud.token_issuer}/{tenant_id}/"
        passive, saml = f"https://{cloud.login}/{tenant_id}/wsfed", f"https://{cloud.login}/{tenant_id}/saml2"
        root = etree.Element(f"{{{_MD}}}EntityDescriptor", nsmap=_MD_PREFIX)
        root.set("ID", f"_{uuid.uuid4()}")
        root.set("entityID", entity)
        etree.SubElement(root, f"{{{_DS}}}Signature", Id="placeholder", nsmap=_DS_PREFIX)
        service = _role(root, "SecurityTokenServiceType", certificates)
        offered = etree.SubElement(service, f"{{{_FED}}}ClaimTypesOffered")
        for uri, name, description in _CLAIMS:
            claim = etree.SubElement(offered, f"{{{_AUTH}}}ClaimType", Uri=uri, nsmap={"auth": _AUTH})
            etree.SubElement(claim, f"{{{_AUTH}}}DisplayName").text = name
            etree.SubElement(claim, f"{{{_AUTH}}}Description").text = description
        _endpoint(service, "SecurityTokenServiceEndpoint", passive)
        _endpoint(service, "PassiveRequestorEndpoint", passive)
        application = _role(root, "ApplicationServiceType", certificates)
        _endpoint(application, "TargetScopes", entity)
        _endpoint(application, "ApplicationServiceEndpoint", passive)
        _endpoint(application, "PassiveRequestorEndpoint", passive)
        provider = etree.SubElement(
            root,
            f"{{{_MD}}}IDPSSODescriptor",
            protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol",
        )
        _keys(provider, certificates)
        etree.SubElement(
            provider, f"{{{_MD}}}SingleLogoutService", Binding=f"{_BINDING}Redirect", Location=saml
        )
        for binding in ("Redirect", "POST"):
            etree.SubElement(
                provider, f"{{{_MD}}}SingleSignOnService", Binding=f"{_BINDING}{binding}", Location=saml
            )
        return root


def _role(root: etree._Element, kind: str, certificates: list[bytes]) -> etree._Element:
    role = etree.SubElement(
        root,
        f"{{{_MD}}}RoleDescriptor",
        {f"{{{_XSI}}}type": f"fed:{kind}", "protocolSupportEnumeration": _FED},
        nsmap={"xsi": _XSI, "fed": _FED},
    )
    _keys(role, certificates)
    return role


def _keys(role: etree._Element, certificates: list[bytes]) -> None:
    for der in certificates:
        descriptor = etree.SubElement(role, f"{{{_MD}}}KeyDescriptor", use="signing")
        info = etree.SubElement(descriptor, f"{{{_DS}}}KeyInfo", nsmap=_DS_PREFIX)
        data = etree.SubElement(info, f"{{{_DS}}}X509Data")
        etree.SubElement(data, f"{{{_DS}}}X509Certificate").text = base64.b64encode(der).decode()


def _endpoint(role: etree._Element, name: str, address: str) -> None:
    endpoint = etree.SubElement(role, f"{{{_FED}}}{name}")
    reference = etree.SubElement(endpoint, f"{{{_WSA}}}EndpointReference", nsmap={"wsa": _WSA})
    etree.SubElement(reference, f"{{{_WSA}}}Address").text = address


def _signed(root: etree._Element, pair: KeyPair) -> etree._Element:
    signer = XMLSigner(
        method=methods.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    signer.namespaces = _DS_PREFIX
    tree = signer.sign(
        root, key=pair.key, cert=[pair.certificate], reference_uri=f"#{root.get('ID')}", id_attribute="ID"
    )
    # Parsed anew: in the signer's tree the elements it added have no namespace to find them by.
    signed = etree.fromstring(etree.tostring(tree))
    for certificate in signed[0].iter(f"{{{_DS}}}X509Certificate"):
        certificate.text = "".join((certificate.text or "").split())  # not signed; Entra has one line
    return signed
