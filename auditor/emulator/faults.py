"""What goes wrong on the way, on demand: answers replaced, cut short, delayed, throttled or dropped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus

from auditor.emulator.requests import Answer, Json, LoggedRequest, Question, request_key

Matcher = Callable[[Question], bool]


@dataclass(kw_only=True)
class Fault:
    """What to do to the requests that match; everything left out stays as it is."""

    match: str | Matcher
    """A path, a path with its query, a request's `key`, or a function of the request."""
    status: int | None = None
    body: Json | bytes = None
    """In place of the true body; with a status of 400 or more and no body, Graph's error JSON is made."""
    empty: bool = False
    """Answer `{}`."""
    code: str | None = None
    """The error's code, with `status`."""
    retry_after: str | int | None = None
    truncate: bool = False
    """Announce the whole body, send half, close. In a batch, the item's body is half of its text."""
    drop: bool = False
    """Close the connection without an answer."""
    delay: float = 0.0
    """Seconds before the answer."""
    times: int | None = None
    """How many requests it meets; None: all."""
    met: int = field(default=0, init=False)
    """How many it has met."""

    def meets(self, question: Question) -> bool:
        """Whether this request is one of them; does not count it."""
        if self.times is not None and self.met >= self.times:
            return False
        if callable(self.match):
            return self.match(question)
        return self.match in (
            question.path,
            question.url,
            request_key(question.method, question.url),
            f"{question.method} {question.url}",
        )


@dataclass(kw_only=True)
class FaultPlan:
    """All faults of a running emulator. May be changed while it runs."""

    faults: list[Fault] = field(default_factory=list)
    clock_offset: timedelta = timedelta(0)
    """How far the server's clock is ahead, in its Date header, its tokens, its judgement of assertions."""

    def add(self, fault: Fault) -> Fault:
        """Puts a fault behind the others; the first that matches a request is applied to it."""
        self.faults.append(fault)
        return fault

    def clear(self) -> None:
        """Forgets all faults and sets the clock right."""
        self.faults.clear()
        self.clock_offset = timedelta(0)

    def take(self, question: Question) -> Fault | None:
        """The fault that this request meets, counted; None when none does."""
        for fault in self.faults:
            if fault.meets(question):
                fault.met += 1
                return fault
        return None


def replaced(fault: Fault, answer: Answer, error: Callable[[int, str, str], Answer]) -> Answer:
    """The answer that the fault gives instead. `error` makes Graph's error from status, code and message."""
    headers = dict(answer.headers)
    if fault.status is not None and fault.status >= 400 and fault.body is None and not fault.empty:
        answer = error(
            fault.status, fault.code or _CODES.get(fault.status, "UnknownError"), _text(fault.status)
        )
        headers = dict(answer.headers)
    body: Json | bytes = {} if fault.empty else fault.body if fault.body is not None else answer.body
    if fault.retry_after is not None:
        headers["Retry-After"] = str(fault.retry_after)
    return Answer(
        status=answer.status if fault.status is None else fault.status,
        body=body,
        headers=headers,
        content_type=answer.content_type,
    )


_CODES = {
    400: "BadRequest",
    401: "InvalidAuthenticationToken",
    403: "Authorization_RequestDenied",
    404: "Request_ResourceNotFound",
    429: "TooManyRequests",
    500: "InternalServerError",
    502: "BadGateway",
    503: "serviceNotAvailable",
    504: "GatewayTimeout",
}


def _text(status: int) -> str:
    return HTTPStatus(status).description or HTTPStatus(status).phrase


__all__ = ["Fault", "FaultPlan", "LoggedRequest", "Matcher", "replaced"]
