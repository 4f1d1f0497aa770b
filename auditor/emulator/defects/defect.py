"""What a named fault is, and the people and names that several of them make up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from auditor.emulator.drafts import ApplicationDraft, TenantDraft, UserDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One named fault."""

    name: str
    rule: str
    """Id of the rule that must find it."""
    apply: Callable[[ApplicationDraft, TenantDraft], None]
    """Makes it true of an application whose template's values have been filled in."""
    also: tuple[str, ...] = ()
    """Other rules that cannot but find it as well."""
    hides: bool = False
    """It makes things unreadable: its rules must say that they could not judge."""


def domain(tenant: TenantDraft) -> str:
    """The default domain."""
    return tenant.organization.domains[0]


def word(application: ApplicationDraft) -> str:
    """The application's name as one word, for names that must differ between applications."""
    return "".join(letter for letter in application.name.lower() if letter.isalnum())


def add_user(tenant: TenantDraft, user: UserDraft) -> str:
    """Adds a user; returns its user principal name."""
    tenant.users.append(user)
    return user.upn


def guest(application: ApplicationDraft, tenant: TenantDraft, purpose: str) -> UserDraft:
    """A guest of another organization."""
    name = f"{purpose}.{word(application)}"
    return UserDraft(
        name=f"Guest {purpose} of {application.name}",
        upn=f"{name}_fabrikam.com#EXT#@{tenant.organization.domains[-1]}",
        mail=f"{name}@fabrikam.com",
        type="Guest",
        invitation="Accepted",
        licensed=False,
    )
