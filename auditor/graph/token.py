"""The token for Graph: fetched off the event loop, kept until it expires, renewed when Graph refuses it."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Self

from azure.core.credentials import AccessToken

from auditor.model.node import Json

USED_FOR = 0.8
"""Part of its life that a token is used for; the rest is for clocks that differ and slow requests."""

RENEWAL_EVERY = 60.0
"""Seconds; a resource that refuses every token must not cause a new one per request."""


class Token:
    """A credential as the SDK's provider wants it, for one scope. Belongs to one event loop."""

    def __init__(self, *, scope: str, fetch: Callable[[str | None], Awaitable[AccessToken]]) -> None:
        """`fetch` asks for a new token, past every cache, given the claims that Graph asks for, if any."""
        self.scope = scope
        self.generation = 0
        """Counts the tokens."""
        self._fetch = fetch
        self._token: AccessToken | None = None
        self._good_until = float("-inf")
        self._renewed_at = float("-inf")
        self._turn = asyncio.Lock()

    async def get_token(
        self,
        *scopes: str,
        claims: str | None = None,
        tenant_id: str | None = None,
        enable_cae: bool = False,
        **options: Any,
    ) -> AccessToken:
        """The token. What the SDK says besides the claims is always the same. Raises CannotRunError."""
        async with self._turn:
            if self._token is None or claims or time.time() >= self._good_until:
                self._token = await self._fetch(claims)
                self._good_until = time.time() + USED_FOR * (self._token.expires_on - time.time())
                self.generation += 1
            return self._token

    def refused(self, generation: int) -> None:
        """Graph answered 401 to the token of this generation: the next request gets a new one."""
        if generation == self.generation and time.monotonic() - self._renewed_at > RENEWAL_EVERY:
            self._renewed_at = time.monotonic()
            self._token = None

    @property
    def permissions(self) -> frozenset[str]:
        """What the token in use permits; empty before the first."""
        return frozenset() if self._token is None else held_permissions(self._token.token)

    async def close(self) -> None:
        """Part of the interface; the credential behind it is closed by whoever made it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        """Part of the interface; see `close`."""


def held_permissions(token: str) -> frozenset[str]:
    """The permissions that a token carries: `roles` (application), or `scp` (a signed-in user's)."""
    claims = claims_of(token)
    roles, scopes = claims.get("roles"), claims.get("scp")
    names = list(roles) if isinstance(roles, list) else []
    names += scopes.split() if isinstance(scopes, str) else []
    return frozenset(name for name in names if isinstance(name, str))


def claims_of(token: str) -> Mapping[str, Json]:
    """The claims of a token; empty when it cannot be read.

    Not verified: Graph does that, and nothing is allowed here by them.
    """
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError):  # binascii.Error is a ValueError
        return {}
    return claims if isinstance(claims, dict) else {}
