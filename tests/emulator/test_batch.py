"""Batches: twenty at most, each item for itself."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.speaking import Speaker


def by_id(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return {item["id"]: item for item in answer.json()["responses"]}


def test_each_item_has_its_own_status_and_the_order_means_nothing(demo: Speaker) -> None:
    answer = demo.batch(
        "/organization?$select=id", "/users/nobody@contoso.com", "/users?$filter=officeLocation eq 'x'"
    )
    assert [item["id"] for item in answer.json()["responses"]] == ["2", "1", "0"]
    assert {key: item["status"] for key, item in by_id(answer).items()} == {"0": 200, "1": 404, "2": 400}
    assert by_id(answer)["1"]["body"]["error"]["code"] == "Request_ResourceNotFound"


def test_items_are_answered_like_single_requests(demo: Speaker) -> None:
    path = (
        f"/servicePrincipals/{demo.id('servicePrincipal', 'GoToMeeting')}?$select=keyCredentials,displayName"
    )
    assert by_id(demo.batch(path))["0"]["body"] == demo.read("/v1.0" + path)


def test_headers_of_an_item_count_for_it(demo: Speaker) -> None:
    path = "/users/$count"
    assert by_id(demo.batch(path))["0"]["status"] == 400
    assert by_id(demo.batch(path, headers={"ConsistencyLevel": "eventual"}))["0"]["body"].isdigit()


def test_every_item_is_logged_besides_the_batch(demo: Speaker) -> None:
    demo.batch("/organization?$select=id", "/users/nobody@contoso.com")
    entries = [(entry.key, entry.status, entry.via_batch) for entry in demo.emulator.log]
    assert sorted(entries) == [
        ("GET /v1.0/organization?$select=id", 200, True),
        ("GET /v1.0/users/nobody@contoso.com", 404, True),
        ("POST /v1.0/$batch", 200, False),
    ]


def test_a_batch_of_beta_asks_beta(demo: Speaker) -> None:
    demo.batch("/organization", version="beta")
    assert demo.emulator.log[0].url == "/beta/organization"


def test_writing_inside_a_batch_is_refused_and_counted(demo: Speaker) -> None:
    before = demo.emulator.writes
    assert by_id(demo.batch("/users/x", method="DELETE"))["0"]["status"] == 405
    assert demo.emulator.writes == before + 1


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        b"{}",
        b'{"requests": []}',
        b'{"requests": [{"id": 1, "method": "GET", "url": "/users"}]}',
        b'{"requests": [{"id": "1", "method": "GET"}]}',
        b'{"requests": [{"id": "1", "method": "GET", "url": "https://graph.microsoft.com/v1.0/users"}]}',
        b'{"requests": [{"id": "1", "method": "GET", "url": "/"}, {"id": "1", "method": "GET", "url": "/"}]}',
    ],
)
def test_a_malformed_batch_is_refused_as_a_whole(demo: Speaker, body: bytes) -> None:
    answer = demo.http.post(
        demo.emulator.url + "/v1.0/$batch", data=body, headers={"Authorization": f"Bearer {demo.token}"}
    )
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


def test_twenty_items_are_answered_and_twenty_one_are_not(demo: Speaker) -> None:
    assert len(by_id(demo.batch(*["/organization"] * 20))) == 20
    assert demo.batch(*["/organization"] * 21).status_code == 400


def test_a_batch_needs_a_token(demo: Speaker) -> None:
    answer = demo.http.post(
        demo.emulator.url + "/v1.0/$batch",
        json={"requests": [{"id": "1", "method": "GET", "url": "/organization"}]},
    )
    assert answer.status_code == 401
