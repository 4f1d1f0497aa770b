"""When to ask again, what to put into a batch, and how limits are kept."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.graph.pacing import Limit, Pacing, Window, cost_of, limit_of
from auditor.graph.question import Question, Reply
from auditor.graph.sending import BATCH_SIZE, LONGEST_PAUSE, Courier, backoff, retry_after

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)

V1 = "https://graph.example.com/v1.0"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("10", 10.0),
        ("2.128", 2.128),
        ("0", None),
        ("-3", None),
        ("soon", None),
        ("", None),
        ("inf", None),
        ("nan", None),
        ("Sun, 01 Nov 2026 12:00:30 GMT", 30.0),
        ("Sun, 01 Nov 2026 11:00:00 GMT", None),
        ("Sun, 01 Nov 2026 12:00:30", 30.0),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


@given(st.text())
def test_any_retry_after_is_survived(header: str) -> None:
    found = retry_after(header, NOW)
    assert found is None or 0 < found < float("inf")


def test_pauses_grow_and_stay_bearable() -> None:
    assert all(0 < backoff(attempt) <= LONGEST_PAUSE for attempt in range(1, 99))
    assert backoff(4) > 2 * backoff(1) / 2


@pytest.mark.parametrize(
    ("path", "limit", "cost"),
    [
        ("/servicePrincipals?$select=id,keyCredentials", Limit.KEYS, 1),
        ("/applications(appId='x')?$select=keyCredentials", Limit.KEYS, 1),
        ("/auditLogs/signIns?$top=1", Limit.REPORTS, 1),
        ("/identity/conditionalAccess/policies", Limit.CONDITIONAL_ACCESS, 1),
        ("/servicePrincipals/x/synchronization/jobs", Limit.GENERAL, 1),
        ("/groups/x/members", Limit.GENERAL, 3),
        ("/groups/x/members?$select=id", Limit.GENERAL, 2),
        ("/groups/x/transitiveMembers", Limit.GENERAL, 5),
        ("/users?$top=999", Limit.GENERAL, 2),
        ("/users/x?$select=id&$expand=manager", Limit.GENERAL, 2),
        ("/servicePrincipals/x/appRoleAssignments", Limit.GENERAL, 2),
        ("/servicePrincipals/x/appRoleAssignedTo", Limit.GENERAL, 1),
        ("/usersettings", Limit.GENERAL, 1),
    ],
)
def test_each_request_falls_under_its_documented_limit(path: str, limit: Limit, cost: int) -> None:
    question = Question(url=V1 + path)
    assert limit_of(question) is limit
    assert cost_of(question) == cost


class Ahead(selectors.SelectSelector):
    """Waits for nobody: where a loop would wait, its clock moves on."""

    now = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.now += timeout or 0
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    """An event loop of its own time."""

    def __init__(self) -> None:
        self.clock = Ahead()
        super().__init__(self.clock)

    def time(self) -> float:
        return self.clock.now


@given(
    requests=st.integers(1, 4),
    groups=st.lists(st.integers(1, 3), min_size=1, max_size=12),
)
def test_a_window_never_lets_through_more_than_allowed(requests: int, groups: list[int]) -> None:
    seconds = 10.0
    sent: list[float] = []

    async def send(count: int, window: Window) -> None:
        await window.admit(min(count, requests), lambda rest: None)
        sent.extend([asyncio.get_running_loop().time()] * min(count, requests))

    async def run() -> None:
        window = Window(requests, seconds)
        await asyncio.gather(*(send(count, window) for count in groups))

    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(run())
    for start in sent:
        assert sum(start <= at < start + seconds for at in sent) <= requests


def test_what_is_waited_for_is_told() -> None:
    told: list[tuple[str, float]] = []

    async def run() -> None:
        pacing = Pacing(lambda reason, seconds: told.append((reason, seconds)))
        for _ in range(2):
            await pacing.admit([Question(url=f"{V1}/identity/conditionalAccess/policies")])

    asyncio.run(run())
    ((reason, seconds),) = told
    assert reason == "Graph allows 1 requests in 1 seconds on Conditional Access"
    assert 0.9 < seconds < 1.1


class Server:
    """Answers batches; keeps what was asked."""

    def __init__(self, answer: Callable[[str], int]) -> None:
        self._answer = answer
        self.batches: list[list[str]] = []

    async def __call__(self, question: Question) -> Reply:
        assert isinstance(question.body, dict)
        items = question.body["requests"]
        self.batches.append([item["url"] for item in items])
        responses = [
            {"id": item["id"], "status": self._answer(item["url"]), "body": {"url": item["url"]}}
            for item in reversed(items)
        ]
        return Reply(status=200, body={"responses": responses}, at="")


def ask(server: Server, paths: Sequence[str], max_wait: float = 0.0) -> list[Reply]:
    async def run() -> list[Reply]:
        courier = Courier(
            transport=server,
            pacing=Pacing(lambda *_: None),
            waiting=lambda *_: None,
            max_wait=max_wait,
            clock=lambda: NOW,
        )
        return await courier.many([Question(url=V1 + path) for path in paths])

    return asyncio.run(run())


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 70))
def test_replies_come_in_the_order_of_the_questions(count: int) -> None:
    server = Server(lambda url: 200)
    paths = [f"/users/{number}" for number in range(count)]
    assert [reply.body for reply in ask(server, paths)] == [{"url": path} for path in paths]
    assert all(len(batch) <= BATCH_SIZE for batch in server.batches)


def test_a_batch_holds_no_more_than_a_limit_lets_through_at_once() -> None:
    server = Server(lambda url: 200)
    ask(server, [f"/auditLogs/signIns?$top={number}" for number in range(5)] + ["/users/x"])
    assert sorted(map(len, server.batches)) == [1, 5]


def test_items_that_are_missing_from_the_answer_are_told() -> None:
    class Forgetful(Server):
        async def __call__(self, question: Question) -> Reply:
            reply = await super().__call__(question)
            assert reply.body is not None
            responses = reply.body["responses"]
            assert isinstance(responses, list)
            return Reply(status=200, body={"responses": responses[1:]}, at="")

    first, second = ask(Forgetful(lambda url: 200), ["/users/a", "/users/b"])
    assert first.good
    assert second.problem == "the batch was answered without this item"


def test_a_server_error_is_tried_three_times() -> None:
    server = Server(lambda url: 500)
    ask(server, ["/users/a"], max_wait=60)
    assert len(server.batches) == 3


def test_a_host_that_keeps_us_hanging_uses_up_the_patience() -> None:
    asked: list[str] = []

    async def hang(question: Question) -> Reply:
        asked.append(question.url)
        await asyncio.sleep(1.0)
        return Reply(status=None, problem="no answer", at="")

    async def run() -> Reply:
        courier = Courier(
            transport=hang,
            pacing=Pacing(lambda *_: None),
            waiting=lambda *_: None,
            max_wait=1.4,
            clock=lambda: NOW,
        )
        return await courier.one(Question(url=f"{V1}/users/a"))

    assert asyncio.run(run()).problem == "no answer"
    assert len(asked) == 1
