"""What the last snapshot had and this collection does not find is read once more, by id."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from auditor.bundled import bundled
from auditor.cli.audit import load_configuration_for
from auditor.cli.emulator import write_configuration
from auditor.collect import collect, list_collectors
from auditor.collect.rereads import IN_ORDER, LISTS, OBJECTS, OF_PRINCIPALS
from auditor.emulator import Emulator, Fault, Question, Scene, load_scene
from auditor.emulator.directory import Tenant
from auditor.emulator.drafts import ApplicationDraft
from auditor.evaluate import RulePack, load_pack
from auditor.model.configuration import Configuration
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node
from auditor.model.snapshot import MatchedBy, Snapshot
from auditor.model.wire import encode_node
from tests.collect.reading import at

ALWAYS = 10_000


@dataclass(frozen=True)
class Nights:
    """A tenant that is read again and again."""

    emulator: Emulator
    configuration: Configuration
    pack: RulePack
    first: Snapshot | None = None

    @property
    def tenant(self) -> Tenant:
        return self.emulator.tenant

    @property
    def application(self) -> str:
        """Object id of the service principal."""
        return self.tenant.id_of("servicePrincipal", "GoToMeeting")

    def night(self, *, last: Snapshot | None = None, **options: object) -> Snapshot:
        """Another night; `last` is the first unless another is given."""
        (tenant,) = self.configuration.tenants
        judgement = options.pop("judgement", None) or self.configuration.judgement(tenant)
        everything = bool(options.get("all_applications"))
        if everything:
            tenant = replace(tenant, applications=())
        return asyncio.run(
            collect(
                tenant,
                judgement=judgement,  # type: ignore[arg-type]
                profiles=self.pack.profiles,
                max_wait=0,
                compared=True,
                last=last or self.first,
                **options,  # type: ignore[arg-type]
            )
        )

    def hides(self, relation: str, id: str, reads: int = ALWAYS) -> None:
        """From now on lists whose path ends so lack the thing."""
        self.emulator.faults.lag(id, reads=reads, within=relation)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nights]:
    pack = load_pack(bundled("rules"))
    with Emulator(load_scene("smallest")) as emulator:
        file = write_configuration(emulator, tmp_path_factory.mktemp("tenant"))
        nights = Nights(emulator, load_configuration_for(file, pack), pack)
        yield replace(nights, first=nights.night())


@pytest.fixture
def nights(served: Nights) -> Iterator[Nights]:
    """The first night, which found everything."""
    yield served
    served.emulator.faults.clear()


def rereads(snapshot: Snapshot) -> dict[str, dict[str, Node]]:
    """What was read again, by section and id."""
    records = snapshot.sections["rereads"].records.values()
    values = [record.value for record in records]
    return {f"{at(value, 'section')}/{at(value, 'id')}": value for value in values}  # type: ignore[misc]


def same(one: Snapshot, other: Snapshot) -> bool:
    """Whether they saw the same; times and requests aside, and what depends on the time."""

    def seen(snapshot: Snapshot) -> str:
        values = {
            name: {subject: encode_node(record.value) for subject, record in section.records.items()}
            for name, section in snapshot.sections.items()
            if name not in ("rereads", "directoryAudits", "signIns")
        }
        return json.dumps([values, [repr(target) for target in snapshot.targets]], sort_keys=True)

    return seen(one) == seen(other)


def test_the_first_night_has_nothing_to_look_for_again(nights: Nights) -> None:
    assert nights.first is not None
    assert "rereads" not in nights.first.sections


def test_a_night_that_finds_everything_reads_nothing_again(nights: Nights) -> None:
    second = nights.night()
    assert second.sections["rereads"].records == {}
    assert nights.first is not None
    assert same(nights.first, second)


def test_every_section_named_here_is_one_that_is_collected() -> None:
    collected = {collector.section for collector in list_collectors()}
    assert {*OBJECTS, *LISTS, *OF_PRINCIPALS, *IN_ORDER} <= collected


def test_an_application_that_no_search_finds_is_found_by_its_id(nights: Nights) -> None:
    nights.hides("", nights.application)
    second = nights.night()
    assert nights.first is not None
    read = rereads(second)
    again = read[f"servicePrincipals/{nights.application}"]
    assert (again["kind"], again["found"]) == ("servicePrincipal", True)
    assert at(again["value"], "displayName") == "GoToMeeting"
    assert second.targets == nights.first.targets
    for name in ("servicePrincipals", "owners", "appRoleAssignedTo", "users", "groupMembers", "applications"):
        assert second.sections[name].records.keys() == nights.first.sections[name].records.keys()
        assert not any(isinstance(it.value, Gap) for it in second.sections[name].records.values())
    found = second.sections["matches"].records["gotomeeting"]
    assert at(found.value, 0, "servicePrincipalId") == nights.application
    urls = [request.url for request in found.requests]
    assert any("$filter" in url for url in urls)
    assert any(f"/servicePrincipals/{nights.application}?" in url for url in urls)


def test_an_application_that_is_really_gone_is_gone(nights: Nights) -> None:
    nights.hides("", nights.application)
    gone(nights, f"/servicePrincipals/{nights.application}")
    second = nights.night()
    again = rereads(second)[f"servicePrincipals/{nights.application}"]
    assert (again["found"], again["value"]) == (False, None)
    assert second.targets == ()
    key = f"servicePrincipals/{nights.application}/{nights.application}"
    record = second.sections["rereads"].records[key]
    assert [request.status for request in record.requests][-1] == 404
    assert at(second.sections["matches"].records["gotomeeting"].value) == []


def test_nobody_knows_of_an_application_whose_second_reading_fails(nights: Nights) -> None:
    nights.hides("", nights.application)
    gone(nights, f"/servicePrincipals/{nights.application}", status=503)
    second = nights.night()
    again = rereads(second)[f"servicePrincipals/{nights.application}"]
    assert isinstance(again["found"], Gap)
    assert [target.service_principal_id for target in second.targets] == [nights.application]
    value = second.sections["servicePrincipals"].records[nights.application].value
    assert isinstance(value, Gap)
    assert value.reason is Reason.THROTTLED


def gone(nights: Nights, path: str, status: int = 404) -> None:
    """From now on requests to this very path are answered so."""

    def meant(question: Question) -> bool:
        return question.path.endswith(path)

    nights.emulator.faults.add(Fault(match=meant, status=status))


RELATIONS: dict[str, Callable[[Nights], tuple[str, str]]] = {
    "appRoleAssignedTo": lambda it: ("/appRoleAssignedTo", of(it, "appRoleAssignedTo", 1)),
    "owners": lambda it: (f"{it.application}/owners", of(it, "owners")),
    "groupMembers": lambda it: ("/members", it.tenant.id_of("user", "grace@contoso.com")),
    "claimsMappingPolicies": lambda it: (
        "/claimsMappingPolicies",
        it.tenant.id_of("claimsMappingPolicy", "User name"),
    ),
    "tokenIssuancePolicies": lambda it: (
        "/appliesTo",
        it.tenant.id_of("application", "GoToMeeting"),
    ),
    "conditionalAccessPolicies": lambda it: (
        "/conditionalAccess/policies",
        it.tenant.id_of("conditionalAccessPolicy", "Require MFA for all"),
    ),
    "oauth2PermissionGrants": lambda it: ("/oauth2PermissionGrants", of(it, "oauth2PermissionGrants")),
    "appRoleAssignments": lambda it: ("/appRoleAssignments", of(it, "appRoleAssignments")),
    "synchronizationJobs": lambda it: ("/synchronization/jobs", of(it, "synchronization/jobs")),
}
"""Section to the list that lacks something once, and the id of what it lacks."""


def of(nights: Nights, relation: str, number: int = 0) -> str:
    return str(nights.tenant.related[nights.application, relation][number]["id"])


@pytest.mark.parametrize("section", RELATIONS)
def test_what_a_list_lacks_once_completes_the_section(nights: Nights, section: str) -> None:
    path, id = RELATIONS[section](nights)
    nights.hides(path, id, reads=1)
    second = nights.night()
    assert nights.first is not None
    assert same(nights.first, second)
    (record,) = [
        record
        for record in second.sections["rereads"].records.values()
        if at(record.value, "section") == section
    ]
    assert at(record.value, "found") is True
    assert at(record.value, "firstReadAt") is not None
    assert len(record.requests) >= 2
    sources = [set(it.requests) for it in second.sections[section].records.values()]
    assert any(set(record.requests) <= requests for requests in sources)


@pytest.mark.parametrize(
    "section", ["appRoleAssignedTo", "claimsMappingPolicies", "conditionalAccessPolicies"]
)
def test_by_id_it_is_found_however_long_the_list_lags(nights: Nights, section: str) -> None:
    path, id = RELATIONS[section](nights)
    nights.hides(path, id)
    second = nights.night()
    assert nights.first is not None
    assert same(nights.first, second)
    assert rereads(second)[f"{section}/{id}"]["found"] is True


def test_people_and_groups_whose_assignment_is_found_again_are_read(nights: Nights) -> None:
    for number in (0, 1):
        nights.hides("/appRoleAssignedTo", of(nights, "appRoleAssignedTo", number))
    second = nights.night()
    assert nights.first is not None
    assert same(nights.first, second)
    assert second.sections["users"].records
    assert second.sections["groupMembers"].records


def test_where_assignments_are_not_read_by_id_the_list_decides(nights: Nights) -> None:
    there, missing = (of(nights, "appRoleAssignedTo", number) for number in (0, 1))
    for id in (there, missing):
        gone(nights, f"/appRoleAssignedTo/{id}", status=400)
    nights.hides("/appRoleAssignedTo", there, reads=1)
    nights.hides("/appRoleAssignedTo", missing)
    read = rereads(nights.night())
    assert read[f"appRoleAssignedTo/{there}"]["found"] is True
    assert read[f"appRoleAssignedTo/{missing}"]["found"] is False


@pytest.mark.parametrize("section", ["appRoleAssignedTo", "owners"])
def test_a_second_reading_that_fails_leaves_its_gap_in_the_section(nights: Nights, section: str) -> None:
    path, id = RELATIONS[section](nights)
    nights.hides(path, id)
    asked = 0

    def second_time(question: Question) -> bool:
        nonlocal asked
        asked += question.path.endswith(path)
        return f"/appRoleAssignedTo/{id}" in question.path or (section == "owners" and asked > 1)

    nights.emulator.faults.add(Fault(match=second_time, status=429))
    second = nights.night()
    assert isinstance(rereads(second)[f"{section}/{id}"]["found"], Gap)
    value = second.sections[section].records[nights.application].value
    assert isinstance(value, list)
    assert [it.reason for it in value if isinstance(it, Gap)] == [Reason.THROTTLED]


def once(nights: Nights, part: str) -> None:
    """The next request whose path contains this is answered with 404."""

    def meant(question: Question) -> bool:
        return part in question.path

    nights.emulator.faults.add(Fault(match=meant, status=404, times=1))


def test_a_user_and_a_registration_that_are_missed_once(nights: Nights) -> None:
    user = nights.tenant.id_of("user", "ada@contoso.com")
    for part in (f"/users/{user}", "/applications(appId="):
        once(nights, part)
    second = nights.night()
    assert nights.first is not None
    assert same(nights.first, second)
    assert {key.split("/")[0] for key in rereads(second)} >= {"users", "applications"}


def test_a_recipient_that_is_missed_once(nights: Nights) -> None:
    nights.hides("/groups", nights.tenant.id_of("group", "Identity"), reads=1)
    second = nights.night()
    assert nights.first is not None
    assert same(nights.first, second)
    assert rereads(second)["notificationRecipients/identity@contoso.com"]["found"] is True


def test_what_the_configuration_is_not_about_any_more_is_not_looked_for(nights: Nights) -> None:
    (tenant,) = nights.configuration.tenants
    other = replace(tenant, applications=(replace(tenant.applications[0], profile=None),))
    nights.hides("", nights.application)
    assert nights.first is not None
    changed = replace(nights, configuration=replace(nights.configuration, tenants=(other,)))
    second = changed.night()
    assert second.targets == ()
    assert f"servicePrincipals/{nights.application}" not in rereads(second)


def test_another_tenants_snapshot_says_nothing_about_this_one(nights: Nights) -> None:
    assert nights.first is not None
    foreign = replace(nights.first, tenant=replace(nights.first.tenant, id="another"))
    assert "rereads" not in nights.night(last=foreign).sections


@pytest.fixture
def renamed(tmp_path: Path) -> Iterator[Nights]:
    """An application that nothing is recognised by but its identifier, and another SAML application."""
    draft = deepcopy(load_scene("smallest").draft)
    draft.applications[0].name = "Meetings"
    draft.applications[0].kind = "custom"
    draft.applications[0].template = None
    draft.applications[0].identifiers = ["https://authentication.logmeininc.com/saml/sp"]
    draft.applications.append(ApplicationDraft(name="Wiki", kind="custom", identifiers=["https://wiki"]))
    pack = load_pack(bundled("rules"))
    with Emulator(Scene("renamed", draft)) as emulator:
        file = write_configuration(emulator, tmp_path)
        yield Nights(emulator, load_configuration_for(file, pack), pack)


def test_an_application_whose_identifier_was_changed_stays_in_sight(renamed: Nights) -> None:
    first = renamed.night()
    (target,) = first.targets
    assert target.matched_by is MatchedBy.IDENTIFIER
    principal = renamed.tenant.objects[target.service_principal_id]
    principal["servicePrincipalNames"] = ["https://attacker.example", target.app_id]
    second = renamed.night(last=first)
    assert second.targets == (replace(target, matched_by=MatchedBy.LAST_SNAPSHOT),)
    third = renamed.night(last=second)
    assert third.targets == second.targets
    value = third.sections["matches"].records["gotomeeting"].value
    assert at(value, 0, "matchedBy") == "lastSnapshot"


def test_of_all_saml_applications_one_that_is_none_any_more_is_let_go(renamed: Nights) -> None:
    first = renamed.night(all_applications=True)
    wiki = renamed.tenant.id_of("servicePrincipal", "Wiki")
    assert wiki in {target.service_principal_id for target in first.targets}
    renamed.tenant.objects[wiki]["preferredSingleSignOnMode"] = "oidc"
    second = renamed.night(last=first, all_applications=True)
    assert wiki not in {target.service_principal_id for target in second.targets}
    again = rereads(second)[f"servicePrincipals/{wiki}"]
    assert again["found"] is True
    assert at(again["value"], "preferredSingleSignOnMode") == "oidc"
    renamed.tenant.objects[wiki]["preferredSingleSignOnMode"] = "saml"
    renamed.hides("/servicePrincipals", wiki)
    third = renamed.night(last=first, all_applications=True)
    assert third.targets == first.targets


def test_names_are_of_what_the_last_night_had_too(nights: Nights) -> None:
    nights.hides("", nights.application)
    second = nights.night(names=["GoToMeeting"])
    assert [target.service_principal_id for target in second.targets] == [nights.application]
