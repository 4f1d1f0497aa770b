"""Drift: what is different between two snapshots of a tenant, and who did it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from auditor.model.finding import ApplicationReference, Finding
from auditor.model.node import Json
from auditor.model.rule import Severity


class ChangeKind(StrEnum):
    """What became of a value."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class AttributionStatus(StrEnum):
    """Whether the directory's log names who did it."""

    ATTRIBUTED = "attributed"
    AMBIGUOUS = "ambiguous"
    """Several entries fit about as well; the best is named, all are candidates."""
    UNATTRIBUTED = "unattributed"
    """The log was read and names nobody."""
    NOT_EVALUATED = "not-evaluated"
    """The log could not be read."""


class Confidence(StrEnum):
    """How sure the attribution is."""

    HIGH = "high"
    """The entry names object and modified property, and its values fit."""
    MEDIUM = "medium"
    """The entry names object and property, or its activity can do nothing else."""
    LOW = "low"
    """The entry is about the same object, and nothing more is known."""


class ActorKind(StrEnum):
    """Who writes to a directory."""

    USER = "user"
    APPLICATION = "application"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who did it, as the log says."""

    kind: ActorKind
    id: str | None
    name: str | None
    """User principal name, or display name of the application."""
    ip_address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An entry of the directory's log that may be about a change."""

    actor: Actor
    at: str
    activity: str
    correlation_id: str | None
    confidence: Confidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Who did it. All but `status` and `reason` are None when nobody is named."""

    status: AttributionStatus
    reason: str | None
    """Why nobody, or nobody alone, is named; with the permission that would cure it."""
    actor: Actor | None = None
    at: str | None = None
    activity: str | None = None
    correlation_id: str | None = None
    confidence: Confidence | None = None
    candidates: tuple[Candidate, ...] = ()
    """All entries that fit, the best first; the best is the one named above."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedObject:
    """The directory object that a change is written on."""

    kind: str
    """Graph's type: servicePrincipal, application, group, user, claimsMappingPolicy...; or a section."""
    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One difference. `before` and `after` are None where there was, or is, nothing."""

    id: str
    """The same for the same change of the same tenant between the same states: 32 hex digits."""
    application: ApplicationReference | None
    """None when the whole tenant is concerned, or several applications are."""
    affects: tuple[ApplicationReference, ...]
    """All audited applications that it has to do with; `application` when it is the only one."""
    object: ChangedObject
    section: str
    property: str
    """Graph's spelling with its section: `servicePrincipal.replyUrls`, `keyCredentials`."""
    element: str | None
    """Which element of a set: its thumbprint, its id, the URL itself; None where the property is no set."""
    kind: ChangeKind
    before: Json
    after: Json
    rule_ids: tuple[str, ...]
    """Rules that judge this property."""
    severity: Severity
    """The highest of these rules, else the property's own."""
    attribution: Attribution


class AccessKind(StrEnum):
    """What became of somebody's access."""

    GAINED = "gained"
    LOST = "lost"


class ViaKind(StrEnum):
    """How access is given."""

    DIRECT = "direct"
    GROUP = "group"


@dataclass(frozen=True, slots=True, kw_only=True)
class Via:
    """The assignment that gives access; `id` and `name` of the group, None for a direct one."""

    kind: ViaKind
    id: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who has access. None: not known."""

    kind: str
    """user | group | servicePrincipal."""
    id: str
    name: str | None
    user_type: str | None
    account_enabled: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessChange:
    """Somebody gained or lost access to an application."""

    application: ApplicationReference
    principal: Principal
    kind: AccessKind
    via: Via
    effective: bool | None
    """Whether access as such came or went; False while another assignment gives it, None when not known."""
    attribution: Attribution


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedRun:
    """One side of the comparison."""

    run_id: str | None
    """None for a snapshot that no run of the store made."""
    collected_at: str
    """When that collection ended."""
    approved: bool = False
    """Whether it is the approved baseline."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """What a rule reads: keys from the root of the evidence; lists leave no key."""

    rule_id: str
    severity: Severity
    """As the configuration has it."""
    on_the_way: frozenset[tuple[str, ...]]
    """Places that its paths touch."""
    whole: frozenset[tuple[str, ...]]
    """Places whose whole value it uses, with all that lies below."""

    def covers(self, place: tuple[str, ...]) -> bool:
        """Whether something at `place`, or below it, can matter to the rule."""
        return any(place == touched[: len(place)] for touched in self.on_the_way | self.whole) or any(
            touched == place[: len(touched)] for touched in self.whole
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownPart:
    """What could not be compared: not read then, or not read now."""

    section: str
    property: str | None
    """As in `Change`; None when the whole section could not be compared."""
    application: ApplicationReference | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What changed between two snapshots; drift.json, and `drift` in report.json. All arrays are sorted."""

    from_: ComparedRun
    to: ComparedRun
    comparable: bool
    """False when the two are not of one tenant and cloud; the arrays are empty then."""
    not_comparable: tuple[str, ...]
    """Sentences: why not, or what differs in how the two were collected."""
    changes: tuple[Change, ...] = ()
    access: tuple[AccessChange, ...] = ()
    unknown: tuple[UnknownPart, ...] = ()
    findings: tuple[Finding, ...] = ()
    """One `unattributed-change` per change that the log, although read, explains by nobody."""
