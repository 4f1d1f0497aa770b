"""`conditionalAccess`: which Conditional Access policies protect a sign-in to the application.

Microsoft Graph documentation, "conditionalAccessPolicy" and the types of its parts. A policy protects when it
is about the application, asks for something that a stolen password does not satisfy, and asks on ordinary
sign-ins with a browser, not only where a risk was detected or for protocols that SAML does not use.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from auditor.evaluate.evidence.material import Material
from auditor.evaluate.evidence.reading import Item, Source, Unread, attempt, by_id, derive
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node

STRONG = ("compliantDevice", "mfa")
"""Controls that protect, besides an authentication strength."""

AS_GOOD_AS_STRONG = "domainJoinedDevice"
"""Protects as an alternative to a strong control, and is not asked for on its own account."""

LISTS = {
    "enabled": "covering",
    "enabledForReportingButNotEnforced": "reportOnly",
    "disabled": "disabled",
}
"""State of a policy to the list it is shown in."""


def conditional_access(material: Material) -> Node:
    """The root `conditionalAccess`.

    `covering` is a gap when no policy covers the application for certain and one of them could not be judged;
    `reportOnly` and `disabled` would cover it if they were enabled.
    """
    source = material.tenant("conditionalAccessPolicies")
    return source.read(derive(lambda: _lists(source, material.target.app_id)))


def _lists(source: Source, app_id: str) -> Mapping[str, Node]:
    found: dict[str, list[Node]] = {name: [] for name in LISTS.values()}
    for policy in by_id(source.items()):
        entry = derive(partial(_protection, policy, app_id))
        if entry is not None:
            state = attempt(partial(_list_name, policy))
            found["covering" if isinstance(state, Gap) else state].append(
                state if isinstance(state, Gap) else entry
            )
    covering = found["covering"]
    certain = [entry for entry in covering if not isinstance(entry, Gap)]
    return {**found, "covering": certain or next(iter(covering), [])}


def _list_name(policy: Item) -> str:
    state = policy.text("state")
    if state not in LISTS:
        raise Unread(policy.source.gap(f"the policy {_name(policy)} is in the unknown state {state}"))
    return LISTS[state]


def _protection(policy: Item, app_id: str) -> Node:
    """The policy as an entry, None when it does not protect the application, whatever else it says."""
    conditions: tuple[Callable[[], bool | str | None], ...] = (
        lambda: _asks_for(policy),
        lambda: _applies_to(policy, app_id),
        lambda: _users(policy),
        lambda: _every_sign_in(policy),
    )
    asks_for, applies, users, always = (attempt(condition) for condition in conditions)
    judged = (asks_for, applies, users, always)
    if any(not isinstance(condition, Gap) and not condition for condition in judged):
        return None
    for condition in judged:
        if isinstance(condition, Gap):
            raise Unread(condition)
    return {
        "id": policy.node("id"),
        "displayName": policy.node("displayName"),
        "asksFor": str(asks_for),
        "users": str(users),
    }


def _asks_for(policy: Item) -> str | None:
    """What the policy asks for, None when it can be satisfied without any of it."""
    controls = policy.item("grantControls")
    if controls is None:
        return None
    built_in = controls.texts("builtInControls")
    strength = controls.item("authenticationStrength")
    strong = sorted(control for control in built_in if control in STRONG)
    if strength is not None:
        strong.append(f"authentication strength {strength.node('displayName') or strength.node('id')}")
    weak = [control for control in built_in if control not in (*STRONG, AS_GOOD_AS_STRONG)]
    weak += [*controls.texts("customAuthenticationFactors"), *controls.texts("termsOfUse")]
    if not strong or "block" in built_in:
        return None
    if (controls.optional_text("operator") or "OR").upper() == "AND":
        return " and ".join(strong)
    if weak:
        return None
    return " or ".join([*strong, *(control for control in built_in if control == AS_GOOD_AS_STRONG)])


def _applies_to(policy: Item, app_id: str) -> bool:
    conditions = policy.item("conditions")
    applications = None if conditions is None else conditions.item("applications")
    if applications is None:
        return False
    if app_id.lower() in _lower(applications, "excludeApplications"):
        return False
    included = _lower(applications, "includeApplications")
    named = app_id.lower() in included or "all" in included
    by_attributes = applications.item("applicationFilter")
    if by_attributes is None:
        return named
    mode = (by_attributes.optional_text("mode") or "").lower()
    if mode == "include" and named:
        return True
    if mode == "exclude" and not named:
        return False
    detail = f"the policy {_name(policy)} chooses applications by attributes: {by_attributes.node('rule')}"
    raise Unread(policy.source.gap(detail, Reason.NOT_OBSERVABLE))


def _users(policy: Item) -> str | None:
    """Whom the policy is about, in words, None when it is about nobody."""
    conditions = policy.item("conditions")
    users = None if conditions is None else conditions.item("users")
    if users is None:
        return None
    included = _people(users, "include")
    excluded = _people(users, "exclude")
    if not included:
        return None
    return f"{included}, except {excluded}" if excluded else included


def _people(users: Item, prefix: str) -> str:
    """`all users`, or `2 users, 1 group`."""
    ids = [name for name in users.texts(f"{prefix}Users") if name != "None"]
    if "All" in ids:
        return "all users"
    guests = users.get(f"{prefix}GuestsOrExternalUsers") is not None or "GuestsOrExternalUsers" in ids
    numbers = {
        "user": len([name for name in ids if name != "GuestsOrExternalUsers"]),
        "group": len(users.texts(f"{prefix}Groups")),
        "role": len(users.texts(f"{prefix}Roles")),
    }
    parts = [f"{number} {kind}{'s'[: number > 1]}" for kind, number in numbers.items() if number]
    return ", ".join([*parts, *(["guests"] if guests else [])])


def _every_sign_in(policy: Item) -> bool:
    """Whether the policy asks on ordinary sign-ins with a browser, as SAML has them.

    Risk and flow conditions narrow a policy down to sign-ins that are out of the ordinary.
    """
    conditions = policy.item("conditions")
    if conditions is None:
        return False
    for risk in ("signInRiskLevels", "userRiskLevels"):
        levels = conditions.texts(risk)
        if levels and "none" not in levels:
            return False
    clients = conditions.texts("clientAppTypes")
    if clients and not {"all", "browser"} & set(clients):
        return False
    flows = conditions.item("authenticationFlows")
    return not conditions.get("insiderRiskLevels") and not (flows and flows.get("transferMethods"))


def _lower(item: Item, name: str) -> frozenset[str]:
    return frozenset(text.lower() for text in item.texts(name))


def _name(policy: Item) -> str:
    return str(policy.node("displayName") or policy.node("id"))
