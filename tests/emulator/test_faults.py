"""What can go wrong on the way, asked for by a test."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
import requests

from auditor.emulator import Fault
from auditor.emulator.drafts import OptionsDraft, TenantDraft
from auditor.emulator.scene import scene_of
from tests.emulator.conftest import Serve
from tests.emulator.speaking import Speaker

ORGANIZATION = "/v1.0/organization?$select=id"


def test_a_status_comes_with_graphs_error(demo: Speaker) -> None:
    demo.emulator.faults.add(Fault(match=ORGANIZATION, status=403))
    answer = demo.ask(ORGANIZATION)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "Authorization_RequestDenied"
    assert demo.ask("/v1.0/organization").status_code == 200


def test_an_answer_may_be_made_up(demo: Speaker) -> None:
    demo.emulator.faults.add(Fault(match="/v1.0/organization", body={"value": [{"new": None}]}))
    assert demo.read(ORGANIZATION) == {"value": [{"new": None}]}


def test_an_answer_may_be_empty(demo: Speaker) -> None:
    demo.emulator.faults.add(Fault(match="GET " + ORGANIZATION, empty=True))
    assert demo.read(ORGANIZATION) == {}


def test_a_fault_ends_after_so_many_times(demo: Speaker) -> None:
    demo.emulator.faults.add(Fault(match=ORGANIZATION, status=429, retry_after="2.128", times=2))
    answers = [demo.ask(ORGANIZATION) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "2.128"
    assert "Retry-After" not in answers[2].headers


def test_faults_may_match_by_a_function(demo: Speaker) -> None:
    demo.emulator.faults.add(Fault(match=lambda question: question.method == "POST", status=500))
    assert demo.ask_for_token(client_secret=demo.emulator.client_secret).status_code == 500
    assert demo.ask(ORGANIZATION).status_code == 200


def test_a_truncated_answer_announces_more_than_it_sends(demo: Speaker) -> None:
    demo.emulator.faults.add(Fault(match=ORGANIZATION, truncate=True, times=1))
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        demo.ask(ORGANIZATION)
    assert demo.ask(ORGANIZATION).status_code == 200


def test_a_dropped_connection_answers_nothing(demo: Speaker) -> None:
    demo.emulator.faults.add(Fault(match=ORGANIZATION, drop=True, times=1))
    with pytest.raises(requests.exceptions.ConnectionError):
        demo.ask(ORGANIZATION)
    assert demo.ask(ORGANIZATION).status_code == 200


def test_an_answer_may_take_its_time(demo: Speaker) -> None:
    demo.emulator.faults.add(Fault(match=ORGANIZATION, delay=0.2))
    begin = time.perf_counter()
    assert demo.ask(ORGANIZATION).status_code == 200
    assert time.perf_counter() - begin >= 0.2


def test_the_date_follows_the_servers_clock(demo: Speaker) -> None:
    demo.emulator.faults.clock_offset = timedelta(days=-3)
    date = parsedate_to_datetime(demo.ask("/v1.0/fairies").headers["Date"])
    assert abs(datetime.now(UTC) - timedelta(days=3) - date) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("fault", "status", "body"),
    [
        ({"status": 429, "retry_after": 7}, 429, None),
        ({"empty": True}, 200, {}),
        ({"drop": True}, 504, None),
    ],
)
def test_items_of_a_batch_meet_faults_of_their_own(
    demo: Speaker, fault: dict[str, object], status: int, body: object
) -> None:
    demo.emulator.faults.add(Fault(match=ORGANIZATION, **fault))  # type: ignore[arg-type]
    items = {
        item["id"]: item
        for item in demo.batch(ORGANIZATION.removeprefix("/v1.0"), "/users").json()["responses"]
    }
    assert items["0"]["status"] == status
    assert items["1"]["status"] == 200
    if body is not None:
        assert items["0"]["body"] == body
    if "retry_after" in fault:
        assert items["0"]["headers"]["Retry-After"] == "7"


def test_a_truncated_item_is_half_of_its_text(demo: Speaker) -> None:
    demo.emulator.faults.add(Fault(match=ORGANIZATION, truncate=True))
    (item,) = demo.batch(ORGANIZATION.removeprefix("/v1.0")).json()["responses"]
    assert isinstance(item["body"], str)
    assert item["body"].startswith('{"@odata.context"')


def test_a_whole_batch_may_fail(demo: Speaker) -> None:
    demo.emulator.faults.add(Fault(match="/v1.0/$batch", status=503, retry_after=1))
    assert demo.batch("/organization").status_code == 503


def test_metadata_meets_faults_too(demo: Speaker) -> None:
    demo.emulator.faults.add(Fault(match=lambda question: "federationmetadata" in question.path, status=500))
    url = f"{demo.emulator.url}/{demo.emulator.tenant_id}/federationmetadata/2007-06/federationmetadata.xml"
    assert demo.http.get(url).status_code == 500


def test_documented_limits_are_kept_where_the_scene_says_so(serve: Serve) -> None:
    speaker = serve(scene_of("limits", TenantDraft(options=OptionsDraft(throttling=True))))
    answers = [speaker.ask("/v1.0/auditLogs/directoryAudits") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 10
    policies = [speaker.ask("/v1.0/identity/conditionalAccess/policies") for _ in range(2)]
    assert [answer.status_code for answer in policies] == [200, 429]
    assert "Retry-After" not in policies[1].headers
    items = speaker.batch(*["/auditLogs/signIns"] * 2, "/organization").json()["responses"]
    assert sorted(item["status"] for item in items) == [200, 429, 429]
