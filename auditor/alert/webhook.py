"""The generic webhook: each event is posted as one JSON object, signed, with a key to know it by."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path
from ssl import SSLContext

import requests
from urllib3.exceptions import HTTPError

from auditor import __version__
from auditor.alert.channel import TOLD, Outcome, within
from auditor.errors import UsageError
from auditor.graph.network import innermost, origin, session_for, trust
from auditor.history import Letter
from auditor.secret import mask

_LATER = (408, 425, 429)
"""Answers that say nothing about the event itself."""

_GRACE = 2
"""Seconds more than its own timeout for an attempt to say how it ended."""

_LONGEST_WAIT = 30
"""Seconds; whoever asks for more is tried again by the next run."""


class Webhook:
    """Posts to one URL. Only 2xx counts as told; redirects are not followed."""

    of_run = False

    def __init__(self, url: str, *, hmac_key: str | None, ca_file: Path | None, timeout: float) -> None:
        self._url = url
        self._key = hmac_key
        self._timeout = timeout
        self._session = session_for(origin(url), _trust(ca_file))

    def send(self, letters: Sequence[Letter]) -> Outcome:
        """One event; its body as it was stored, so that every attempt is the same to the letter."""
        (letter,) = letters
        return within(self._timeout + _GRACE, lambda: self._post(letter))

    def close(self) -> None:
        """Lets go of the connection."""
        self._session.close()

    def _post(self, letter: Letter) -> Outcome:
        body = letter.body.encode()
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"auditor/{__version__}",
            "Idempotency-Key": letter.key,
        }
        if self._key is not None:
            digest = hmac.new(self._key.encode(), body, hashlib.sha256).hexdigest()
            headers["X-Auditor-Signature"] = f"sha256={digest}"
        try:
            with self._session.post(
                self._url,
                data=body,
                headers=headers,
                timeout=self._timeout,
                allow_redirects=False,
                stream=True,  # what it answers beside its status is not read
            ) as answer:
                return _outcome(answer)
        except requests.Timeout:
            return Outcome(reason=f"no answer within {self._timeout:g} seconds", in_doubt=True)
        except (requests.RequestException, HTTPError, UnicodeError) as error:
            return Outcome(reason=mask(innermost(error)), in_doubt=True)


def _outcome(answer: requests.Response) -> Outcome:
    status = answer.status_code
    if 200 <= status < 300:
        return TOLD
    if 300 <= status < 400:
        return Outcome(reason=f"answered {status}; redirects are not followed")
    return Outcome(
        reason=f"answered {status}",
        answered=400 <= status < 500 and status not in _LATER,
        wait=_wait(answer.headers.get("Retry-After", "")),
    )


def _wait(text: str) -> float | None:
    """Retry-After in seconds; dates and anything long are left to the next run."""
    return float(text) if text.isascii() and text.isdigit() and int(text) <= _LONGEST_WAIT else None


def _trust(ca_file: Path | None) -> SSLContext:
    context = trust()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:
            raise UsageError(
                f"alerts: ca_file {ca_file} cannot be read as PEM certificates: {error}",
                remedy="Name a file with the certificate of the authority that signed the webhook's one.",
            ) from error
    return context
