"""The number of enabled members, and the configured test user."""

from __future__ import annotations

from auditor.collect import enabled_member_count, test_user
from auditor.collect.people import USER
from auditor.model.gap import Reason
from tests.collect.reading import GUS, READER, Serving, at, company, gap

COUNT = enabled_member_count.COLLECTOR
TEST_USER = test_user.COLLECTOR


def test_counts_enabled_members_alone(reading: Serving) -> None:
    tenant = reading(company())
    assert tenant.value(COUNT) == 1  # Bob is disabled and Gus a guest


def test_a_count_that_is_refused_names_the_permission(reading: Serving) -> None:
    refused = gap(reading(company(), permissions=READER).value(COUNT))
    assert (refused.reason, refused.permission) == (Reason.PERMISSION, "User.Read.All")


def test_an_answer_without_a_count_is_not_zero(reading: Serving) -> None:
    tenant = reading(company())
    tenant.answer("/users")
    assert gap(tenant.value(COUNT)).reason is Reason.UNREADABLE


def test_the_test_user_is_found_by_name_in_any_case(reading: Serving) -> None:
    tenant = reading(company(), test_user="ADA@contoso.com")
    found = tenant.value(TEST_USER, "ada@contoso.com")
    assert at(found, "displayName") == "Ada"
    assert at(found, "accountEnabled") is True


def test_a_guest_can_be_the_test_user(reading: Serving) -> None:
    tenant = reading(company(), test_user=GUS)
    assert at(tenant.value(TEST_USER, GUS.lower()), "userType") == "Guest"


def test_a_test_user_who_is_not_there_is_null(reading: Serving) -> None:
    tenant = reading(company(), test_user="britta.simon@contoso.com")
    record = tenant.records(TEST_USER)["britta.simon@contoso.com"]
    assert record.value is None
    assert record.requests[0].status == 404


def test_nobody_is_looked_up_when_none_is_configured(reading: Serving) -> None:
    tenant = reading(company())
    assert tenant.records(TEST_USER) == {}
    assert tenant.asked() == []


def test_a_test_user_who_may_not_be_read_is_a_gap(reading: Serving) -> None:
    tenant = reading(company(), permissions=READER, test_user="ada@contoso.com")
    refused = gap(tenant.value(TEST_USER, "ada@contoso.com"))
    assert (refused.reason, refused.permission) == (Reason.PERMISSION, "User.Read.All")


def test_a_test_user_of_whom_only_the_names_are_shown_is_not_enabled(reading: Serving) -> None:
    tenant = reading(company(), test_user="ada@contoso.com")
    basic = dict.fromkeys(USER) | {"id": "1", "userPrincipalName": "ada@contoso.com"}
    tenant.fault("/users/ada@contoso.com", body=basic)
    found = tenant.value(TEST_USER, "ada@contoso.com")
    for name in ("accountEnabled", "userType", "mail", "externalUserState"):
        assert gap(at(found, name)).permission == "User.Read.All"
