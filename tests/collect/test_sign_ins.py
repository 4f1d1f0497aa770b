"""Sign-ins, reduced to counts."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from auditor.collect.sign_ins import COLLECTOR
from auditor.emulator.drafts import OptionsDraft, OrganizationDraft, SignInsDraft
from auditor.model.configuration import Thresholds
from auditor.model.gap import Reason
from auditor.model.node import Node
from auditor.model.wire import encode_node
from tests.collect.reading import (
    READER,
    Reading,
    Serving,
    application,
    at,
    company,
    gap,
    in_cloud,
)

NO_PREMIUM = "Authentication_RequestFromNonPremiumTenantOrB2CTenant"

BOTH = pytest.mark.parametrize("bulk", [False, True], ids=["named", "bulk"])


def read(tenant: Reading, name: str = "App") -> Node:
    return tenant.value(COLLECTOR, tenant.id("servicePrincipal", name))


def entry(code: object, **changes: object) -> Mapping[str, object]:
    return {
        "createdDateTime": "2026-10-31T00:00:00Z",
        "appId": "app",
        "status": {"errorCode": code},
        **changes,
    }


@BOTH
def test_counts_every_code_of_the_application_and_nothing_of_others(reading: Serving, bulk: bool) -> None:
    own = [SignInsDraft(code=0, count=3, last=-2), SignInsDraft(code=50105, count=2)]
    tenant = reading(
        company(
            application(sign_ins=own), application("Other", sign_ins=[SignInsDraft(code=50126, count=5)])
        ),
        bulk=bulk,
    )
    assert read(tenant) == {
        "windowDays": 30,
        "from": "2026-10-02T12:00:00Z",
        "to": "2026-11-01T12:00:00Z",
        "codes": {"0": 3, "50105": 2},
        "lastSuccess": "2026-10-30T12:00:00Z",
    }


@BOTH
def test_every_page_counts(reading: Serving, bulk: bool) -> None:
    paged = OptionsDraft(log_page_size=1)
    tenant = reading(company(application(sign_ins=[SignInsDraft(code=0, count=2)]), options=paged), bulk=bulk)
    assert at(read(tenant), "codes") == {"0": 2}


@BOTH
def test_nobody_signed_in(reading: Serving, bulk: bool) -> None:
    found = read(reading(company(), bulk=bulk))
    assert at(found, "codes") == {}
    assert at(found, "lastSuccess") is None


@BOTH
def test_only_the_window_is_asked_for(reading: Serving, bulk: bool) -> None:
    series = [SignInsDraft(code=0, last=-3), SignInsDraft(code=50105, last=-5)]
    tenant = reading(
        company(application(sign_ins=series)), bulk=bulk, thresholds=Thresholds(sign_in_window_days=4)
    )
    assert at(read(tenant), "codes") == {"0": 1}


def test_many_applications_are_one_question_and_named_ones_one_each(reading: Serving) -> None:
    draft = company(application("One"), application("Two"))
    named = reading(draft)
    named.records(COLLECTOR)
    assert len(named.asked("/signIns")) == 2
    assert all("appId eq" in url for url in named.asked("/signIns"))
    many = reading(draft, bulk=True)
    many.records(COLLECTOR)
    assert len(many.asked("/signIns")) == 1


@BOTH
def test_nothing_about_people_is_kept(reading: Serving, bulk: bool) -> None:
    tenant = reading(company(application(sign_ins=[SignInsDraft(code=50105, user="Ada")])), bulk=bulk)
    kept = json.dumps(encode_node(read(tenant)))
    for told in ("ada", "Ada", "203.0.113.7", "Berlin", "Firefox"):
        assert told not in kept


@BOTH
def test_a_refusal_names_both_documented_permissions(reading: Serving, bulk: bool) -> None:
    for held in (READER, (*READER, "AuditLog.Read.All")):
        refused = gap(read(reading(company(), permissions=held, bulk=bulk)))
        assert refused.reason is Reason.PERMISSION
        assert refused.permission == "AuditLog.Read.All and Directory.Read.All"


@BOTH
def test_a_tenant_without_the_licence_is_asked_twice(reading: Serving, bulk: bool) -> None:
    tenant = reading(company(organization=OrganizationDraft(licence="free")), bulk=bulk)
    refused = gap(read(tenant))
    assert (refused.reason, refused.licence) == (Reason.LICENCE, "Microsoft Entra ID P1 or P2")
    assert refused.permission is None
    assert len(tenant.asked("/signIns")) == 2


@BOTH
def test_a_licence_that_is_missed_once_is_there(reading: Serving, bulk: bool) -> None:
    tenant = reading(company(application(sign_ins=[SignInsDraft()])), bulk=bulk)
    tenant.fault("/signIns", status=403, code=NO_PREMIUM, times=1)
    assert at(read(tenant), "codes") == {"0": 1}


def test_a_log_that_is_too_long_is_no_answer(reading: Serving) -> None:
    long = [SignInsDraft(code=0, count=3, last=-1)]
    many = [application(sign_ins=long), application("Two"), application("Three")]
    tenant = reading(company(*many, options=OptionsDraft(log_page_size=1)), bulk=True)
    records = tenant.sign_ins(pages=2)
    assert len(records) == 3
    assert {gap(record.value).reason for record in records.values()} == {Reason.TRUNCATED}
    assert len(tenant.asked("/signIns")) == 2


def test_few_applications_in_a_log_that_is_too_long_are_asked_for_singly(reading: Serving) -> None:
    long = [SignInsDraft(code=50126, count=4, last=-1)]
    few = [application(sign_ins=[SignInsDraft(code=0)]), application("Two", sign_ins=long)]
    tenant = reading(company(*few, options=OptionsDraft(log_page_size=2)), bulk=True)
    records = tenant.sign_ins(pages=1)
    assert {gap(record.value).reason for record in records.values()} == {Reason.TRUNCATED}
    records = tenant.sign_ins(pages=2)
    assert {str(at(record.value, "codes")) for record in records.values()} == {"{'0': 1}", "{'50126': 4}"}


def test_china_has_no_log_and_is_not_asked(reading: Serving) -> None:
    tenant = reading(company(organization=in_cloud("china")))
    assert gap(read(tenant)).reason is Reason.UNAVAILABLE_IN_CLOUD
    assert tenant.asked() == []


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"status": None},
        {"status": {"errorCode": None}},
        {"status": {"errorCode": True}},
        {"status": {"errorCode": "0"}},
        {"createdDateTime": None},
        {"createdDateTime": "2026-10-31T00:00:00-8:00"},
    ],
)
def test_an_entry_that_cannot_be_counted_leaves_a_gap(reading: Serving, odd: dict[str, object]) -> None:
    tenant = reading(company(application(app_id="app")))
    tenant.answer("/signIns", {**entry(0), **odd} if odd else {})
    found = read(tenant)
    if "createdDateTime" in odd:
        found = at(found, "lastSuccess")
    assert gap(found).reason is Reason.UNREADABLE


def test_letter_case_and_fractions_of_seconds_make_no_difference(reading: Serving) -> None:
    tenant = reading(company(application(app_id="app")))
    entries = [entry(0, id=time, createdDateTime=time) for time in TIMES]
    tenant.answer("/signIns", *entries, entry(50105, id="x", appId="APP"), entry(7, id="y", appId=None))
    found = read(tenant)
    assert at(found, "codes") == {"0": 3, "50105": 1}
    assert at(found, "lastSuccess") == "2026-10-31T19:15:41Z"


TIMES = ("2026-10-31T19:15:41.6195833Z", "2026-10-31T19:15:41Z", "2026-10-30T23:59:59.9Z")
