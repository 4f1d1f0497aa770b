"""A waiver: somebody accepts a failure until a day, says why, and answers for it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum

from auditor.model.node import Json

UNATTRIBUTED_CHANGE = "unattributed-change"
"""Id of the findings that drift gives: events of one night, under the same waivers as what rules find."""

TENANT_WIDE = "tenant"
"""What a waiver names as its application when the finding is about the tenant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """One entry of waivers.yaml."""

    rule: str
    application: str
    """appId, object id of the service principal, profile, display name, or `tenant`."""
    subject: str | None = None
    """Id of the element; None: whatever the rule finds in that application."""
    pinned: bool = False
    """Whether it holds for one observed value only."""
    value: Json = None
    """That value. Null is one, too."""
    reason: str
    owner: str
    ticket: str | None = None
    expires: str
    """ISO 8601 date; it holds up to and including that day, UTC."""
    tenant: str | None = None
    """As the configuration names it; None: all tenants of the configuration."""

    @property
    def id(self) -> str:
        """The same for the same scope and last day, whatever else is said: 32 hex digits of a SHA-256."""
        scope = [
            self.tenant,
            self.rule,
            self.application,
            self.subject,
            self.pinned,
            self.value,
            self.expires,
        ]
        text = json.dumps(scope, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode(errors="backslashreplace")).hexdigest()[:32]


class WaiverState(StrEnum):
    """What became of a waiver in a run."""

    ACTIVE = "active"
    EXPIRING = "expiring"
    """In force, and its last day is at most 14 days away."""
    EXPIRED = "expired"
    VOID = "void"
    """Pinned to a value that is no longer the observed one."""
    UNUSED = "unused"
    """It matches no failure; or another waiver, more specific, decides for all it matches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedWaiver:
    """The waiver that a finding is under; in force where the finding is waived, else why it is not."""

    id: str
    state: WaiverState
    """active or expiring of a waived finding; expired or void of one that fails."""
    reason: str
    owner: str
    ticket: str | None
    expires: str
    days_left: int
    """Whole days after today, UTC: 0 on the last day, negative after it."""
    message: str
    """One sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportedWaiver:
    """A waiver in a report, and what became of it."""

    id: str
    rule_id: str
    application: str
    subject: str | None
    pinned: bool
    value: Json
    reason: str
    owner: str
    ticket: str | None
    expires: str
    tenant: str | None
    state: WaiverState
    days_left: int
    """Whole days after today, UTC: 0 on the last day, negative after it."""
    findings: tuple[str, ...]
    """Fingerprints: of what it waives; of one that is expired or void, of what fails because of that."""
    message: str
    """One sentence on what became of it."""
    remedy: str | None
    """What to do about it; None while all is well."""
