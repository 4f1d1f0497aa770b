"""manifest.p7s: read strictly, and checked against what it signs. Nothing in it is left unread.

asn1crypto takes the document apart, cryptography checks the signature. Exactly the form that `signing` (and
`openssl cms -sign -binary`) writes is accepted: one signer, SHA-2, signed attributes, nothing unsigned.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from asn1crypto import algos, cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from auditor.proof.manifest import SIGNATURE
from auditor.proof.problem import Kind, Problem, RefusedError

_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature that is right; whether its signer is one to believe is another question."""

    signer: x509.Certificate
    certificates: tuple[x509.Certificate, ...]
    """All that it carries, the signer's first."""
    signed_at: datetime
    """By the signer's own clock."""


def read_signature(data: bytes, content: bytes) -> Signature:
    """The signature of `data` over `content`. Raises RefusedError when it is none, or not right."""
    try:
        return _Reading(data).signature(content)
    except RefusedError:
        raise
    except InvalidSignature as error:
        raise _invalid("it was not made of this manifest with the key of its certificate") from error
    except (  # whatever asn1crypto and cryptography say to what is none
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
        UnsupportedAlgorithm,
        x509.InvalidVersion,
    ) as error:
        raise _invalid(f"it is no CMS signature ({type(error).__name__})") from error


def digest(certificate: x509.Certificate) -> str:
    """SHA-256 of the DER, hex."""
    return certificate.fingerprint(hashes.SHA256()).hex()


def _invalid(why: str) -> RefusedError:
    message = f"{SIGNATURE} is not valid: {why}"
    return RefusedError(Problem(kind=Kind.SIGNATURE_INVALID, message=message, member=SIGNATURE))


class _Reading:
    def __init__(self, data: bytes) -> None:
        info = cms.ContentInfo.load(data, strict=True)
        if info.dump(force=True) != data:
            raise _invalid("it is not in DER")
        if info["content_type"].native != "signed_data":
            raise _invalid("it signs nothing")
        self._signed = info["content"]
        if len(self._signed["signer_infos"]) != 1:
            raise _invalid("it has not exactly one signer")
        self._info = self._signed["signer_infos"][0]

    def signature(self, content: bytes) -> Signature:
        name = self._digest_algorithm()
        attributes = self._attributes()
        if attributes["content_type"] != "data":
            raise _invalid("it signs another kind of content")
        if attributes["message_digest"] != hashlib.new(name, content).digest():
            raise _invalid("it was made of another manifest")
        signed_at = attributes["signing_time"]
        if not isinstance(signed_at, datetime):
            raise _invalid("it does not say when it was made")
        certificates = self._certificates()
        signer = self._signer(certificates)
        self._check(signer, _HASHES[name])
        others = tuple(each for each in certificates if each is not signer)
        return Signature(signer=signer, certificates=(signer, *others), signed_at=signed_at.astimezone(UTC))

    def _digest_algorithm(self) -> str:
        """Its name, when nothing around the signed attributes is other than it has to be."""
        signed, info = self._signed, self._info
        name = str(info["digest_algorithm"]["algorithm"].native)
        encapsulated = signed["encap_content_info"]
        as_expected = (
            name in _HASHES,
            signed["version"].native == info["version"].native == "v1",
            encapsulated["content_type"].native == "data",
            encapsulated["content"].native is None,
            signed["crls"].native is None,
            info["unsigned_attrs"].native is None,
            [each.dump() for each in signed["digest_algorithms"]] == [info["digest_algorithm"].dump()],
            info["digest_algorithm"].dump() in spellings(algos.DigestAlgorithm, name),
        )
        if not all(as_expected):
            raise _invalid("it has more, or other, parts than a detached signature with SHA-2")
        return name

    def _attributes(self) -> Mapping[str, Any]:
        found: dict[str, Any] = {}
        for attribute in self._info["signed_attrs"]:
            kind = attribute["type"].native
            if kind in found or len(attribute["values"]) != 1:
                raise _invalid(f"its signed attribute {kind} stands there twice")
            found[kind] = attribute["values"][0].native
        for kind in ("content_type", "message_digest", "signing_time"):
            if kind not in found:
                raise _invalid(f"it lacks the signed attribute {kind}")
        return found

    def _certificates(self) -> list[x509.Certificate]:
        found: list[x509.Certificate] = []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of oddities that do not matter here
            for choice in self._signed["certificates"]:
                if choice.name != "certificate":
                    raise _invalid("it carries something that is no certificate")
                found.append(x509.load_der_x509_certificate(choice.chosen.dump()))
        return found

    def _signer(self, certificates: list[x509.Certificate]) -> x509.Certificate:
        identifier = self._info["sid"]
        if identifier.name != "issuer_and_serial_number":
            raise _invalid("it names its signer otherwise than by issuer and serial number")
        wanted = identifier.chosen
        for certificate in certificates:
            same_issuer = certificate.issuer.public_bytes() == wanted["issuer"].dump()
            if same_issuer and certificate.serial_number == wanted["serial_number"].native:
                return certificate
        raise _invalid("it does not carry its signer's certificate")

    def _check(self, signer: x509.Certificate, algorithm: hashes.HashAlgorithm) -> None:
        # RFC 5652 s.5.4: what is signed is the SET OF, not the [0] IMPLICIT that stands here.
        signed = self._info["signed_attrs"].untag().dump()
        signature, key = self._info["signature"].native, signer.public_key()
        written = self._info["signature_algorithm"].dump()
        kind = algos.SignedDigestAlgorithm
        if isinstance(key, rsa.RSAPublicKey):
            known = [*spellings(kind, "rsassa_pkcs1v15"), *spellings(kind, f"{algorithm.name}_rsa")]
            if written not in known:
                raise _invalid("its signature algorithm is not RSA (PKCS #1 v1.5) with that digest")
            key.verify(signature, signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            if written not in spellings(kind, f"{algorithm.name}_ecdsa"):
                raise _invalid("its signature algorithm is not ECDSA with that digest")
            key.verify(signature, signed, ec.ECDSA(algorithm))
        else:
            raise _invalid("its signer's key is neither RSA nor EC")


def spellings(kind: Any, name: str) -> tuple[bytes, bytes]:
    """The two ways to write an algorithm without parameters: absent, and NULL (RFC 5754 s.2)."""
    from asn1crypto.core import Null

    return kind({"algorithm": name}).dump(), kind({"algorithm": name, "parameters": Null()}).dump()
