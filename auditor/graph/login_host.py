"""Fetches documents from the login host without a token: OpenID configuration, federation metadata.

With requests, in threads; waiting happens on the event loop, so that Ctrl-C is answered at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import TypeAlias
from urllib.parse import urljoin

import requests

from auditor.graph.network import innermost, origin
from auditor.graph.pacing import Waiting
from auditor.graph.question import timestamp
from auditor.graph.sending import THROTTLED, TRANSIENT_REPEATS, backoff, retry_after
from auditor.model.gap import Reason
from auditor.model.node import Request

LARGEST = 1_000_000
"""Bytes; the documents of real applications have 11 to 72 kB."""

TIMEOUT = (10.0, 30.0)
"""Seconds until connected, and between two pieces of the answer."""

LONGEST = 120.0
"""Seconds for one document altogether: a server that drips must not hold up the night."""

MOST_REDIRECTS = 3

PIECE = 65_536

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What the login host sent: the bytes, whatever they are."""

    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotFetched:
    """Why there are no bytes."""

    reason: Reason
    detail: str
    status: int | None = None
    retry_after: str | None = None
    repeatable: bool = False
    error: requests.RequestException | None = None
    """When the host could not be reached at all."""


Download: TypeAlias = Fetched | NotFetched


@dataclass(kw_only=True)
class LoginHost:
    """The login host, asked for documents."""

    session: requests.Session
    """Made by `network.session_for`: it reaches the login host and no other."""
    max_wait: float
    """Seconds that one document may be waited for when the host is throttling."""
    waiting: Waiting
    clock: Callable[[], datetime]
    concurrency: int = 8

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.concurrency)

    async def fetch(self, url: str) -> tuple[Download, Request]:
        """The document at `url` (named with the cloud's own host), and its provenance."""
        waited, attempt = 0.0, 0
        while True:
            async with self._slots:
                begun = monotonic()
                download = await asyncio.to_thread(_download, self.session, url)
            request = Request(method="GET", url=url, at=timestamp(self.clock()), status=download.status)
            _log.debug("%s: %s", request, download.status or "no answer")
            if isinstance(download, Fetched) or not download.repeatable:
                return download, request
            attempt += 1
            if download.status is None:  # a host that keeps us hanging uses up patience as well
                waited += monotonic() - begun
            throttled = download.status in THROTTLED
            pause = (throttled and retry_after(download.retry_after, self.clock())) or backoff(attempt)
            if waited + pause > self.max_wait or (attempt > TRANSIENT_REPEATS and not throttled):
                return download, request
            if throttled:
                self.waiting("the login host asks to wait", pause)
            await asyncio.sleep(pause)
            waited += pause


def _download(session: requests.Session, url: str) -> Download:
    for _ in range(MOST_REDIRECTS + 1):
        try:
            with session.get(url, stream=True, timeout=TIMEOUT, allow_redirects=False) as response:
                if not response.is_redirect:
                    return _body(response)
                target = urljoin(url, response.headers["Location"])
        except requests.RequestException as error:
            detail = f"no answer, {innermost(error)}"
            return NotFetched(reason=Reason.UNREADABLE, detail=detail, repeatable=True, error=error)
        if origin(target) != origin(url):
            detail = f"the answer redirects to {origin(target)}, which was not followed"
            return NotFetched(reason=Reason.UNREADABLE, detail=detail, status=response.status_code)
        url = target
    return NotFetched(reason=Reason.UNREADABLE, detail="the answers redirect without end")


def _body(response: requests.Response) -> Download:
    status = response.status_code
    if status in THROTTLED:
        return NotFetched(
            reason=Reason.THROTTLED,
            detail=f"the login host answered {status} until the patience was used up",
            status=status,
            retry_after=response.headers.get("Retry-After"),
            repeatable=True,
        )
    if status >= 500:
        detail = f"the login host answered {status}"
        return NotFetched(reason=Reason.UNREADABLE, detail=detail, status=status, repeatable=True)
    pieces = bytearray()
    deadline = monotonic() + LONGEST
    for piece in response.iter_content(PIECE):
        pieces += piece
        if monotonic() > deadline:
            detail = f"the document had not come to its end after {LONGEST:g} seconds"
            return NotFetched(reason=Reason.UNREADABLE, detail=detail, status=status)
        if len(pieces) > LARGEST:
            detail = f"the document has more than {LARGEST:,} bytes; the rest was not read"
            return NotFetched(reason=Reason.TRUNCATED, detail=detail, status=status)
    return Fetched(status=status, body=bytes(pieces), headers=response.headers)
