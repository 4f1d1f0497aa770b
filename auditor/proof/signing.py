"""The signer: a certificate and its key, and the detached CMS signature that they make."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key, pkcs7
from cryptography.x509.oid import ExtensionOID

from auditor.errors import UsageError
from auditor.model.configuration import TokenKey

SHORTEST_RSA = 2048
"""Bits."""

_OPTIONS = (
    pkcs7.PKCS7Options.DetachedSignature,
    pkcs7.PKCS7Options.Binary,
    pkcs7.PKCS7Options.NoCapabilities,
)

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signs."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    """Those above it, as far as they are given; they come into the signature, too."""
    key: PrivateKey

    def sign(self, content: bytes) -> bytes:
        """A detached CMS signature (DER) over the content, with the time of now."""
        builder = pkcs7.PKCS7SignatureBuilder().set_data(content)
        builder = builder.add_signer(self.certificate, self.key, hashes.SHA256())
        for certificate in self.chain:
            builder = builder.add_certificate(certificate)
        return builder.sign(Encoding.DER, _OPTIONS)


def read_certificates(file: Path) -> tuple[x509.Certificate, ...]:
    """The certificates of a PEM file, in its order. Raises UsageError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of oddities that do not matter here
            return tuple(x509.load_pem_x509_certificates(file.read_bytes()))
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read: {error.strerror}", remedy="Check the path and the file's permissions."
        ) from error
    except (ValueError, x509.InvalidVersion) as error:
        raise UsageError(
            f"{file} holds no certificate: {error}", remedy="Give it as PEM (BEGIN CERTIFICATE)."
        ) from error


def load_signer(
    certificates: Sequence[x509.Certificate], key: bytes, password: str | None, *, at: datetime
) -> Signer:
    """The signer of these certificates (its own first) and this key (PEM). Raises UsageError."""
    signer = Signer(certificate=certificates[0], chain=tuple(certificates[1:]), key=_key(key, password))
    if signer.certificate.public_key() != signer.key.public_key():
        raise UsageError(
            "the key of evidence is not that of the certificate",
            remedy="Name the key that belongs to the first certificate of certificate_file.",
        )
    _check(signer.certificate, at)
    return signer


def token_signer(
    certificates: Sequence[x509.Certificate], place: TokenKey, pin: str, *, at: datetime
) -> Signer:
    """The signer of these certificates (its own first) and a key on a token, which has to sign once.

    Raises UsageError, CannotRunError.
    """
    from auditor.proof.pkcs11_key import token_key

    own, *above = certificates
    _check(own, at)
    return Signer(certificate=own, chain=tuple(above), key=token_key(place, pin, own))


def _check(certificate: x509.Certificate, at: datetime) -> None:
    why = unfit(certificate) or not_valid(certificate, at)
    if why is not None:
        raise UsageError(
            f"nobody would believe a signature with the certificate of evidence: {why}",
            remedy="Name another certificate_file, and its key.",
        )


def _key(pem: bytes, password: str | None) -> PrivateKey:
    try:
        key = load_pem_private_key(pem, None if password is None else password.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # never say what the library says of a key
        raise UsageError(
            "the key of evidence cannot be read: it is no private key in PEM, or its password is not right",
            remedy="key: file:PATH or env:NAME of the PEM; key_password likewise, where it has one.",
        ) from error
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise UsageError("the key of evidence is neither RSA nor EC", remedy="Use one of these two.")
    return key


def unfit(certificate: x509.Certificate) -> str | None:
    """Why a certificate is not for signing; None when it is."""
    try:
        key = certificate.public_key()
        usage = certificate.extensions.get_extension_for_oid(ExtensionOID.KEY_USAGE).value
    except x509.ExtensionNotFound:
        usage = None
    except (ValueError, UnsupportedAlgorithm, x509.DuplicateExtension) as error:
        return f"it cannot be read: {error}"
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return "its key is neither RSA nor EC"
    if isinstance(key, rsa.RSAPublicKey) and key.key_size < SHORTEST_RSA:
        return f"its RSA key has {key.key_size} bits, fewer than {SHORTEST_RSA}"
    if isinstance(usage, x509.KeyUsage) and not (usage.digital_signature or usage.content_commitment):
        return "its key usage does not allow signatures"
    return None


def not_valid(certificate: x509.Certificate, at: datetime) -> str | None:
    """Why it is not valid at a time; None when it is."""
    if at < certificate.not_valid_before_utc:
        return f"it is valid only from {_day(certificate.not_valid_before_utc)} on"
    if at > certificate.not_valid_after_utc:
        return f"it expired at {_day(certificate.not_valid_after_utc)}"
    return None


def _day(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
