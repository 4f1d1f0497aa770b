"""Gets the token, with azure-identity, by the kind of credential that the configuration names.

What goes wrong here ends the audit before it began: one line on what happened, one on what to do. Tokens
and secrets are in neither.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, Protocol

import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import (
    AzureCliCredential,
    CertificateCredential,
    ClientSecretCredential,
    CredentialUnavailableError,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

from auditor.errors import CannotRunError, UsageError
from auditor.graph.aadsts import explained
from auditor.graph.certificate import client_certificate
from auditor.graph.network import innermost, unreachable
from auditor.graph.pacing import Waiting
from auditor.graph.token import claims_of
from auditor.model.cloud import Cloud
from auditor.model.configuration import Credential
from auditor.secret import mask, masked_from_now_on, resolve

SIGNING_IN = "signing in to Microsoft Entra"


class AzureCredential(Protocol):
    """What all credentials of azure-identity have in common."""

    def get_token(
        self, *scopes: str, claims: str | None = None, tenant_id: str | None = None, **options: Any
    ) -> AccessToken:
        """Asks for a token."""

    def close(self) -> None:
        """Lets go of connections."""


@dataclass(frozen=True, kw_only=True)
class SignIn:
    """Fetches tokens for one tenant."""

    credential: Credential
    cloud: Cloud
    tenant_id: str
    authority: str
    """Origin that is asked for tokens: the cloud's, or `endpoints.login`."""
    session: requests.Session
    """Made by `network.session_for`: it reaches the authority and no other host."""
    max_wait: float
    """Seconds that the login host may have us wait."""
    waiting: Waiting
    clock: Callable[[], datetime]

    async def fetch(self, claims: str | None) -> AccessToken:
        """A new token, from no cache. Raises CannotRunError; UsageError for what the configuration lacks."""
        waited = 0.0
        while True:
            try:
                return await asyncio.to_thread(self._ask, claims)
            except _AskedToWaitError as asked:
                waited += asked.seconds
                if waited > self.max_wait:
                    raise CannotRunError(
                        f"{SIGNING_IN}: the login host asks to wait {asked.seconds:g} seconds more",
                        remedy="Try again later, or allow more with --max-wait.",
                    ) from None
                self.waiting("the login host asks to wait", asked.seconds)
                await asyncio.sleep(asked.seconds)

    def _ask(self, claims: str | None) -> AccessToken:
        try:
            # A credential of its own for each token: that way no cache can hand out a refused one again.
            with closing(self._credential()) as credential:
                token = credential.get_token(self.cloud.token_scope, claims=claims, enable_cae=True)
        except CredentialUnavailableError as error:
            raise CannotRunError(
                f"{SIGNING_IN}: {self.credential.type} is not available here: {_first_line(error)}",
                remedy="Choose another credential.type, or set up this one (for azure-cli: az login).",
            ) from error
        except ClientAuthenticationError as error:
            self._explain(error)
        except ValueError as error:  # how azure-identity rejects its arguments
            raise UsageError(
                f"the credential {self.credential.type} cannot be used: {_first_line(error)}",
                remedy="Correct the tenant's credential in the configuration.",
            ) from error
        masked_from_now_on(token.token)
        self._check_tenant(token.token)
        return token

    def _check_tenant(self, token: str) -> None:
        # A managed identity brings its own tenant along, whatever the configuration says.
        theirs = claims_of(token).get("tid")
        if isinstance(theirs, str) and theirs.lower() != self.tenant_id:
            raise CannotRunError(
                f"{SIGNING_IN}: the token is for the tenant {theirs}, not for {self.tenant_id}",
                remedy="Use a credential of the tenant that is to be audited.",
            )

    def _explain(self, error: ClientAuthenticationError) -> NoReturn:
        cause = error.__cause__
        while cause is not None:
            if isinstance(cause, _AskedToWaitError):
                raise cause
            if isinstance(cause, requests.RequestException):
                raise unreachable(cause, self.authority.partition("://")[2]) from error
            cause = cause.__cause__ or cause.__context__
        raise explained(error.message, doing=SIGNING_IN) or CannotRunError(
            f"{SIGNING_IN} failed: {mask(innermost(error))[:300]}",
            remedy="Check the tenant's credential, its cloud and its endpoints in the configuration.",
        ) from error

    def _credential(self) -> AzureCredential:
        kind = self.credential.type
        if kind == "environment":
            kind = _kind_in_environment()
        return KINDS[kind](self)

    @property
    def _options(self) -> dict[str, Any]:
        """What every credential that asks the authority itself is given."""
        return {
            "tenant_id": self.tenant_id,
            "authority": self.authority,
            # Else MSAL would ask login.microsoftonline.com whether it knows this authority.
            "disable_instance_discovery": self.authority != self.cloud.authority,
            "transport": _Transport(
                session=self.session, session_owner=False, connection_timeout=10, read_timeout=30
            ),
            "retry_connect": 0,
            "retry_read": 0,
        }

    def _client_id(self) -> str:
        return _given(self.credential.client_id, "client_id", "AZURE_CLIENT_ID")


