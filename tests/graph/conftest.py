"""One emulated tenant per module, and what the program says to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest

from auditor.emulator import Emulator, Fault, Question
from auditor.emulator.drafts import ApplicationDraft, GroupDraft, OptionsDraft, TenantDraft, UserDraft
from auditor.emulator.scene import scene_of
from auditor.graph.client import GraphClient
from auditor.graph.connection import Connection, connect
from auditor.model.configuration import Credential, Endpoints, TenantConfiguration

T = TypeVar("T")

SECRET = "env:AUDITOR_TEST_SECRET"


@dataclass
class Door:
    """An emulated tenant, and the way to it."""

    emulator: Emulator
    waits: list[tuple[str, float]] = field(default_factory=list)
    """What the program said it waits for."""

    @property
    def tenant(self) -> TenantConfiguration:
        """The configuration that leads to the emulator."""
        url = self.emulator.url
        return TenantConfiguration(
            id=self.emulator.tenant_id,
            endpoints=Endpoints(graph=url, login=url, ca_file=self.emulator.ca_file),
            credential=Credential(
                type="client-secret", client_id=self.emulator.client_id, client_secret=SECRET
            ),
        )

    def open(
        self,
        work: Callable[[Connection], Awaitable[T]],
        *,
        max_wait: float = 0.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        **changes: Any,
    ) -> T:
        """Connects, works, disconnects; `changes` are made to the tenant's configuration."""
        tenant = replace(self.tenant, **changes)

        async def run() -> T:
            def waiting(reason: str, seconds: float) -> None:
                self.waits.append((reason, seconds))

            async with connect(tenant, max_wait=max_wait, waiting=waiting, clock=clock) as connection:
                return await work(connection)

        return asyncio.run(run())

    def ask(self, work: Callable[[GraphClient], Awaitable[T]], **options: Any) -> T:
        """Connects, and asks Graph."""
        return self.open(lambda connection: work(connection.graph), **options)

    def fault(self, path: str, **what: Any) -> Fault:
        """From now on Graph requests whose path ends so meet this fault, in a batch too."""

        def meets(question: Question) -> bool:
            return question.path.endswith(path) and not question.path.endswith("$batch")

        return self.emulator.faults.add(Fault(match=meets, **what))

    def asked(self, path: str) -> int:
        """How often paths that end so were asked."""
        return sum(request.url.partition("?")[0].endswith(path) for request in self.emulator.log)


USERS = [UserDraft(name=f"User {number}", upn=f"user{number}@contoso.com") for number in range(5)]


def small(**options: Any) -> TenantDraft:
    """Five users in one group, and one application without certificates, which are slow to make."""
    return TenantDraft(
        options=OptionsDraft(**options),
        users=USERS,
        groups=[GroupDraft(name="All", everyone=True)],
        applications=[ApplicationDraft(name="App", kind="custom", certificates=[])],
    )


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator(scene_of("small", small(page_size=2, empty_pages=True, repeated_items=True))) as emulator:
        yield emulator


@pytest.fixture
def door(running: Emulator, monkeypatch: pytest.MonkeyPatch) -> Door:
    """The tenant without faults and with an empty log; every list has empty pages and repeated items."""
    running.faults.clear()
    running.log.clear()
    monkeypatch.setenv("AUDITOR_TEST_SECRET", running.client_secret)
    return Door(running)
