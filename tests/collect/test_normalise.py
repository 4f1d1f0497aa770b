"""Absent, null and empty stay three things, and a set has one order."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.collect import list_collectors, permissions_by_section
from auditor.collect.collector import Origin, in_order, normalise
from auditor.model.gap import Gap, Reason
from auditor.model.node import Json, Node, Request

REQUEST = Request(method="GET", url="/v1.0/x?$select=a", at="2026-11-01T12:00:00Z", status=200)

ORIGIN = Origin(section="s", subject="t", request=REQUEST)

CURABLE = Origin(section="s", subject="t", request=REQUEST, permission="X.Read.All")


def of(value: dict[str, Json], origin: Origin = ORIGIN) -> Node:
    return normalise(value, select=("a",), null_means={"b": "not set"}, origin=origin, sets=())["a"]


def test_what_is_there_stays_as_it_is() -> None:
    values: list[Json] = ["x", "", 0, False, [], {}, [None]]
    assert [of({"a": value}) for value in values] == values


def test_absent_is_a_gap_that_says_so() -> None:
    gap = of({})
    assert isinstance(gap, Gap)
    assert gap.detail == "a was asked for and is not in the answer to GET /v1.0/x?$select=a"
    assert (gap.section, gap.subject, gap.reason) == ("s", "t", Reason.UNREADABLE)
    assert (gap.source, gap.collected_at, gap.http_status) == (str(REQUEST), REQUEST.at, 200)


def test_null_is_a_value_only_where_the_table_says_what_it_means() -> None:
    value = normalise({"a": None}, select=("a",), null_means={"a": "not set"}, origin=ORIGIN)
    assert value == {"a": None}
    gap = of({"a": None})
    assert isinstance(gap, Gap)
    assert gap.reason is Reason.UNREADABLE


def test_the_permission_that_would_show_it_is_named() -> None:
    gap = of({"a": None}, CURABLE)
    assert isinstance(gap, Gap)
    assert (gap.reason, gap.permission) == (Reason.PERMISSION, "X.Read.All")
    absent = of({}, CURABLE)
    assert isinstance(absent, Gap)
    assert (absent.reason, absent.permission) == (Reason.UNREADABLE, None)


@pytest.mark.parametrize("value", ["text", 1, True, {"0": "x"}])
def test_what_is_no_list_where_a_list_belongs_is_a_gap(value: Json) -> None:
    found = normalise({"a": value}, select=("a",), null_means={}, origin=ORIGIN, sets=("a",))["a"]
    assert isinstance(found, Gap)


def test_what_was_not_selected_is_left_out() -> None:
    assert normalise({"a": 1, "b": 2}, select=("b",), null_means={}, origin=ORIGIN) == {"b": 2}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.lists(JSON, max_size=6).flatmap(lambda items: st.tuples(st.just(items), st.permutations(items))))
def test_a_set_has_one_order(both: tuple[list[Json], list[Json]]) -> None:
    items, shuffled = both
    assert repr(in_order(items)) == repr(in_order(shuffled))
    assert len(in_order(items)) == len(items)


def test_collectors_are_found_without_being_named_anywhere() -> None:
    sections = [collector.section for collector in list_collectors()]
    assert sections == sorted(sections)
    assert len(sections) == len(set(sections))
    assert {"organization", "servicePrincipals", "applications", "federationMetadata"} <= set(sections)


def test_a_collector_reads_only_sections_that_there_are() -> None:
    sections = {collector.section for collector in list_collectors()}
    after = {section for collector in list_collectors() for section in collector.after}
    assert after <= sections


def test_no_two_collectors_wait_for_each_other() -> None:
    after = {collector.section: set(collector.after) for collector in list_collectors()}
    done: set[str] = set()
    while ready := {section for section, needs in after.items() if needs <= done} - done:
        done |= ready
    assert done == set(after)


def test_the_permissions_are_those_that_only_read() -> None:
    permissions = {it for needed in permissions_by_section().values() for it in needed}
    assert "Application.Read.All" in permissions
    assert not any("Write" in permission for permission in permissions)


def test_permissions_are_known_without_the_sdk() -> None:
    program = (
        "import sys; from auditor.collect import permissions_by_section as p; p();"
        "print([m for m in ('msgraph', 'azure', 'httpx', 'requests') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
