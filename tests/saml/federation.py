"""Federation metadata as Entra writes it, signed by hand so that a test can sign it wrongly in any way.

Nothing of `auditor.saml` is used to sign: a shared mistake would go unnoticed.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from auditor.saml.certificate import Certificate, from_der

TENANT = "8d2f1c3a-5b7e-4c19-9a40-1e6f0b2d7c55"
APPLICATION = "c6b1a7de-90f4-4e0b-8d35-77a2b1c0e9f1"
ENTITY_ID = f"https://sts.windows.net/{TENANT}/"
LOGIN_URL = f"https://login.microsoftonline.com/{TENANT}/saml2"
AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DOCUMENT_ID = "_5a3c9e10-2b64-4d7f-8c11-0f9e8d7c6b5a"

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
FED = "http://docs.oasis-open.org/wsfed/federation/200706"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:"

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class Signer:
    """A key pair with its certificate."""

    key: Key
    certificate: Certificate

    @property
    def text(self) -> str:
        """The certificate as it stands in an X509Certificate element."""
        return base64.b64encode(self.certificate.der).decode()

    @property
    def pem(self) -> bytes:
        """The certificate as a file."""
        return self.certificate.load().public_bytes(serialization.Encoding.PEM)


@functools.cache
def signer(
    name: str = "Microsoft Azure Federated SSO Certificate",
    *,
    serial: int = 1,
    starts: int = -365,
    ends: int = 730,
    bits: int = 2048,
    curve: bool = False,
    sha1: bool = False,
) -> Signer:
    """A self-signed certificate without extensions, as Entra makes them; `starts`, `ends` in days from AT."""
    key = _ec_key() if curve else _rsa_key(f"{name}/{serial}/{starts}/{ends}", bits)
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(serial)
        .not_valid_before(AT + timedelta(days=starts))
        .not_valid_after(AT + timedelta(days=ends))
        .sign(key, hashes.SHA256())
    )
    der = built.public_bytes(serialization.Encoding.DER)
    return Signer(key, from_der(_signed_with_sha1(der, key) if sha1 else der))


def _signed_with_sha1(der: bytes, key: Key) -> bytes:
    """The certificate with its signature made anew, which cryptography no longer does itself."""
    assert isinstance(key, rsa.RSAPrivateKey)
    sha256_with_rsa, sha1_with_rsa = bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d010105")
    changed = der.replace(sha256_with_rsa, sha1_with_rsa)
    to_be_signed = x509.load_der_x509_certificate(changed).tbs_certificate_bytes
    return changed[: -key.key_size // 8] + key.sign(to_be_signed, padding.PKCS1v15(), hashes.SHA1())


@functools.cache
def _rsa_key(_name: str, bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@functools.cache
def _ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def active() -> Signer:
    """The application's active certificate."""
    return signer()


def inactive() -> Signer:
    """A second certificate of the application."""
    return signer(serial=2, starts=-1, ends=1095)


def tenant_wide() -> Signer:
    """A key that the applications of a tenant share."""
    return signer("accounts.accesscontrol.windows.net")


def attacker() -> Signer:
    """A key of somebody else, under the name of the real one."""
    return signer(serial=666)


def key_descriptor(certificate: str, *, use: str | None = "signing") -> str:
    """A KeyDescriptor with one certificate, given as text."""
    attribute = "" if use is None else f' use="{use}"'
    return (
        f'<KeyDescriptor{attribute}><KeyInfo xmlns="{DS}"><X509Data>'
        f"<X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
    )


def ws_federation(
    keys: str, *, kind: str = "ApplicationServiceType", issuer: str = ENTITY_ID, inside: str = ""
) -> str:
    """A RoleDescriptor of WS-Federation; `inside` stands at its end."""
    return (
        f'<RoleDescriptor xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fed="{FED}"'
        f' xsi:type="fed:{kind}" protocolSupportEnumeration="{FED}">{keys}'
        '<fed:TargetScopes><wsa:EndpointReference xmlns:wsa="http://www.w3.org/2005/08/addressing">'
        f"<wsa:Address>{issuer}</wsa:Address></wsa:EndpointReference></fed:TargetScopes>{inside}"
        "</RoleDescriptor>"
    )


