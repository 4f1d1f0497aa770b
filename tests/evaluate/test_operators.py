"""Every operator: what it holds for, what null means to it, and of what it can say nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.evaluate.operators import OPERATORS, MismatchError, is_public_https_url, pattern_regex
from auditor.model.node import Json
from auditor.yaml_document import bundled_schema

URL = "https://authentication.logmeininc.com/saml/acs"
EXACTLY: Json = {"kind": "exactly", "value": URL}
ONE_OF: Json = {"kind": "oneOf", "value": {"GoToMeeting": "https://a", "GoToWebinar": "https://b"}}
PATTERN: Json = {"kind": "matches", "value": "https://<sub domain>.example.com/saml"}
BLANK: Json = {"kind": "blank", "value": None}
ANY: Json = {"kind": "any", "value": None}


@pytest.mark.parametrize(
    ("word", "value", "operand", "holds"),
    [
        ("equals", "a", "a", True),
        ("equals", "a", "A", False),
        ("equals", 1, True, False),
        ("equals", True, True, True),
        ("equals", 1, 1.0, True),
        ("equals", "1", 1, False),
        ("equals", None, "a", False),
        ("equals", None, None, False),
        ("equals", "a", None, False),
        ("not_equals", "a", "b", True),
        ("not_equals", "a", "a", False),
        ("not_equals", None, "sha1", True),
        ("equals_ignoring_case", "ABc", "abC", True),
        ("equals_ignoring_case", "a", "b", False),
        ("equals_ignoring_case", None, "a", False),
        ("one_of", "a", ["b", "a"], True),
        ("one_of", "c", ["b", "a"], False),
        ("one_of", None, ["b"], False),
        ("one_of", "a", None, False),
        ("contains", ["a", "b"], "b", True),
        ("contains", ["a", "b"], "B", False),
        ("contains", [], "b", False),
        ("contains", None, "b", False),
        ("excludes", ["a"], "b", True),
        ("excludes", ["b"], "b", False),
        ("excludes", None, "b", True),
        ("is_empty", None, True, True),
        ("is_empty", "", True, True),
        ("is_empty", [], True, True),
        ("is_empty", [None], True, False),
        ("is_empty", "a", False, True),
        ("is_empty", None, False, False),
        ("is_null", None, True, True),
        ("is_null", "", True, False),
        ("is_null", [], False, True),
        ("is_null", False, True, False),
        ("is_true", True, True, True),
        ("is_true", False, True, False),
        ("is_true", False, False, True),
        ("is_true", None, False, False),
        ("is_true", None, True, False),
        ("at_least", 2048, 2048, True),
        ("at_least", 2047, 2048, False),
        ("at_least", None, 0, False),
        ("at_least", "2026-11-23", "2026-11-22", True),
        ("at_most", 1, 1, True),
        ("at_most", 2, 1, False),
        ("at_most", None, 1, False),
        ("more_than", 2, 1, True),
        ("more_than", 1, 1, False),
        ("more_than", None, -1, False),
        ("less_than", 0, 1, True),
        ("less_than", 1, 1, False),
        ("less_than", 1, None, False),
        ("matches", "abc", "a.c", True),
        ("matches", "abcd", "a.c", False),
        ("matches", "abc\n", "a.c", False),
        ("matches", None, ".*", False),
        ("same_set_as", ["a", "b"], ["b", "a", "a"], True),
        ("same_set_as", ["a"], ["a", "b"], False),
        ("same_set_as", ["a", "b"], ["a"], False),
        ("same_set_as", None, [], True),
        ("meets", URL, EXACTLY, True),
        ("meets", URL + "/", EXACTLY, False),
        ("meets", None, EXACTLY, False),
        ("meets", "https://b", ONE_OF, True),
        ("meets", "https://c", ONE_OF, False),
        ("meets", None, ONE_OF, False),
        ("meets", "b", {"kind": "oneOf", "value": ["a", "b"]}, True),
        ("meets", "https://contoso.example.com/saml", PATTERN, True),
        ("meets", "https://a.b.example.com/saml", PATTERN, True),
        ("meets", "https://a/b.example.com/saml", PATTERN, False),
        ("meets", "https://.example.com/saml", PATTERN, False),
        ("meets", "https://contosoXexample.com/saml", PATTERN, False),
        ("meets", "https://contoso.example.com/saml/", PATTERN, False),
        ("meets", None, PATTERN, False),
        ("meets", None, BLANK, True),
        ("meets", "", BLANK, True),
        ("meets", [], BLANK, True),
        ("meets", " ", BLANK, False),
        ("meets", None, ANY, True),
        ("has_one_that_meets", ["x", URL], EXACTLY, True),
        ("has_one_that_meets", ["x"], EXACTLY, False),
        ("has_one_that_meets", [], EXACTLY, False),
        ("has_one_that_meets", None, EXACTLY, False),
        ("has_one_that_meets", [], BLANK, True),
        ("has_one_that_meets", ["x"], BLANK, False),
        ("has_one_that_meets", [], ANY, True),
        ("is_public_https_url", URL, True, True),
        ("is_public_https_url", "http://contoso.com/acs", True, False),
        ("is_public_https_url", "http://contoso.com/acs", False, True),
        ("is_public_https_url", None, True, False),
    ],
)
def test_holds(word: str, value: Json, operand: Json, holds: bool) -> None:
    assert OPERATORS[word].holds(value, operand) is holds


@pytest.mark.parametrize(
    ("word", "value", "operand"),
    [
        ("equals", ["a"], "a"),
        ("equals", {}, "a"),
        ("equals_ignoring_case", 1, "a"),
        ("one_of", ["a"], ["a"]),
        ("one_of", "a", "a"),
        ("contains", "abc", "a"),
        ("excludes", "abc", "x"),
        ("is_empty", 0, True),
        ("is_true", "true", True),
        ("is_true", 1, True),
        ("at_least", "3", 2),
        ("at_least", True, 0),
        ("less_than", [1], 2),
        ("matches", 1, "1"),
        ("same_set_as", "a", ["a"]),
        ("meets", "a", None),
        ("meets", ["a"], EXACTLY),
        ("meets", 3, PATTERN),
        ("has_one_that_meets", "a", EXACTLY),
        ("has_one_that_meets", [], None),
        ("is_public_https_url", ["https://a.com"], True),
    ],
)
def test_of_another_type_nothing_can_be_said(word: str, value: Json, operand: Json) -> None:
    with pytest.raises(MismatchError):
        OPERATORS[word].holds(value, operand)


@pytest.mark.parametrize(
    ("word", "operand", "expected"),
    [
        ("equals", "saml", "saml"),
        ("not_equals", "sha1", "not sha1"),
        ("one_of", ["a", "b"], ["a", "b"]),
        ("excludes", "HideApp", "not HideApp"),
        ("is_empty", True, "nothing"),
        ("is_empty", False, "at least one"),
        ("is_null", False, "a value"),
        ("is_true", True, True),
        ("at_least", 2048, "at least 2048"),
        ("at_most", 50, "at most 50"),
        ("meets", EXACTLY, URL),
        ("meets", ONE_OF, ["https://a", "https://b"]),
        ("meets", PATTERN, "of the form https://<sub domain>.example.com/saml"),
        ("meets", BLANK, "blank"),
        ("meets", ANY, "any value"),
        ("meets", None, None),
        ("is_public_https_url", True, "a public https URL"),
    ],
)
def test_what_the_report_shows_as_expected(word: str, operand: Json, expected: Json) -> None:
    assert OPERATORS[word].expected(operand) == expected


@pytest.mark.parametrize(
    "url",
    [
        "http://contoso.com",
        "https://localhost/acs",
        "https://LOCALHOST:8443/acs",
        "https://app.localhost/acs",
        "https://127.0.0.1/acs",
        "https://10.1.2.3:8443/acs",
        "https://[::1]/acs",
        "https://[2001:db8::1]/acs",
        "https://2130706433/acs",
        "https://0x7f.1/acs",
        "https://127.1/acs",
        "https://*.contoso.com/acs",
        "https://contoso.com/*",
        "https:///acs",
        "https://[::1/acs",
        "https://localhost./acs",
        "msal12://auth",
        "urn:ietf:wg:oauth:2.0:oob",
        "contoso.com/acs",
        "//contoso.com/acs",
        "",
    ],
)
def test_addresses_that_are_not_public(url: str) -> None:
    assert not is_public_https_url(url)


@pytest.mark.parametrize(
    "url",
    [
        URL,
        "HTTPS://Contoso.Com/acs",
        "https://contoso.com:8443/acs?x=1#y",
        "https://10.contoso.com/acs",
        "https://localhost.contoso.com/acs",
        "https://xn--mller-kva.de/acs",
        "https://contoso.com./acs",
    ],
)
def test_public_addresses(url: str) -> None:
    assert is_public_https_url(url)


@pytest.mark.parametrize(
    "pattern", ["https://<a.example.com", "https://a>.example.com", "<<a>>", "<>", "<a/b>"]
)
def test_angle_brackets_that_enclose_no_name(pattern: str) -> None:
    with pytest.raises(ValueError, match="angle brackets"):
        pattern_regex(pattern)


@given(st.text())
def test_a_pattern_without_placeholders_fits_itself_alone(text: str) -> None:
    if "<" not in text and ">" not in text:
        assert pattern_regex(text).fullmatch(text)
        assert not pattern_regex(text).fullmatch(text + "x")


def test_the_schema_knows_the_same_words() -> None:
    schema: Any = json.loads(json.dumps(bundled_schema("rule")))
    described = schema["$defs"]["operators"]
    assert list(described) == list(OPERATORS)
    for user, others in (("assertion", ["path", "otherwise"]), ("escalation", ["path", "severity"])):
        assert set(schema["$defs"][user]["properties"]) - set(others) == set(OPERATORS)
