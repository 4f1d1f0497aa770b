"""Follows a list over all its pages.

msgraph's own PageIterator stops at an empty page and forgets the ConsistencyLevel header, so that a list
would end early without a word.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from auditor.graph.answer import Answer, Refusal, refusal, unreadable
from auditor.graph.question import Question, Reply
from auditor.model.gap import Reason
from auditor.model.node import Json

MOST_PAGES = 10_000
"""A list longer than this is a server that goes round in circles."""


@dataclass(kw_only=True)
class Pages:
    """A list that is being read; feed it a reply, and it says what to ask next."""

    first: Question
    budget: int | None
    """Pages at most; None: all there are."""
    items: dict[str, Mapping[str, Json]] = field(default_factory=dict)
    count: int | None = None
    pages: int = 0
    _asked: set[str] = field(default_factory=set)

    def take(self, question: Question, reply: Reply) -> Question | Answer | Refusal:
        """The next page to ask for, or the end: the whole list, or why there is none."""
        self.pages += 1
        self._asked.add(question.url)
        request = reply.request(self.first, pages=self.pages)
        if not reply.good or reply.body is None:
            return reply_refusal(reply, self.first, pages=self.pages)
        body = reply.body
        problem = self._add(body)
        if problem is not None:
            return unreadable(problem, request)
        link = body.get("@odata.nextLink")
        if link is None:
            return Answer(value=list(self.items.values()), request=request, count=self.count)
        if not isinstance(link, str) or _origin(link) != _origin(self.first.url):
            return unreadable(
                "the link to the next page leads to another host, and was not followed", request
            )
        if link in self._asked or self.pages >= MOST_PAGES:
            return unreadable("the links to the next page go round in circles", request)
        if self.budget is not None and self.pages >= self.budget:
            detail = f"{request}: more than {self.budget} pages, the rest was not read"
            return Refusal(
                reason=Reason.TRUNCATED, detail=detail, http_status=None, code=None, request=request
            )
        # ConsistencyLevel has to be sent with every page again.
        return Question(url=link, headers=self.first.headers)

    def _add(self, body: Mapping[str, Json]) -> str | None:
        """Adds a page; what is wrong with it, if something is."""
        value = body.get("value")
        if not isinstance(value, list):
            return "the answer holds no list"
        for item in value:
            if not isinstance(item, Mapping):
                return "the list holds something that is no object"
            identity = item.get("id")
            key = f"id {identity}" if isinstance(identity, str) else f"number {len(self.items)}"
            self.items.setdefault(key, item)  # Graph may send an item on two pages
        count = body.get("@odata.count")
        if self.count is None and isinstance(count, int):
            self.count = count
        return None


async def read_all(pages: Pages, ask: Callable[[Question], Awaitable[Reply]]) -> Answer | Refusal:
    """Asks page after page until the list ends."""
    step: Question | Answer | Refusal = pages.first
    while isinstance(step, Question):
        step = pages.take(step, await ask(step))
    return step


def reply_refusal(reply: Reply, question: Question, *, pages: int = 1) -> Refusal:
    """Why a reply is no answer."""
    request = reply.request(question, pages=pages)
    if reply.problem is not None or reply.status is None:
        return unreadable(reply.problem or "no answer", request)
    return refusal(reply.status, reply.body, request)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return ("", None, None)
    # A user name in front of the host makes it another origin: no link of Graph has one.
    return (parts.scheme, None if "@" in parts.netloc else parts.hostname, port)
