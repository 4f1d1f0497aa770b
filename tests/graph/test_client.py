"""What Graph answers, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from auditor.emulator import Fault, Question
from auditor.graph.answer import Answer, Refusal
from auditor.graph.client import GraphClient, Outcome, Path
from auditor.graph.question import ForbiddenRequestError
from auditor.model.gap import Reason
from tests.graph.conftest import Door


def refused(outcome: Outcome) -> Refusal:
    assert isinstance(outcome, Refusal), outcome
    return outcome


def answered(outcome: Outcome) -> Answer:
    assert isinstance(outcome, Answer), outcome
    return outcome


async def users(graph: GraphClient) -> Outcome:
    return await graph.list(graph.sdk.users, select=("id", "displayName"))


async def organization(graph: GraphClient) -> Outcome:
    return await graph.list(graph.sdk.organization, select=("id",))


def test_a_list_is_read_over_empty_pages_and_repeated_items(door: Door) -> None:
    answer = answered(door.ask(users))
    assert sorted(str(item["displayName"]) for item in answer.objects) == [f"User {n}" for n in range(5)]
    assert answer.request.pages > 3
    assert answer.request.url == "/v1.0/users?$select=id,displayName"


def test_lists_in_batches_are_read_over_empty_pages_too(door: Door) -> None:
    async def members(graph: GraphClient) -> list[Outcome]:
        groups = answered(await graph.list(graph.sdk.groups, select=("id",))).objects
        builders = [graph.sdk.groups.by_group_id(str(group["id"])).members for group in groups] * 25
        return await graph.list_many(builders, select=("id",))

    outcomes = door.ask(members)
    assert [len(answered(outcome).objects) for outcome in outcomes] == [5] * 25


def test_unselected_properties_are_absent_and_null_stays_null(door: Door) -> None:
    async def principals(graph: GraphClient) -> Outcome:
        filter = "displayName eq 'App'"
        return await graph.list(graph.sdk.service_principals, select=("id", "loginUrl"), filter=filter)

    (item,) = answered(door.ask(principals)).objects
    assert "loginUrl" in item
    assert item["loginUrl"] is None
    assert "displayName" not in item


def test_a_list_with_more_pages_than_allowed_is_truncated_not_shortened(door: Door) -> None:
    outcome = refused(door.ask(lambda graph: graph.list(graph.sdk.users, select=("id",), max_pages=2)))
    assert outcome.reason is Reason.TRUNCATED


def test_the_count_of_a_collection(door: Door) -> None:
    answer = answered(door.ask(lambda graph: graph.count(graph.sdk.users, filter="accountEnabled eq true")))
    assert answer.value == answer.count == 5


def test_a_count_that_is_not_given_is_not_guessed(door: Door) -> None:
    door.fault("/users", body={"value": []})
    outcome = refused(door.ask(lambda graph: graph.count(graph.sdk.users)))
    assert outcome.reason is Reason.UNREADABLE


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"status": 403}, Reason.PERMISSION),
        ({"status": 404}, Reason.NOT_FOUND),
        ({"status": 400}, Reason.UNREADABLE),
        ({"status": 500}, Reason.UNREADABLE),
        ({"status": 401}, Reason.UNREADABLE),
        ({"status": 429, "retry_after": "2.128"}, Reason.THROTTLED),
        ({"status": 503}, Reason.THROTTLED),
        ({"truncate": True}, Reason.UNREADABLE),
        ({"drop": True}, Reason.UNREADABLE),
        ({"empty": True}, Reason.UNREADABLE),
        ({"body": {"value": None}}, Reason.UNREADABLE),
        ({"body": {"value": ["text"]}}, Reason.UNREADABLE),
        ({"body": b"<html>"}, Reason.UNREADABLE),
        ({"body": b"[" * 100_000}, Reason.UNREADABLE),
        ({"body": b'{"value": [{"id": NaN}]}'}, Reason.UNREADABLE),
        ({"status": 302}, Reason.UNREADABLE),
    ],
    ids=str,
)
def test_an_answer_that_is_none_is_a_refusal_with_its_reason(
    door: Door, fault: Mapping[str, object], reason: Reason
) -> None:
    door.fault("/organization", **fault)
    outcome = refused(door.ask(organization))
    assert outcome.reason is reason
    assert "GET /v1.0/organization?$select=id" in outcome.detail


@pytest.mark.parametrize("fault", [{"status": 403}, {"status": 404}, {"truncate": True}], ids=str)
def test_in_a_batch_each_item_has_its_own_outcome(door: Door, fault: Mapping[str, object]) -> None:
    async def some(graph: GraphClient) -> list[Outcome]:
        items = answered(await users(graph)).objects
        first = str(items[0]["id"])
        door.fault(first, **fault)
        builders = [graph.sdk.users.by_user_id(str(item["id"])) for item in items]
        return await graph.get_many(builders, select=("id",))

    first, *others = door.ask(some)
    refused(first)
    assert len([answered(outcome) for outcome in others]) == 4


@pytest.mark.parametrize("fault", [{"empty": True}, {"status": 403}, {"truncate": True}], ids=str)
def test_a_batch_that_fails_as_a_whole_fails_for_each_item(door: Door, fault: Mapping[str, object]) -> None:
    async def some(graph: GraphClient) -> list[Outcome]:
        return await graph.get_many([graph.sdk.users.by_user_id(name) for name in "abc"], select=("id",))

    on_batches = Fault(match=lambda question: question.path.endswith("$batch"), **fault)  # type: ignore[arg-type]
    door.emulator.faults.add(on_batches)
    outcomes = [refused(outcome) for outcome in door.ask(some)]
    assert [outcome.request.url for outcome in outcomes] == [f"/v1.0/users/{n}?$select=id" for n in "abc"]


@pytest.mark.parametrize("status", [404, 405, 501])
def test_where_no_batch_is_taken_each_is_asked_by_itself(door: Door, status: int) -> None:
    async def some(graph: GraphClient) -> list[Outcome]:
        items = answered(await users(graph)).objects
        builders = [graph.sdk.users.by_user_id(str(item["id"])) for item in items]
        return await graph.get_many([*builders, graph.sdk.users.by_user_id("nobody")], select=("id",))

    on_batches = Fault(match=lambda question: question.path.endswith("$batch"), status=status)
    door.emulator.faults.add(on_batches)
    *found, nobody = door.ask(some)
    assert len([answered(outcome) for outcome in found]) == 5
    assert refused(nobody).http_status == 404
    assert len([entry for entry in door.emulator.log if entry.url.endswith("$batch")]) == 1


def test_a_licence_that_lacks_is_named(door: Door) -> None:
    door.fault("/signIns", status=403, code="Authentication_RequestFromNonPremiumTenantOrB2CTenant")
    outcome = refused(door.ask(lambda graph: graph.list(graph.sdk.audit_logs.sign_ins, top=1)))
    gap = outcome.gap(section="signIns", subject="tenant", permission="AuditLog.Read.All")
    assert (gap.reason, gap.licence, gap.permission) == (Reason.LICENCE, "Microsoft Entra ID P1", None)


def test_the_permission_is_named_only_where_it_is_the_reason(door: Door) -> None:
    door.fault("/organization", status=403, times=1)
    door.fault("/organization", status=500)
    first = refused(door.ask(organization)).gap(section="s", subject="t", permission="P")
    second = refused(door.ask(organization)).gap(section="s", subject="t", permission="P")
    assert (first.permission, first.http_status) == ("P", 403)
    assert (second.permission, second.http_status) == (None, 500)


@pytest.mark.parametrize("link", ["https://graph.example.com/v1.0/users?$skiptoken=x", "/v1.0/users", 7])
def test_a_next_link_to_elsewhere_is_not_followed(door: Door, link: object) -> None:
    door.fault("/users", body={"value": [], "@odata.nextLink": link})
    assert refused(door.ask(users)).reason is Reason.UNREADABLE


def test_a_next_link_with_a_user_name_before_the_host_is_elsewhere(door: Door) -> None:
    link = door.emulator.url.replace("https://", "https://graph.example.com@")
    door.fault("/users", body={"value": [], "@odata.nextLink": f"{link}/v1.0/users?$skiptoken=x"})
    assert refused(door.ask(users)).reason is Reason.UNREADABLE


def test_next_links_that_go_round_in_circles_end(door: Door) -> None:
    link = f"{door.emulator.url}/v1.0/users?$skiptoken=x"
    door.fault("/users", body={"value": [], "@odata.nextLink": link})
    assert refused(door.ask(users)).reason is Reason.UNREADABLE
    assert door.asked("/users") == 2


def test_a_token_that_is_refused_in_the_middle_is_renewed_once(door: Door) -> None:
    door.fault("/users", status=401, times=1)
    assert len(answered(door.ask(users)).objects) == 5
    assert door.asked("/oauth2/v2.0/token") == 2


def test_a_resource_that_refuses_every_token_does_not_cost_one_each_time(door: Door) -> None:
    door.fault("/organization", status=401)

    async def twice(graph: GraphClient) -> list[Outcome]:
        return [await organization(graph), await organization(graph)]

    assert [refused(outcome).http_status for outcome in door.ask(twice)] == [401, 401]
    assert door.asked("/oauth2/v2.0/token") == 2
    assert door.asked("/organization") == 4


def test_in_a_batch_too_the_token_is_renewed(door: Door) -> None:
    async def one(graph: GraphClient) -> list[Outcome]:
        door.fault("user1@contoso.com", status=401, times=1)
        return await graph.get_many([graph.sdk.users.by_user_id("user1@contoso.com")], select=("id",))

    answered(door.ask(one)[0])
    assert door.asked("/oauth2/v2.0/token") == 2


def test_throttling_is_waited_out_as_the_server_says(door: Door) -> None:
    door.fault("/organization", status=429, retry_after="0.3", times=2)
    assert answered(door.ask(organization, max_wait=5)).objects
    assert door.asked("/organization") > 2
    assert [seconds for _, seconds in door.waits] == [0.3, 0.3]


def test_in_a_batch_the_throttled_item_alone_is_asked_again(door: Door) -> None:
    door.fault("user2@contoso.com", status=429, retry_after="0.2", times=1)

    async def five(graph: GraphClient) -> list[Outcome]:
        names = [f"user{number}@contoso.com" for number in range(5)]
        return await graph.get_many([graph.sdk.users.by_user_id(name) for name in names], select=("id",))

    assert all(isinstance(outcome, Answer) for outcome in door.ask(five, max_wait=5))
    asked = [door.asked(f"user{number}@contoso.com") for number in range(5)]
    assert asked == [1, 1, 2, 1, 1]


def test_a_wait_that_is_longer_than_allowed_is_not_begun(door: Door) -> None:
    door.fault("/organization", status=429, retry_after=3600)
    assert refused(door.ask(organization, max_wait=5)).reason is Reason.THROTTLED
    assert door.waits == []


def test_throttling_without_end_costs_the_patience_once_not_per_request(door: Door) -> None:
    door.fault("/organization", status=429, retry_after="0.5")

    async def four(graph: GraphClient) -> list[Outcome]:
        return [await organization(graph) for _ in range(4)]

    assert {refused(outcome).reason for outcome in door.ask(four, max_wait=0.6)} == {Reason.THROTTLED}
    assert sum(seconds for _, seconds in door.waits) == 0.5


def test_a_broken_connection_is_tried_again(door: Door) -> None:
    door.fault("/organization", drop=True, times=1)
    assert answered(door.ask(organization, max_wait=5)).objects


def test_what_could_write_is_not_sent(door: Door) -> None:
    class Deleting(Path):
        def to_get_request_information(self):  # type: ignore[no-untyped-def]
            information = super().to_get_request_information()
            information.url_template = f"{door.emulator.url}/v1.0/users/x{{?%24select}}"
            return information

    async def unknown_parameter(graph: GraphClient) -> Outcome:
        return await graph.list(Deleting(""), filter="x eq 1")

    with pytest.raises(ForbiddenRequestError, match=r"takes no \$filter"):
        door.ask(unknown_parameter)


def test_only_reading_requests_reach_the_tenant(door: Door) -> None:
    async def everything(graph: GraphClient) -> None:
        await users(graph)
        await graph.get_many([graph.sdk.users.by_user_id("user1@contoso.com")], select=("id",))
        await graph.get(graph.beta("/servicePrincipals/none/claimsPolicy"))

    door.ask(everything)
    assert door.emulator.writes == 0


def test_beta_paths_are_asked_under_beta(door: Door) -> None:
    outcome = door.ask(lambda graph: graph.get(graph.beta("/servicePrincipals/none/claimsPolicy")))
    assert refused(outcome).request.url == "/beta/servicePrincipals/none/claimsPolicy"


def test_batches_do_not_mix_versions(door: Door) -> None:
    async def both(graph: GraphClient) -> list[Outcome]:
        user = graph.sdk.users.by_user_id("user1@contoso.com")
        return await graph.get_many([graph.beta("/servicePrincipals/none/claimsPolicy"), user])

    first, second = door.ask(both)
    refused(first)
    answered(second)
    batches = {request.url for request in door.emulator.log if request.url.endswith("$batch")}
    assert batches == {"/beta/$batch", "/v1.0/$batch"}


def test_the_permissions_that_are_held_are_known(door: Door) -> None:
    async def held(graph: GraphClient) -> frozenset[str]:
        return graph.held_permissions

    assert "Application.Read.All" in door.ask(held)


def test_the_header_for_advanced_queries_goes_with_every_page(door: Door) -> None:
    seen: list[str | None] = []

    def look(question: Question) -> bool:
        if question.path.endswith("/users"):
            seen.append(question.headers.get("consistencylevel"))
        return False

    door.emulator.faults.add(Fault(match=look))
    filter = "displayName ne 'x'"
    answered(door.ask(lambda graph: graph.list(graph.sdk.users, filter=filter, count=True, advanced=True)))
    assert len(seen) > 2
    assert set(seen) == {"eventual"}
