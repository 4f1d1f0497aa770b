"""Administrators change a running tenant, and the directory audit log says so as far as it does."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from auditor.emulator import Administrator, DemoDay, Emulator, load_scene
from auditor.emulator.audit_log import Modified
from auditor.emulator.requests import Object

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
APP = "GoToMeeting"


@pytest.fixture
def emulator() -> Emulator:
    """Not served: nobody asks it anything here."""
    return Emulator(load_scene("smallest"), now=NOW)


@pytest.fixture
def ada(emulator: Emulator) -> Administrator:
    return emulator.administrator("ada@contoso.com")


DONE: dict[str, tuple[Callable[[Administrator], Sequence[Object]], list[str]]] = {
    "reply URLs": (
        lambda it: it.set_reply_urls(APP, ["https://a.example/acs"]),
        ["Update application", "Update service principal"],
    ),
    "identifiers": (
        lambda it: it.set_identifiers(APP, ["https://a.example"]),
        ["Update application", "Update service principal"],
    ),
    "relay state": (lambda it: it.set_relay_state(APP, "https://a"), ["Update service principal"]),
    "certificate": (
        lambda it: it.add_certificate(APP),
        ["Add service principal credentials", "Update service principal"],
    ),
    "assigned user": (lambda it: it.assign(APP, "Grace Hopper"), ["Add app role assignment grant to user"]),
    "assigned group": (lambda it: it.assign(APP, "Identity"), ["Add app role assignment to group"]),
    "taken from user": (
        lambda it: it.unassign(APP, "Ada Lovelace"),
        ["Remove app role assignment from user"],
    ),
    "taken from group": (lambda it: it.unassign(APP, "Meetings"), ["Remove app role assignment from group"]),
    "member": (lambda it: it.add_member("Meetings", "ada@contoso.com"), ["Add member to group"]),
    "no member": (
        lambda it: it.remove_member("Meetings", "grace@contoso.com"),
        ["Remove member from group"],
    ),
    "owner": (lambda it: it.add_owner(APP, "Ada Lovelace"), ["Add owner to service principal"]),
    "no owner": (lambda it: it.remove_owner(APP, "Alan Turing"), ["Remove owner from service principal"]),
    "disabled": (lambda it: it.disable_user("Grace Hopper"), ["Disable account"]),
    "policy": (
        lambda it: it.set_policy("claimsMappingPolicies", "User name", "definition", ["{}"]),
        ["Update policy"],
    ),
    "conditional access": (
        lambda it: it.set_policy("conditionalAccessPolicies", "Require MFA for all", "state", "disabled"),
        ["Update conditional access policy"],
    ),
    "policy applied": (
        lambda it: it.apply_policy("tokenIssuancePolicies", "Sign with SHA-256", APP),
        ["Add policy to service principal"],
    ),
}
"""What is done, and the activities that the log has of it."""


def initiator(entry: Any) -> Any:
    return entry["initiatedBy"]


def targets(entry: Any) -> set[str]:
    """Object ids."""
    return {target["id"] for target in entry["targetResources"]}


def state(emulator: Emulator) -> str:
    """Everything but the log."""
    tenant = emulator.tenant
    sets = {name: list(items.values()) for name, items in tenant.sets.items() if name != "directoryAudits"}
    related = {"/".join(key): [item["id"] for item in items] for key, items in tenant.related.items()}
    return json.dumps([sets, related], sort_keys=True)


def log(emulator: Emulator) -> list[Object]:
    return list(emulator.tenant.sets["directoryAudits"].values())


@pytest.mark.parametrize("what", DONE)
def test_what_is_done_is_done_and_logged(emulator: Emulator, ada: Administrator, what: str) -> None:
    act, activities = DONE[what]
    before = state(emulator)
    written = act(ada)
    assert state(emulator) != before
    assert [entry["activityDisplayName"] for entry in written] == activities
    assert {str(entry["id"]) for entry in written} == {str(entry["id"]) for entry in log(emulator)}
    assert len({entry["correlationId"] for entry in written}) == 1 or what == "certificate"
    for entry in written:
        assert initiator(entry)["app"] is None
        assert initiator(entry)["user"]["userPrincipalName"] == "ada@contoso.com"
        assert targets(entry) <= emulator.tenant.objects.keys()


@pytest.mark.parametrize("what", DONE)
def test_what_is_not_logged_is_done_all_the_same(emulator: Emulator, what: str) -> None:
    before = state(emulator)
    assert DONE[what][0](emulator.administrator("ada@contoso.com", logged=False)) == []
    assert state(emulator) != before
    assert log(emulator) == []


def test_an_entry_about_nothing(emulator: Emulator, ada: Administrator) -> None:
    before = state(emulator)
    name = "Update service principal"
    (entry,) = ada.log(name, APP, Modified(name="AppAddress", old=[], new=["x"]), result="failure")
    assert state(emulator) == before
    assert (entry["result"], entry["activityDisplayName"]) == ("failure", name)


def test_values_are_json_inside_of_strings(ada: Administrator) -> None:
    entries = ada.set_reply_urls(APP, ["https://a.example/acs"])
    for entry in entries:
        by_name = modified(entry)
        (address,) = json.loads(by_name["AppAddress"]["newValue"])
        assert address["Address"] == "https://a.example/acs"
        assert json.loads(by_name["Included Updated Properties"]["newValue"]) == "AppAddress"


def modified(entry: Any) -> dict[str, Any]:
    """The modified properties of the first target, by name."""
    return {each["displayName"]: each for each in entry["targetResources"][0]["modifiedProperties"]}


def test_an_application_acts_under_its_name(emulator: Emulator) -> None:
    (entry,) = emulator.administrator(APP).set_relay_state(APP, "https://a")
    assert initiator(entry)["user"] is None
    assert initiator(entry)["app"]["displayName"] == APP
    assert initiator(entry)["app"]["servicePrincipalId"] == emulator.tenant.id_of("servicePrincipal", APP)


def test_the_log_lists_the_newest_first(emulator: Emulator) -> None:
    for hours in (3, 1, 2):
        at = NOW - timedelta(hours=hours)
        emulator.administrator("ada@contoso.com", at=at).set_relay_state(APP, f"https://{hours}")
    times = [str(entry["activityDateTime"]) for entry in log(emulator)]
    assert times == sorted(times, reverse=True)


def test_a_new_certificate_signs_the_metadata(emulator: Emulator, ada: Administrator) -> None:
    ada.add_certificate(APP)
    principal = ada.service_principal(APP)
    signing = emulator.tenant.signing[str(principal["appId"])]
    assert signing.signer.thumbprint == principal["preferredTokenSigningKeyThumbprint"]
    assert signing.signer in signing.listed


def test_the_day_of_the_demo_leaves_the_tenant_as_its_scene_says() -> None:
    scene = load_scene("demo")
    untouched, lived = Emulator(scene, now=NOW), Emulator(scene, now=NOW)
    day = DemoDay(tenant=lived.tenant)
    day.take_back()
    assert things(lived) != things(untouched)
    day.happen()
    assert things(lived) == things(untouched)
    names = {
        initiator(entry)["user"] and initiator(entry)["user"]["userPrincipalName"] for entry in log(lived)
    }
    assert {
        "alan@contoso.com",
        "barbara@contoso.com",
        "donald@contoso.com",
        "hedy@contoso.com",
        None,
    } <= names


def things(emulator: Emulator) -> str:
    """Objects, and what hangs together; an assignment that was made anew counts as the same."""
    tenant = emulator.tenant
    sets = {name: items for name, items in tenant.sets.items() if name != "directoryAudits"}
    related = {
        "/".join(key): sorted(str(item.get("principalId", item["id"])) for item in items)
        for key, items in tenant.related.items()
    }
    return json.dumps([sets, related], sort_keys=True)