def identity_provider(
    keys: str,
    *,
    sso: Sequence[str] = (LOGIN_URL,),
    slo: Sequence[str] = (LOGIN_URL,),
    bindings: Iterable[str] = ("HTTP-Redirect", "HTTP-POST"),
    attributes: str = "",
) -> str:
    """The IDPSSODescriptor: every SSO URL with every binding, SLO with HTTP-Redirect."""
    logout = "".join(
        f'<SingleLogoutService Binding="{BINDING}HTTP-Redirect" Location="{url}"/>' for url in slo
    )
    login = "".join(
        f'<SingleSignOnService Binding="{BINDING}{binding}" Location="{url}"/>'
        for binding in bindings
        for url in sso
    )
    return (
        '<IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"'
        f"{attributes}>{keys}{logout}{login}</IDPSSODescriptor>"
    )


def entity(
    *roles: str, entity_id: str = ENTITY_ID, identifier: str = DOCUMENT_ID, attributes: str = ""
) -> str:
    """The EntityDescriptor, unsigned; without `roles` the three that Entra writes, with the active key."""
    if not roles:
        keys = key_descriptor(active().text)
        roles = (
            ws_federation(keys, kind="SecurityTokenServiceType"),
            ws_federation(keys),
            identity_provider(keys),
        )
    return (
        f'<EntityDescriptor ID="{identifier}" entityID="{entity_id}" xmlns="{MD}"{attributes}>'
        f"{''.join(roles)}</EntityDescriptor>"
    )


def listing(*signers: Signer, **options: object) -> str:
    """An EntityDescriptor whose roles list these certificates."""
    keys = "".join(key_descriptor(one.text) for one in signers)
    return entity(ws_federation(keys), identity_provider(keys), **options)  # type: ignore[arg-type]


def reference(uri: str, digest: str, *, transforms: str | None = None, method: str = SHA256) -> str:
    """A Reference; `transforms` replaces the two that SAML allows."""
    if transforms is None:
        transforms = f'<Transform Algorithm="{ENVELOPED}"/><Transform Algorithm="{EXCLUSIVE}"/>'
    return (
        f'<Reference URI="{uri}"><Transforms>{transforms}</Transforms><DigestMethod Algorithm="{method}"/>'
        f"<DigestValue>{digest}</DigestValue></Reference>"
    )


def digest_of(element: etree._Element, *, method: str = SHA256) -> str:
    """The digest over an element's exclusive canonical form, in base64."""
    canonical = etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
    hashed = hashlib.sha1(canonical) if method == SHA1 else hashlib.sha256(canonical)
    return base64.b64encode(hashed.digest()).decode()


def x509_data(*certificates: str) -> str:
    """A KeyInfo with these certificates, given as text."""
    inside = "".join(f"<X509Certificate>{certificate}</X509Certificate>" for certificate in certificates)
    return f"<KeyInfo><X509Data>{inside}</X509Data></KeyInfo>"


def sign(
    xml: str | bytes,
    by: Signer,
    *,
    references: str | None = None,
    digest: str = SHA256,
    method: str = RSA_SHA256,
    c14n: str = EXCLUSIVE,
    key_info: str | None = None,
    after: str = "",
    position: int = 0,
    path: str = ".",
    declaration: str = '<?xml version="1.0" encoding="utf-8"?>',
) -> bytes:
    """Signs the element at `path` (the root) as Entra does, but for what the arguments say.

    `references` replaces the one Reference, `key_info` the KeyInfo; `after` stands behind it.
    """
    root = etree.fromstring(xml)
    element = root.find(path)
    assert element is not None
    if references is None:
        references = reference(f"#{element.get('ID')}", digest_of(element, method=digest), method=digest)
    signature = etree.fromstring(
        f'<Signature xmlns="{DS}"><SignedInfo><CanonicalizationMethod Algorithm="{c14n}"/>'
        f'<SignatureMethod Algorithm="{method}"/>{references}</SignedInfo><SignatureValue/>'
        f"{x509_data(by.text) if key_info is None else key_info}{after}</Signature>"
    )
    element.insert(position, signature)
    info = element.find(f"{{{DS}}}Signature/{{{DS}}}SignedInfo")
    value = element.find(f"{{{DS}}}Signature/{{{DS}}}SignatureValue")
    assert info is not None
    assert value is not None
    canonical = etree.tostring(info, method="c14n", exclusive=c14n.startswith(EXCLUSIVE), with_comments=False)
    value.text = base64.b64encode(_signature(by.key, canonical, method)).decode()
    return declaration.encode() + etree.tostring(root)


def _signature(key: Key, data: bytes, method: str) -> bytes:
    algorithm = hashes.SHA1() if method == RSA_SHA1 else hashes.SHA256()
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(algorithm)))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    if method.endswith("MGF1"):
        pss = padding.PSS(mgf=padding.MGF1(algorithm), salt_length=algorithm.digest_size)
        return key.sign(data, pss, algorithm)
    return key.sign(data, padding.PKCS1v15(), algorithm)
