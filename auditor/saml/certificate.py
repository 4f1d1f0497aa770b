"""X.509 certificates as Entra, metadata and service providers hold them.

Entra names a certificate by its thumbprint: SHA-1 over the DER, forty upper-case hex digits.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

_XML_SPACE = re.compile(r"[ \t\r\n]+")
_PEM_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.DOTALL)
_HEX = re.compile(r"[0-9A-Fa-f]+")
_SEQUENCE = 0x30  # the DER tag that every certificate begins with
_UNREADABLE = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)  # what cryptography raises on bad DER

MAX_BYTES = 65_536
"""No certificate of a federation is near this; a longer one is refused unread."""

# Names of the keys that Entra shares among the applications that have none of their own.
_TENANT_WIDE = re.compile(r"CN=(accounts\.accesscontrol\.[a-z.]+|login\.microsoftonline\.us)")


class CertificateError(ValueError):
    """The bytes or the text are no certificate; the message says why, without quoting them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a certificate says about itself. Times are UTC, ISO 8601 with Z."""

    thumbprint: str
    """SHA-1 over the DER, upper-case hex, as Entra shows it."""
    sha256: str
    """SHA-256 over the DER, upper-case hex."""
    subject: str
    """RFC 4514."""
    not_before: str
    not_after: str
    key_type: str
    """RSA, EC, DSA, Ed25519, Ed448 or unknown."""
    key_size: int | None
    """Bits; None where the type has no size."""
    signature_algorithm: str
    """Digest of the signature on the certificate itself: sha256, sha1; `unknown` where it cannot be told."""
    self_signed: bool
    """Issuer and subject are the same name."""
    der: bytes = field(repr=False)

    def load(self) -> x509.Certificate:
        """The certificate as cryptography's object."""
        with quiet():
            return x509.load_der_x509_certificate(self.der)

    @property
    def tenant_wide(self) -> bool:
        """Whether it bears the name of a key shared by the applications of a tenant."""
        return _TENANT_WIDE.fullmatch(self.subject) is not None

    def validity(self, at: datetime) -> str:
        """`not-yet-valid`, `valid` or `expired` at `at` (aware)."""
        if at < parse_time(self.not_before):
            return "not-yet-valid"
        return "expired" if at > parse_time(self.not_after) else "valid"

    def days_left(self, at: datetime) -> int:
        """Whole days until `not_after`, rounded down, negative after expiry."""
        return (parse_time(self.not_after) - at).days

    def weaknesses(self) -> tuple[str, ...]:
        """What an auditor would object to, one sentence each; Entra signs SAML with RSA keys only."""
        found = []
        if self.key_type != "RSA":
            found.append(f"its key is {self.key_type}, not RSA")
        elif self.key_size is not None and self.key_size < 2048:
            found.append(f"its RSA key has {self.key_size} bits, fewer than 2048")
        if self.signature_algorithm in ("sha1", "md5"):
            found.append(f"it is signed with {self.signature_algorithm.upper()}")
        return tuple(found)


def parse_time(text: str) -> datetime:
    """The inverse of `format_time`."""
    return datetime.fromisoformat(text)


def format_time(moment: datetime) -> str:
    """UTC, ISO 8601 with Z, to the second."""
    return moment.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def from_der(der: bytes) -> Certificate:
    """The certificate that `der` is: the whole of it, nothing behind. Raises CertificateError."""
    if len(der) > MAX_BYTES:
        raise CertificateError(f"longer than {MAX_BYTES} bytes")
    trailing = _bytes_behind(der)
    if trailing:
        raise CertificateError(f"{trailing} bytes stand behind the certificate")
    try:
        with quiet():
            loaded = x509.load_der_x509_certificate(der)
            return _facts(loaded, der)
    except _UNREADABLE as error:
        raise CertificateError("the bytes are not an X.509 certificate") from error


def from_base64(text: str) -> Certificate:
    """The certificate of an `X509Certificate` element or of Graph's `key`; base64 may be wrapped.

    Raises CertificateError, also for characters that are not base64 (lenient decoders drop them silently).
    """
    return from_der(decode_base64(text))


