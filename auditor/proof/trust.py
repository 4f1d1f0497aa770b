"""Whether the one who signed is one to believe: a certificate that is known, or an authority that is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store, VerificationError

from auditor.proof.problem import Kind, Problem
from auditor.proof.signature import Signature
from auditor.proof.signing import not_valid, unfit


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """Whom the reader believes. Nobody: who signed cannot be judged."""

    signers: Sequence[x509.Certificate] = ()
    """Signers' own certificates."""
    authorities: Sequence[x509.Certificate] = ()
    """Roots, which issued them."""

    def __bool__(self) -> bool:
        return bool(self.signers or self.authorities)


def signer_problems(signature: Signature, trusted: Trusted, at: datetime) -> Iterator[Problem]:
    """What speaks against the signer; `at` is the time for which its certificate has to be valid."""
    signer = signature.signer
    expired = not_valid(signer, at)
    if expired is not None:
        yield Problem(
            kind=Kind.SIGNER_EXPIRED,
            message=f"the certificate of {name_of(signer)} was not valid at {_time(at)}: {expired}",
        )
    why = unfit(signer)
    if why is not None:
        message = f"the certificate of {name_of(signer)} is not for signing: {why}"
        yield Problem(kind=Kind.SIGNER_UNFIT, message=message)
    if trusted and expired is None and why is None:
        yield from _foreign(signature, trusted, at)


def name_of(certificate: x509.Certificate) -> str:
    """Subject and the beginning of its SHA-256, as messages show it."""
    subject = certificate.subject.rfc4514_string()
    from auditor.proof.signature import digest

    return f"{subject or 'a nameless signer'} (SHA-256 {digest(certificate)[:16]}...)"


def _foreign(signature: Signature, trusted: Trusted, at: datetime) -> Iterator[Problem]:
    signer = signature.signer
    if signer in (*trusted.signers, *trusted.authorities):
        return
    if not trusted.authorities:
        message = f"{name_of(signer)} signed, and that is not the certificate that was given"
        yield Problem(kind=Kind.SIGNER_FOREIGN, message=message)
        return
    # A private authority's certificates need not fit the rules for web servers; that they are authorities,
    # their lifetimes, names and signatures are checked in any case.
    everything = ExtensionPolicy.permit_all()
    builder = PolicyBuilder().store(Store(list(trusted.authorities))).time(at)
    builder = builder.extension_policies(ca_policy=_of_authorities(), ee_policy=everything)
    try:
        builder.build_client_verifier().verify(signer, list(signature.certificates[1:]))
    except VerificationError as error:
        message = f"{name_of(signer)} signed, whom the authority that was given did not vouch for: {error}"
        yield Problem(kind=Kind.SIGNER_FOREIGN, message=message)


def _of_authorities() -> ExtensionPolicy:
    from cryptography.x509.verification import Criticality

    return ExtensionPolicy.permit_all().require_present(
        x509.BasicConstraints, Criticality.AGNOSTIC, _is_authority
    )


def _is_authority(policy: object, certificate: x509.Certificate, extension: x509.BasicConstraints) -> None:
    if not extension.ca:
        raise ValueError("a certificate above the signer's is no authority's")


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def pem_of(certificate: x509.Certificate) -> str:
    """As PEM."""
    return certificate.public_bytes(Encoding.PEM).decode()
