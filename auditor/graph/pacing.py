"""Stays within the limits that Microsoft documents, so that they are seldom met.

Microsoft Graph documentation, "Microsoft Graph service-specific throttling limits"; for `keyCredentials`
the pages of servicePrincipal and application ("List", "Get"). Synchronization jobs are under no limit of
their own: the report limit covers the resources under `auditLogs` (audits, sign-ins, provisioning objects).
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter, deque
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import TypeAlias
from urllib.parse import parse_qs, urlsplit

from auditor.graph.question import Question

Waiting: TypeAlias = Callable[[str, float], None]
"""Told why and for how many seconds nothing happens."""

MARGIN = 1.05
"""A window is taken that much longer: requests do not all take the same time to arrive."""

TOLD_FROM = 0.5
"""Seconds; a shorter wait is not worth a line."""


class Limit(Enum):
    """A limit: requests, in how many seconds, on what."""

    KEYS = (150, 60.0, "certificates")
    REPORTS = (5, 10.0, "sign-in and audit logs")
    CONDITIONAL_ACCESS = (1, 1.0, "Conditional Access")
    GENERAL = (3300, 10.0, "the directory")
    """Resource units, which everything costs; documented are 3,500 for the smallest tenants."""

    @property
    def requests(self) -> int:
        """So many may be sent ..."""
        return self.value[0]

    @property
    def seconds(self) -> float:
        """... within so many seconds."""
        return self.value[1]

    @property
    def resource(self) -> str:
        """What it protects, in words."""
        return self.value[2]


def limit_of(question: Question) -> Limit:
    """The limit that a question falls under."""
    parts = urlsplit(question.url)
    path = parts.path.split("/", 2)[2]
    if path.startswith(("auditLogs/", "reports/")):
        return Limit.REPORTS
    if path.startswith(("identity/conditionalAccess", "identityProtection")):
        return Limit.CONDITIONAL_ACCESS
    if "keyCredentials" in ",".join(parse_qs(parts.query).get("$select", [])):
        return Limit.KEYS
    return Limit.GENERAL


COSTS: tuple[tuple[str, int], ...] = (
    (r"groups/[^/]+/transitiveMembers", 5),
    (r"groups/[^/]+/members|directoryObjects/getByIds", 3),
    (r"applications|users|oauth2PermissionGrants", 2),
    (r"servicePrincipals/[^/]+/(appRoleAssignments|oauth2PermissionGrants)", 2),
)
"""Base cost of a path in resource units; what is not listed costs one."""


def cost_of(question: Question) -> int:
    """Resource units, by the documented table: `$select` takes one off, `$expand` adds one, at least one."""
    parts = urlsplit(question.url)
    path = parts.path.split("/", 2)[2]
    base = next((cost for pattern, cost in COSTS if re.match(rf"({pattern})(/|$)", path)), 1)
    parameters = parse_qs(parts.query)
    return max(1, base - ("$select" in parameters) + ("$expand" in parameters))


class Window:
    """At most so many admissions in any stretch of so many seconds.

    Stricter than the token buckets that limits are usually kept by, which let through up to twice as many in
    a stretch chosen badly: for limits as small as these that would mean being refused.
    """

    def __init__(self, requests: int, seconds: float) -> None:
        self._requests = requests
        self._seconds = seconds * MARGIN
        self._sent: deque[float] = deque(maxlen=requests)
        self._turn = asyncio.Lock()

    async def admit(self, count: int, waiting: Callable[[float], None]) -> None:
        """Returns when `count` more may be sent together; tells how many seconds that takes."""
        async with self._turn:
            loop = asyncio.get_running_loop()
            in_the_way = len(self._sent) + count - self._requests
            if in_the_way > 0:
                rest = self._sent[min(in_the_way, len(self._sent)) - 1] + self._seconds - loop.time()
                if rest > 0:
                    waiting(rest)
                    await asyncio.sleep(rest)
            self._sent.extend([loop.time()] * count)


class Pacing:
    """All limits of one client. Belongs to one event loop."""

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting
        self._windows = {limit: Window(limit.requests, limit.seconds) for limit in Limit}

    async def admit(self, questions: Sequence[Question]) -> None:
        """Returns when all of them may be sent together. An item of a batch counts like a request alone."""
        counts = Counter(map(limit_of, questions))
        counts[Limit.GENERAL] = sum(map(cost_of, questions))
        for limit, count in counts.items():
            await self._windows[limit].admit(count, partial(self._tell, limit))

    def _tell(self, limit: Limit, seconds: float) -> None:
        if seconds >= TOLD_FROM:
            reason = (
                f"Graph allows {limit.requests} requests in {limit.seconds:g} seconds on {limit.resource}"
            )
            self._waiting(reason, seconds)
