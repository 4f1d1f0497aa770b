"""Sends questions, alone or twenty in a batch, and repeats what is worth repeating.

The retry handler of msgraph-sdk is switched off: it ignores a decimal Retry-After, gives up at once when
the header says 180 seconds or more, knows nothing about the items of a batch and does not tell anybody
that it waits.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeAlias

from auditor.graph.pacing import Limit, Pacing, Waiting, limit_of
from auditor.graph.question import Question, Reply

BATCH_SIZE = 20
"""Requests in one batch, at most (Graph documentation, "Combine multiple requests")."""

CONCURRENCY = 6
"""Requests under one limit and under way at the same time; more makes Graph throttle, not faster."""

WITHOUT_BATCHES = frozenset({404, 405, 501})
"""Statuses of a whole batch that say nothing about its items: this Graph, or a proxy, takes none."""

THROTTLED = frozenset({429, 503, 504})
"""Statuses that are waited out as long as the patience lasts."""

TRANSIENT_REPEATS = 2
"""How often a broken connection, a broken body or another server error is tried again."""

LONGEST_PAUSE = 30.0
"""Seconds between two attempts when the server does not say how long."""

Transport: TypeAlias = Callable[[Question], Awaitable[Reply]]
"""Sends one request over the wire, once. Never raises for what the network or the server does."""

_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class Courier:
    """Gets a reply for every question; what cannot be had within the patience is the last reply seen."""

    transport: Transport
    pacing: Pacing
    waiting: Waiting
    max_wait: float
    """Seconds that one question may wait, all its attempts together."""
    clock: Callable[[], datetime]
    _takes_batches: bool = True
    _exhausted: set[Limit] = field(default_factory=set)
    # A limit that outlasted the patience once is not waited for again until it lets something through:
    # a tenant that is throttled for hours costs one patience, not one per request.

    def __post_init__(self) -> None:
        # A slot is taken before the limit is asked, so that what may be sent is sent at once; each limit has
        # slots of its own, so that waiting for one does not hold up the others.
        self._slots = {limit: asyncio.Semaphore(CONCURRENCY) for limit in Limit}

    async def one(self, question: Question) -> Reply:
        """The reply to a question sent by itself."""

        async def ask(questions: Sequence[Question]) -> list[Reply]:
            return [await self.transport(questions[0])]

        return (await self._patiently([question], ask))[0]

    async def many(self, questions: Sequence[Question]) -> list[Reply]:
        """The replies to questions sent in batches, in the order of the questions."""
        replies: dict[int, Reply] = {}

        async def fetch(indices: Sequence[int]) -> None:
            chunk = [questions[index] for index in indices]
            replies.update(zip(indices, await self._patiently(chunk, self._batch), strict=True))

        await asyncio.gather(*(fetch(indices) for indices in _chunks(questions)))
        return [replies[index] for index in range(len(questions))]

    async def _patiently(
        self,
        questions: Sequence[Question],
        ask: Callable[[Sequence[Question]], Awaitable[list[Reply]]],
    ) -> list[Reply]:
        replies: dict[int, Reply] = {}
        left = [_Attempts(index, question, self.max_wait) for index, question in enumerate(questions)]
        while left:
            asked = [attempt.question for attempt in left]
            async with self._slots[limit_of(asked[0])]:
                await self.pacing.admit(asked)
                begun = asyncio.get_running_loop().time()
                for attempt, reply in zip(left, await ask(asked), strict=True):
                    replies[attempt.index] = reply
                    said = reply.status or reply.problem
                    _log.debug("GET %s: %s", attempt.question.path, said, extra={"event": "request"})
            if replies[left[0].index].status is None:  # a host that keeps us hanging uses up patience as well
                for attempt in left:
                    attempt.waited += asyncio.get_running_loop().time() - begun
            left, pause = self._again(left, replies)
            if pause > 0:
                await asyncio.sleep(pause)
        return [replies[index] for index in range(len(questions))]

    def _again(self, asked: Sequence[_Attempts], replies: dict[int, Reply]) -> tuple[list[_Attempts], float]:
        """Which to ask again, and after how many seconds."""
        again: list[_Attempts] = []
        pauses = [0.0]
        for attempt in asked:
            reply = replies[attempt.index]
            pause = self._pause(attempt, reply)
            if pause is None:
                continue
            attempt.waited += pause
            again.append(attempt)
            pauses.append(pause)
        pause = max(pauses)
        if pause > 0 and any(replies[attempt.index].status in THROTTLED for attempt in again):
            self.waiting("Graph asks to wait", pause)
        return again, pause

    def _pause(self, attempt: _Attempts, reply: Reply) -> float | None:
        """Seconds until the next attempt; None when there is no point in one."""
        attempt.count += 1
        limit = limit_of(attempt.question)
        if reply.status == 401:
            attempt.refused += 1
            return 0.0 if attempt.refused == 1 else None
        if reply.status in THROTTLED:
            pause = retry_after(reply.headers.get("retry-after"), self.clock()) or backoff(attempt.count)
            if limit not in self._exhausted and attempt.waited + pause <= attempt.patience:
                return pause
            self._exhausted.add(limit)
            return None
        self._exhausted.discard(limit)
        if reply.problem is None and (reply.status or 0) < 500:
            return None
        pause = backoff(attempt.count)
        too_often = attempt.count > TRANSIENT_REPEATS or attempt.waited + pause > attempt.patience
        return None if too_often else pause

    async def _batch(self, questions: Sequence[Question]) -> list[Reply]:
        if self._takes_batches:
            reply = await self.transport(_batch_of(questions))
            if reply.good:
                return list(_items(reply, len(questions)))
            if reply.status not in WITHOUT_BATCHES:
                return [reply] * len(questions)
            self._takes_batches = False
        return [await self.transport(question) for question in questions]


@dataclass(kw_only=False)
class _Attempts:
    """What happened to one question so far."""

    index: int
    question: Question
    patience: float
    count: int = 0
    refused: int = 0
    waited: float = 0.0


def retry_after(header: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for: a number, decimal ones too, or an HTTP date."""
    if header is None:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            moment = parsedate_to_datetime(header)
        except ValueError:
            return None
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() - now.timestamp()
    return seconds if 0 < seconds < float("inf") else None


