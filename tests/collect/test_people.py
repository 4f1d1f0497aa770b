"""What a null says about a user."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from auditor.collect.collector import Origin, by_id
from auditor.collect.people import NULL_MEANS, USER, directory_object, user
from auditor.model.gap import Gap, Reason
from auditor.model.node import Json, Request

REQUEST = Request(method="GET", url="/v1.0/users", at="2026-11-01T12:00:00Z", status=200)
ORIGIN = Origin(section="users", subject="1", request=REQUEST, permission="User.Read.All")

ABSENT = object()

shown = st.one_of(st.just(ABSENT), st.none(), st.text(min_size=1), st.booleans())
answers = st.fixed_dictionaries(dict.fromkeys(USER, shown)).map(
    lambda answer: {name: value for name, value in answer.items() if value is not ABSENT}
)


@given(answers)
def test_a_property_is_what_was_shown_or_a_gap(answer: dict[str, Json]) -> None:
    found = user(answer, origin=ORIGIN)
    assert tuple(found) == USER
    visible = answer.get("userPrincipalName") is not None and answer.get("accountEnabled") is not None
    for name, value in found.items():
        if value is None:
            assert visible
            assert name in NULL_MEANS
            assert answer[name] is None
        elif isinstance(value, Gap):
            assert answer.get(name) is None
            hidden = name in answer and not visible
            assert value.reason is (Reason.PERMISSION if hidden else Reason.UNREADABLE)
            assert value.permission == ("User.Read.All" if hidden else None)
        else:
            assert value == answer[name]


@given(answers, st.sampled_from(["group", "device", "orgContact", "servicePrincipal", "newKind"]))
def test_what_is_no_user_has_nothing_that_only_users_have(answer: dict[str, Json], kind: str) -> None:
    found = directory_object({**answer, "@odata.type": f"#microsoft.graph.{kind}"}, origin=ORIGIN)
    assert found["type"] == kind
    assert all(found[name] is None for name in USER if name not in ("id", "displayName"))


@given(st.permutations([{"id": "a"}, {"id": "b"}, {"id": "c"}, {}]))
def test_the_order_of_an_answer_makes_no_difference(items: list[dict[str, Json]]) -> None:
    assert list(by_id(items)) == [{}, {"id": "a"}, {"id": "b"}, {"id": "c"}]
