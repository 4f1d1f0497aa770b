"""Private keys that never leave their token: PKCS #11 (HSM, smart card), through the library that serves it.

They take the place of cryptography's own, which ask for nothing but `sign`. Each signature is a session of
its own: between the check at the beginning and the signature lies a whole scan.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from auditor.errors import CannotRunError, UsageError
from auditor.model.configuration import TokenKey

if TYPE_CHECKING:
    import pkcs11

_PROBE = b"saml-app-auditor: is this the key of the certificate?"

Signing: TypeAlias = Callable[[bytes], bytes]
"""A signature with SHA-256 over these bytes, as X.509 and CMS write it."""


def token_key(
    place: TokenKey, pin: str, certificate: x509.Certificate
) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    """The key there, which has signed once and is the certificate's. Raises UsageError, CannotRunError."""
    public = certificate.public_key()
    try:
        if isinstance(public, rsa.RSAPublicKey):
            key = _Rsa(public, lambda data: _signed(place, pin, data, "RSA"))
            public.verify(key.sign(_PROBE, padding.PKCS1v15(), hashes.SHA256()), _PROBE, *_RSA)
            return key
        if isinstance(public, ec.EllipticCurvePublicKey):
            elliptic = _Elliptic(public, lambda data: _signed(place, pin, data, "EC"))
            public.verify(elliptic.sign(_PROBE, _ECDSA), _PROBE, _ECDSA)
            return elliptic
    except InvalidSignature as error:
        raise _another(place) from error
    raise UsageError("the key of evidence is neither RSA nor EC", remedy="Use one of these two.")


_RSA = (padding.PKCS1v15(), hashes.SHA256())
_ECDSA = ec.ECDSA(hashes.SHA256())


def _another(place: TokenKey) -> UsageError:
    return UsageError(
        f"the key {_named(place)} on the token {place.token} is not that of the certificate",
        remedy="Name the key (key_label, key_id) that belongs to the first certificate of certificate_file.",
    )


def _named(place: TokenKey) -> str:
    return place.key_label or f"with the id {place.key_id}"


def _signed(place: TokenKey, pin: str, data: bytes, kind: str) -> bytes:
    try:
        import pkcs11
    except ImportError as error:
        raise UsageError(
            f"evidence: pkcs11 needs python-pkcs11: {error}",
            remedy="pip install 'saml-app-auditor[pkcs11]'",
        ) from error
    token = _token(place)
    try:
        with token.open(user_pin=pin) as session:
            key = _key(session, place)
            if key.key_type.name != kind:
                raise _another(place)
            return _by(key, data, pin)
    except (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange) as error:
        raise UsageError(
            f"the token {place.token} does not take the PIN of evidence",
            remedy="Check what pin refers to. It was tried once; most tokens lock after a few wrong ones.",
        ) from error
    except pkcs11.PinLocked as error:
        raise CannotRunError(
            f"the PIN of the token {place.token} is locked",
            remedy="Unlock it with its security officer's PIN (for instance pkcs11-tool --init-pin).",
        ) from error
    except pkcs11.PKCS11Error as error:
        raise CannotRunError(
            f"the token {place.token} did not sign: {_said(error)}",
            remedy=f"Check that {place.module} serves it, and that the key {_named(place)} may sign.",
        ) from error


def _token(place: TokenKey) -> pkcs11.Token:
    import pkcs11

    try:
        library = pkcs11.lib(str(place.module))
    except pkcs11.PKCS11Error as error:
        raise UsageError(
            f"the PKCS #11 library {place.module} cannot be loaded: {_said(error)}",
            remedy="Name as module the library (.so, .dll) that comes with the token.",
        ) from error
    try:
        return library.get_token(token_label=place.token)
    except pkcs11.NoSuchToken as error:
        found = sorted({token.label for token in library.get_tokens()} - {""})
        raise UsageError(
            f"{place.module} knows no token {place.token}",
            remedy=f"It knows: {', '.join(found)}." if found else "It knows none. Is it plugged in?",
        ) from error
    except pkcs11.MultipleTokensReturned as error:
        raise UsageError(
            f"{place.module} knows several tokens {place.token}", remedy="Give each a label of its own."
        ) from error
    except pkcs11.PKCS11Error as error:
        raise CannotRunError(
            f"{place.module} does not say which tokens it has: {_said(error)}",
            remedy="Check that the device is there, and that you may use it.",
        ) from error


def _key(session: pkcs11.Session, place: TokenKey) -> Any:
    import pkcs11

    kind = pkcs11.ObjectClass.PRIVATE_KEY
    identifier = bytes.fromhex(place.key_id) if place.key_id else None
    try:
        return session.get_key(object_class=kind, label=place.key_label, id=identifier)
    except pkcs11.NoSuchKey as error:
        keys: Iterable[Any] = session.get_objects({pkcs11.Attribute.CLASS: kind})
        found = sorted(f"{key.label or 'without a label'} (id {key.id.hex()})" for key in keys)
        raise UsageError(
            f"the token {place.token} has no private key {_named(place)}",
            remedy=f"It has: {', '.join(found)}." if found else "It has none.",
        ) from error
    except pkcs11.MultipleObjectsReturned as error:
        raise UsageError(
            f"the token {place.token} has several private keys {_named(place)}",
            remedy="Name key_label and key_id.",
        ) from error


def _by(key: Any, data: bytes, pin: str) -> bytes:
    import pkcs11
    from pkcs11.util.ec import encode_ecdsa_signature

    # A few cards (PIV 9c) want the PIN again for each signature; others refuse it.
    try:
        again = {"pin": pin} if key[pkcs11.Attribute.ALWAYS_AUTHENTICATE] else {}
    except pkcs11.AttributeTypeInvalid:
        again = {}
    if key.key_type is pkcs11.KeyType.RSA:
        return bytes(key.sign(data, mechanism=pkcs11.Mechanism.SHA256_RSA_PKCS, **again))
    digest = hashlib.sha256(data).digest()
    return encode_ecdsa_signature(key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA, **again))


def _said(error: Exception) -> str:
    """Its text, which is often empty, or its name."""
    return str(error) or type(error).__name__


class _KeptInside:
    """What a key on a token does not do."""

    def _stays(self, *_: object, **__: object) -> NoReturn:
        raise NotImplementedError("the key stays on its token")

    decrypt = exchange = private_numbers = private_bytes = _stays

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: object) -> Any:
        return self


class _Rsa(_KeptInside, rsa.RSAPrivateKey):
    def __init__(self, public: rsa.RSAPublicKey, signing: Signing) -> None:
        self._public, self._signing = public, signing

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def public_key(self) -> rsa.RSAPublicKey:
        return self._public

    def sign(self, data: Any, padding: object, algorithm: object) -> bytes:
        """PKCS #1 v1.5 with SHA-256, which is all that `Signer` asks for."""
        return self._signing(bytes(data))


class _Elliptic(_KeptInside, ec.EllipticCurvePrivateKey):
    def __init__(self, public: ec.EllipticCurvePublicKey, signing: Signing) -> None:
        self._public, self._signing = public, signing

    @property
    def curve(self) -> ec.EllipticCurve:
        return self._public.curve

    @property
    def key_size(self) -> int:
        return self._public.key_size

    def public_key(self) -> ec.EllipticCurvePublicKey:
        return self._public

    def sign(self, data: Any, signature_algorithm: object) -> bytes:
        """ECDSA with SHA-256, which is all that `Signer` asks for."""
        return self._signing(bytes(data))
