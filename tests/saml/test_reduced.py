"""What is kept of a captured response: facts for an audit, and nobody's name."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.saml.certificate import Certificate
from auditor.saml.reduced import MAIL, MASK, USER_NAME, reduce_response
from tests.saml.federation import ENTITY_ID, active, attacker
from tests.saml.response_cases import ATTACKER, Case, all_cases
from tests.saml.sign_on import (
    AUDIENCE,
    EMAIL,
    NAME_CLAIM,
    REPLY_URL,
    SAML,
    USER,
    assertion,
    audience_restriction,
    conditions,
    response,
    signed_assertion,
    signed_both,
    signed_response,
    subject,
)

PERSON = {USER_NAME: USER, MAIL: "b.simon@contoso.com"}
MAIL_CLAIM = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"


@pytest.mark.parametrize(
    "data", [signed_assertion(), signed_response(), signed_both()], ids=["assertion", "response", "both"]
)
def test_the_facts_of_a_sound_response(data: bytes) -> None:
    assert reduce_response(data, person={}) == {
        "problem": None,
        "signer": active().certificate.thumbprint,
        "issuer": ENTITY_ID,
        "audiences": [AUDIENCE],
        "recipients": [REPLY_URL],
        "issuedAt": "2026-11-23T01:55:00Z",
        "nameId": MASK,
        "nameIdFormat": EMAIL,
        "attributes": {NAME_CLAIM: [MASK]},
        "nameIdSources": [USER_NAME],
    }


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_nobody_is_named(case: Case) -> None:
    kept = json.dumps(reduce_response(case.captured().data, person=PERSON))
    for name in (USER, PERSON[MAIL], ATTACKER):
        assert name.casefold() not in kept.casefold()


@pytest.mark.parametrize(
    "parts",
    [
        {"under": conditions(audience_restriction(AUDIENCE) + audience_restriction(ATTACKER))},
        {"about": subject().replace("</Subject>", "") + subject(data=f'Recipient="{ATTACKER}"')[9:]},
    ],
    ids=["audience", "recipient"],
)
def test_what_is_wrong_is_told_without_quoting_a_stranger(parts: dict[str, str]) -> None:
    data = signed_assertion(response(assertion(**parts)), attacker())
    kept = reduce_response(data, person=PERSON)
    assert kept["problem"]
    assert ATTACKER not in str(kept["problem"])


def _own(certificate: Certificate) -> bool:
    return certificate != attacker().certificate


def test_who_it_is_is_kept_where_that_is_asked_for() -> None:
    masked = reduce_response(signed_assertion(), person=PERSON)
    kept = reduce_response(signed_assertion(), person=PERSON, believed=_own)
    assert kept == {**masked, "nameId": USER, "attributes": {NAME_CLAIM: [USER]}}


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_nobody_is_named_whom_no_signature_covers(case: Case) -> None:
    assert ATTACKER not in json.dumps(reduce_response(case.captured().data, person=PERSON, believed=_own))


def test_another_signer_is_named_for_evaluation_to_refuse() -> None:
    kept = reduce_response(signed_assertion(by=attacker()), person=PERSON)
    assert kept["signer"] == attacker().certificate.thumbprint


def named(name_id: str, *, user: str = USER, mail: str = "b.simon@contoso.com") -> bytes:
    """A response with this name ID and these two claims."""
    claim = f'<Attribute Name="{MAIL_CLAIM}"><AttributeValue>{mail}</AttributeValue></Attribute>'
    end = "</AttributeStatement>"
    xml = assertion(about=subject(name_id), user=user).replace(end, claim + end)
    return signed_assertion(response(xml))


@pytest.mark.parametrize(
    ("data", "person", "sources"),
    [
        (named(USER), {}, [USER_NAME]),
        (named("b.simon@contoso.com"), {}, [MAIL]),
        (named(USER, mail=USER), {}, [MAIL, USER_NAME]),
        (named("4711"), {}, []),
        (named(USER.upper()), {}, []),
        (named(""), {}, []),
        (named("b.simon@contoso.com", mail="other"), PERSON, [MAIL]),
        (named("someone@contoso.com", user="else", mail="else"), PERSON, []),
    ],
)
def test_where_the_name_id_may_come_from(data: bytes, person: dict[str, str], sources: list[str]) -> None:
    assert reduce_response(data, person=person)["nameIdSources"] == sources


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "no SAML response"),
        (b"<html><body>Sign in</body></html>", "no SAML response"),
        (response().encode(), "neither the response nor its assertion is signed"),
        (
            signed_response(response(f'<EncryptedAssertion xmlns="{SAML}"/>')),
            "the assertion is encrypted",
        ),
    ],
)
def test_why_nothing_can_be_kept(data: bytes, problem: str) -> None:
    (kept,) = reduce_response(data, person={}).values()
    assert problem in str(kept)


@given(st.binary(max_size=2000))
def test_any_bytes_give_a_problem(data: bytes) -> None:
    assert reduce_response(data, person=PERSON).keys() == {"problem"}
