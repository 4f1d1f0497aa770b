"""The door to Microsoft Graph: asks with msgraph-sdk's request builders, answers with plain JSON.

The typed models of the SDK are left alone: they cost a hundred times the time of the JSON they come from,
and they make null and absent the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from types import TracebackType
from typing import Self, TypeAlias
from urllib.parse import quote

import httpx
from kiota_abstractions.method import Method
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from kiota_http.middleware.options import (
    RedirectHandlerOption,
    ResponseHandlerOption,
    RetryHandlerOption,
)
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient
from msgraph_core import GraphClientFactory  # type: ignore[import-untyped]

from auditor.graph.answer import Answer, Refusal, unreadable
from auditor.graph.network import unreachable
from auditor.graph.pacing import Pacing, Waiting
from auditor.graph.paging import Pages, read_all, reply_refusal
from auditor.graph.question import Builder, Question, Reply, literal, parse, timestamp, url_of
from auditor.graph.sending import TRANSIENT_REPEATS, Courier
from auditor.graph.token import Token
from auditor.graph.traffic import Traffic

__all__ = ["Answer", "Builder", "GraphClient", "Path", "Refusal", "literal"]

V1 = "v1.0"
BETA = "beta"

TIMEOUT = httpx.Timeout(100.0, connect=30.0)
"""Seconds; Graph's own gateway gives up after about as long."""

Outcome: TypeAlias = Answer | Refusal
Outcomes: TypeAlias = list[Answer | Refusal]


class Path:
    """A builder for a path that msgraph-sdk has none for. Ids in it must be escaped already."""

    def __init__(self, url: str) -> None:
        self._url = url

    def to_get_request_information(self) -> RequestInformation:
        """The GET request; takes every OData parameter."""
        names = "%24count,%24expand,%24filter,%24orderby,%24select,%24top"
        return RequestInformation(Method.GET, f"{self._url}{{?{names}}}", {})


