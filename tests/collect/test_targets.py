"""Which service principals are audited, and by which entry of the configuration."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.collect.lookup import Found, Listed, by_identifier, by_match, by_template, picked
from auditor.collect.selection import Selected, select
from auditor.collect.targets import MICROSOFT, Targets, find_targets, in_order
from auditor.errors import CannotRunError, Mark, UsageError
from auditor.graph.answer import Answer, Refusal
from auditor.model.configuration import ApplicationConfiguration, Match
from auditor.model.gap import Gap, Reason
from auditor.model.node import Json, Node, Request
from auditor.model.profile import Profile
from auditor.model.snapshot import TENANT, MatchedBy, Per, Record, Section, Target

REQUEST = Request(method="GET", url="/v1.0/servicePrincipals", at="2026-11-01T12:00:00Z", status=200)

SP = "https://meet.example.com/saml"

REFUSED = Refusal(reason=Reason.PERMISSION, detail="no", http_status=403, code="Denied", request=REQUEST)


def profile(id: str = "meet", **changes: Any) -> Profile:
    values: dict[str, Any] = {
        "id": id,
        "display_name": id.title(),
        "template_names": (id,),
        "identifiers": (SP,),
        "display_names": ("Meet", "Train"),
        "products": ("Meet", "Train"),
        "initiated_by": "idp",
        "expected": {},
        "sources": {},
        "steps": (),
        "mark": Mark(Path("x.yaml"), 1, 1),
    }
    return Profile(**values | changes)


def principal(id: str, name: str = "App", **properties: Json) -> dict[str, Json]:
    return {
        "id": id,
        "appId": f"app-{id}",
        "displayName": name,
        "servicePrincipalNames": [f"app-{id}"],
        "applicationTemplateId": None,
        "appOwnerOrganizationId": "own",
        "preferredSingleSignOnMode": None,
        "keyCredentials": [],
        **properties,
    }


def saml(id: str, name: str = "App", **properties: Json) -> dict[str, Json]:
    return principal(id, name, **{"preferredSingleSignOnMode": "saml", **properties})


def templates(value: Node = ()) -> Section:
    records = {name: Record(value=value) for name in ("meet", "other")}
    return Section(name="applicationTemplates", per=Per.PROFILE, mount=None, records=records)


def found(
    items: Sequence[Mapping[str, Json]] | Refusal,
    *entries: ApplicationConfiguration,
    profiles: Sequence[Profile] = (profile(),),
    everything: bool = False,
    template: Node = (),
) -> Targets:
    listing = items if isinstance(items, Refusal) else Answer(value=list(items), request=REQUEST)
    return asyncio.run(
        find_targets(
            Listed(listing=listing),
            applications=entries,
            profiles=profiles,
            templates=templates(template),
            listing=listing if everything else None,
        )
    )


def entry(product: str | None = None, **match: str) -> ApplicationConfiguration:
    return ApplicationConfiguration(profile="meet", product=product, match=Match(**match) if match else None)


def names(targets: Targets) -> list[tuple[str, int | None, str]]:
    return [(it.display_name, it.application, it.matched_by.value) for it in targets.targets]


def gap(targets: Targets, subject: str = "meet") -> Gap:
    value = targets.matches.records[subject].value
    assert isinstance(value, Gap), value
    return value


TEMPLATE: Node = [{"id": "template-1", "displayName": "meet"}]


def test_an_agent_identity_leaves_nothing_in_doubt() -> None:
    nothing: dict[str, Json] = {"appId": None, "servicePrincipalNames": None, "keyCredentials": None}
    agent = {"@odata.type": "#microsoft.graph.agentIdentity", **principal("9", "Agent"), **nothing}
    targets = found([agent, saml("1", "Wiki")], everything=True)
    assert names(targets) == [("Wiki", None, "allApplications")]
    assert targets.matches.records == {}


@pytest.mark.parametrize("absent", ["servicePrincipalNames", "keyCredentials"])
def test_a_list_that_is_not_in_the_answer_leaves_doubt(absent: str) -> None:
    item = {name: value for name, value in principal("9").items() if name != absent}
    assert gap(found([item, saml("1")], everything=True), TENANT).reason is Reason.UNREADABLE


def test_found_by_template() -> None:
    items = [principal("1", "Ours", applicationTemplateId="TEMPLATE-1"), principal("2", "Meet")]
    assert names(found(items, entry(), template=TEMPLATE)) == [("Ours", 0, "template")]


@pytest.mark.parametrize("name", [SP, f"{SP}#2", SP.replace("meet", "MEET")])
def test_found_by_identifier(name: str) -> None:
    items = [principal("1", "Ours", servicePrincipalNames=["app-1", name]), principal("2", "Meet")]
    assert names(found(items, entry())) == [("Ours", 0, "identifier")]


@pytest.mark.parametrize("name", [f"{SP}/", f"{SP}2", f"x{SP}", "#2"])
def test_an_identifier_that_only_begins_alike_is_another(name: str) -> None:
    assert names(found([principal("1", "Ours", servicePrincipalNames=[name])], entry())) == []


def test_by_display_name_only_when_nothing_else_finds_anything() -> None:
    by_name = principal("1", "meet")
    assert names(found([by_name], entry())) == [("meet", 0, "displayName")]
    by_identifier = principal("2", "Ours", servicePrincipalNames=[SP])
    assert names(found([by_name, by_identifier], entry())) == [("Ours", 0, "identifier")]


def test_disabled_ones_and_other_modes_are_found_too() -> None:
    items = [
        principal("1", "A", servicePrincipalNames=[SP], accountEnabled=False),
        principal("2", "B", servicePrincipalNames=[f"{SP}#2"], preferredSingleSignOnMode="oidc"),
    ]
    assert [name for name, _, _ in names(found(items, entry()))] == ["A", "B"]


def test_what_the_configuration_matches_is_claimed_first() -> None:
    items = [
        principal("1", "Meet", servicePrincipalNames=[SP]),
        principal("2", "Meet (test)", servicePrincipalNames=[f"{SP}#2"]),
    ]
    both = found(items, entry(), entry(app_id="APP-2"))
    assert names(both) == [("Meet", 0, "identifier"), ("Meet (test)", 1, "configuration")]


def test_all_that_a_match_gives_must_fit() -> None:
    items = [principal("1", "Meet"), principal("2", "Meet")]
    assert len(found(items, entry(display_name="meet")).targets) == 2
    assert len(found(items, entry(display_name="Meet", object_id="2")).targets) == 1
    assert len(found(items, entry(display_name="Train", object_id="2")).targets) == 0


def test_an_entry_with_match_alone_does_not_search_by_the_profile() -> None:
    items = [principal("1", "Meet", servicePrincipalNames=[SP]), principal("2", "Other")]
    assert names(found(items, entry(app_id="app-2"))) == [("Other", 0, "configuration")]


def test_the_profile_of_a_match_without_one_is_recognised() -> None:
    items = [principal("1", "Ours", servicePrincipalNames=[SP]), principal("2", "Other")]
    entries = [ApplicationConfiguration(match=Match(object_id=id)) for id in "12"]
    assert [target.profile for target in found(items, *entries).targets] == [None, "meet"]


def test_what_only_a_profile_finds_is_not_audited_for_a_match_without_one() -> None:
    items = [principal(id, "Ours", servicePrincipalNames=[SP]) for id in "12"]
    chosen = found(items, ApplicationConfiguration(match=Match(object_id="2")))
    assert [(it.service_principal_id, it.profile) for it in chosen.targets] == [("2", "meet")]


def test_a_match_without_a_profile_that_finds_nothing_is_told() -> None:
    entries = [
        ApplicationConfiguration(match=Match(display_name="Wiky")),
        ApplicationConfiguration(match=Match(app_id="app-9", object_id="9")),
    ]
    missing = gap(found([principal("1", "Wiki")], *entries), TENANT)
    assert (missing.reason, missing.subject) == (Reason.NOT_FOUND, TENANT)
    assert "display name Wiky, appId app-9 with object id 9" in missing.detail
    assert gap(found(REFUSED, *entries), TENANT).reason is Reason.PERMISSION
    assert TENANT not in found([principal("1", "Wiky")], entries[0]).matches.records


def test_the_display_name_says_which_products_entry_is_meant() -> None:
    items = [
        principal(str(number), name, servicePrincipalNames=[f"{SP}#{number}"])
        for number, name in enumerate(("Meet", "Contoso TRAIN", "Something"))
    ]
    entries = (entry("Train"), entry("Meet"))
    assert names(found(items, *entries)) == [
        ("Contoso TRAIN", 0, "identifier"),
        ("Meet", 1, "identifier"),
        ("Something", 0, "identifier"),
    ]
    assert names(found(items, entry("Train"), entry()))[1:] == [
        ("Meet", 1, "identifier"),
        ("Something", 1, "identifier"),
    ]


def test_an_entry_for_another_product_is_not_meant() -> None:
    items = [principal("1", "Train", servicePrincipalNames=[SP])]
    assert names(found(items, entry("Meet"))) == [("Train", None, "identifier")]


KEY: Json = [{"usage": "Sign"}, {"usage": "Verify"}]


@pytest.mark.parametrize(
    ("properties", "is_target"),
    [
        ({"preferredSingleSignOnMode": "saml"}, True),
        ({"preferredSingleSignOnMode": "SAML"}, True),
        ({"preferredSingleSignOnMode": None, "keyCredentials": KEY}, True),
        ({"preferredSingleSignOnMode": None, "keyCredentials": [{"usage": "Verify"}]}, False),
        ({"preferredSingleSignOnMode": None}, False),
        ({"preferredSingleSignOnMode": "oidc", "keyCredentials": KEY}, False),
        ({"preferredSingleSignOnMode": "saml", "appOwnerOrganizationId": min(MICROSOFT)}, False),
        ({"preferredSingleSignOnMode": "saml", "appOwnerOrganizationId": max(MICROSOFT).upper()}, False),
        ({"preferredSingleSignOnMode": "saml", "appOwnerOrganizationId": None}, True),
    ],
    ids=str,
)
def test_all_saml_applications(properties: Mapping[str, Json], is_target: bool) -> None:
    targets = found([principal("1", "Other", **properties)], everything=True)
    assert [target.matched_by for target in targets.targets] == [MatchedBy.ALL_APPLICATIONS] * is_target


def test_with_all_applications_every_profile_is_looked_for() -> None:
    items = [saml("1", "Ours", servicePrincipalNames=[SP]), saml("2", "Other")]
    targets = found(items, everything=True)
    assert [(it.profile, it.application) for it in targets.targets] == [(None, None), ("meet", None)]
    assert "meet" in targets.matches.records


def test_profiles_that_nobody_named_and_nobody_has_leave_no_trace() -> None:
    assert found([saml("1", "Other")], everything=True).matches.records == {}


def test_of_two_profiles_the_configured_one_has_it_unless_the_other_is_surer() -> None:
    item = saml("1", "Ours", servicePrincipalNames=[SP], applicationTemplateId="template-1")
    other = profile("a-first")
    (target,) = found([item], entry(), profiles=(other, profile()), everything=True).targets
    assert target.profile == "meet"
    named = ApplicationConfiguration(profile="a-first")
    pair = (other, profile())
    (target,) = found([item], named, profiles=pair, everything=True, template=TEMPLATE).targets
    assert (target.profile, target.matched_by) == ("meet", MatchedBy.TEMPLATE)


def test_a_search_that_is_refused_is_a_gap_not_an_absence() -> None:
    assert found(REFUSED, entry()).targets == ()
    assert (gap(found(REFUSED, entry())).permission, gap(found(REFUSED, entry())).reason) == (
        "Application.Read.All",
        Reason.PERMISSION,
    )
    assert gap(found(REFUSED, everything=True), TENANT).reason is Reason.PERMISSION


def test_without_the_template_what_is_found_stays_and_the_doubt_is_told() -> None:
    missing = Gap(section="applicationTemplates", subject="meet", reason=Reason.THROTTLED, detail="no")
    targets = found([principal("1", "Ours", servicePrincipalNames=[SP])], entry(), template=missing)
    assert len(targets.targets) == 1
    assert gap(targets) == missing


@pytest.mark.parametrize("lacking", ["id", "appId", "displayName", "servicePrincipalNames"])
def test_an_object_without_what_it_would_be_recognised_by_is_a_doubt(lacking: str) -> None:
    item = {name: value for name, value in saml("1", "Meet").items() if name != lacking}
    targets = found([item], entry())
    assert [it.matched_by for it in targets.targets] == [MatchedBy.DISPLAY_NAME] * (
        lacking == "servicePrincipalNames"
    )
    assert gap(targets).reason is Reason.UNREADABLE


@pytest.mark.parametrize("lacking", ["appOwnerOrganizationId", "preferredSingleSignOnMode", "keyCredentials"])
def test_an_object_that_may_be_saml_or_not_is_a_doubt(lacking: str) -> None:
    item = {name: value for name, value in principal("1").items() if name != lacking}
    targets = found([item], everything=True)
    assert targets.targets == ()
    assert gap(targets, TENANT).reason is Reason.UNREADABLE


def test_how_each_was_found_is_recorded() -> None:
    items = [principal("2", "B", servicePrincipalNames=[SP]), principal("1", "A", servicePrincipalNames=[SP])]
    record = found(items, entry(), entry(object_id="2")).matches.records["meet"]
    assert record.value == [
        {"servicePrincipalId": "1", "matchedBy": "identifier"},
        {"servicePrincipalId": "2", "matchedBy": "configuration"},
    ]
    assert record.requests == (REQUEST,)


@given(
    st.permutations(
        [
            saml("1", "Meet", servicePrincipalNames=[SP]),
            saml("2", "meet", servicePrincipalNames=[f"{SP}#2"]),
            principal("3", "Train", applicationTemplateId="template-1"),
            saml("4", "Zebra"),
            saml("5", "ape"),
            principal("6", "Nobody's"),
        ]
    )
)
def test_the_order_in_which_graph_lists_makes_no_difference(items: list[Mapping[str, Json]]) -> None:
    targets = found(items, entry("Meet"), entry("Train"), everything=True, template=TEMPLATE)
    assert [target.service_principal_id for target in targets.targets] == ["5", "1", "2", "3", "4"]
    assert [target.application for target in targets.targets] == [None, 0, 0, 1, None]


def test_a_filter_that_the_server_ignores_does_not_make_everything_fit() -> None:
    outcome = Answer(value=[principal("1"), principal("2", "Meet")], request=REQUEST)
    for criterion in (by_template("x"), by_identifier("x"), by_match(Match(app_id="x"))):
        assert picked(outcome, criterion) == Found(requests=(REQUEST,))


def test_quotes_in_names_stay_inside_the_literal() -> None:
    assert by_match(Match(display_name="O'Hara' or 1 eq 1")).filters == (
        "displayName eq 'O''Hara'' or 1 eq 1'",
    )


ENTRIES = (entry(), ApplicationConfiguration(match=Match(app_id="app-2")))


def selected(*wanted: str, items: Sequence[Mapping[str, Json]] | Refusal | None = None) -> Selected:
    known = [principal("1", "Meet", servicePrincipalNames=[SP]), principal("2", "Other")]
    return select(found(known if items is None else items, *ENTRIES), wanted, ENTRIES)


@pytest.mark.parametrize(
    ("wanted", "kept", "entries"),
    [
        ((), ["Meet", "Other"], (0, 1)),
        (("meet",), ["Meet"], (0,)),
        (("Meet",), ["Meet"], (0,)),
        (("OTHER",), ["Other"], (1,)),
        (("app-2",), ["Other"], (1,)),
        (("2",), ["Other"], (1,)),
        (("2", "Meet"), ["Meet", "Other"], (0, 1)),
    ],
)
def test_applications_are_chosen_by_any_of_their_names(
    wanted: tuple[str, ...], kept: list[str], entries: tuple[int, ...]
) -> None:
    left = selected(*wanted)
    assert [target.display_name for target in left.targets.targets] == kept
    assert left.entries == entries
    assert ("meet" in left.targets.matches.records) is (0 in entries)


def test_a_name_as_it_is_spelled_goes_before_other_spellings() -> None:
    items = [principal("1", "meet", servicePrincipalNames=[SP]), principal("2", "MEET")]
    assert [it.service_principal_id for it in selected("MEET", items=items).targets.targets] == ["2"]


def test_an_entry_is_kept_although_nothing_was_found_for_it() -> None:
    left = selected("meet", items=[principal("2", "Other")])
    assert (left.targets.targets, left.entries) == ((), (0,))
    assert left.targets.matches.records["meet"].value == []


def test_a_name_that_nothing_bears_is_a_usage_error_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="Othr") as raised:
        selected("Meet", "Othr")
    assert raised.value.remedy == "The nearest is Other."


def test_what_another_entry_names_in_vain_does_not_concern_the_named_ones() -> None:
    """The entry for app-2 finds nothing here."""
    items = [principal("1", "Meet", servicePrincipalNames=[SP])]
    assert TENANT in selected(items=items).targets.matches.records
    assert TENANT not in selected("meet", items=items).targets.matches.records
    with pytest.raises(UsageError, match="Othr"):
        selected("Othr", items=items)


def test_a_name_that_could_not_be_looked_up_is_no_usage_error() -> None:
    with pytest.raises(CannotRunError) as raised:
        selected("Othr", items=REFUSED)
    assert "Application.Read.All" in raised.value.remedy


def test_targets_come_in_the_order_of_reports() -> None:
    targets = [
        Target(
            service_principal_id=id,
            app_id=app_id,
            display_name=name,
            profile=None,
            application=None,
            matched_by=MatchedBy.ALL_APPLICATIONS,
        )
        for name, app_id, id in (("b", "1", "1"), ("A", "2", "9"), ("a", "2", "8"), ("a", "1", "7"))
    ]
    assert [target.service_principal_id for target in in_order(targets)] == ["7", "8", "9", "1"]
