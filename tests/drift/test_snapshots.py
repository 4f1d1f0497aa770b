"""What changed between two snapshots, by meaning."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.bundled import bundled
from auditor.drift import compare
from auditor.drift.table import SECTIONS
from auditor.evaluate import load_pack
from auditor.evaluate.coverage import coverage
from auditor.model.change import AccessKind, ChangeKind, Drift
from auditor.model.configuration import ApplicationConfiguration, Judgement, RuleOverride
from auditor.model.gap import Reason
from auditor.model.rule import Severity
from auditor.model.snapshot import MatchedBy, Record, Section, Snapshot, TenantIdentity
from auditor.model.wire import from_json, to_json
from tests.drift.tenant import (
    ACS,
    ADA,
    APP_ID,
    BOB,
    EVE,
    GROUP,
    POLICY,
    SP,
    VALUES,
    Value,
    assignment,
    edited,
    gap,
    key,
    later,
    member,
    only,
    put,
    snapshot,
    target,
    told,
    user,
)

Edit = Callable[[Value], Value]


def drift(section: str, edit: Edit, before: Snapshot | None = None) -> Drift:
    """What an edit of one section makes."""
    before = before or snapshot()
    return compare(before, later(edited(before, section, edit)))


def setting(*path: str | int, to: Value) -> Edit:
    """An edit: the value at the end of `path` becomes `to`."""

    def edit(value: Value) -> None:
        for step in path[:-1]:
            value = value[step]
        value[path[-1]] = to

    return edit


def appending(*path: str | int, item: Value) -> Edit:
    """An edit: the list at the end of `path` has one element more."""

    def edit(value: Value) -> None:
        for step in path:
            value = value[step]
        value.append(item)

    return edit


def test_nothing_changed() -> None:
    assert compare(snapshot(), snapshot()).changes == ()
    found = compare(snapshot(), later(snapshot()))
    assert (found.changes, found.access, found.unknown, found.not_comparable) == ((), (), (), ())
    assert found.comparable
    assert (found.from_.collected_at, found.to.collected_at) == (
        "2026-11-22T02:00:41Z",
        "2026-11-23T02:00:41Z",
    )


NO_DRIFT: dict[str, tuple[str, Edit]] = {
    "host of a reply URL": ("servicePrincipals", setting("replyUrls", 0, to=ACS.replace("auth", "AUTH"))),
    "case of a GUID": ("servicePrincipals", setting("servicePrincipalNames", 0, to=APP_ID.upper())),
    "case of a thumbprint": ("servicePrincipals", setting("preferredTokenSigningKeyThumbprint", to="a" * 40)),
    "mail domain": ("servicePrincipals", setting("notificationEmailAddresses", 0, to="identity@CONTOSO.com")),
    "false for null": ("servicePrincipals", setting("isDisabled", to=False)),
    "name of a certificate": ("servicePrincipals", setting("keyCredentials", 0, "displayName", to="CN=x")),
    "another copy of a certificate": (
        "servicePrincipals",
        appending("keyCredentials", item={**key("A"), "keyId": "another"}),
    ),
    "fraction of a second": (
        "servicePrincipals",
        setting("keyCredentials", 0, "endDateTime", to="2028-11-23T00:00:00.0000000Z"),
    ),
    "scope in another order": (
        "oauth2PermissionGrants",
        setting(0, "scope", to="User.Read openid"),
    ),
    "definition in another layout": (
        "claimsMappingPolicies",
        setting(
            0,
            "definition",
            to=[
                json.dumps(
                    {"ClaimsMappingPolicy": {"ClaimsSchema": [{"ID": "upn"}, {"ID": "mail"}], "Version": 1}},
                    indent=1,
                )
            ],
        ),
    ),
    "name of a principal": ("appRoleAssignedTo", setting(0, "principalDisplayName", to="Trainers (renamed)")),
    "id of an assignment": ("appRoleAssignedTo", setting(0, "id", to="made again")),
    "name of a person": ("users", setting("displayName", to="Eve Adams")),
    "last execution": ("synchronizationJobs", setting(0, "status", "lastExecution", "timeEnded", to="x")),
    "sign-ins": ("signIns", setting("codes", to={"0": 10})),
    "empty for null": ("servicePrincipals", setting("tokenEncryptionKeyId", to=None)),
    "empty list for null": ("applications", setting("web", "homePageUrl", to=None)),
}


@pytest.mark.parametrize("name", NO_DRIFT)
def test_what_means_the_same_is_no_drift(name: str) -> None:
    section, edit = NO_DRIFT[name]
    found = drift(section, edit)
    assert (told(found), found.access, found.unknown) == ([], (), ())


DRIFT: dict[str, tuple[str, Edit, tuple[str, str, Any, Any]]] = {
    "path of a reply URL": (
        "servicePrincipals",
        appending("replyUrls", item=ACS.upper().replace("HTTPS", "https")),
        ("servicePrincipal.replyUrls", "added", None, ACS.upper().replace("HTTPS", "https")),
    ),
    "host of an identifier": (
        "servicePrincipals",
        appending("servicePrincipalNames", item="https://authentication.logmeininc.com/saml/sp"),
        (
            "servicePrincipal.servicePrincipalNames",
            "added",
            None,
            "https://authentication.logmeininc.com/saml/sp",
        ),
    ),
    "path of a URL": (
        "servicePrincipals",
        setting("logoutUrl", to="https://login.example.com/out"),
        (
            "servicePrincipal.logoutUrl",
            "changed",
            "https://login.example.com/Out",
            "https://login.example.com/out",
        ),
    ),
    "a URL where none was": (
        "servicePrincipals",
        setting("loginUrl", to="https://x.example.com"),
        ("servicePrincipal.loginUrl", "added", None, "https://x.example.com"),
    ),
    "default reply URL": (
        "applications",
        setting("web", "redirectUriSettings", 1, "index", to=1),
        ("application.web.redirectUriSettings.index", "added", None, 1),
    ),
    "identifier": (
        "applications",
        setting("identifierUris", to=[]),
        (
            "application.identifierUris",
            "removed",
            "https://authentication.logmeininc.com/saml/sp",
            None,
        ),
    ),
    "relay state": (
        "servicePrincipals",
        setting("samlSingleSignOnSettings", "relayState", to="https://global.gotomeeting.com/A"),
        (
            "servicePrincipal.samlSingleSignOnSettings.relayState",
            "changed",
            "https://global.gotomeeting.com",
            "https://global.gotomeeting.com/A",
        ),
    ),
    "owner": (
        "owners",
        setting(slice(0, 1), to=[]),  # type: ignore[arg-type]
        ("servicePrincipal.owners", "removed", member(ADA, "ada"), None),
    ),
    "delegated permission": (
        "oauth2PermissionGrants",
        setting(0, "scope", to=" openid User.Read Mail.Read"),
        ("servicePrincipal.oauth2PermissionGrants.scope", "added", None, "Mail.Read"),
    ),
    "state of a policy": (
        "conditionalAccessPolicies",
        setting(0, "state", to="disabled"),
        ("conditionalAccessPolicy.state", "changed", "enabled", "disabled"),
    ),
    "exclusion of a policy": (
        "conditionalAccessPolicies",
        appending(0, "conditions", "users", "excludeGroups", item="g2"),
        ("conditionalAccessPolicy.conditions.users.excludeGroups", "added", None, "g2"),
    ),
    "what a policy is assigned to": (
        "claimsMappingPolicies",
        setting(0, "appliesTo", to=[]),
        ("claimsMappingPolicy.appliesTo", "removed", {"id": SP, "type": "servicePrincipal"}, None),
    ),
    "policy": (
        "claimsMappingPolicies",
        appending(item={"id": "p2", "displayName": "New", "definition": [], "appliesTo": []}),
        (
            "claimsMappingPolicies",
            "added",
            None,
            {"id": "p2", "displayName": "New", "definition": [], "appliesTo": []},
        ),
    ),
    "account": (
        "users",
        setting("accountEnabled", to=False),
        ("user.accountEnabled", "changed", True, False),
    ),
    "domain": (
        "organization",
        appending("verifiedDomains", item={"name": "evil.example.net", "isDefault": False}),
        (
            "organization.verifiedDomains",
            "added",
            None,
            {"name": "evil.example.net", "isDefault": False},
        ),
    ),
    "job in quarantine": (
        "synchronizationJobs",
        setting(0, "status", "code", to="Quarantine"),
        ("synchronizationJob.status.code", "changed", "Active", "Quarantine"),
    ),
    "section that nobody listed": (
        "newThing",
        setting("depth", "word", to="v"),
        ("servicePrincipal.newThing.depth.word", "changed", "w", "v"),
    ),
    "element in a section that nobody listed": (
        "newThing",
        setting("items", 1, "v", to=3),
        ("servicePrincipal.newThing.items.v", "changed", 2, 3),
    ),
}


@pytest.mark.parametrize("name", DRIFT)
def test_a_change_is_told_once_with_before_and_after(name: str) -> None:
    section, edit, expected = DRIFT[name]
    assert told(drift(section, edit)) == [expected]


def test_a_definition_is_compared_by_what_it_says() -> None:
    change = only(drift("claimsMappingPolicies", setting(0, "definition", to=['{"ClaimsMappingPolicy":{}}'])))
    assert (change.property, change.kind) == ("claimsMappingPolicy.definition", ChangeKind.CHANGED)
    assert (change.object.kind, change.object.id) == ("claimsMappingPolicy", POLICY)
    assert change.application is not None
    assert change.application.app_id == APP_ID


def test_a_certificate_is_one_change_by_thumbprint() -> None:
    def rollover(value: Value) -> None:
        value["keyCredentials"] += [key("B"), key("B", "Sign")]
        value["passwordCredentials"].append(
            {**value["passwordCredentials"][0], "keyId": key("B", "Sign")["keyId"]}
        )

    change = only(drift("servicePrincipals", rollover))
    assert (change.property, change.kind, change.element) == ("keyCredentials", ChangeKind.ADDED, "B" * 40)
    assert isinstance(change.after, dict)
    assert change.after["usage"] == ["Sign", "Verify"]
    assert change.after["keyIds"] == [key("B")["keyId"], key("B", "Sign")["keyId"]]


def test_a_client_secret_is_a_change_of_its_own() -> None:
    secret = {
        "keyId": "s1",
        "displayName": "ci",
        "startDateTime": None,
        "endDateTime": "2027-01-01T00:00:00Z",
    }
    change = only(drift("servicePrincipals", appending("passwordCredentials", item=secret)))
    assert (change.property, change.element) == ("servicePrincipal.passwordCredentials", "s1")


def test_a_member_is_told_of_the_group_and_of_the_application_it_opens() -> None:
    change = only(drift("groupMembers", appending(item=member(EVE, "eve"))))
    assert (change.property, change.element) == ("group.members", EVE)
    assert (change.object.kind, change.object.id, change.object.name) == ("group", GROUP, "Trainers")
    assert change.application is not None
    assert change.application.service_principal_id == SP


def test_a_person_in_many_lists_changes_once() -> None:
    before = snapshot()
    after = edited(before, "owners", setting(0, "accountEnabled", to=False))
    after = edited(after, "applicationOwners", setting(0, "accountEnabled", to=False))
    after = edited(after, "groupMembers", setting(0, "accountEnabled", to=False))
    change = only(compare(before, later(after)))
    assert (change.property, change.object.id, change.object.name) == (
        "user.accountEnabled",
        ADA,
        "ada@contoso.com",
    )


def test_what_repeats_another_change_is_not_told_twice() -> None:
    document = {"document": None, "status": 404}
    before = put("federationMetadata", SP, document, snapshot().sections["signIns"].per)(snapshot())
    after = edited(before, "federationMetadata", lambda _: {"document": "bm8gWE1M"})
    assert [it.property for it in compare(before, later(after)).changes] == ["federationMetadata.document"]
    after = edited(after, "servicePrincipals", appending("keyCredentials", item=key("B")))
    assert [it.property for it in compare(before, later(after)).changes] == ["keyCredentials"]


def test_the_rules_that_judge_a_property_give_its_severity() -> None:
    pack = load_pack(bundled("rules"))
    after = edited(snapshot(), "servicePrincipals", setting("logoutUrl", to=None))
    after = edited(after, "servicePrincipals", setting("samlSingleSignOnSettings", "relayState", to=None))

    def severities(judgement: Judgement) -> dict[str, tuple[tuple[str, ...], Severity]]:
        found = compare(snapshot(), later(after), rules=coverage(pack, judgement))
        return {change.property: (change.rule_ids, change.severity) for change in found.changes}

    relay_state = "servicePrincipal.samlSingleSignOnSettings.relayState"
    assert severities(Judgement()) == {
        "servicePrincipal.logoutUrl": ((), Severity.MEDIUM),
        relay_state: (("relay-state-matches",), Severity.MEDIUM),
    }
    louder = Judgement(rules={"relay-state-matches": RuleOverride(severity=Severity.CRITICAL)})
    assert severities(louder)[relay_state] == (("relay-state-matches",), Severity.CRITICAL)
    off = Judgement(rules={"relay-state-matches": RuleOverride(enabled=False, reason="x")})
    assert severities(off)[relay_state] == ((), Severity.MEDIUM)


# What could not be read


@pytest.mark.parametrize("side", ["then", "now", "then and now"])
def test_a_gap_is_unknown_and_never_a_change(side: str) -> None:
    seen = snapshot()
    unseen = edited(seen, "owners", lambda _: gap("owners"))
    pair = {"then": (unseen, seen), "now": (seen, unseen), "then and now": (unseen, unseen)}[side]
    found = compare(pair[0], later(pair[1]))
    assert found.changes == ()
    (unknown,) = found.unknown
    assert unknown.section == "owners"
    assert unknown.application is not None
    assert unknown.reason == f"not read {side}: permission (needs Application.Read.All)"


def test_a_permission_that_is_lacking_now_is_said() -> None:
    unseen = edited(snapshot(), "owners", lambda _: gap("owners"))
    assert compare(snapshot(), unseen).not_comparable == (
        "The permission Application.Read.All is lacking now.",
    )
    assert compare(unseen, snapshot()).not_comparable == (
        "The permission Application.Read.All was lacking then.",
    )
    assert compare(unseen, unseen).not_comparable == ()


def test_a_property_that_could_not_be_read_hides_no_other() -> None:
    def edit(value: Value) -> None:
        value["replyUrls"] = gap("servicePrincipals")
        value["loginUrl"] = "https://x.example.com"

    found = drift("servicePrincipals", edit)
    assert [it.property for it in found.changes] == ["servicePrincipal.loginUrl"]
    assert [it.property for it in found.unknown] == ["servicePrincipal.replyUrls"]


def test_an_element_that_could_not_be_read_may_be_the_one_that_is_missing() -> None:
    def edit(value: Value) -> None:
        value[0] = gap("owners")
        value.append(member(EVE, "eve"))

    found = drift("owners", edit)
    assert told(found) == [("servicePrincipal.owners", "added", None, member(EVE, "eve"))]
    assert [part.section for part in found.unknown] == ["owners"]


def test_what_nobody_declares_is_nothing_to_know() -> None:
    undeclared = put(
        "serviceProvider",
        SP,
        gap("serviceProvider", reason=Reason.NOT_DECLARED),
        snapshot().sections["signIns"].per,
    )(snapshot())
    assert compare(undeclared, undeclared).unknown == ()


def test_a_section_or_property_of_another_version_is_unknown() -> None:
    before = snapshot()
    fewer = {name: section for name, section in before.sections.items() if name != "newThing"}
    older = replace(before, sections=fewer, auditor_version="0.0.9")
    older = edited(older, "servicePrincipals", lambda value: {k: v for k, v in value.items() if k != "tags"})
    found = compare(older, before)
    assert found.changes == ()
    assert [(it.section, it.property) for it in found.unknown] == [
        ("newThing", None),
        ("servicePrincipals", "servicePrincipal.tags"),
    ]
    assert "two versions of the program, 0.0.9 and 0.1.0" in found.not_comparable[0]


def test_an_object_that_only_one_night_asked_about_is_no_change() -> None:
    after = put("users", BOB, user(BOB, "bob", accountEnabled=False))(snapshot())
    after = put("groupMembers", "g2", [member(EVE, "eve")])(after)
    assert [it.property for it in compare(snapshot(), after).changes] == [
        "user.accountEnabled"
    ]  # an owner's, too
    assert compare(snapshot(), put("groupMembers", "g2", [member(EVE, "eve")])(snapshot())).changes == ()


# Which applications


def test_an_application_that_came_or_went_is_a_change() -> None:
    two = replace(snapshot(), targets=(target(), target("sp-2", "GoToWebinar")))
    expected = {"id": "sp-2", "appId": "app-of-sp-2", "displayName": "GoToWebinar"}
    assert told(compare(snapshot(), two)) == [("servicePrincipal", "added", None, expected)]
    assert told(compare(two, snapshot())) == [("servicePrincipal", "removed", expected, None)]


def configured(*applications: ApplicationConfiguration) -> Any:
    return to_json(Judgement(applications=applications))


NOT_LOOKED_FOR: dict[str, dict[str, Any]] = {
    "only a part of the applications": {"entries": (0,)},
    "the configuration did not name it": {
        "configuration": configured(ApplicationConfiguration(profile="zoom"))
    },
    "the search for applications could not be made": {
        "sections": {
            **snapshot().sections,
            "matches": Section(
                name="matches",
                per=snapshot().sections["signIns"].per,
                mount=None,
                records={"gotomeeting": Record(value=gap("matches"))},
            ),
        }
    },
}


@pytest.mark.parametrize("why", NOT_LOOKED_FOR)
def test_an_application_that_one_side_did_not_look_for_is_unknown(why: str) -> None:
    two = replace(snapshot(), targets=(target(), target("sp-2", "GoToWebinar")))
    one = snapshot(**NOT_LOOKED_FOR[why])
    for found in (compare(one, two), compare(two, one)):
        assert found.changes == ()
        assert [
            (part.application.display_name, why in part.reason)
            for part in found.unknown
            if part.application and part.application.display_name == "GoToWebinar"
        ] == [("GoToWebinar", True)]


def test_all_applications_of_one_side_are_not_new() -> None:
    other = target("sp-2", "Wiki", profile=None, application=None, matched_by=MatchedBy.ALL_APPLICATIONS)
    found = compare(snapshot(), replace(snapshot(), targets=(target(), other)))
    assert found.changes == ()
    assert "not all applications were" in found.unknown[0].reason
    assert found.not_comparable == (
        "All applications of the tenant were looked at only now (--all-applications).",
    )


def test_two_tenants_or_clouds_cannot_be_compared() -> None:
    other = replace(snapshot(), tenant=TenantIdentity(id="t2", display_name=None, domain=None))
    for strange in (other, replace(snapshot(), cloud="usgov")):
        found = compare(snapshot(), edited(strange, "owners", lambda _: []))
        assert not found.comparable
        assert (found.changes, len(found.not_comparable)) == ((), 1)


# Who has access


def access(before: Snapshot, after: Snapshot) -> list[tuple[str, str, str | None, bool | None]]:
    return [
        (each.principal.id, each.kind.value, each.via.name or each.via.kind.value, each.effective)
        for each in compare(before, later(after)).access
    ]


def test_who_comes_into_a_group_gains_access_and_who_leaves_it_loses_it() -> None:
    after = edited(snapshot(), "groupMembers", lambda _: [member(ADA, "ada"), member("new", "new")])
    assert access(snapshot(), after) == [(BOB, "lost", "Trainers", True), ("new", "gained", "Trainers", True)]
    gained = compare(snapshot(), after).access[1].principal
    assert (gained.kind, gained.name, gained.user_type, gained.account_enabled) == (
        "user",
        "new@contoso.com",
        "Member",
        True,
    )


def test_one_way_of_two_is_told_and_is_no_loss() -> None:
    both_ways = edited(snapshot(), "groupMembers", appending(item=member(EVE, "eve")))
    assert access(snapshot(), both_ways) == [(EVE, "gained", "Trainers", False)]
    direct_gone = edited(both_ways, "appRoleAssignedTo", lambda value: value[:1])
    assert access(both_ways, direct_gone) == [(EVE, "lost", "direct", False)]


def test_an_assignment_of_a_group_gives_access_to_its_members() -> None:
    without = edited(snapshot(), "appRoleAssignedTo", lambda value: value[1:])
    assert access(without, snapshot()) == [
        (ADA, "gained", "Trainers", True),
        (BOB, "gained", "Trainers", True),
    ]


def test_a_group_in_a_group_and_a_device_have_no_access() -> None:
    def edit(value: Value) -> None:
        value += [{**member("g2", "g2"), "type": "group"}, {**member("d1", "d1"), "type": "device"}]

    assert access(snapshot(), edited(snapshot(), "groupMembers", edit)) == []


def test_members_that_could_not_be_read_gain_and_lose_nothing() -> None:
    unread = edited(snapshot(), "groupMembers", lambda _: gap("groupMembers"))
    found = compare(snapshot(), unread)
    assert found.access == ()
    assert [part.section for part in found.unknown] == ["groupMembers"]
    alone = edited(unread, "appRoleAssignedTo", lambda value: value[:1])
    assert access(snapshot(), alone) == [(EVE, "lost", "direct", None)]


def test_of_an_assigned_group_that_cannot_be_looked_into_the_group_is_named() -> None:
    after = edited(snapshot(), "appRoleAssignedTo", appending(item=assignment("g2", "Group", "Secret")))
    after = put("groupMembers", "g2", gap("groupMembers"))(after)
    (gained,) = compare(snapshot(), after).access
    assert (gained.principal.kind, gained.principal.name, gained.kind) == (
        "group",
        "Secret",
        AccessKind.GAINED,
    )


# Properties


@st.composite
def shuffled(draw: st.DrawFn, value: Value) -> Value:
    """The value with every list in another order; JSON inside of strings stays as it is."""
    if isinstance(value, Mapping):
        return {name: draw(shuffled(item)) for name, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        items = [draw(shuffled(item)) for item in value]
        return draw(st.permutations(items))
    return value


def _shuffle(data: st.DataObject, before: Snapshot) -> Snapshot:
    for name, section in before.sections.items():
        for subject in section.records:
            before = edited(before, name, lambda value: data.draw(shuffled(value)), subject)
    return before


CHANGED = edited(
    edited(
        edited(snapshot(), "servicePrincipals", setting("replyUrls", to=["https://a.example.com", ACS])),
        "groupMembers",
        lambda _: [member(EVE, "eve"), member(ADA, "ada")],
    ),
    "claimsMappingPolicies",
    appending(item={"id": "p2", "definition": ["{}"], "appliesTo": [{"id": SP}, {"id": "x"}]}),
)


@settings(max_examples=15)
@given(st.data())
def test_the_order_of_no_collection_matters(data: st.DataObject) -> None:
    before, after = _shuffle(data, snapshot()), _shuffle(data, CHANGED)
    assert compare(snapshot(), before).changes == ()
    assert compare(before, after) == compare(snapshot(), CHANGED)


@settings(max_examples=25)
@given(st.sampled_from([*DRIFT]), st.sampled_from([*DRIFT]))
def test_the_way_back_mirrors_the_way_there(one: str, other: str) -> None:
    before = edited(snapshot(), *DRIFT[one][:2])
    after = edited(snapshot(), *DRIFT[other][:2])
    there, back = compare(before, after), compare(after, before)
    mirrored = {"added": "removed", "removed": "added", "changed": "changed"}
    assert sorted(map(repr, told(back))) == sorted(
        repr((name, mirrored[kind], new, old)) for name, kind, old, new in told(there)
    )
    assert {(it.principal.id, it.via, it.kind is AccessKind.GAINED) for it in back.access} == {
        (it.principal.id, it.via, it.kind is AccessKind.LOST) for it in there.access
    }


KEYS = {"id", "appId", "keyId", "uri", "type", "principalType", "name", "key", "customKeyIdentifier"}
"""What identifies an object, or follows from what does: another one is another object."""

NAMES_OF_OTHERS = {"principalDisplayName", "resourceDisplayName", "permission"}
OF_PEOPLE_ALONE = {"displayName", "createdDateTime", "externalUserStateChangeDateTime"}


def places(value: Value, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Ways to every plain value inside."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from places(item, (*path, name))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))
    elif path:
        yield path


def injectable() -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    for name, section in snapshot().sections.items():
        people = name in ("owners", "applicationOwners", "groupMembers", "users", "appRoleAssignedTo")
        for subject, record in section.records.items():
            for path in places(record.value):
                last = next(step for step in reversed(path) if isinstance(step, str))
                if name == "signIns" or last in KEYS | NAMES_OF_OTHERS or "lastExecution" in path:
                    continue
                if (people and last in OF_PEOPLE_ALONE) or "passwordCredentials" in path:
                    continue
                if name in ("owners", "applicationOwners", "groupMembers") or "keyCredentials" in path:
                    continue  # copies of one person, or of one certificate: see the tests of these
                yield name, subject, path


@pytest.mark.parametrize(("section", "subject", "path"), list(injectable()))
def test_a_change_of_any_property_is_found_and_only_that(
    section: str, subject: str, path: tuple[str | int, ...]
) -> None:
    after = edited(snapshot(), section, setting(*path, to="injected"), subject)
    found = compare(snapshot(), after)
    (name,) = {change.property for change in found.changes}
    assert {change.section for change in found.changes} == {section}
    form = SECTIONS.get(section)
    assert name.startswith(
        tuple(filter(None, (form.prefix, form.member))) if form else section_mount(section)
    )
    assert found.unknown == ()


def section_mount(section: str) -> str:
    return VALUES[section][1] or section


def test_drift_survives_the_journey() -> None:
    found = compare(snapshot(), CHANGED, runs=("1", "2"), approved=True)
    assert from_json(json.loads(json.dumps(to_json(found))), Drift) == found
    assert to_json(found)["from"] == {"runId": "1", "collectedAt": "2026-11-22T02:00:41Z", "approved": True}  # type: ignore[index, call-overload]
