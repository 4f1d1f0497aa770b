"""Opens the way to one tenant: who it is, a token for it, the clients for Graph and for the login host."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

import httpx

from auditor.graph.client import GraphClient
from auditor.graph.credential import SignIn
from auditor.graph.discovery import discover
from auditor.graph.login_host import LoginHost
from auditor.graph.network import proxy_for, session_for, trust
from auditor.graph.pacing import Waiting
from auditor.graph.token import Token, held_permissions
from auditor.graph.traffic import Traffic
from auditor.model.cloud import CLOUDS, Cloud
from auditor.model.configuration import TenantConfiguration


@dataclass(frozen=True, kw_only=True)
class Connection:
    """A tenant that can be read."""

    tenant_id: str
    """Its GUID, lower case."""
    cloud: Cloud
    graph: GraphClient
    login_host: LoginHost
    permissions: frozenset[str]
    """Those that the token carries."""


@asynccontextmanager
async def connect(
    tenant: TenantConfiguration,
    *,
    max_wait: float,
    waiting: Waiting,
    clock: Callable[[], datetime],
    traffic: Traffic | None = None,
) -> AsyncIterator[Connection]:
    """Signs in to a tenant, and closes everything at the end; counts in `traffic`.

    Raises CannotRunError when nothing can be read at all: network, TLS, clock, tenant, credential.
    """
    cloud = CLOUDS[tenant.cloud]
    endpoints = tenant.endpoints
    authority = endpoints.login or cloud.authority
    graph_origin = endpoints.graph or f"https://{cloud.graph_host}"
    session = session_for(
        authority, trust(endpoints.ca_file if endpoints.login else None), instead_of=cloud.authority
    )
    with session:
        login_host = LoginHost(session=session, max_wait=max_wait, waiting=waiting, clock=clock)
        host = urlsplit(authority).netloc
        tenant_id = await discover(tenant.id, cloud=cloud, host=host, login_host=login_host, clock=clock)
        sign_in = SignIn(
            credential=tenant.credential,
            cloud=cloud,
            tenant_id=tenant_id,
            authority=authority,
            session=session,
            max_wait=max_wait,
            waiting=waiting,
            clock=clock,
        )
        token = Token(scope=cloud.token_scope, fetch=sign_in.fetch)
        held = held_permissions((await token.get_token()).token)
        transport = httpx.AsyncHTTPTransport(
            verify=trust(endpoints.ca_file if endpoints.graph else None),
            http2=True,
            proxy=proxy_for(graph_origin),
        )
        client = GraphClient(
            origin=graph_origin,
            token=token,
            transport=transport,
            max_wait=max_wait,
            waiting=waiting,
            clock=clock,
            traffic=traffic,
        )
        async with client as graph:
            yield Connection(
                tenant_id=tenant_id, cloud=cloud, graph=graph, login_host=login_host, permissions=held
            )
