"""Paths: what stock JMESPath says, they say too; what nobody read, they never decide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import jmespath
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.evaluate.paths import Path, PathError
from auditor.model.gap import Gap, Reason
from auditor.model.node import Json, Node, Read, Request

GAP = Gap(
    section="owners", subject="1", reason=Reason.PERMISSION, detail="refused", permission="User.Read.All"
)
OTHER = Gap(section="users", subject="2", reason=Reason.THROTTLED, detail="too often")


def request(url: str) -> Request:
    return Request(method="GET", url=url, at="2026-11-23T00:00:00Z")


LIST, ONE, TWO = request("/list"), request("/one"), request("/two")


def value(expression: str, **roots: Node) -> Json:
    reading = Path(expression).read(roots)
    assert reading.gaps == ()
    return reading.value


def gaps(expression: str, **roots: Node) -> tuple[Gap, ...]:
    return Path(expression).read(roots).gaps


class TestWhatIsMissing:
    def test_an_absent_key_could_not_be_told(self) -> None:
        (gap,) = gaps("servicePrincipal.owners.nothing", servicePrincipal={"owners": {}})
        assert gap.reason is Reason.UNREADABLE
        assert gap.section == "servicePrincipal.owners.nothing"
        assert "lacks nothing" in gap.detail

    def test_an_absent_root_could_not_be_told(self) -> None:
        assert gaps("metadata.entityId", tenant={})

    def test_a_member_of_null_is_null(self) -> None:
        assert value("application.web.redirectUris[0]", application=None) is None
        assert value("application.a[*].b", application={"a": None}) is None
        assert value("application.a[?b].c", application={"a": None}) is None
        assert value("application.a[]", application={"a": None}) is None

    def test_nulls_stay_in_projections(self) -> None:
        found: Node = {"all": [{"x": 1}, {"x": None}, {"x": 3}]}
        assert value("certificates.all[*].x", certificates=found) == [1, None, 3]
        assert value("certificates.all[].x", certificates=found) == [1, None, 3]
        assert value("certificates.all[?x != `1`].x", certificates=found) == [None, 3]

    def test_a_wrong_type_could_not_be_told(self) -> None:
        assert "a text stands where a list belongs" in gaps("tenant.a[0]", tenant={"a": "x"})[0].detail
        assert "an object with b" in gaps("tenant.a.b", tenant={"a": [1]})[0].detail
        assert gaps("tenant.a < `3`", tenant={"a": "x"})
        assert gaps("tenant.a.*", tenant={"a": 3})

    def test_functions_give_null_for_null_and_nothing_for_a_wrong_type(self) -> None:
        assert value("lower(tenant.a)", tenant={"a": None}) is None
        assert value("length(tenant.a)", tenant={"a": None}) is None
        assert value("type(tenant.a)", tenant={"a": None}) == "null"
        assert "length() cannot take 3" in gaps("length(tenant.a)", tenant={"a": 3})[0].detail
        assert gaps("sort_by(tenant.a, &b)", tenant={"a": [{"b": 1}, {}]})


class TestGaps:
    @pytest.mark.parametrize(
        "expression",
        [
            "tenant.gap",
            "tenant.gap.below",
            "tenant.gap[0]",
            "tenant.gap[*].x",
            "tenant.gap[?x].y",
            "tenant.gap[]",
            "tenant.gap.*",
            "tenant.gap == `1`",
            "`1` != tenant.gap",
            "tenant.gap == `null`",
            "tenant.gap > `1`",
            "!(tenant.gap)",
            "tenant.gap && tenant.one",
            "tenant.gap || tenant.one",
            "tenant.one && tenant.gap",
            "tenant.none || tenant.gap",
            "[tenant.one, tenant.gap]",
            "{a: tenant.gap}",
            "tenant.gap.[`1`]",
            "tenant.gap.{a: `1`}",
            "length(tenant.gap)",
            "contains(tenant.list, tenant.gap)",
            "not_null(tenant.one, tenant.gap)",
            "length(tenant.partly)",
            "tenant.partly",
            "tenant.partly[*].x",
            "tenant.partly[-1]",
            "tenant.partly == `[]`",
            "tenant.objects[?x == `1`]",
            "length(tenant.objects[?x == `1`])",
            "tenant.objects[?x == `1`].y",
            "tenant.objects[?x == `1`] | [1]",
            "tenant.objects[?x == `1`] | [-1]",
            "tenant.objects[?x == `1`] | [:1]",
            "map(&x, tenant.objects)",
            "max_by(tenant.objects, &x)",
            "tenant",
        ],
    )
    def test_whoever_touches_one_gets_it(self, expression: str) -> None:
        tenant = {
            "gap": GAP,
            "one": 1,
            "none": None,
            "list": ["a", "b"],
            "partly": [{"x": 1}, GAP],
            "objects": [{"x": 1, "y": 2}, {"x": GAP, "y": 3}],
        }
        if "| [1]" in expression or "| [:1]" in expression:
            tenant["objects"] = [{"x": GAP, "y": 3}, {"x": 1, "y": 2}]
        found = gaps(expression, tenant=cast(Node, tenant))
        assert found == (GAP,)

    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            ("tenant.none && tenant.gap", None),
            ("tenant.one || tenant.gap", 1),
            ("tenant.mixed[0].x", 1),
            ("tenant.objects[?x == `1`] | [0].y", 2),
            ("tenant.objects[?x == `1`] | [5]", None),
            ("tenant.objects[?y == `9`]", []),
            ("tenant.objects[?x == `1` && y == `9`]", None),
            ("tenant.objects[?y == `9` && x == `1`]", []),
            ("tenant.held != `null`", True),
            ("!(tenant.held)", False),
            ("tenant.mixed && 'filled'", "filled"),
        ],
    )
    def test_what_need_not_be_touched_is_not(self, expression: str, expected: Json) -> None:
        tenant: Node = {
            "gap": GAP,
            "one": 1,
            "none": None,
            "held": {"deep": GAP},
            "mixed": [{"x": 1}, GAP],
            "objects": [{"x": 1, "y": 2}, {"x": GAP, "y": 3}],
        }
        if expected is None and "x == `1` && y" in expression:  # the undecided condition comes first
            assert gaps(expression, tenant=tenant) == (GAP,)
        else:
            assert value(expression, tenant=tenant) == expected

    def test_all_gaps_within_a_result_are_told(self) -> None:
        assert gaps("tenant.a", tenant={"a": [GAP, {"b": OTHER}, GAP]}) == (GAP, OTHER)


class TestGlance:
    def test_what_lies_within_is_not_touched(self) -> None:
        reading = Path("application").glance({"application": Read({"id": "1", "owners": GAP}, (ONE,))})
        assert (reading.gaps, reading.value, reading.requests) == ((), {"id": "1"}, (ONE,))
        assert Path("tenant.a").glance({"tenant": {"a": [GAP, 1]}}).gaps == ()

    def test_a_gap_is_one_and_so_is_a_list_of_nothing_else(self) -> None:
        assert Path("tenant.a").glance({"tenant": {"a": GAP}}).gaps == (GAP,)
        assert Path("tenant.a").glance({"tenant": {"a": [GAP]}}).gaps == (GAP,)
        undecided: Node = {"a": [{"x": GAP}]}
        assert Path("tenant.a[?x]").glance({"tenant": undecided}).gaps == (GAP,)


class TestTrace:
    def test_the_requests_touched_in_order_and_once(self) -> None:
        evidence: Mapping[str, Node] = {
            "tenant": Read({"a": Read([Read(1, (ONE,)), 2], (LIST,)), "b": Read(3, (TWO,))}, (LIST,))
        }
        assert Path("tenant.a").read(evidence).requests == (LIST, ONE)
        assert Path("tenant.b || tenant.a").read(evidence).requests == (LIST, TWO)
        assert Path("length(tenant.a) > tenant.b").read(evidence).requests == (LIST, ONE, TWO)

    def test_of_a_filtered_list_each_element_depends_on_its_own_requests_only(self) -> None:
        evidence: Mapping[str, Node] = {
            "assignments": Read(
                [{"id": "1", "on": Read(True, (ONE,))}, {"id": "2", "on": Read(False, (TWO,))}], (LIST,)
            )
        }
        found = Path("assignments[?on]").elements(evidence)
        assert (found.requests, found.dropped) == ((LIST,), (TWO,))
        assert isinstance(found.items[0], Read)
        assert found.items[0].requests == (ONE,)
        assert set(Path("length(assignments[?on])").read(evidence).requests) == {LIST, ONE, TWO}

    def test_elements_keep_gaps_in_their_places(self) -> None:
        found = Path("tenant.a").elements({"tenant": {"a": [1, GAP]}})
        assert (found.items, found.gaps) == ((1, GAP), ())
        assert Path("tenant.a").elements({"tenant": {"a": GAP}}).gaps == (GAP,)
        assert Path("tenant.a").elements({"tenant": {"a": None}}).items == ()
        assert "where a list belongs" in Path("tenant.a").elements({"tenant": {"a": {}}}).gaps[0].detail


class TestLoading:
    @pytest.mark.parametrize(
        ("expression", "message"),
        [
            ("servicePrincpal.owners", "unknown root 'servicePrincpal'; did you mean 'servicePrincipal'?"),
            ("length(owners)", "unknown root 'owners'"),
            ("tenant.x[?y == z] || z", "unknown root 'z'"),
            ("item.id", "unknown root 'item' outside for_each"),
            ("@", "@ here is the whole evidence"),
            ("*", "@ here is the whole evidence"),
            ("lowr(tenant.x)", "unknown function lowr(); did you mean 'lower'?"),
            ("tenant.x[?lowr(y)]", "unknown function lowr()"),
            ("length(tenant.x, tenant.y)", "length() takes 1 argument, not 2"),
            ("not_null()", "not_null() takes at least 1 argument, not 0"),
            ("!tenant.x", "write !(a.b) instead of !a.b"),
            ("tenant.x[?!y.z]", "write !(a.b) instead of !a.b"),
            ("&tenant.x", "& belongs before an argument"),
            ("tenant.[", "at column 9, it is incomplete"),
            ("tenant.x]", "at column 9, ']' does not belong there"),
            ("tenant.x = 'y'", "Unknown token"),
            ("tenant.x == `y`", "write a text in single quotes"),
            ("", "is no JMESPath expression"),
            ("!" * 5000 + "tenant", "is nested too deeply"),
            ("tenant" + "[?a" * 5000, "is nested too deeply"),
        ],
    )
    def test_an_expression_that_cannot_be_meant(self, expression: str, message: str) -> None:
        with pytest.raises(PathError) as caught:
            Path(expression)
        assert message in str(caught.value)

    def test_names_below_a_root_and_within_a_filter_are_keys(self) -> None:
        path = Path("sort_by(certificates.all[?foo == 'x' && bar.baz].{a: qux}, &a)[0]")
        assert path.roots == {"certificates"}
        assert Path("item.x == tenant.y", item=True).roots == {"item", "tenant"}


# --- Properties -------------------------------------------------------------------------------------------

EXPRESSIONS = [
    "tenant.list[*].a",
    "tenant.list[].b[]",
    "tenant.list[?a > `5`].c",
    "tenant.list[?a > `5`] | [0].a",
    "tenant.list[?contains(c, 'x')].a",
    "tenant.list[?a == `7` || c == 'xy'].b",
    "tenant.list[?!(a == `7`)].c",
    "tenant.list[0].c",
    "tenant.list[-1].b[0]",
    "tenant.list[1:].a",
    "tenant.map.*.a",
    "tenant.map.one.a == tenant.list[0].a",
    "tenant.map.one.a < tenant.map.two.a",
    "length(tenant.list) > `1` && tenant.map.one.c || tenant.map.two.c",
    "max(tenant.list[*].a)",
    "max_by(tenant.list, &a).c",
    "sort_by(tenant.list, &c)[*].a",
    "map(&length(b), tenant.list)",
    "sum(tenant.list[].b[])",
    "join('-', tenant.list[*].c)",
    "tenant.list[*].[a, c]",
    "tenant.list[*].{x: a, y: length(c)}",
    "not_null(tenant.map.one.c, tenant.map.two.c)",
    'tenant.list[?a == max_by(`[{"a": 1}]`, &a).a].c',
    "keys(tenant.map)",
    "reverse(tenant.list[*].a)",
    "to_string(tenant.list[0])",
    "tenant.list[?b[?@ > `3`]].a",
    "tenant.list[?length(b) == `0`] | length(@) == `0`",
]

objects = st.fixed_dictionaries(
    {
        "a": st.integers(min_value=2, max_value=9),
        "b": st.lists(st.integers(min_value=2, max_value=9), max_size=3),
        "c": st.text("xyz", min_size=1, max_size=2),
    }
)
documents = st.fixed_dictionaries(
    {
        "tenant": st.fixed_dictionaries(
            {
                "list": st.lists(objects, min_size=1, max_size=4),
                "map": st.fixed_dictionaries({"one": objects, "two": objects}),
            }
        )
    }
)


@given(document=documents, expression=st.sampled_from(EXPRESSIONS))
def test_it_says_what_stock_jmespath_says(document: dict[str, Node], expression: str) -> None:
    stock = jmespath.search(expression, document)
    reading = Path(expression).read(document)
    # Out of range is null for both; a projection of ours keeps the null, which no expression above projects.
    assert (reading.gaps, reading.value) == ((), stock)


def places(node: Node, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    if isinstance(node, dict):
        for key, item in node.items():
            yield from places(item, (*path, key))
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from places(item, (*path, index))


def replaced(node: Node, path: tuple[str | int, ...], new: Node) -> Node:
    if not path:
        return new
    if isinstance(node, dict):
        return {**node, path[0]: replaced(node[path[0]], path[1:], new)}
    assert isinstance(node, list)
    assert isinstance(path[0], int)
    return [*node[: path[0]], replaced(node[path[0]], path[1:], new), *node[path[0] + 1 :]]


def at(node: Node, path: tuple[str | int, ...]) -> Node:
    for part in path:
        node = node[part]  # type: ignore[index]
    return node


def lookalikes(node: Node) -> st.SearchStrategy[Node]:
    """Other values that might have stood there."""
    if isinstance(node, bool) or node is None or isinstance(node, dict):
        return st.one_of(objects, st.just(None))
    if isinstance(node, int):
        return st.integers(min_value=2, max_value=9)
    if isinstance(node, str):
        return st.text("xyz", min_size=1, max_size=2)
    return st.one_of(st.lists(objects, max_size=3), st.lists(st.integers(2, 9), max_size=3), st.just(None))


@given(data=st.data(), document=documents, expression=st.sampled_from(EXPRESSIONS))
def test_no_value_survives_that_depends_on_what_is_missing(
    data: st.DataObject, document: dict[str, Node], expression: str
) -> None:
    """Where a gap leaves a value, no value that might have stood in its place would have given another."""
    hidden = data.draw(st.sampled_from(list(places(document))[1:]))
    path = Path(expression)
    with_gap = path.read(cast(Mapping[str, Node], replaced(document, hidden, GAP)))
    if with_gap.gaps:
        assert with_gap.gaps == (GAP,)
        return
    other = data.draw(lookalikes(at(document, hidden)))
    instead = path.read(cast(Mapping[str, Node], replaced(document, hidden, other)))
    assert instead.value == with_gap.value


@given(document=documents, expression=st.sampled_from(EXPRESSIONS), data=st.data())
def test_a_value_depends_on_no_request_that_it_does_not_name(
    document: dict[str, Node], expression: str, data: st.DataObject
) -> None:
    hidden = data.draw(st.sampled_from(list(places(document))[1:]))
    marked = replaced(document, hidden, Read(at(document, hidden), (ONE,)))
    path = Path(expression)
    reading = path.read(cast(Mapping[str, Node], marked))
    without = path.read(cast(Mapping[str, Node], replaced(document, hidden, GAP)))
    if ONE not in reading.requests:
        assert (without.gaps, without.value) == ((), reading.value)