class GraphClient:
    """Reads from Graph. Use as `async with`; belongs to the event loop it is opened in."""

    def __init__(
        self,
        *,
        origin: str,
        token: Token,
        transport: httpx.AsyncHTTPTransport,
        max_wait: float,
        waiting: Waiting,
        clock: Callable[[], datetime],
        traffic: Traffic | None = None,
    ) -> None:
        """`origin` is scheme, host and port; `max_wait` the seconds one question may be throttled."""
        self._origin = origin
        self._traffic = traffic or Traffic()
        self._token = token
        self._inner = transport
        self._clock = clock
        self._reached = False
        self._unreached = 0
        self._http = GraphClientFactory.create_with_default_middleware(
            client=httpx.AsyncClient(transport=transport, timeout=TIMEOUT, trust_env=False),
            options={
                RedirectHandlerOption.get_key(): RedirectHandlerOption(should_redirect=False),
                RetryHandlerOption.get_key(): RetryHandlerOption(should_retry=False, max_retries=0),
            },
        )
        host = httpx.URL(origin).host
        provider = AzureIdentityAuthenticationProvider(token, scopes=[token.scope], allowed_hosts=[host])
        self._adapter = GraphRequestAdapter(provider, client=self._http)
        self._adapter.base_url = f"{origin}/{V1}"
        self.sdk = GraphServiceClient(request_adapter=self._adapter)
        """For its request builders only."""

        def asked_to_wait(reason: str, seconds: float) -> None:
            self._traffic.waited_seconds += seconds
            waiting(reason, seconds)

        self._courier = Courier(
            transport=self._send,
            pacing=Pacing(waiting),
            waiting=asked_to_wait,
            max_wait=max_wait,
            clock=clock,
        )
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        # The SDK wraps the transport and forgets to close it.
        self._stack.push_async_callback(self._inner.aclose)
        self._stack.push_async_callback(self._http.aclose)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    @property
    def held_permissions(self) -> frozenset[str]:
        """The permissions that the token carries (`token.held_permissions`)."""
        return self._token.permissions

    def application(self, app_id: str) -> Path:
        """A builder for the app registration with this application id.

        The SDK's own, `applications_with_app_id`, writes the id into parameters that all of them share.
        """
        return Path(f"{self._origin}/{V1}/applications(appId='{quote(app_id, safe='')}')")

    def beta(self, path: str) -> Path:
        """A builder for a beta path such as `/servicePrincipals/<id>/claimsPolicy`."""
        return Path(f"{self._origin}/{BETA}{path}")

    async def get(
        self,
        builder: Builder,
        *,
        select: Sequence[str] = (),
        filter: str | None = None,
        expand: Sequence[str] = (),
        advanced: bool = False,
    ) -> Outcome:
        """One object. `advanced` asks with ConsistencyLevel eventual."""
        question = self._question(builder, select=select, filter=filter, expand=expand, advanced=advanced)
        return _single(question, await self._courier.one(question))

    async def get_many(
        self, builders: Sequence[Builder], *, select: Sequence[str] = (), expand: Sequence[str] = ()
    ) -> Outcomes:
        """Many single objects, in batches; the outcomes in the order of the builders."""
        questions = [self._question(builder, select=select, expand=expand) for builder in builders]
        replies = await self._courier.many(questions)
        return [_single(question, reply) for question, reply in zip(questions, replies, strict=True)]

    async def list(
        self,
        builder: Builder,
        *,
        select: Sequence[str] = (),
        filter: str | None = None,
        expand: Sequence[str] = (),
        top: int | None = None,
        orderby: Sequence[str] = (),
        count: bool = False,
        advanced: bool = False,
        max_pages: int | None = None,
    ) -> Outcome:
        """All items of a collection, each once. More pages than `max_pages`: a refusal, truncated."""
        first = self._question(
            builder,
            select=select,
            filter=filter,
            expand=expand,
            top=top,
            orderby=orderby,
            count=count,
            advanced=advanced,
        )
        return await read_all(Pages(first=first, budget=max_pages), self._courier.one)

    async def list_many(
        self,
        builders: Sequence[Builder],
        *,
        select: Sequence[str] = (),
        filter: str | None = None,
        expand: Sequence[str] = (),
        top: int | None = None,
        advanced: bool = False,
        max_pages: int | None = None,
    ) -> Outcomes:
        """Many collections, page for page in batches; the outcomes in the order of the builders."""
        readers = [
            Pages(
                first=self._question(
                    builder, select=select, filter=filter, expand=expand, top=top, advanced=advanced
                ),
                budget=max_pages,
            )
            for builder in builders
        ]
        outcomes: dict[int, Outcome] = {}
        pending = [(number, reader.first) for number, reader in enumerate(readers)]
        while pending:
            replies = await self._courier.many([question for _, question in pending])
            steps = [
                (number, readers[number].take(question, reply))
                for (number, question), reply in zip(pending, replies, strict=True)
            ]
            outcomes.update((number, step) for number, step in steps if not isinstance(step, Question))
            pending = [(number, step) for number, step in steps if isinstance(step, Question)]
        return [outcomes[number] for number in range(len(readers))]

    async def count(self, builder: Builder, *, filter: str | None = None) -> Outcome:
        """How many items a collection has: `Answer.count`, never None."""
        question = self._question(builder, select=("id",), filter=filter, top=1, count=True, advanced=True)
        reply = await self._courier.one(question)
        outcome = _single(question, reply)
        if isinstance(outcome, Refusal):
            return outcome
        number = outcome.object.get("@odata.count")
        if not isinstance(number, int):
            return unreadable("the answer holds no count", outcome.request)
        return Answer(value=number, request=outcome.request, count=number)

    def _question(self, builder: Builder, *, advanced: bool = False, **parameters: object) -> Question:
        url = url_of(builder, base=f"{self._origin}/{V1}", **parameters)  # type: ignore[arg-type]
        return Question(url=url, headers={"ConsistencyLevel": "eventual"} if advanced else {})

    async def _send(self, question: Question) -> Reply:
        """Sends once, over the SDK. The token is fetched by the SDK's provider, for the Graph host alone."""
        information = RequestInformation(Method(question.method))
        information.url = question.url
        information.headers.try_add("Accept", "application/json")
        for name, value in question.headers.items():
            information.headers.try_add(name, value)
        if question.body is not None:
            information.content = httpx.Request("POST", question.url, json=question.body).content
        information.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
        used = self._token.generation
        self._traffic.requests += 1
        send: Callable[..., Awaitable[httpx.Response]] = self._adapter.send_primitive_async
        try:
            response = await send(information, "bytes", {})
        except (httpx.TransportError, httpx.DecodingError) as error:
            self._give_up_if_unreachable(error)
            why = str(error) or type(error).__name__
            return Reply(status=None, problem=f"no answer, {why}", at=timestamp(self._clock()))
        self._reached = True
        reply = self._reply(response)
        self._traffic.throttled += reply.statuses[429]
        if 401 in reply.statuses:
            self._token.refused(used)
        return reply

    def _give_up_if_unreachable(self, error: httpx.TransportError | httpx.DecodingError) -> None:
        """Raises CannotRunError when no connection to Graph was ever made, and trying again did not help."""
        if self._reached or not isinstance(
            error, httpx.ConnectError | httpx.ConnectTimeout | httpx.ProxyError
        ):
            return
        self._unreached += 1
        if self._unreached > TRANSIENT_REPEATS:
            raise unreachable(error, httpx.URL(self._origin).netloc.decode()) from error

    def _reply(self, response: httpx.Response) -> Reply:
        body, problem = None, None
        try:
            body = parse(response.content)
        except ValueError as error:
            if response.is_success:
                problem = f"the answer is no JSON: {error}"
        return Reply(
            status=response.status_code,
            headers=dict(response.headers),
            body=body,
            problem=problem,
            at=timestamp(self._clock()),
        )


def _single(question: Question, reply: Reply) -> Outcome:
    if not reply.good:
        return reply_refusal(reply, question)
    if not reply.body:  # Graph says at least of which type the object is
        return unreadable("the answer is empty", reply.request(question))
    return Answer(value=reply.body, request=reply.request(question))
