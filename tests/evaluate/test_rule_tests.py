"""The tests in rule files: what they may leave out, and that one that is wrong is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.evaluate.examples import example_node
from auditor.evaluate.rule_tests import failing_tests
from auditor.model.gap import Gap, Reason
from auditor.model.node import Json
from tests.evaluate.rule_files import pack, rule


def failures(folder: Path, *documents: dict[str, Any]) -> list[str]:
    loaded = pack(folder, *documents)
    return [f"{failure.test.name}: {failure.problem}" for failure in failing_tests(loaded, loaded.rules)]


def case(status: str, evidence: dict[str, Any], **expected: Any) -> dict[str, Any]:
    return {"name": "case", "evidence": evidence, "status": status, **expected}


EACH: dict[str, Any] = {
    "for_each": {
        "path": "assignments",
        "kind": "assignment",
        "id": "item.id",
        "name": "item.id",
        "none": "None.",
    },
    "expect": [{"path": "item.ok", "is_true": True}],
    "message": {"pass": "All hold.", "fail": "{item.id} is wrong."},
}
THREE = [{"id": "1", "ok": True}, {"id": "2", "ok": False}, {"id": "3", "ok": False}]


def test_right_ones_are_silent(tmp_path: Path) -> None:
    assert failures(tmp_path, rule()) == []


@pytest.mark.parametrize(
    ("test", "problem"),
    [
        (case("pass", {"assignments": THREE}), "fail instead of pass: 2 is wrong."),
        (case("fail", {"assignments": []}), "not-applicable instead of fail: None."),
        (case("fail", {"assignments": THREE}, count=1), "2 findings instead of 1"),
        (case("fail", {"assignments": THREE}, subjects=["2"]), "the subjects are 2, 3"),
        (case("fail", {"assignments": THREE}, severity="high"), "the severity is medium instead of high"),
        (case("fail", {"assignments": THREE}, message="1 is wrong"), "the message is: 2 is wrong."),
        (case("fail", {"assignments": THREE}, count=2, subjects=["3", "2"], message="3 is wrong"), None),
        (case("fail", {"assignments": [*THREE, {"$gap": {"reason": "throttled"}}]}, count=2), None),
        (case("pass", {"assignments": THREE[:1]}, subjects=[""]), None),
    ],
)
def test_a_wrong_one_is_told(tmp_path: Path, test: dict[str, Any], problem: str | None) -> None:
    told = [] if problem is None else [f"case: {problem}"]
    assert failures(tmp_path, rule(**EACH, tests=[test])) == told


def test_what_a_rule_needs_is_there_unless_the_test_says_otherwise(tmp_path: Path) -> None:
    needs_profile = rule(
        "a",
        needs="profile",
        expect=[{"path": "tenant.x", "equals": 1}],
        tests=[
            case("pass", {"tenant": {"x": 1}}),
            case("not-applicable", {"tenant": {"x": 1}, "profile": None}),
        ],
    )
    needs_certificate = rule(
        "b",
        needs="certificate",
        expect=[{"path": "servicePrincipal.x", "equals": 1}],
        tests=[
            case("pass", {"servicePrincipal": {"x": 1}}),
            case("not-applicable", {"servicePrincipal": {"x": 1, "samlSigningExpected": False}}),
            case("not-evaluated", {"servicePrincipal": {"$gap": {"reason": "permission"}}}),
        ],
    )
    assert failures(tmp_path, needs_profile, needs_certificate) == []


def test_the_configuration_is_the_default_but_for_what_the_test_says(tmp_path: Path) -> None:
    limit = rule(
        expect=[{"path": "config.thresholds.broad_group_percent", "at_most": {"from": "tenant.limit"}}],
        tests=[
            case("pass", {"tenant": {"limit": 50}}),
            case("fail", {"tenant": {"limit": 49}}),
            case("fail", {"tenant": {"limit": 50}, "config": {"thresholds": {"broad_group_percent": 60}}}),
        ],
    )
    environment = rule(
        "b",
        expect=[{"path": "config.environment", "equals": "production"}],
        tests=[case("pass", {"config": {"thresholds": {"broad_group_percent": 60}}})],
    )
    assert failures(tmp_path, limit, environment) == []


def test_rules_that_must_hold_first_are_judged_by_the_same_evidence(tmp_path: Path) -> None:
    first = rule("first", expect=[{"path": "tenant.x", "equals": 1}])
    second = rule(
        "second",
        requires=["first"],
        expect=[{"path": "tenant.y", "equals": 1}],
        tests=[
            case("pass", {"tenant": {"x": 1, "y": 1}}),
            case("not-applicable", {"tenant": {"x": 0, "y": 1}}),
            case("not-evaluated", {"tenant": {"y": 1}}),
        ],
    )
    assert failures(tmp_path, rule(), first | {"tests": []} | {"tests": rule()["tests"][2:]}, second) == []


def test_a_gap_in_evidence() -> None:
    found = example_node({"a": [{"$gap": {"reason": "licence", "licence": "P1", "section": "signIns"}}, 1]})
    assert isinstance(found, dict)
    assert found["a"] == [
        Gap(
            section="signIns",
            subject="",
            reason=Reason.LICENCE,
            detail="the test withholds it",
            licence="P1",
        ),
        1,
    ]


@pytest.mark.parametrize(
    ("gap", "message"),
    [
        ("permission", "a \\$gap gives its reason"),
        ({}, "a \\$gap gives its reason"),
        ({"reason": "permision"}, "did you mean 'permission'"),
        ({"reason": "permission", "permision": "X"}, "has no 'permision'; did you mean 'permission'"),
        ({"reason": "permission", "permission": 3}, "has no 'permission'"),
        ({"reason": 3}, "has no 'reason'"),
    ],
)
def test_what_is_no_gap(gap: Json, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        example_node({"$gap": gap})
