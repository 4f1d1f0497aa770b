"""Every response that somebody could capture gets its verdict, for its reason; no name that nobody signed."""

from __future__ import annotations

import base64
import json
import warnings
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.saml.finding import Verdict
from auditor.saml.response_check import check_response
from auditor.saml.signature import DS
from tests.saml.federation import active, attacker, inactive
from tests.saml.response_cases import ATTACKER, Case, all_cases
from tests.saml.sign_on import (
    EMAIL,
    NAME_CLAIM,
    USER,
    expected,
    response,
    signed_assertion,
    signed_both,
    signed_response,
    status,
)

CASES = all_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_response_gets_its_verdict(case: Case) -> None:
    captured = case.captured()
    result = check_response(captured.data, expected=captured.expected)
    codes = [finding.code for finding in result.findings]
    assert (result.verdict.value, codes) == (case.verdict, codes)
    assert case.code in codes if case.code else codes == []
    assert ATTACKER not in json.dumps(result.to_json())
    assert "attacker.example" not in json.dumps(result.to_json())


def test_the_cases_cover_every_verdict_amply() -> None:
    verdicts = Counter(case.verdict for case in CASES)
    assert verdicts["reject"] >= 60
    assert verdicts["warn"] >= 15
    assert verdicts["accept"] >= 10


@pytest.mark.parametrize(
    ("data", "of_response", "of_assertion"),
    [
        (signed_assertion(), "absent", "valid"),
        (signed_response(), "valid", "absent"),
        (signed_both(), "valid", "valid"),
    ],
    ids=["assertion", "response", "both"],
)
def test_it_says_which_element_is_signed(data: bytes, of_response: str, of_assertion: str) -> None:
    answer = check_response(data, expected=expected()).to_json()
    assert (answer["responseSignature"], answer["assertionSignature"]) == (of_response, of_assertion)
    assert (answer["signature"], answer["pinned"]) == ("valid", True)
    assert answer["signer"] == active().certificate.thumbprint
    assert (answer["nameId"], answer["nameIdFormat"]) == (USER, EMAIL)
    assert answer["attributes"] == {NAME_CLAIM: [USER]}


def test_whether_the_signer_is_active_is_never_guessed() -> None:
    usual = expected(active(), inactive())
    for signed_by, known, wanted in (
        (active(), usual, "active"),
        (inactive(), usual, "inactive"),
        (active(), replace(usual, active=None), "unknown"),
        (attacker(), usual, "unknown"),
    ):
        result = check_response(signed_assertion(by=signed_by), expected=known)
        assert result.signer_status == wanted


def test_a_refused_sign_on_is_shown_with_its_code() -> None:
    outcome = status("Responder", message="AADSTS50105: not assigned")
    result = check_response(response("", outcome=outcome).encode(), expected=expected())
    assert [finding.message for finding in result.findings] == ["the sign-on failed: Responder, AADSTS50105"]


def test_without_certificates_nothing_is_believed() -> None:
    nobody = replace(expected(), certificates=())
    for data in (signed_assertion(), signed_both(), signed_response(key_info="")):
        result = check_response(data, expected=nobody)
        assert (result.verdict, result.assertion) == (Verdict.REJECT, None)


def test_a_certificate_cannot_decide_what_reaches_the_terminal() -> None:
    der = bytearray(active().certificate.der)
    serial = 4 + 4 + 5 + 2  # behind two sequences and the version
    der[serial] |= 0x80  # below zero, of which cryptography warns
    held = f"<X509Certificate>{base64.b64encode(der).decode()}</X509Certificate>"
    key_info = f'<KeyInfo xmlns="{DS[1:-1]}"><X509Data>{held}</X509Data></KeyInfo>'
    data = signed_assertion(by=active(), key_info=key_info)
    with warnings.catch_warnings(action="error"):
        found = check_response(data, expected=expected(inactive()))
    assert found.verdict is Verdict.REJECT
    assert "signer-not-pinned" in [finding.code for finding in found.findings]


@given(st.binary(max_size=1000) | st.text(max_size=1000).map(str.encode))
def test_any_bytes_are_rejected(data: bytes) -> None:
    assert check_response(data, expected=expected()).verdict is Verdict.REJECT


GENUINE = {"assertion": signed_assertion(), "response": signed_response(), "both": signed_both()}
PIECES = (b"", b"<", b"<!-- -->", b"<?a?>", b"&amp;", b"x", b"</NameID><NameID>mallory", b" ID='_x'")


@given(
    st.sampled_from(sorted(GENUINE)),
    st.lists(
        st.tuples(st.integers(0, 6000), st.integers(0, 40), st.sampled_from(PIECES)), min_size=1, max_size=3
    ),
)
@settings(max_examples=300, deadline=None)
def test_edited_responses_never_carry_other_names(shape: str, edits: list[tuple[int, int, bytes]]) -> None:
    data = GENUINE[shape]
    for place, removed, added in edits:
        data = data[:place] + added + data[place + removed :]
    result = check_response(data, expected=expected())
    assert result.assertion is None or result.assertion.name_id == USER
