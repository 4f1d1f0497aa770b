"""Pages: their size, what lies in them twice or not at all, and the links between them."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.emulator.directory import Tenant
from auditor.emulator.drafts import GroupDraft, OptionsDraft, TenantDraft, UserDraft
from auditor.emulator.query import Query
from auditor.emulator.requests import Object, Question
from auditor.emulator.resources import GROUP
from auditor.emulator.scene import scene_of
from tests.emulator.conftest import Serve
from tests.emulator.speaking import Speaker

USERS = [UserDraft(name=f"User {number}", upn=f"user{number}@contoso.com") for number in range(7)]


def speaker_with(serve: Serve, **options: object) -> Speaker:
    draft = TenantDraft(
        options=OptionsDraft(**options),  # type: ignore[arg-type]
        users=USERS,
        groups=[GroupDraft(name="All", everyone=True)],
    )
    return serve(scene_of("pages", draft))


def pages(speaker: Speaker, path: str) -> list[list[str]]:
    found, url = [], path
    while url:
        page = speaker.read(url)
        found.append([item["displayName"] for item in page["value"]])
        url = page.get("@odata.nextLink")
    return found


def test_a_small_page_size_makes_pages(serve: Serve) -> None:
    sizes = [len(page) for page in pages(speaker_with(serve, page_size=3), "/v1.0/users")]
    assert sizes == [3, 3, 1]


def test_top_is_the_size_of_a_page(serve: Serve) -> None:
    assert [len(page) for page in pages(speaker_with(serve), "/v1.0/users?$top=5")] == [5, 2]


def test_without_options_pages_are_as_large_as_documented(serve: Serve) -> None:
    assert [len(page) for page in pages(speaker_with(serve), "/v1.0/users")] == [7]


def test_a_list_may_begin_with_an_empty_page(serve: Serve) -> None:
    found = pages(speaker_with(serve, page_size=4, empty_pages=True), "/v1.0/users")
    assert [len(page) for page in found] == [0, 4, 3]


def test_pages_may_repeat_an_item(serve: Serve) -> None:
    first, second, third = pages(speaker_with(serve, page_size=3, repeated_items=True), "/v1.0/users")
    assert second[0] == first[-1]
    assert third[0] == second[-1]
    assert len({*first, *second, *third}) == 7


def test_a_next_link_is_absolute_opaque_and_leads_to_the_host_that_was_asked(serve: Serve) -> None:
    speaker = speaker_with(serve, page_size=2)
    link = urlsplit(speaker.read("/v1.0/users?$select=id,displayName&$top=2")["@odata.nextLink"])
    assert f"{link.scheme}://{link.netloc}" == speaker.emulator.url
    assert parse_qs(link.query)["$select"] == ["id,displayName"]
    assert "2" not in parse_qs(link.query)["$skiptoken"]


def test_next_links_are_the_same_in_every_run(serve: Serve) -> None:
    keys = []
    for _ in range(2):
        speaker = speaker_with(serve, page_size=3)
        pages(speaker, "/v1.0/users")
        keys.append([request.key for request in speaker.emulator.log])
    assert keys[0] == keys[1]


def test_a_next_link_works_in_a_batch(serve: Serve) -> None:
    speaker = speaker_with(serve, page_size=3)
    group = speaker.id("group", "All")
    (response,) = speaker.batch(f"/groups/{group}/members").json()["responses"]
    assert len(pages(speaker, response["body"]["@odata.nextLink"])) == 2


def test_logs_keep_their_large_pages(serve: Serve) -> None:
    speaker = speaker_with(serve, page_size=1, empty_pages=True)
    assert "@odata.nextLink" not in speaker.read("/v1.0/auditLogs/signIns")


def test_an_advanced_query_needs_its_header_on_every_page(serve: Serve) -> None:
    speaker = speaker_with(serve, page_size=3)
    first = speaker.read("/v1.0/users?$filter=displayName ne 'x'&$count=true", eventual=True)
    assert first["@odata.count"] == 7
    assert speaker.refused(first["@odata.nextLink"]) == (400, "Request_UnsupportedQuery")
    assert speaker.read(first["@odata.nextLink"], eventual=True)["value"]


@pytest.fixture(scope="module")
def present() -> Tenant:
    return scene_of("x", TenantDraft()).tenant(present=datetime(2026, 11, 1, tzinfo=UTC))


@given(
    total=st.integers(0, 40),
    size=st.integers(0, 12),
    empty=st.booleans(),
    repeated=st.booleans(),
    top=st.none() | st.integers(1, 20),
)
def test_following_the_links_gives_every_item_whatever_the_pages(
    present: Tenant, total: int, size: int, empty: bool, repeated: bool, top: int | None
) -> None:
    present.options = OptionsDraft(page_size=size, empty_pages=empty, repeated_items=repeated)
    items: list[Object] = [{"id": str(number), "displayName": f"Group {number}"} for number in range(total)]
    target: str | None = "/v1.0/groups" + (f"?$top={top}" if top else "")
    seen: list[str] = []
    for _ in range(100):
        if target is None:
            break
        question = Question.parse("GET", target, headers={}, host="x")
        page = Query(tenant=present, question=question, resource=GROUP, roles=frozenset()).many(
            items, "groups"
        )
        assert isinstance(page, dict)
        assert isinstance(page["value"], list)
        seen += [str(item["id"]) for item in page["value"] if isinstance(item, dict)]
        link = page.get("@odata.nextLink")
        target = str(link).removeprefix("https://x") if link else None
    assert target is None
    assert list(dict.fromkeys(seen)) == [item["id"] for item in items]
    assert repeated or len(seen) == total
