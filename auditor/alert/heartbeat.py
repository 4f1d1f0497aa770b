"""A dead man's switch: a URL that is pinged when a scan starts and when it ends, so that silence is noticed.

By the convention of healthchecks.io: `URL/start`, then `URL`, or `URL/fail`. Whoever knows the URL may ping
it: it is a secret, and in no message.
"""

from __future__ import annotations

import time
from enum import Enum
from urllib.parse import urlsplit, urlunsplit

import requests
from urllib3.exceptions import HTTPError

from auditor import __version__
from auditor.alert.channel import TOLD, Outcome, within
from auditor.errors import UsageError
from auditor.graph.network import innermost, origin, session_for, trust
from auditor.secret import mask, mask_parts_of, resolve
from auditor.web_address import unfit

_PATIENCE = 5.0
_PAUSE = 1.0
"""Seconds."""


class Beat(Enum):
    """What is pinged: what comes after the URL's path."""

    START = "/start"
    SUCCESS = ""
    FAILURE = "/fail"


class Heartbeat:
    """The URL behind a reference. Raises UsageError when there is none."""

    def __init__(self, reference: str) -> None:
        self._url = resolve(reference)
        problem = unfit(self._url)
        if problem:
            raise UsageError(
                f"heartbeat: what {reference} refers to {problem}",
                remedy="Write https://...; http:// on this machine only.",
            )
        mask_parts_of(self._url)

    def ping(self, beat: Beat) -> str | None:
        """Why the ping did not arrive, after a second attempt; None: it did."""
        said = self._attempt(beat)
        if said is not None:
            time.sleep(_PAUSE)
            said = self._attempt(beat)
        return said

    def _attempt(self, beat: Beat) -> str | None:
        parts = urlsplit(self._url)
        url = urlunsplit(parts._replace(path=parts.path.rstrip("/") + beat.value))

        def get() -> Outcome:
            try:
                with (
                    session_for(origin(url), trust()) as session,
                    session.get(
                        url,
                        timeout=_PATIENCE,
                        allow_redirects=False,
                        stream=True,
                        headers={"User-Agent": f"auditor/{__version__}"},
                    ) as answer,
                ):
                    if 200 <= answer.status_code < 300:
                        return TOLD
                    return Outcome(reason=f"answered {answer.status_code}")
            except (requests.RequestException, HTTPError, UnicodeError) as error:
                return Outcome(reason=mask(innermost(error)))

        return within(2 * _PATIENCE, get).reason