def _client_secret(sign_in: SignIn) -> AzureCredential:
    reference = sign_in.credential.client_secret
    secret = resolve(reference or _reference("AZURE_CLIENT_SECRET", "client_secret"))
    return ClientSecretCredential(client_id=sign_in._client_id(), client_secret=secret, **sign_in._options)


def _client_certificate(sign_in: SignIn) -> AzureCredential:
    given = sign_in.credential
    path = given.certificate_path or _given(None, "certificate_path", "AZURE_CLIENT_CERTIFICATE_PATH")
    password = given.certificate_password
    if password is None and os.environ.get("AZURE_CLIENT_CERTIFICATE_PASSWORD"):
        password = "env:AZURE_CLIENT_CERTIFICATE_PASSWORD"
    secret = None if password is None else resolve(password)
    chain = os.environ.get("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN", "").lower() in {"1", "true"}
    return CertificateCredential(
        client_id=sign_in._client_id(),
        certificate_data=client_certificate(Path(path), secret, at=sign_in.clock()),
        password=secret,
        send_certificate_chain=chain,
        **sign_in._options,
    )


def _workload_identity(sign_in: SignIn) -> AzureCredential:
    given = sign_in.credential.token_file
    file = given or _given(None, "token_file", "AZURE_FEDERATED_TOKEN_FILE")
    return WorkloadIdentityCredential(
        client_id=sign_in._client_id(), token_file_path=str(file), **sign_in._options
    )


def _managed_identity(sign_in: SignIn) -> AzureCredential:
    # Asks an address of the machine it runs on, so neither authority nor session of ours apply.
    client_id = sign_in.credential.client_id or os.environ.get("AZURE_CLIENT_ID")
    return ManagedIdentityCredential(client_id=client_id or None)


KINDS: Mapping[str, Callable[[SignIn], AzureCredential]] = MappingProxyType(
    {
        "client-secret": _client_secret,
        "client-certificate": _client_certificate,
        "workload-identity": _workload_identity,
        "managed-identity": _managed_identity,
        "azure-cli": lambda sign_in: AzureCliCredential(tenant_id=sign_in.tenant_id),
    }
)
"""By `credential.type`; `environment` chooses one of them by the variables that are set."""


def _kind_in_environment() -> str:
    if os.environ.get("AZURE_CLIENT_SECRET"):
        return "client-secret"
    if os.environ.get("AZURE_CLIENT_CERTIFICATE_PATH"):
        return "client-certificate"
    if os.environ.get("AZURE_FEDERATED_TOKEN_FILE"):
        return "workload-identity"
    raise CannotRunError(
        "no credential is configured, and the environment holds none",
        remedy="Set AZURE_CLIENT_ID with AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH or "
        "AZURE_FEDERATED_TOKEN_FILE, or credential.type in the configuration.",
    )


def _given(value: str | None, key: str, variable: str) -> str:
    found = value or os.environ.get(variable)
    if not found:
        raise UsageError(
            f"the credential lacks {key}", remedy=f"Set credential.{key} or the variable {variable}."
        )
    return found


def _reference(variable: str, key: str) -> str:
    _given(None, key, variable)
    return f"env:{variable}"


def _first_line(error: Exception) -> str:
    return mask(str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__)[:300]


class _AskedToWaitError(RuntimeError):
    """azure-identity was about to sleep in its thread, where nothing could wake it."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"asked to wait {seconds:g} seconds")
        self.seconds = seconds


class _Transport(RequestsTransport):  # type: ignore[misc]
    """The session's transport, which does its waiting on the event loop."""

    def sleep(self, duration: float) -> None:
        raise _AskedToWaitError(duration)
