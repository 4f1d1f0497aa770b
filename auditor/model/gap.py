"""Something that could not be collected: a value, never an exception and never an empty list."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why it could not be collected."""

    PERMISSION = "permission"
    LICENCE = "licence"
    THROTTLED = "throttled"
    NOT_FOUND = "not-found"
    UNREADABLE = "unreadable"
    TRUNCATED = "truncated"
    NOT_DECLARED = "not-declared"
    NOT_OBSERVABLE = "not-observable"
    UNAVAILABLE_IN_CLOUD = "unavailable-in-cloud"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Stands in evidence where the value would have stood."""

    section: str
    """The snapshot section, in Graph's words (`signIns`, `claimsPolicy`)."""
    subject: str
    """Object id, address or profile name it is about; `tenant` for what exists once."""
    reason: Reason
    detail: str
    """One sentence: what was asked and what came back."""
    permission: str | None = None
    """The least-privileged permission that would cure it; two that are both needed are joined by `and`."""
    licence: str | None = None
    http_status: int | None = None
    source: str = ""
    """The request, as `Request.__str__` writes it; empty when nothing was asked."""
    collected_at: str | None = None
    """UTC, ISO 8601 with Z."""
