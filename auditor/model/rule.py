"""A rule: one requirement, as its YAML file states it. `auditor rules schema` prints the form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from functools import total_ordering
from typing import TypeAlias

from auditor.errors import Mark
from auditor.model.node import Json


@total_ordering
class Severity(Enum):
    """OCSF's words, ordered: `Severity.LOW < Severity.HIGH`."""

    INFORMATIONAL = "informational"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for informational to 4 for critical."""
        return list(Severity).index(self)

    def __lt__(self, other: object) -> bool:
        return self.rank < other.rank if isinstance(other, Severity) else NotImplemented


class Scope(StrEnum):
    """What a rule is evaluated once for."""

    APPLICATION = "application"
    PROFILE = "profile"
    """Per application entry of the configuration: also when no service principal matches it."""
    TENANT = "tenant"


class Need(StrEnum):
    """What an application must have for the rule to apply; otherwise the finding is not-applicable."""

    PROFILE = "profile"
    CERTIFICATE = "certificate"


class SubjectKind(StrEnum):
    """What a finding is about."""

    TENANT = "tenant"
    PROFILE = "profile"
    APPLICATION = "application"
    CERTIFICATE = "certificate"
    REPLY_URL = "replyUrl"
    IDENTIFIER = "identifier"
    ASSIGNMENT = "assignment"
    CREDENTIAL = "credential"
    PERMISSION = "permission"
    POLICY = "policy"
    JOB = "job"
    NOTIFICATION_EMAIL = "notificationEmail"
    SERVICE_PROVIDER = "serviceProvider"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """One path, one operator, one operand: a line of `expect` or `when`."""

    path: str
    """JMESPath over the evidence; within `for_each`, `item` is the element."""
    operator: str
    operand: Json
    operand_path: str | None = None
    """Instead of `operand`: JMESPath that gives it (`{from: profile.expected.replyUrl}` in the file)."""
    otherwise: str | None = None
    """Of `when`: the sentence of the not-applicable finding. Of `expect`: the message if this one fails."""
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Either:
    """Holds when one of its assertions holds; could not be told when none holds and one could not be told."""

    assertions: tuple[Assertion, ...]
    otherwise: str | None = None
    mark: Mark


Clause: TypeAlias = Assertion | Either


@dataclass(frozen=True, slots=True, kw_only=True)
class ForEach:
    """One finding per element of `path` that fails or could not be judged."""

    path: str
    kind: SubjectKind
    id: str
    """JMESPath, `item` is the element."""
    name: str
    none: str
    """The sentence of the not-applicable finding when there are no elements."""
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """The severity of a failure when `condition` holds; the last one that holds wins."""

    condition: Assertion
    severity: Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Remediation:
    """How to set it right: in the portal (always), by a Graph call, by an Azure CLI line."""

    portal: str
    graph: str | None = None
    cli: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTest:
    """A case of the rule's own."""

    name: str
    evidence: Json
    """Roots of the evidence; `{$gap: {reason: permission, ...}}` stands for what could not be read."""
    expected: Json
    """What must come out: status, and optionally severity, subjects, message."""
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A loaded rule: every path parses, every operator and root is known."""

    id: str
    category: str
    """The folder it lies in."""
    title: str
    severity: Severity
    enabled: bool = True
    scope: Scope = Scope.APPLICATION
    needs: Need | None = None
    rationale: str
    requires: tuple[str, ...] = ()
    when: tuple[Clause, ...] = ()
    for_each: ForEach | None = None
    expect: tuple[Clause, ...]
    escalates: tuple[Escalation, ...] = ()
    message_pass: str
    message_fail: str
    remediation: Remediation
    references: tuple[str, ...]
    controls: Mapping[str, tuple[str, ...]]
    """Framework (`nist-sp-800-53-r5`, `iso-27001-2022`, `cis-microsoft-365-v6`) to control ids."""
    tests: tuple[RuleTest, ...] = field(default=(), repr=False)
    mark: Mark
