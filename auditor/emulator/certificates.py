"""Keys and certificates, made when the tenant starts and never stored.

Shape as in Entra's own: X.509 v3, self-signed, RSA, no extensions, and the subject
`CN=Microsoft Azure Federated SSO Certificate` for the certificates of an application.
"""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

APPLICATION_SUBJECT = "Microsoft Azure Federated SSO Certificate"
TENANT_SUBJECT = "accounts.accesscontrol.windows.net"

_RSA_SHA256 = bytes.fromhex("06092a864886f70d01010b")
_RSA_SHA1 = bytes.fromhex("06092a864886f70d010105")
"""Object identifiers of RFC 8017 in DER: sha256WithRSAEncryption and sha1WithRSAEncryption."""

_POOL = 3
"""Owners of keys of one kind in a process: making a key takes up to half a second. An owner's certificates
have a key each, and no two kinds share any: a signature is told from another by its key alone."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A certificate and the key it was made for."""

    certificate: x509.Certificate
    key: RSAPrivateKey
    der: bytes

    @property
    def thumbprint(self) -> str:
        """Upper-case SHA-1 of the DER, as Entra shows it."""
        return hashlib.sha1(self.der, usedforsecurity=False).hexdigest().upper()

    @property
    def not_before(self) -> datetime:
        """UTC."""
        return self.certificate.not_valid_before_utc

    @property
    def not_after(self) -> datetime:
        """UTC."""
        return self.certificate.not_valid_after_utc

    def pem(self) -> bytes:
        """Key and certificate together, the key without a password."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + self.certificate.public_bytes(Encoding.PEM)

    def is_valid(self, at: datetime) -> bool:
        """Whether `at` lies within the certificate's dates."""
        return self.not_before <= at <= self.not_after


def self_signed(
    name: str,
    *,
    kind: str,
    position: int = 0,
    subject: str,
    not_before: datetime,
    not_after: datetime,
    key_size: int = 2048,
    sha1: bool = False,
) -> KeyPair:
    """A certificate for `subject`, the one at `position` of the owner `name`, which is of a `kind`."""
    number = uuid.uuid5(uuid.NAMESPACE_URL, f"{name}/{position}").int
    owner = uuid.uuid5(uuid.NAMESPACE_URL, name).int % _POOL
    key = _key(key_size, kind, owner, position)
    common_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(common_name)
        .issuer_name(common_name)
        .public_key(key.public_key())
        .serial_number(number >> 1 or 1)
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .sign(key, hashes.SHA256())
    )
    if sha1:
        certificate = _signed_with_sha1(certificate, key)
    return KeyPair(certificate, key, certificate.public_bytes(Encoding.DER))


def _signed_with_sha1(certificate: x509.Certificate, key: RSAPrivateKey) -> x509.Certificate:
    """The same certificate with the signature of older times, which cryptography no longer makes itself."""
    der = certificate.public_bytes(Encoding.DER).replace(_RSA_SHA256, _RSA_SHA1)
    signed = x509.load_der_x509_certificate(der).tbs_certificate_bytes
    signature = key.sign(signed, PKCS1v15(), hashes.SHA1())
    return x509.load_der_x509_certificate(der[: -len(signature)] + signature)


@cache
def _key(size: int, kind: str, owner: int, position: int) -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=size)