def decode_base64(text: str) -> bytes:
    """Strict base64 with XML white space anywhere. Raises CertificateError."""
    compact = _XML_SPACE.sub("", text)
    if not compact:
        raise CertificateError("empty")
    try:
        return base64.b64decode(compact, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CertificateError("not base64") from error


def from_file(data: bytes) -> tuple[Certificate, ...]:
    """The certificates of a file: PEM (one or several), bare base64, or DER. Raises CertificateError."""
    if data[:1] == bytes([_SEQUENCE]):
        return (from_der(data),)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CertificateError("neither PEM nor DER") from error
    blocks = _PEM_BLOCK.findall(text) or [text]
    return tuple(from_base64(block) for block in blocks)


def normalise_thumbprint(text: str) -> str | None:
    """Upper-case hex without separators; None when `text` is no SHA-1 thumbprint.

    People copy `a1 b2 …` from certificate dialogs, with an invisible left-to-right mark before it.
    """
    compact = re.sub(r"[\s:\u200e\u200f-]", "", text).upper()
    return compact if len(compact) == 40 and _HEX.fullmatch(compact) else None


def identifies(custom_key_identifier: str, certificate: Certificate) -> bool:
    """Whether Graph's `customKeyIdentifier` names this certificate, in any of the forms in use.

    The value is the thumbprint's twenty bytes, or SHA-256 over its ASCII digits (Microsoft's recipe for
    uploaded certificates), in base64 or as hex digits, or the digits of the thumbprint themselves.
    """
    thumbprint = certificate.thumbprint
    names = {bytes.fromhex(thumbprint)}
    for digits in (thumbprint.encode(), thumbprint.lower().encode()):
        names |= {digits, hashlib.sha256(digits).digest()}
    return any(value in names for value in _readings(custom_key_identifier))


def thumbprint_of_identifier(custom_key_identifier: str) -> str | None:
    """The thumbprint that `customKeyIdentifier` holds; None when it holds something else.

    For a certificate whose `key` could not be read; where it can, ask `identifies`.
    """
    for value in _readings(custom_key_identifier):
        if len(value) == 20:
            return value.hex().upper()
        if len(value) == 40 and _HEX.fullmatch(value.decode("latin-1")):
            return value.decode("latin-1").upper()
    return None


def _readings(identifier: str) -> Iterator[bytes]:
    """The bytes an identifier can mean; hex digits first, for forty of them are also valid base64."""
    text = identifier.strip()
    if len(text) in (40, 64) and _HEX.fullmatch(text):
        yield bytes.fromhex(text)
        return
    padded = text + "=" * (-len(text) % 4)
    try:
        yield base64.b64decode(padded, altchars=b"-_" if re.search(r"[-_]", padded) else None, validate=True)
    except (binascii.Error, ValueError):
        return


def _facts(loaded: x509.Certificate, der: bytes) -> Certificate:
    key_type, key_size = _key(loaded)
    return Certificate(
        thumbprint=hashlib.sha1(der, usedforsecurity=False).hexdigest().upper(),
        sha256=hashlib.sha256(der).hexdigest().upper(),
        subject=loaded.subject.rfc4514_string(),
        not_before=format_time(loaded.not_valid_before_utc),
        not_after=format_time(loaded.not_valid_after_utc),
        key_type=key_type,
        key_size=key_size,
        signature_algorithm=_digest(loaded),
        self_signed=loaded.issuer == loaded.subject,
        der=der,
    )


def _key(loaded: x509.Certificate) -> tuple[str, int | None]:
    try:
        key = loaded.public_key()
    except _UNREADABLE:
        return "unknown", None
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "EC", key.key_size
    if isinstance(key, dsa.DSAPublicKey):
        return "DSA", key.key_size
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519", None
    if isinstance(key, ed448.Ed448PublicKey):
        return "Ed448", None
    return "unknown", None


def _digest(loaded: x509.Certificate) -> str:
    try:
        algorithm = loaded.signature_hash_algorithm
    except _UNREADABLE:
        return "unknown"
    return "unknown" if algorithm is None else algorithm.name


def _bytes_behind(der: bytes) -> int:
    """How many bytes follow the outermost DER element; 0 when its length cannot be read."""
    if len(der) < 2 or der[0] != _SEQUENCE:
        return 0
    length, header = der[1], 2
    if length & 0x80:
        header += length & 0x7F
        length = int.from_bytes(der[2:header], "big")
    return max(0, len(der) - header - length)


def quiet() -> warnings.catch_warnings[None]:
    """Keeps to itself what reading a certificate warns of."""
    # cryptography warns of serial numbers below one and the like; a hostile certificate must not decide what
    # reaches the terminal, nor become an exception where warnings are errors.
    return warnings.catch_warnings(action="ignore")
