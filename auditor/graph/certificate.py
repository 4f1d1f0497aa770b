"""The certificate that this program signs in with, looked at before it is used."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from auditor.errors import CannotRunError


def client_certificate(file: Path, password: str | None, *, at: datetime) -> bytes:
    """The bytes of a PEM or PKCS #12 file whose certificate is valid at that time. Raises CannotRunError."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise CannotRunError(
            f"the client certificate {file} cannot be read: {error.strerror or error}",
            remedy="Check credential.certificate_path and the file's permissions.",
        ) from error
    try:
        certificate = _certificate(data, password)
    except (ValueError, TypeError) as error:
        raise CannotRunError(
            f"the client certificate {file} is neither PEM nor PKCS #12 that the password opens: {error}",
            remedy="Check the file, and credential.certificate_password.",
        ) from error
    if at > certificate.not_valid_after_utc:
        raise CannotRunError(
            f"the client certificate {file} expired on {certificate.not_valid_after_utc:%Y-%m-%d}",
            remedy="Make a new one, upload its public part to the app registration, and name it in "
            "credential.certificate_path.",
        )
    if at < certificate.not_valid_before_utc:
        raise CannotRunError(
            f"the client certificate {file} is not valid before {certificate.not_valid_before_utc:%Y-%m-%d}",
            remedy="Use another certificate, or set this machine's clock.",
        )
    return data


def _certificate(data: bytes, password: str | None) -> x509.Certificate:
    if b"-----BEGIN" in data:
        return x509.load_pem_x509_certificates(data)[0]
    secret = None if password is None else password.encode()
    certificate = pkcs12.load_key_and_certificates(data, secret)[1]
    if certificate is None:
        raise ValueError("no certificate in it")
    return certificate
