"""Which permissions the enabled rules need, what each missing one costs, and how to grant them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from auditor.model.rule import Rule

_READING = re.compile(r"\.Read(Basic)?(\.|$)")

MICROSOFT_GRAPH = "00000003-0000-0000-c000-000000000000"
"""The application id of Microsoft Graph, in every tenant and cloud."""

APP_ROLES: Mapping[str, str] = {
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    "AuditLog.Read.All": "b0afded3-3588-46d8-8b3d-9842eff778da",
    "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "OrgContact.Read.All": "e1a88a34-94c4-4418-be12-c87b00e26bea",
    "Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
    "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68",
    "Synchronization.Read.All": "5ba43d2f-fa88-4db2-bd1c-a67c5f0fb1ce",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
}
"""Ids of the application permissions, the same in every tenant: Microsoft Graph permissions reference."""

_DIRECTORY = ("Directory.Read.All", "Directory.ReadWrite.All")
INCLUDED_IN: Mapping[str, Collection[str]] = {
    "Application.Read.All": (*_DIRECTORY, "Application.ReadWrite.All"),
    "Directory.Read.All": ("Directory.ReadWrite.All",),
    "GroupMember.Read.All": (
        *_DIRECTORY,
        "Group.Read.All",
        "Group.ReadWrite.All",
        "GroupMember.ReadWrite.All",
    ),
    "OrgContact.Read.All": _DIRECTORY,
    "Organization.Read.All": (*_DIRECTORY, "Organization.ReadWrite.All"),
    "Synchronization.Read.All": ("Synchronization.ReadWrite.All",),
    "User.Read.All": (*_DIRECTORY, "User.ReadWrite.All"),
}
"""Permissions that do as well, by the permission tables of the calls in question (Graph reference, v1.0)."""


FINDING = ("matches", "servicePrincipals")
"""Sections without which no application is found, whatever the rule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One permission, and what it is for."""

    permission: str
    sections: tuple[str, ...]
    """What it reads."""
    rules: tuple[str, ...]
    """Rules that cannot be judged fully without it."""
    attribution: bool = False
    """Whether, without it, nobody can say who changed something since the last night."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A token's permissions beside the needed ones."""

    missing: tuple[Need, ...]
    writing: tuple[str, ...]
    """Permissions to do more than read; a program that only reads needs none."""
    further: tuple[str, ...]
    """Permissions to read that no enabled rule needs."""


def plan(
    rules: Iterable[Rule],
    *,
    all_rules: Iterable[Rule],
    sections_of: Callable[[Rule], Collection[str]],
    permissions: Mapping[str, Collection[str]],
    attribution: Collection[str] = (),
) -> tuple[Need, ...]:
    """The permissions that `rules` need, by name.

    `all_rules` are those that they may require; `sections_of` gives the snapshot sections of a rule,
    `permissions` the needed ones (all of them) of a section. `attribution` are sections that say who changed
    what, when nights are compared; no rule rests on them.
    """
    known = {rule.id: rule for rule in all_rules}
    sections: dict[str, set[str]] = {}
    costs: dict[str, set[str]] = {}
    for rule in rules:
        for section in {*FINDING, *_sections(rule, known, sections_of)}:
            for permission in permissions.get(section, ()):
                sections.setdefault(permission, set()).add(section)
                costs.setdefault(permission, set()).add(rule.id)
    attributing: set[str] = set()
    for section in attribution:
        for permission in permissions.get(section, ()):
            sections.setdefault(permission, set()).add(section)
            attributing.add(permission)
    return tuple(
        Need(
            permission=name,
            sections=tuple(sorted(sections[name])),
            rules=tuple(sorted(costs.get(name, ()))),
            attribution=name in attributing,
        )
        for name in sorted(sections)
    )


def _sections(
    rule: Rule, known: Mapping[str, Rule], sections_of: Callable[[Rule], Collection[str]]
) -> set[str]:
    """The rule's own, and those of the rules that must hold first."""
    required = (_sections(known[id], known, sections_of) for id in rule.requires)
    return set(sections_of(rule)).union(*required)


def consent_commands(needs: Iterable[Need], client_id: str) -> tuple[str, ...]:
    """Azure CLI lines that grant the permissions to the application `client_id`; read permissions only."""
    roles = [f"{APP_ROLES[need.permission]}=Role" for need in needs if need.permission in APP_ROLES]
    if not roles:
        return ()
    add = f"az ad app permission add --id {client_id} --api {MICROSOFT_GRAPH} --api-permissions "
    return (add + " ".join(roles), f"az ad app permission admin-consent --id {client_id}")


def check(needs: Collection[Need], held: Collection[str]) -> Check:
    """What a token with the permissions `held` lacks, and what it has for nothing."""

    def serves(permission: str) -> bool:
        return permission in held or any(wider in held for wider in INCLUDED_IN.get(permission, ()))

    needed = {need.permission for need in needs}
    wider = {name for permission in needed for name in INCLUDED_IN.get(permission, ())}
    writing = {name for name in held if not _READING.search(name)}
    return Check(
        missing=tuple(need for need in needs if not serves(need.permission)),
        writing=tuple(sorted(writing)),
        further=tuple(sorted(set(held) - needed - wider - writing)),
    )
