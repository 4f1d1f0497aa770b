"""Pseudonyms: equal stays equal, what rules compare stays true, and no name or address is left."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.node import Node
from auditor.model.snapshot import TENANT, Per, Record, Section, Snapshot, read_snapshot
from auditor.model.wire import to_json
from auditor.redaction import Redaction, addresses_in, redact
from auditor.redaction.pseudonyms import Pseudonyms
from tests.evaluate.snapshots import snapshot, user

KEY, OTHER_KEY = b"k" * 32, b"o" * 32

locals_ = st.from_regex(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,20}", fullmatch=True)
domains = st.sampled_from(["contoso.com", "fabrikam.com", "sub.contoso.co.uk"])
addresses = st.builds(lambda local, domain: f"{local}@{domain}", locals_, domains)


def pseudonyms(**owners: str) -> Pseudonyms:
    return Pseudonyms(KEY, owners)


def of_tenant(**sections: Node) -> Snapshot:
    """A snapshot in which these sections say so of the tenant."""
    healthy = snapshot()
    said = {
        name: Section(name=name, per=Per.TENANT, mount=None, records={TENANT: Record(value=value)})
        for name, value in sections.items()
    }
    return replace(healthy, sections={**healthy.sections, **said})


def value(found: Snapshot, section: str, subject: str = "tenant") -> Any:
    record = found.record(section, subject)
    assert record is not None
    return to_json(record)["value"]  # type: ignore[index,call-overload]


@given(addresses, addresses)
def test_addresses_are_equal_as_they_were_and_keep_their_domains(one: str, other: str) -> None:
    made = pseudonyms()
    first, second = made.address(one), made.address(other)
    assert (first.lower() == second.lower()) == (one.lower() == other.lower())
    assert first.rpartition("@")[2] == one.rpartition("@")[2]
    assert first.rpartition("@")[0] != one.rpartition("@")[0] or made.given == {}


def test_both_forms_of_a_guest_are_one_person() -> None:
    home, here = "pia@fabrikam.com", "pia_fabrikam.com#EXT#@contoso.onmicrosoft.com"
    made = pseudonyms()
    person = made.address(home).removesuffix("@fabrikam.com")
    assert person.startswith("person-")
    assert made.address(here) == f"{person}_fabrikam.com#EXT#@contoso.onmicrosoft.com"


def test_letter_case_goes_on_making_its_difference() -> None:
    made = pseudonyms()
    lower, upper = made.address("ada@contoso.com"), made.address("Ada@contoso.com")
    assert lower != upper
    assert lower.lower() == upper.lower()


def test_a_name_is_its_persons_and_is_seen_to_change() -> None:
    owners = {"ada king": "ada@contoso.com", "ada lovelace": "ada@contoso.com"}
    made = Pseudonyms(KEY, owners)
    before, after = made.name("Ada King"), made.name("Ada Lovelace")
    person = made.address("ada@contoso.com").removesuffix("@contoso.com")
    assert before != after
    assert before.startswith(person)
    assert after.startswith(person)


@pytest.mark.parametrize("name", ["Britta Simon", " B.Simon", "brittasimon"])
def test_test_users_of_the_tutorials_are_nobody(name: str) -> None:
    assert pseudonyms().name(name) == name
    assert pseudonyms().address(f"{name.strip()}@contoso.com") == f"{name.strip()}@contoso.com"


def test_another_key_gives_other_pseudonyms() -> None:
    address = "ada@contoso.com"
    assert Pseudonyms(KEY, {}).address(address) != Pseudonyms(OTHER_KEY, {}).address(address)


@pytest.mark.parametrize(
    "text",
    [
        "/v1.0/users?$filter=mail eq 'ada@contoso.com' or proxyAddresses/any(p:p eq 'SMTP:ada@contoso.com')",
        "https://login.example.com/?login_hint=ada%40contoso.com&x=1",
        "asked by ada@contoso.com.",
        "Ada Lovelace <ada@contoso.com>",
        "<ada@contoso.com>;ADA LOVELACE",
    ],
)
def test_texts_lose_names_and_addresses_and_nothing_else(text: str) -> None:
    ada = user(displayName="Ada Lovelace", userPrincipalName="ada@contoso.com", mail="ada@contoso.com")
    known = of_tenant(testUser=ada)
    redaction = Redaction(KEY, [known])
    said = redaction.text(text)
    assert "ada" not in said.lower()
    assert "lovelace" not in said.lower()
    made = Pseudonyms(KEY, {}).address("ada@contoso.com")
    assert made in said or "%40" in text
    assert redaction.text("nobody in particular, at 10:00 @ home") == "nobody in particular, at 10:00 @ home"


@given(locals_.filter(lambda local: "''" not in local))
def test_an_address_that_is_known_is_found_in_a_filter_whatever_it_is_made_of(local: str) -> None:
    address = f"{local}@contoso.com"
    known = of_tenant(testUser=user(userPrincipalName=address, mail=address, displayName="X"))
    quoted = address.replace("'", "''")
    said = Redaction(KEY, [known]).text(f"mail eq '{quoted}' or otherMails/any(a:a eq '{quoted}')")
    made = Pseudonyms(KEY, {}).address(address)
    assert said == f"mail eq '{made}' or otherMails/any(a:a eq '{made}')"


def test_a_user_called_like_a_value_changes_no_value() -> None:
    odd = user(displayName="saml", userPrincipalName="saml@contoso.com")
    before = snapshot({("users", "odd"): odd, ("testUser", "tenant"): odd})
    after = redact(before, KEY)
    assert value(after, "users", "odd")["displayName"].startswith("person-")
    subject = before.targets[0].service_principal_id
    modes = [
        value(found, "servicePrincipals", subject)["preferredSingleSignOnMode"] for found in (before, after)
    ]
    assert modes == ["saml", "saml"]


def test_the_audit_log_forgets_who_acted_and_from_where() -> None:
    entry: Node = {
        "initiatedBy": {
            "user": {
                "id": "1",
                "userPrincipalName": "ada@contoso.com",
                "displayName": "Ada Lovelace",
                "ipAddress": "203.0.113.7",
            },
            "app": None,
        },
        "targetResources": [
            {
                "id": "2",
                "type": "User",
                "displayName": "Grace Hopper",
                "modifiedProperties": [
                    {
                        "displayName": "DisplayName",
                        "oldValue": '["Grace Murray"]',
                        "newValue": '["Grace Hopper"]',
                    },
                    {
                        "displayName": "UserPrincipalName",
                        "oldValue": None,
                        "newValue": '["o\\u0027brien@contoso.com"]',
                    },
                ],
            },
            {
                "id": "3",
                "type": "ServicePrincipal",
                "displayName": "Grace Hopper's app",
                "modifiedProperties": [
                    {"displayName": "User.UPN", "oldValue": None, "newValue": '"grace@contoso.com"'},
                    {
                        "displayName": "AppAddress",
                        "oldValue": '[{"Address":"https://a.example.com"}]',
                        "newValue": "[]",
                    },
                ],
            },
        ],
    }
    after = redact(of_tenant(directoryAudits={"entries": [entry]}), KEY)
    said = json.dumps(value(after, "directoryAudits"))
    for gone in ("ada", "lovelace", "203.0.113.7", "grace", "murray", "hopper", "brien"):
        assert gone not in said.lower()
    made = Pseudonyms(KEY, {})
    modified = value(after, "directoryAudits")["entries"][0]["targetResources"]
    assert modified[0]["modifiedProperties"][1]["newValue"] == json.dumps(
        [made.address("o'brien@contoso.com")]
    )
    assert modified[1]["modifiedProperties"][1]["oldValue"] == '[{"Address":"https://a.example.com"}]'


def test_of_a_captured_response_the_claims_go_and_what_is_masked_stays() -> None:
    facts: Node = {
        "nameId": "ada@contoso.com",
        "attributes": {"http://claims/givenname": ["Ada"], "http://claims/name": ["(masked)"]},
    }
    after = redact(snapshot({("capturedResponse", "1"): facts}), KEY)
    kept = value(after, "capturedResponse", "1")
    assert kept["nameId"] == Pseudonyms(KEY, {}).address("ada@contoso.com")
    assert kept["attributes"]["http://claims/name"] == ["(masked)"]
    assert kept["attributes"]["http://claims/givenname"][0].startswith("value-")


def test_what_a_profile_expects_is_no_persons_address() -> None:
    text = "https://sso@service.example.com/saml"
    kept = addresses_in([text])
    assert len(kept) == 1
    found = of_tenant(organization={"note": text})
    assert value(redact(found, KEY, kept=kept), "organization") == {"note": text}
    assert value(redact(found, KEY), "organization") != {"note": text}


def test_redacting_twice_changes_nothing_more_and_the_mark_survives_a_file() -> None:
    once = redact(snapshot(), KEY)
    assert once.redaction is not None
    assert redact(once, KEY) == once
    assert read_snapshot(once.to_gzip()) == once


def test_a_snapshot_that_names_people_is_written_as_before() -> None:
    assert b'"redaction"' not in snapshot().to_bytes()
    assert read_snapshot(snapshot().to_bytes()) == snapshot()
