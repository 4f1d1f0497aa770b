"""Certificates and keys for tests: of an authority, of signers that it issued, of strangers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from auditor.proof.signing import PrivateKey, Signer

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Identity:
    """A certificate, its key, and what is above it."""

    certificate: x509.Certificate
    key: PrivateKey
    above: tuple[x509.Certificate, ...] = ()

    @property
    def signer(self) -> Signer:
        return Signer(certificate=self.certificate, chain=self.above, key=self.key)

    def write(self, folder: Path, name: str, password: bytes | None = None) -> Path:
        """NAME.pem and NAME.key; gives the former."""
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / f"{name}.pem"
        file.write_bytes(
            b"".join(each.public_bytes(Encoding.PEM) for each in (self.certificate, *self.above))
        )
        kind = BestAvailableEncryption(password) if password else NoEncryption()
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, kind)
        (folder / f"{name}.key").write_bytes(key)
        return file


def rsa_key(size: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=size)


def ec_key(curve: ec.EllipticCurve | None = None) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve or ec.SECP256R1())


def identity(
    name: str,
    *,
    by: Identity | None = None,
    key: PrivateKey | None = None,
    days: tuple[int, int] = (-30, 365),
    authority: bool = False,
    signs: bool = True,
    stamps: bool = False,
) -> Identity:
    """A certificate of that name, issued by `by` or by itself; valid between these days from now."""
    key = key or ec_key()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC).replace(microsecond=0)
    issuer = by.certificate.subject if by else subject
    usage = x509.KeyUsage(
        digital_signature=signs,
        content_commitment=False,
        key_encipherment=not signs,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    issuing_key = by.key if by else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing_key.public_key()), critical=False
        )
    )
    if stamps:
        purpose = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        builder = builder.add_extension(purpose, critical=True)
    return Identity(builder.sign(issuing_key, hashes.SHA256()), key)
