"""Which permissions rules need: nothing that writes, nothing without an id, nothing that no rule needs."""

from __future__ import annotations

import re
from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.bundled import bundled
from auditor.cli.permission_plan import APP_ROLES, INCLUDED_IN, Need, check, consent_commands, plan
from auditor.collect import permissions_by_section
from auditor.evaluate import load_pack
from auditor.evaluate.evidence.sections import sections_of

RULES = {rule.id: rule for rule in load_pack(bundled("rules")).rules}
NAMED = {name for permissions in permissions_by_section().values() for name in permissions}


def needed(*rules: str) -> dict[str, Need]:
    found = plan(
        [RULES[id] for id in rules],
        all_rules=RULES.values(),
        sections_of=sections_of,
        permissions=permissions_by_section(),
    )
    return {need.permission: need for need in found}


def test_every_permission_that_a_collector_names_has_an_id_and_only_reads() -> None:
    assert set(APP_ROLES) >= NAMED
    assert all(re.search(r"\.Read\.All$", name) for name in APP_ROLES)
    assert all(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", id) for id in APP_ROLES.values())
    assert len(set(APP_ROLES.values())) == len(APP_ROLES)


def test_one_rule_needs_what_it_reads_and_no_more() -> None:
    assert set(needed("assignment-required")) == {"Application.Read.All"}
    assert set(needed("conditional-access-covers")) == {"Application.Read.All", "Policy.Read.All"}
    assert needed("conditional-access-covers")["Policy.Read.All"].sections == ("conditionalAccessPolicies",)
    assert needed() == {}


def test_a_rule_needs_what_the_rules_need_that_must_hold_first() -> None:
    dependent = next(rule for rule in RULES.values() if rule.requires)
    assert set(needed(dependent.id)) >= {name for id in dependent.requires for name in needed(id)}


@given(st.sets(st.sampled_from(sorted(RULES))))
def test_a_permission_costs_exactly_the_rules_that_need_it(rules: set[str]) -> None:
    for need in needed(*rules).values():
        assert set(need.rules) == {id for id in rules if need.permission in needed(id)}


def test_the_consent_grants_what_is_needed_and_nothing_that_writes() -> None:
    add, consent = consent_commands(needed("assignment-required").values(), "an-app")
    assert add == (
        "az ad app permission add --id an-app --api 00000003-0000-0000-c000-000000000000 "
        f"--api-permissions {APP_ROLES['Application.Read.All']}=Role"
    )
    assert consent == "az ad app permission admin-consent --id an-app"
    assert consent_commands([], "an-app") == ()


@pytest.mark.parametrize(
    ("held", "missing", "writing", "further"),
    [
        ((), {"Application.Read.All", "Policy.Read.All"}, (), ()),
        (("Application.Read.All", "Policy.Read.All"), set(), (), ()),
        (("Directory.Read.All", "Policy.Read.All"), set(), (), ()),
        (("Application.ReadWrite.All",), {"Policy.Read.All"}, ("Application.ReadWrite.All",), ()),
        (("Policy.ReadWrite.ConditionalAccess", "Mail.Send", "Sites.FullControl.All"),
         {"Application.Read.All", "Policy.Read.All"},
         ("Mail.Send", "Policy.ReadWrite.ConditionalAccess", "Sites.FullControl.All"), ()),
        (("Application.Read.All", "Policy.Read.All", "Mail.Read", "User.ReadBasic.All"),
         set(), (), ("Mail.Read", "User.ReadBasic.All")),
    ],
)  # fmt: skip
def test_what_is_held_is_compared_with_what_is_needed(
    held: Collection[str], missing: set[str], writing: tuple[str, ...], further: tuple[str, ...]
) -> None:
    found = check(list(needed("conditional-access-covers").values()), held)
    assert {need.permission for need in found.missing} == missing
    assert (found.writing, found.further) == (writing, further)


def test_wider_permissions_are_of_known_ones() -> None:
    assert set(INCLUDED_IN) <= set(APP_ROLES)
