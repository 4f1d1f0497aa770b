"""What may be sent, how its URL is made, and how it is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kiota_abstractions.authentication import AnonymousAuthenticationProvider
from msgraph.graph_request_adapter import GraphRequestAdapter
from msgraph.graph_service_client import GraphServiceClient
from odata_query.grammar import ODataLexer

from auditor.graph.question import ForbiddenRequestError, Question, Reply, literal, parse, url_of
from auditor.model.node import Json

BASE = "https://graph.example.com/v1.0"

SDK = GraphServiceClient(request_adapter=GraphRequestAdapter(AnonymousAuthenticationProvider()))


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST", "HEAD", "get"])
def test_only_get_asks_about_objects(method: str) -> None:
    with pytest.raises(ForbiddenRequestError):
        Question(method=method, url=f"{BASE}/servicePrincipals")


@pytest.mark.parametrize(
    "path", ["/v1.0/directoryObjects/getByIds/x", "/v1.0/x/$batch", "/v2.0/$batch", "/v1.0/$batch/x"]
)
def test_only_two_posts_read(path: str) -> None:
    with pytest.raises(ForbiddenRequestError):
        Question(method="POST", url=f"https://graph.example.com{path}", body={"requests": []})


@pytest.mark.parametrize("method", ["DELETE", "POST", "get", None])
def test_a_batch_may_hold_nothing_but_get(method: str | None) -> None:
    items: list[Json] = [{"method": "GET", "url": "/users"}, {"method": method, "url": "/users"}]
    with pytest.raises(ForbiddenRequestError):
        Question(method="POST", url=f"{BASE}/$batch", body={"requests": items})


@pytest.mark.parametrize("body", [None, {}, {"requests": None}, {"requests": ["GET"]}])
def test_a_batch_that_cannot_be_looked_into_is_not_sent(body: object) -> None:
    with pytest.raises(ForbiddenRequestError):
        Question(method="POST", url=f"{BASE}/$batch", body=body)  # type: ignore[arg-type]


def test_batches_and_get_by_ids_are_reading() -> None:
    item = {"id": "0", "method": "GET", "url": "/users"}
    Question(method="POST", url=f"{BASE}/$batch", body={"requests": [item]})
    Question(method="POST", url=f"{BASE}/directoryObjects/getByIds", body={"ids": ["x"]})


def test_the_url_of_a_builder_with_parameters() -> None:
    url = url_of(
        SDK.service_principals,
        base=BASE,
        select=("id", "appId"),
        filter="displayName eq 'A & B'",
        top=999,
        count=True,
    )
    assert url == (
        f"{BASE}/servicePrincipals?$count=true&$filter=displayName%20eq%20%27A%20%26%20B%27"
        "&$select=id,appId&$top=999"
    )
    question = Question(url=url)
    readable = "/servicePrincipals?$count=true&$filter=displayName eq 'A %26 B'&$select=id,appId&$top=999"
    assert question.path == f"/v1.0{readable}"
    assert question.version == "v1.0"
    assert question.inside_batch == url.removeprefix(BASE)


def test_a_parameter_that_the_endpoint_does_not_know_is_not_left_out_silently() -> None:
    with pytest.raises(ForbiddenRequestError, match=r"takes no \$filter"):
        url_of(SDK.users.by_user_id("x"), base=BASE, filter="a eq 1")


def test_an_id_cannot_lead_to_another_path() -> None:
    url = url_of(SDK.users.by_user_id("../applications?x=#y"), base=BASE, select=("id",))
    assert url == f"{BASE}/users/..%2Fapplications%3Fx%3D%23y?$select=id"


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00\r\n")))
def test_a_literal_is_one_literal_whatever_is_in_it(text: str) -> None:
    (token,) = list(ODataLexer().tokenize(literal(text)))
    assert token.value.val == text


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"a": NaN}', b'{"a": 1', b"\xff", b"[" * 99_999])
def test_what_is_no_json_object_is_told(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(body)


def test_the_statuses_of_a_batch_are_those_of_its_items_too() -> None:
    body: dict[str, Json] = {"responses": [{"id": "0", "status": 401}, {"id": "1"}, "x"]}
    assert Reply(status=200, body=body, at="").statuses == {200: 1, 401: 1}
    assert Reply(status=None, at="").statuses == {}
