"""manifest.tsr: the answer of a timestamp authority (RFC 3161) about manifest.p7s."""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

from auditor.proof.manifest import SIGNATURE, TIMESTAMP
from auditor.proof.problem import Kind, Problem, RefusedError
from auditor.proof.token_form import certificates, untidy

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")


_NONE = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
)
"""Whatever the libraries say to what is no timestamp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """When the signature was there at the latest."""

    at: datetime
    checked: bool
    """Whether the authority's own signature was."""


def parse(data: bytes) -> TimeStampResponse:
    """An authority's answer. Raises ValueError when it is none."""
    from rfc3161_client import decode_timestamp_response

    answer = decode_timestamp_response(data)
    if answer.as_bytes() != data:
        raise ValueError("it is not in DER")
    return answer


def is_about(answer: TimeStampResponse, content: bytes) -> bool:
    """Whether an answer that grants a timestamp is about these bytes."""
    imprint = answer.tst_info.message_imprint
    return imprint.hash_algorithm == SHA256 and imprint.message == hashlib.sha256(content).digest()


def read_timestamp(data: bytes, signature: bytes, authorities: Sequence[x509.Certificate]) -> Timestamp:
    """The time that a timestamp gives the signature. Raises RefusedError.

    `authorities`: roots; without one, the authority's own signature is not checked.
    """
    from rfc3161_client import VerificationError, VerifierBuilder

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of oddities that do not matter here
        try:
            answer = parse(data)
            about = is_about(answer, signature)
            at = answer.tst_info.gen_time.astimezone(UTC)
            why = untidy(data)
        except _NONE as error:
            raise _invalid(f"it cannot be read ({type(error).__name__})") from error
        if why is not None:
            raise _invalid(why)
        if not about:
            raise _invalid(f"it is about something else than {SIGNATURE}")
        if not authorities:
            return Timestamp(at=at, checked=False)
        try:
            VerifierBuilder(roots=list(authorities)).build().verify_message(answer, signature)
            _check_chain(certificates(data), authorities)
        except (VerificationError, InvalidSignature, *_NONE) as error:
            raise _invalid(f"the authority that was given did not make it: {error}") from error
    return Timestamp(at=at, checked=True)


def _check_chain(chain: Sequence[x509.Certificate], authorities: Sequence[x509.Certificate]) -> None:
    """That each certificate of the answer is issued by the next one: nothing in it goes unread."""
    for certificate, above in pairwise(chain):
        certificate.verify_directly_issued_by(above)
    if chain[-1] in authorities:
        return
    issuers = [each for each in authorities if each.subject == chain[-1].issuer]
    if not issuers:
        raise ValueError("its certificates do not lead to the authority")
    chain[-1].verify_directly_issued_by(issuers[0])


def _invalid(why: str) -> RefusedError:
    message = f"{TIMESTAMP} is not valid: {why}"
    return RefusedError(Problem(kind=Kind.TIMESTAMP_INVALID, message=message, member=TIMESTAMP))
