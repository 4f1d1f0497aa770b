"""A profile: the expected configuration of one gallery application, each value with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from auditor.errors import Mark
from auditor.model.node import Json


class ExpectationKind(StrEnum):
    """What a profile can say about a value."""

    EXACTLY = "exactly"
    ONE_OF = "oneOf"
    """One value per product."""
    MATCHES = "matches"
    """A pattern with named placeholders: `https://<subdomain>.example.com/saml`."""
    BLANK = "blank"
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a value or a step is written: one edition of a document."""

    title: str
    url: str
    date: str
    """ISO 8601 date of the edition."""
    note: str | None = None
    """Where editions differ: what this one says, in our words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What a value must be, and which step of which document says so."""

    kind: ExpectationKind
    value: Json
    """The value (exactly), product to value (oneOf), the pattern (matches), None (blank, any)."""
    document: str
    """Key of `Profile.sources`."""
    step: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of the tutorial: judged by rules, or not observable, with a sentence where to look."""

    id: str
    title: str
    document: str
    rules: tuple[str, ...] = ()
    observable: bool = True
    check: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The expected configuration of one gallery application."""

    id: str
    display_name: str
    template_names: tuple[str, ...]
    """Names in the gallery, past and present; templates are resolved by them at run time."""
    identifiers: tuple[str, ...]
    """Identifiers by which a service principal is recognised (a trailing `#fragment` left out)."""
    display_names: tuple[str, ...]
    """Tried only when neither template nor identifier finds anything."""
    products: tuple[str, ...]
    initiated_by: str
    """idp, sp or both."""
    expected: Mapping[str, Expectation]
    """signOnMode, identifier, replyUrl, relayState, signOnUrl, provisioning, nameIdFormat ..."""
    sources: Mapping[str, Source]
    steps: tuple[Step, ...]
    mark: Mark
    expected_marks: Mapping[str, Mark] = field(default_factory=dict)
    """Where each expected value stands, by its key."""
