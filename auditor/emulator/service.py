"""One running tenant: every request is answered, counted, and put through the fault plan."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from auditor.emulator.batch import BadBatch, gathered, questions
from auditor.emulator.directory import Tenant
from auditor.emulator.faults import Fault, FaultPlan, replaced
from auditor.emulator.graph import VERSIONS, Graph
from auditor.emulator.limits import Limits
from auditor.emulator.login import Login
from auditor.emulator.metadata import Metadata
from auditor.emulator.requests import Answer, LoggedRequest, Question
from auditor.emulator.tokens import BadToken, Tokens

_READ_BY_POST = ("/$batch", "/directoryObjects/getByIds", "/oauth2/v2.0/token")


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An answer, and what happens to it on the way."""

    answer: Answer
    truncate: bool = False
    drop: bool = False
    delay: float = 0.0


@dataclass(kw_only=True)
class Service:
    """Answers for one tenant."""

    tenant: Tenant
    faults: FaultPlan
    log: list[LoggedRequest] = field(default_factory=list)
    writes: int = 0
    """Requests that would have changed something; all were refused."""

    def __post_init__(self) -> None:
        self._tokens = Tokens(self.tenant, self.clock)
        self._graph = Graph(self.tenant, self._tokens, self.clock, self.faults)
        self._login = Login(self.tenant, self._tokens, Metadata(self.tenant), self.clock)
        self._limits = Limits(tenant=self.tenant)

    def clock(self) -> datetime:
        """The server's time: the machine's, and what the fault plan adds."""
        return datetime.now(UTC) + self.faults.clock_offset

    def deliver(self, question: Question) -> Delivery:
        """What is sent back for one request from the wire."""
        if question.path.endswith("/$batch") and question.method == "POST":
            return self._met(question, lambda: self._batch(question))
        return self._met(question, lambda: self._true(question))

    def _met(self, question: Question, true: Callable[[], Answer]) -> Delivery:
        fault = self.faults.take(question)
        if fault is None:
            delivery = Delivery(answer=self._limits.refusal(question, self._error) or true())
        else:
            delivery = self._faulty(question, fault, true)
        delivery = replace(delivery, answer=self._with_ids(question, delivery.answer))
        self.log.append(
            LoggedRequest(
                method=question.method,
                url=question.url,
                status=delivery.answer.status,
                via_batch=question.via_batch,
                permission=self._graph.requirement(question).least,
                client_request_id=question.headers.get("client-request-id"),
            )
        )
        return delivery

    def _faulty(self, question: Question, fault: Fault, true: Callable[[], Answer]) -> Delivery:
        answer = replaced(fault, true(), lambda status, code, text: self._error(question, status, code, text))
        return Delivery(answer=answer, truncate=fault.truncate, drop=fault.drop, delay=fault.delay)

    def _error(self, question: Question, status: int, code: str, message: str) -> Answer:
        return self._graph.error(question, status, code, message)

    def _true(self, question: Question) -> Answer:
        if question.method not in ("GET", "HEAD", "OPTIONS") and not (
            question.method == "POST" and question.path.endswith(_READ_BY_POST)
        ):
            self.writes += 1
            return self._error(
                question, 405, "Request_MethodNotAllowed", "Specified HTTP method is not allowed."
            )
        if question.path.split("/")[1] in VERSIONS:
            return self._graph.answer(question)
        answer = self._login.answer(question)
        return answer or self._error(question, 404, "NotFound", "There is nothing here.")

    def _batch(self, question: Question) -> Answer:
        try:
            self._tokens.roles(question.headers.get("authorization"))
            return gathered(questions(question), self._item)
        except BadToken as error:
            return self._error(question, 401, "InvalidAuthenticationToken", error.message)
        except BadBatch as error:
            return self._error(question, 400, "BadRequest", str(error))

    def _item(self, question: Question) -> Answer:
        delivery = self._met(question, lambda: self._true(question))
        if delivery.drop:
            # An item has no connection of its own; the gateway gives up on it instead.
            return self._error(question, 504, "GatewayTimeout", "The item was not answered in time.")
        if delivery.truncate:
            body = delivery.answer.body
            text = body if isinstance(body, bytes) else json.dumps(body).encode()
            return replace(delivery.answer, body=text[: len(text) // 2])
        return delivery.answer

    def _with_ids(self, question: Question, answer: Answer) -> Answer:
        request_id = str(uuid.uuid4())
        headers = {
            "request-id": request_id,
            "client-request-id": question.headers.get("client-request-id", request_id),
            **answer.headers,
        }
        return replace(answer, headers=headers)
