"""Who may use an application: its assignments, as the report shows them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """A user, a group or a service principal that is assigned. None: not known, or no matter of this kind."""

    kind: str
    """user | group | servicePrincipal, or Graph's word for what this program does not know."""
    id: str | None
    name: str | None
    user_principal_name: str | None = None
    user_type: str | None = None
    account_enabled: bool | None = None
    members: int | None = None
    """Of a group: users who are direct members; those of nested groups have no access."""
    guests: int | None = None
    """How many of the members are guests."""
    disabled: int | None = None
    """How many of the members cannot sign in."""
    unseen: str | None = None
    """What of this is not known, and why; with what cures it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Who may use one application. The numbers count everybody, the list names the first."""

    assignment_required: bool | None
    """False: everybody in the tenant may sign in, whoever is assigned."""
    users: int | None
    """Assigned directly; None, as the next three, when the list could not be read."""
    groups: int | None
    service_principals: int | None
    people: int | None
    """Different users who get in by these; None also when the members of a group are not known."""
    assigned: tuple[Assigned, ...]
    """The first by name: groups, then users, then the rest."""
    unseen: str | None
    """Why the list could not be read; with what cures it."""
    source: str
    """The request that listed the assignments."""
    collected_at: str | None
