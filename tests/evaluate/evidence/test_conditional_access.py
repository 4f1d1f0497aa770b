"""Conditional Access: which policies protect the application, and which ones nobody can tell."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from auditor.model.gap import Reason
from auditor.model.node import Json, Node
from tests.evaluate.evidence.reading import evidence, the_gap, value
from tests.evaluate.snapshots import APP_ID, gap, of_tenant

COVERING = "conditionalAccess.covering"
FILTER: Json = {"mode": "include", "rule": 'CustomSecurityAttribute.a -eq "b"'}
FILTERED: Json = {"includeApplications": [], "applicationFilter": FILTER}


def policy(
    *,
    applications: Json = None,
    users: Json = None,
    grant: Node = "mfa",
    state: Node = "enabled",
    id: str = "ca-1",
    conditions: Mapping[str, Json] | None = None,
) -> dict[str, Node]:
    """A policy that asks everybody for MFA on every application, but for what the arguments say."""
    controls: Node = {"operator": "OR", "builtInControls": [grant]} if isinstance(grant, str) else grant
    return {
        "id": id,
        "displayName": f"the {id}",
        "state": state,
        "conditions": {
            "applications": {"includeApplications": ["All"]} if applications is None else applications,
            "users": {"includeUsers": ["All"]} if users is None else users,
            **(conditions or {}),
        },
        "grantControls": controls,
    }


def policies(*found: Node) -> dict[tuple[str, str], Node]:
    return of_tenant("conditionalAccessPolicies", list(found))


def covers(found: Node) -> bool:
    """Whether the policy covers the application for certain."""
    return value(evidence(policies(found)), COVERING) != []


def test_a_policy_that_covers_is_shown_with_what_it_asks_of_whom() -> None:
    tree = evidence(policies(policy()))
    assert value(tree, COVERING) == [
        {"id": "ca-1", "displayName": "the ca-1", "asksFor": "mfa", "users": "all users"}
    ]
    assert value(tree, "conditionalAccess.[reportOnly, disabled]") == [[], []]


@pytest.mark.parametrize(
    ("applications", "expected"),
    [
        ({"includeApplications": ["All"]}, True),
        ({"includeApplications": [APP_ID.upper()]}, True),
        ({"includeApplications": ["All"], "excludeApplications": [APP_ID]}, False),
        ({"includeApplications": ["All"], "excludeApplications": ["Office365"]}, True),
        ({"includeApplications": ["Office365"]}, False),
        ({"includeApplications": ["None"]}, False),
        ({"includeApplications": ["another"]}, False),
        ({"includeUserActions": ["urn:user:registersecurityinfo"]}, False),
        ({"includeApplications": None}, False),
        ({"includeApplications": [APP_ID], "applicationFilter": FILTER}, True),
        (
            {"includeApplications": ["All"], "excludeApplications": [APP_ID], "applicationFilter": FILTER},
            False,
        ),
        ({"includeApplications": ["x"], "applicationFilter": {"mode": "exclude", "rule": "r"}}, False),
    ],
)
def test_which_applications_a_policy_is_about(applications: Json, expected: bool) -> None:
    assert covers(policy(applications=applications)) is expected


@pytest.mark.parametrize(
    "applications",
    [
        FILTERED,
        {"includeApplications": ["All"], "applicationFilter": {"mode": "exclude", "rule": "r"}},
    ],
)
def test_a_choice_by_attributes_cannot_be_followed(applications: Json) -> None:
    undecided = policy(applications=applications)
    found = the_gap(evidence(policies(undecided)), COVERING)
    assert found.reason is Reason.NOT_OBSERVABLE
    assert "the ca-1" in found.detail
    assert value(evidence(policies(undecided, policy(id="ca-2"))), f"{COVERING}[].id") == ["ca-2"]


@pytest.mark.parametrize(
    "changes",
    [
        {"grantControls": None},
        {"conditions": {"users": {"includeUsers": ["None"]}, "applications": FILTERED}},
    ],
)
def test_a_choice_by_attributes_does_not_matter_where_the_policy_protects_nobody(
    changes: dict[str, Json],
) -> None:
    undecided: Node = {**policy(applications=FILTERED), **changes}
    assert value(evidence(policies(undecided)), COVERING) == []


@pytest.mark.parametrize(
    ("controls", "asks_for"),
    [
        ({"operator": "OR", "builtInControls": ["mfa"]}, "mfa"),
        ({"operator": None, "builtInControls": ["compliantDevice"]}, "compliantDevice"),
        ({"operator": "OR", "builtInControls": ["mfa", "compliantDevice"]}, "compliantDevice or mfa"),
        ({"operator": "OR", "builtInControls": ["mfa", "domainJoinedDevice"]}, "mfa or domainJoinedDevice"),
        ({"operator": "AND", "builtInControls": ["mfa", "approvedApplication"]}, "mfa"),
        ({"operator": "AND", "builtInControls": ["mfa", "compliantDevice"]}, "compliantDevice and mfa"),
        (
            {
                "operator": "OR",
                "builtInControls": [],
                "authenticationStrength": {"id": "1", "displayName": "Passkeys"},
            },
            "authentication strength Passkeys",
        ),
        ({"operator": "OR", "builtInControls": ["domainJoinedDevice"]}, None),
        ({"operator": "OR", "builtInControls": ["mfa", "approvedApplication"]}, None),
        ({"operator": "OR", "builtInControls": ["mfa"], "termsOfUse": ["t"]}, None),
        ({"operator": "OR", "builtInControls": ["mfa"], "customAuthenticationFactors": ["c"]}, None),
        ({"operator": "AND", "builtInControls": ["approvedApplication"]}, None),
        ({"operator": "OR", "builtInControls": ["block"]}, None),
        ({"operator": "AND", "builtInControls": ["block", "mfa"]}, None),
        ({"operator": "OR", "builtInControls": []}, None),
        (None, None),
    ],
)
def test_what_a_policy_asks_for(controls: Json, asks_for: str | None) -> None:
    tree = evidence(policies(policy(grant=controls)))
    assert value(tree, f"{COVERING}[].asksFor") == ([] if asks_for is None else [asks_for])


@pytest.mark.parametrize(
    ("users", "words"),
    [
        (
            {"includeUsers": ["All"], "excludeUsers": ["a"], "excludeGroups": ["g"]},
            "all users, except 1 user, 1 group",
        ),
        ({"includeUsers": ["a", "b"], "includeGroups": ["g"]}, "2 users, 1 group"),
        ({"includeUsers": ["None"], "includeRoles": ["r"]}, "1 role"),
        ({"includeUsers": ["GuestsOrExternalUsers"]}, "guests"),
        ({"includeUsers": [], "includeGuestsOrExternalUsers": {"externalTenants": {}}}, "guests"),
        ({"includeUsers": ["None"]}, None),
        ({"includeUsers": []}, None),
        ({}, None),
    ],
)
def test_whom_a_policy_is_about(users: Json, words: str | None) -> None:
    tree = evidence(policies(policy(users=users)))
    assert value(tree, f"{COVERING}[].users") == ([] if words is None else [words])


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"signInRiskLevels": [], "userRiskLevels": [], "clientAppTypes": ["all"]}, True),
        ({"signInRiskLevels": ["high"]}, False),
        ({"userRiskLevels": ["medium", "high"]}, False),
        ({"signInRiskLevels": ["low", "none"]}, True),
        ({"insiderRiskLevels": "elevated"}, False),
        ({"authenticationFlows": {"transferMethods": "deviceCodeFlow"}}, False),
        ({"authenticationFlows": None}, True),
        ({"clientAppTypes": ["browser"]}, True),
        ({"clientAppTypes": ["exchangeActiveSync", "other"]}, False),
        ({"locations": {"includeLocations": ["All"], "excludeLocations": ["AllTrusted"]}}, True),
    ],
)
def test_a_policy_protects_on_ordinary_sign_ins_with_a_browser(
    conditions: dict[str, Json], expected: bool
) -> None:
    assert covers(policy(conditions=conditions)) is expected


def test_report_only_and_disabled_policies_are_named_apart() -> None:
    tree = evidence(
        policies(
            policy(id="ca-1", state="disabled"),
            policy(id="ca-2", state="enabledForReportingButNotEnforced"),
            policy(id="ca-3", state="disabled", grant="block"),
        )
    )
    assert value(tree, COVERING) == []
    assert value(tree, "conditionalAccess.reportOnly[].displayName") == ["the ca-2"]
    assert value(tree, "conditionalAccess.disabled[].displayName") == ["the ca-1"]


@pytest.mark.parametrize("part", ["conditions", "grantControls", "state"])
def test_a_part_that_could_not_be_read_leaves_it_open(part: str) -> None:
    tree = evidence(policies({**policy(), part: gap()}))
    assert the_gap(tree, COVERING) == gap()


def test_a_part_that_is_not_in_the_answer_leaves_it_open() -> None:
    found = {name: part for name, part in policy().items() if name != "grantControls"}
    assert "grantControls" in the_gap(evidence(policies(found)), COVERING).detail


def test_an_unknown_state_leaves_it_open() -> None:
    assert "sleeping" in the_gap(evidence(policies(policy(state="sleeping"))), COVERING).detail


def test_no_policies_cover_nothing() -> None:
    assert value(evidence(), COVERING) == []


def test_unread_policies_are_their_gap() -> None:
    refused = gap("conditionalAccessPolicies")
    tree = evidence(of_tenant("conditionalAccessPolicies", refused))
    assert the_gap(tree, "conditionalAccess") == refused