def backoff(attempt: int) -> float:
    """Seconds before the attempt after this one, when the server does not say how long.

    Doubling, with jitter so that requests which failed together do not come back together.
    """
    return float(min(LONGEST_PAUSE, 2.0 ** (attempt - 1)) * random.uniform(0.5, 1.0))


def _chunks(questions: Sequence[Question]) -> Iterator[list[int]]:
    """Indices of questions that go into one batch: of one version, and no more than may be sent at once."""
    groups: defaultdict[tuple[str, Limit], list[int]] = defaultdict(list)
    for index, question in enumerate(questions):
        groups[question.version, limit_of(question)].append(index)
    for (_, limit), indices in groups.items():
        size = min(BATCH_SIZE, limit.requests)
        for start in range(0, len(indices), size):
            yield indices[start : start + size]


def _origin(question: Question) -> str:
    scheme, rest = question.url.split("://", 1)
    return f"{scheme}://{rest.split('/', 1)[0]}"


def _batch_of(questions: Sequence[Question]) -> Question:
    return Question(
        method="POST",
        url=_origin(questions[0]) + f"/{questions[0].version}/$batch",
        headers={"Content-Type": "application/json"},
        body={
            "requests": [
                {"id": str(number), "method": "GET", "url": question.inside_batch}
                | ({"headers": dict(question.headers)} if question.headers else {})
                for number, question in enumerate(questions)
            ]
        },
    )


def _items(batch: Reply, count: int) -> Iterator[Reply]:
    responses = None if batch.body is None else batch.body.get("responses")
    items = {
        item["id"]: item
        for item in (responses if isinstance(responses, list) else [])
        if isinstance(item, dict) and isinstance(item.get("id"), str)
    }
    for number in range(count):
        item = items.get(str(number))
        status = None if item is None else item.get("status")
        if item is None or not isinstance(status, int):
            yield Reply(status=batch.status, problem="the batch was answered without this item", at=batch.at)
            continue
        headers = item.get("headers")
        content = item.get("body")
        bad_body = 200 <= status < 300 and not isinstance(content, dict)
        yield Reply(
            status=status,
            headers={k.lower(): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {},
            body=content if isinstance(content, dict) else None,
            problem="the body is no JSON object" if bad_body else None,
            at=batch.at,
        )
