"""Access tokens for Graph: issued by the token endpoint, checked by every request."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import jwt

from auditor.emulator.directory import ClientRegistration, Tenant

_ALGORITHM = "RS256"


class BadToken(Exception):
    """The Authorization header does not hold a token that Graph takes."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Tokens:
    """Version 1 tokens, as Graph takes them: signed with the tenant's key, with the cloud's own names."""

    tenant: Tenant
    clock: Callable[[], datetime]
    _claims: dict[str, dict[str, object]] = field(default_factory=dict)
    """Tokens whose signature held, so that it is verified once for each."""

    @property
    def audience(self) -> str:
        """The resource: Graph in the tenant's cloud."""
        return f"https://{self.tenant.cloud.graph}"

    @property
    def issuer(self) -> str:
        """As in version 1 tokens, with the slash at its end."""
        return f"https://{self.tenant.cloud.token_issuer}/{self.tenant.id}/"

    def issue(self, client: ClientRegistration, *, with_certificate: bool) -> str:
        """A token for `client`, valid from five minutes ago for the lifetime that the scene says."""
        now = self.clock()
        pair = self.tenant.tenant_keys[0]
        claims = {
            "aud": self.audience,
            "iss": self.issuer,
            "iat": now - timedelta(minutes=5),
            "nbf": now - timedelta(minutes=5),
            "exp": now + timedelta(seconds=self.tenant.options.token_lifetime),
            "app_displayname": self.tenant.objects[client.service_principal_id]["displayName"],
            "appid": client.app_id,
            "appidacr": "2" if with_certificate else "1",
            "idp": self.issuer,
            "idtyp": "app",
            "oid": client.service_principal_id,
            "roles": sorted(client.permissions),
            "sub": client.service_principal_id,
            "tid": self.tenant.id,
            "uti": uuid.uuid4().hex[:22],
            "ver": "1.0",
        }
        if not client.permissions:
            del claims["roles"]
        return jwt.encode(claims, pair.key, algorithm=_ALGORITHM, headers={"kid": pair.thumbprint})

    def roles(self, header: str | None) -> frozenset[str]:
        """The permissions that the token in an Authorization header carries. Raises BadToken."""
        scheme, _, token = (header or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise BadToken("Access token is empty.")
        claims = self._verified(token.strip())
        expires = claims["exp"]
        if not isinstance(expires, int) or expires <= self.clock().timestamp():
            raise BadToken("Lifetime validation failed, the token is expired.")
        roles = claims.get("roles", [])
        return frozenset(roles if isinstance(roles, list) else ())

    def _verified(self, token: str) -> dict[str, object]:
        if token in self._claims:
            return self._claims[token]
        try:
            claims: dict[str, object] = jwt.decode(
                token,
                self.tenant.tenant_keys[0].key.public_key(),
                algorithms=[_ALGORITHM],
                audience=self.audience,
                issuer=self.issuer,
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "require": ["exp"]},
            )
        except jwt.InvalidAudienceError as error:
            raise BadToken("Access token validation failure. Invalid audience.") from error
        except jwt.InvalidSignatureError as error:
            raise BadToken("Signature validation failed.") from error
        except jwt.InvalidTokenError as error:
            raise BadToken("IDX14100: JWT is not well formed, there are no dots (.).") from error
        self._claims[token] = claims
        return claims
