"""Who gets the mails about expiring certificates."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from auditor.collect.notification_recipients import COLLECTOR
from auditor.emulator.drafts import ContactDraft, OptionsDraft, UserDraft
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node
from auditor.model.snapshot import Record
from tests.collect.reading import GUS, READER, Reading, Serving, application, at, company, gap, upn

DOMAINS: Node = {"verifiedDomains": [{"name": "Contoso.com"}, {"name": "contoso.onmicrosoft.com"}]}


def read(
    tenant: Reading, *addresses: str, organization: Node = DOMAINS, listed: Node = None
) -> Mapping[str, Record]:
    sp = tenant.id("servicePrincipal", "App")
    principal = {"notificationEmailAddresses": listed or list(addresses)}
    return tenant.records(
        COLLECTOR, {"organization": {"tenant": organization}, "servicePrincipals": {sp: principal}}
    )


def value(tenant: Reading, address: str) -> Node:
    return read(tenant, address)[address.lower()].value


def test_a_user_is_found_by_mail_in_any_case(reading: Serving) -> None:
    tenant = reading(company())
    assert value(tenant, "ADA@contoso.com") == {
        "id": tenant.id("user", upn("Ada")),
        "type": "user",
        "displayName": "Ada",
        "accountEnabled": True,
        "userType": "Member",
        "licensed": True,
    }


@pytest.mark.parametrize("address", ["old@contoso.com", "o'brien@contoso.com"])
def test_a_user_is_found_by_another_address(reading: Serving, address: str) -> None:
    ada = UserDraft(name="Ada", upn="ada@contoso.com", other_addresses=[address], licensed=False)
    tenant = reading(company(users=[ada], groups=[]))
    assert at(value(tenant, address), "id") == tenant.id("user", upn("Ada"))
    assert at(value(tenant, address), "licensed") is False


@pytest.mark.parametrize("null", [False, True])
def test_a_user_without_a_mailbox_here_is_found_by_the_user_name(reading: Serving, null: bool) -> None:
    ada = UserDraft(name="Ada", upn="ada@contoso.com", mail=None, licensed=False)
    tenant = reading(company(users=[ada], groups=[], options=OptionsDraft(null_lists=null)))
    assert at(value(tenant, "ada@contoso.com"), "id") == tenant.id("user", upn("Ada"))
    assert at(value(tenant, "ada@contoso.com"), "licensed") is False


def test_a_guest_is_found_and_said_to_be_one(reading: Serving) -> None:
    gus = UserDraft(name="Gus", upn=GUS, mail="gus@contoso.com", type="Guest", licensed=False)
    found = value(reading(company(users=[gus], groups=[])), "gus@contoso.com")
    assert (at(found, "type"), at(found, "userType")) == ("user", "Guest")


def test_groups_and_contacts_are_recipients_too(reading: Serving) -> None:
    tenant = reading(company(contacts=[ContactDraft(name="Partner", mail="partner@contoso.com")]))
    for address, kind, name in (
        ("sales@contoso.com", "group", "Sales"),
        ("partner@contoso.com", "orgContact", "Partner"),
    ):
        found = value(tenant, address)
        assert (at(found, "type"), at(found, "displayName")) == (kind, name)
        assert at(found, "userType") is None
        assert at(found, "accountEnabled") is None
        assert at(found, "licensed") is False


def test_nobody_is_null_after_asking_everywhere(reading: Serving) -> None:
    tenant = reading(company())
    record = read(tenant, "gone@contoso.com")["gone@contoso.com"]
    assert record.value is None
    assert [str(request).partition("?")[0] for request in record.requests] == [
        "GET /v1.0/users",
        "GET /v1.0/groups",
        "GET /v1.0/contacts",
    ]


def test_who_is_found_is_not_looked_for_elsewhere(reading: Serving) -> None:
    tenant = reading(company())
    read(tenant, "ada@contoso.com")
    assert len(tenant.asked()) == 1


def test_addresses_of_other_domains_are_not_looked_up(reading: Serving) -> None:
    tenant = reading(company())
    assert read(tenant, "ada@fabrikam.com", "ada@sub.contoso.com", "") == {}
    assert tenant.asked() == []


def test_an_address_is_looked_up_once(reading: Serving) -> None:
    tenant = reading(company(application("App"), application("Two")))
    listed = {"notificationEmailAddresses": ["Ada@contoso.com", "ada@contoso.com"]}
    principals = {tenant.id("servicePrincipal", name): listed for name in ("App", "Two")}
    records = tenant.records(
        COLLECTOR, {"organization": {"tenant": DOMAINS}, "servicePrincipals": principals}
    )
    assert set(records) == {"ada@contoso.com"}
    assert len(tenant.asked("/users")) == 1


@pytest.mark.parametrize(
    ("held", "missing"),
    [
        (("User.Read.All",), "GroupMember.Read.All and OrgContact.Read.All"),
        (("User.Read.All", "GroupMember.Read.All"), "OrgContact.Read.All"),
        (("GroupMember.Read.All", "OrgContact.Read.All"), "User.Read.All"),
    ],
)
def test_nobody_is_known_only_when_all_could_be_asked(
    reading: Serving, held: tuple[str, ...], missing: str
) -> None:
    tenant = reading(company(), permissions=(*READER, *held))
    unknown = gap(value(tenant, "gone@contoso.com"))
    assert (unknown.reason, unknown.permission) == (Reason.PERMISSION, missing)
    assert (unknown.section, unknown.subject) == ("notificationRecipients", "gone@contoso.com")


def test_a_group_is_found_though_users_may_not_be_read(reading: Serving) -> None:
    tenant = reading(company(), permissions=["GroupMember.Read.All"])
    record = read(tenant, "sales@contoso.com")["sales@contoso.com"]
    assert at(record.value, "type") == "group"
    assert [str(request).partition("?")[0] for request in record.requests] == ["GET /v1.0/groups"]


def test_a_missing_permission_is_named_before_another_failure(reading: Serving) -> None:
    tenant = reading(company(), permissions=["User.Read.All", "GroupMember.Read.All"])
    tenant.fault("/users", status=404)
    assert gap(value(tenant, "gone@contoso.com")).permission == "OrgContact.Read.All"


def test_another_failure_is_a_gap_too(reading: Serving) -> None:
    tenant = reading(company())
    tenant.fault("/groups", empty=True)
    failed = gap(value(tenant, "gone@contoso.com"))
    assert (failed.reason, failed.permission) == (Reason.UNREADABLE, None)


def test_without_the_domains_nothing_is_known_of_any_address(reading: Serving) -> None:
    tenant = reading(company())
    unread = Gap(section="organization", subject="tenant", reason=Reason.PERMISSION, detail="403")
    for organization in (unread, {"verifiedDomains": unread}):
        records = read(tenant, "ada@contoso.com", organization=organization)
        unknown = gap(records["ada@contoso.com"].value)
        assert (unknown.section, unknown.subject) == ("notificationRecipients", "ada@contoso.com")
    assert tenant.asked() == []


def test_unread_addresses_are_left_to_the_service_principal(reading: Serving) -> None:
    unread = Gap(section="servicePrincipals", subject="x", reason=Reason.UNREADABLE, detail="absent")
    assert read(reading(company()), listed=unread) == {}


def person(id: str, **changes: object) -> dict[str, object]:
    return {
        "id": id,
        "displayName": id,
        "userPrincipalName": id,
        "mail": None,
        "accountEnabled": True,
        "userType": "Member",
        "assignedLicenses": [],
        **changes,
    }


def test_of_several_the_one_whose_mail_it_is_counts(reading: Serving) -> None:
    tenant = reading(company())
    tenant.answer("/users", person("a"), person("c", mail="X@contoso.com"), person("b", mail="x@contoso.com"))
    assert at(value(tenant, "x@contoso.com"), "id") == "b"


def test_what_is_hidden_of_a_user_is_neither_enabled_nor_unlicensed(reading: Serving) -> None:
    tenant = reading(company())
    tenant.answer("/users", person("a", accountEnabled=None, userType=None, assignedLicenses=None))
    found = value(tenant, "x@contoso.com")
    assert gap(at(found, "accountEnabled")).permission == "User.Read.All"
    assert gap(at(found, "userType")).permission == "User.Read.All"
    assert gap(at(found, "licensed")).reason is Reason.PERMISSION
