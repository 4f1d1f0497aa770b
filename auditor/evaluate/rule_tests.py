"""Runs the tests that stand in the rule files, through the same engine that judges tenants."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from auditor.evaluate.engine import Result, worst
from auditor.evaluate.evaluation import RuleSet
from auditor.evaluate.evidence.settings import config
from auditor.evaluate.examples import example_node
from auditor.evaluate.loader import RulePack
from auditor.model.configuration import ApplicationConfiguration, Judgement
from auditor.model.finding import Status
from auditor.model.node import Json, Node
from auditor.model.rule import Need, Rule, RuleTest
from auditor.model.snapshot import Snapshot, TenantIdentity


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A test that does not come out as its rule says."""

    rule_id: str
    test: RuleTest
    problem: str
    """What came out instead."""


def failing_tests(pack: RulePack, rules: Sequence[Rule]) -> list[Failure]:
    """The tests of `rules` that fail; `pack` holds these rules and those they require."""
    rule_set = RuleSet(pack.rules, Judgement())
    failures = []
    for rule in rules:
        for test in rule.tests:
            results = rule_set.judged(evidence_of(test, rule))(rule.id)
            problem = _problem(cast(Mapping[str, Json], test.expected), results)
            if problem:
                failures.append(Failure(rule_id=rule.id, test=test, problem=problem))
    return failures


def evidence_of(test: RuleTest, rule: Rule) -> dict[str, Node]:
    """The evidence of a test; what it leaves out of what the rule needs, and of `config`, is filled in."""
    given = {root: example_node(value) for root, value in cast(Mapping[str, Json], test.evidence).items()}
    given["config"] = _over(_default_config(), given.get("config", {}))
    given.setdefault("response", None)  # the configuration names none
    if rule.needs is Need.PROFILE:
        given.setdefault("profile", {})
    if rule.needs is Need.CERTIFICATE:
        given["servicePrincipal"] = _over({"samlSigningExpected": True}, given.get("servicePrincipal", {}))
    return given


_NO_TENANT = Snapshot(
    tenant=TenantIdentity(id="", display_name=None, domain=None),
    cloud="global",
    started_at="",
    finished_at="",
    auditor_version="",
    configuration=None,
    targets=(),
    sections={},
)


def _default_config() -> Node:
    """`config` as it is when the configuration says nothing."""
    return config(_NO_TENANT, Judgement(), ApplicationConfiguration()).value


def _over(below: Node, above: Node) -> Node:
    """`above` laid over `below`, mapping by mapping."""
    if not isinstance(below, Mapping) or not isinstance(above, Mapping):
        return above
    return {**below, **{key: _over(below.get(key), value) for key, value in above.items()}}


def _problem(expected: Mapping[str, Json], results: Sequence[Result]) -> str | None:
    """What is not as expected, or None."""
    status = Status(str(expected["status"]))
    if worst(results) is not status:
        return f"{worst(results)} instead of {status}: {results[0].message}"
    found = [result for result in results if result.status is status]
    if "count" in expected and len(found) != expected["count"]:
        return f"{len(found)} findings instead of {expected['count']}"
    subjects = sorted(result.subject.id if result.subject else "" for result in found)
    if "subjects" in expected and subjects != sorted(map(str, cast(list[Json], expected["subjects"]))):
        return f"the subjects are {', '.join(subjects)}"
    severities = sorted({result.severity.value for result in found})
    if "severity" in expected and severities != [expected["severity"]]:
        return f"the severity is {', '.join(severities)} instead of {expected['severity']}"
    messages = [result.message for result in found]
    if "message" in expected and not any(str(expected["message"]) in message for message in messages):
        return f"the message is: {messages[0]}"
    return None
