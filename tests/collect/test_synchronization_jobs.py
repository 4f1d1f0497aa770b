"""Provisioning jobs."""

from __future__ import annotations

from auditor.collect.synchronization_jobs import COLLECTOR
from auditor.emulator.drafts import JobDraft
from auditor.model.gap import Reason
from auditor.model.node import Node
from tests.collect.reading import ONE_A_PAGE, Reading, Serving, application, at, company, gap, in_cloud


def read(tenant: Reading) -> Node:
    return tenant.value(COLLECTOR, tenant.id("servicePrincipal", "App"))


def test_jobs_come_with_their_state(reading: Serving) -> None:
    jobs = [
        JobDraft(template="a", status="Paused", last_success=None),
        JobDraft(template="b", quarantine="EncounteredQuarantineException", complete_failures=3),
    ]
    found = read(reading(company(application(provisioning=jobs), options=ONE_A_PAGE)))
    paused, broken = at(found, 0), at(found, 1)
    assert at(paused, "schedule", "interval") == "P10675199DT2H48M5.4775807S"
    assert at(paused, "status", "code") == "Paused"
    assert at(paused, "status", "quarantine") is None
    assert at(paused, "status", "lastSuccessfulExecution") is None
    assert at(broken, "status", "code") == "Quarantine"
    assert at(broken, "status", "countSuccessiveCompleteFailures") == 3
    assert at(broken, "status", "quarantine", "reason") == "EncounteredQuarantineException"
    assert at(broken, "status", "lastSuccessfulExecution", "timeEnded") == "2026-11-01T09:36:00Z"
    assert "progress" not in at(broken, "status")  # type: ignore[operator]


def test_no_provisioning_is_an_empty_list(reading: Serving) -> None:
    assert read(reading(company())) == []


def test_times_never_reached_stay_as_they_are_written(reading: Serving) -> None:
    tenant = reading(company())
    status = {"code": "New", "quarantine": {"currentBegan": "0001-01-01T00:00:00Z"}, "lastExecution": None}
    tenant.answer("/jobs", {"id": "a.b.c", "templateId": "t", "schedule": None, "status": status})
    found = read(tenant)
    assert at(found, 0, "id") == "a.b.c"
    assert at(found, 0, "schedule") is None
    assert at(found, 0, "status", "quarantine", "currentBegan") == "0001-01-01T00:00:00Z"
    missing = gap(at(found, 0, "status", "countSuccessiveCompleteFailures"))
    assert missing.reason is Reason.UNREADABLE


def test_a_job_without_status_is_not_healthy(reading: Serving) -> None:
    tenant = reading(company())
    tenant.answer("/jobs", {"id": "a", "templateId": "t", "schedule": None, "status": None})
    assert gap(at(read(tenant), 0, "status")).reason is Reason.UNREADABLE


def test_china_has_no_provisioning_and_is_not_asked(reading: Serving) -> None:
    tenant = reading(company(organization=in_cloud("china")))
    assert gap(read(tenant)).reason is Reason.UNAVAILABLE_IN_CLOUD
    assert tenant.asked() == []
