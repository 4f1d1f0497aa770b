"""Throttling as documented, for scenes that switch it on: 429 with Retry-After, in a batch item by item."""

from __future__ import annotations

import re
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from auditor.emulator.directory import Tenant
from auditor.emulator.requests import Answer, Question


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests in so many seconds."""

    pattern: re.Pattern[str]
    requests: int
    seconds: float
    says_when: bool = True
    """Whether the refusal carries Retry-After."""


_LIMITS = (
    Limit(re.compile(r"/auditLogs/"), 5, 10),
    Limit(re.compile(r"/identity/conditionalAccess/"), 1, 1, says_when=False),
    Limit(re.compile(r"[?&]\$select=[^&]*keyCredentials"), 150, 60),
    Limit(re.compile(r"^/(v1\.0|beta)/"), 3500, 10),
)
"""Microsoft Graph documentation, "Service-specific throttling limits"."""

_Error = Callable[[Question, int, str, str], Answer]


@dataclass(kw_only=True)
class Limits:
    """Counts requests by the limits they fall under."""

    tenant: Tenant
    _times: dict[Limit, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def refusal(self, question: Question, error: _Error) -> Answer | None:
        """The 429 for a request beyond a limit; None when it may pass, or the scene has no throttling."""
        if not self.tenant.options.throttling or question.path.endswith("/$batch"):
            return None
        now = time.monotonic()
        met = [limit for limit in _LIMITS if limit.pattern.search(question.url)]
        for limit in met:
            times = self._times[limit]
            while times and times[0] <= now - limit.seconds:
                times.popleft()
            if len(times) >= limit.requests:
                wait = max(1, round(times[0] + limit.seconds - now))
                answer = error(question, 429, "TooManyRequests", "Please retry again later.")
                headers = {**answer.headers, "Retry-After": str(wait)} if limit.says_when else answer.headers
                return Answer(status=429, body=answer.body, headers=headers, content_type=answer.content_type)
        for limit in met:
            self._times[limit].append(now)
        return None
