"""What goes wrong on the way, on demand: answers replaced, cut short, delayed, throttled or dropped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus

from auditor.emulator.requests import Answer, Json, LoggedRequest, Object, Question, request_key

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
class Lag:
    """A thing that lists lack for a while although it is there: Entra is eventually consistent.

    Asked for by its id it is found.
    """

    id: str
    reads: int
    """How many lists lack it; a list counts once, however many pages it has."""
    within: str = ""
    """Only in lists whose path ends so: `/owners`."""
    met: int = field(default=0, init=False)
    """How many did."""
    _hiding: set[str] = field(default_factory=set, init=False)

    def hides(self, question: Question) -> bool:
        """Whether the list that is asked for lacks the thing."""
        if not question.path.endswith(self.within):
            return False
        if question.option("$skiptoken"):
            return question.path in self._hiding
        self._hiding.discard(question.path)
        if self.met >= self.reads:
            return False
        self.met += 1
        self._hiding.add(question.path)
        return True


@dataclass(kw_only=True)
class FaultPlan:
    """All faults of a running emulator. May be changed while it runs."""

    faults: list[Fault] = field(default_factory=list)
    lags: list[Lag] = field(default_factory=list)
    clock_offset: timedelta = timedelta(0)
    """How far the server's clock is ahead, in its Date header, its tokens, its judgement of assertions."""

    def add(self, fault: Fault) -> Fault:
        """Puts a fault behind the others; the first that matches a request is applied to it."""
        self.faults.append(fault)
        return fault

    def lag(self, id: str, *, reads: int, within: str = "") -> Lag:
        """Lists lack the thing of that id for so many reads; those only whose path ends with `within`."""
        self.lags.append(Lag(id=id, reads=reads, within=within))
        return self.lags[-1]

    def shown(self, items: list[Object], question: Question) -> list[Object]:
        """What a list shows of `items`. A thing counts as missed only by a list that it belongs to."""
        for lag in self.lags:
            if any(item.get("id") == lag.id for item in items) and lag.hides(question):
                items = [item for item in items if item.get("id") != lag.id]
        return items

    def clear(self) -> None:
        """Forgets all faults and sets the clock right."""
        self.faults.clear()
        self.lags.clear()
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


__all__ = ["Fault", "FaultPlan", "Lag", "LoggedRequest", "Matcher", "replaced"]
