"""Asks a timestamp authority: the one place here that touches the network."""

from __future__ import annotations

import requests

from auditor.proof.bundle import NoTimestampError
from auditor.proof.timestamp import is_about, parse
from auditor.proof.token_form import tidied, untidy

_TIMEOUT = (10, 30)
"""Seconds, to connect and between two bytes."""
_MOST_BYTES = 2**20
_GRANTED = 0


def ask(url: str, content: bytes) -> bytes:
    """A timestamp (the whole answer, DER) for these bytes. Raises NoTimestampError."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    request = (
        TimestampRequestBuilder()
        .data(content)
        .hash_algorithm(HashAlgorithm.SHA256)
        .cert_request(cert_request=True)
    ).build()
    data = tidied(_answer(url, request.as_bytes()))
    try:
        answer = parse(data)
        if answer.status != _GRANTED:
            said = "; ".join(answer.status_string) or f"status {answer.status}"
            raise NoTimestampError(f"it was refused: {said}")
        if not is_about(answer, content) or answer.tst_info.nonce != request.nonce:
            raise NoTimestampError("the answer is to another question")
        why = untidy(data)
        if why is not None:
            raise NoTimestampError(f"the answer is not as it should be: {why}")
    except (ValueError, TypeError) as error:
        raise NoTimestampError(f"the answer is no timestamp ({error})") from error
    return data


def _answer(url: str, question: bytes) -> bytes:
    headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
    try:
        with requests.post(
            url, data=question, headers=headers, timeout=_TIMEOUT, allow_redirects=False, stream=True
        ) as response:
            if response.status_code != 200:
                raise NoTimestampError(f"the authority answered with HTTP {response.status_code}")
            data = response.raw.read(_MOST_BYTES + 1, decode_content=True)
    except (requests.RequestException, OSError, ValueError) as error:
        raise NoTimestampError(f"the authority could not be reached ({type(error).__name__})") from error
    if len(data) > _MOST_BYTES:
        raise NoTimestampError("the answer is larger than any timestamp")
    return bytes(data)
