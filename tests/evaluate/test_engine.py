"""What a rule says about evidence: status, sentence, subject, severity, and by what it knows."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.evaluate.engine import Result
from auditor.evaluate.evaluation import RuleSet
from auditor.model.configuration import Judgement, RuleOverride
from auditor.model.finding import Status
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node, Read, Request
from auditor.model.rule import Rule, Scope, Severity
from tests.evaluate.rule_files import pack, rule

AT = "2026-11-23T00:00:00Z"


def request(url: str) -> Request:
    return Request(method="GET", url=url, at=AT)


def refused(url: str, **values: Any) -> Gap:
    return Gap(
        section="owners",
        subject="sp-1",
        reason=Reason.PERMISSION,
        detail="Graph refused",
        source=f"GET {url}",
        collected_at=AT,
        **values,
    )


def read(value: Node, url: str) -> Node:
    return Read(value, (request(url),))


@pytest.fixture
def rules(tmp_path: Path) -> Any:
    def load(*documents: dict[str, Any]) -> tuple[Rule, ...]:
        return pack(tmp_path, *documents).rules

    return load


def judged(
    rules: tuple[Rule, ...],
    evidence: Mapping[str, Node],
    rule_id: str = "mode-is-saml",
    *,
    override: RuleOverride | None = None,
) -> list[Result]:
    judgement = Judgement(rules={} if override is None else {rule_id: override})
    return list(RuleSet(rules, judgement).judged(evidence)(rule_id))


def one(rules: tuple[Rule, ...], evidence: Mapping[str, Node]) -> Result:
    (result,) = judged(rules, evidence)
    return result


def sources(result: Result) -> list[str]:
    return [entry.source for entry in result.evidence]


class TestWholeRules:
    def test_pass_fail_and_what_was_observed(self, rules: Any) -> None:
        loaded = rules(
            rule(message={"pass": "It is {servicePrincipal.mode}.", "fail": "It is {servicePrincipal.mode}."})
        )
        right = one(loaded, {"servicePrincipal": read({"mode": "saml"}, "/sp?$select=mode&$expand=x")})
        assert (right.status, right.message, right.observed, right.expected) == (
            Status.PASS,
            "It is saml.",
            "saml",
            "saml",
        )
        (entry,) = right.evidence
        assert (entry.source, entry.path, entry.value, entry.present, entry.collected_at) == (
            "GET /sp?$expand=x",
            "servicePrincipal.mode",
            "saml",
            True,
            AT,
        )
        wrong = one(loaded, {"servicePrincipal": read({"mode": None}, "/sp")})
        assert (wrong.status, wrong.message, wrong.observed) == (Status.FAIL, "It is nothing.", None)
        assert wrong.evidence[0].present

    def test_a_gap_is_the_evidence_and_says_what_would_cure_it(self, rules: Any) -> None:
        gap = refused("/sp", permission="Application.Read.All", licence="Microsoft Entra ID P1")
        result = one(rules(rule()), {"servicePrincipal": gap})
        assert (result.status, result.gaps, result.expected) == (Status.NOT_EVALUATED, (gap,), None)
        assert result.message == (
            "Could not be judged: Graph refused. Cured by the permission Application.Read.All. "
            "Needs the licence Microsoft Entra ID P1."
        )
        (entry,) = result.evidence
        assert (entry.source, entry.present, entry.value, entry.collected_at) == ("GET /sp", False, None, AT)

    def test_an_absent_key_names_the_request_that_lacks_it(self, rules: Any) -> None:
        result = one(rules(rule()), {"servicePrincipal": read({}, "/sp")})
        assert result.status is Status.NOT_EVALUATED
        assert (sources(result), result.evidence[0].present) == (["GET /sp"], False)
        assert result.gaps[0].section == "servicePrincipal.mode"

    def test_evidence_that_nobody_asked_for(self, rules: Any) -> None:
        assert sources(one(rules(rule()), {})) == ["not asked"]

    def test_a_wrong_type_is_no_failure(self, rules: Any) -> None:
        result = one(rules(rule()), {"servicePrincipal": {"mode": ["saml"]}})
        assert result.status is Status.NOT_EVALUATED
        assert "a list stands where a single value belongs" in result.message

    def test_an_operand_from_the_evidence_may_be_missing_too(self, rules: Any) -> None:
        loaded = rules(rule(expect=[{"path": "tenant.a", "equals": {"from": "tenant.b"}}]))
        assert one(loaded, {"tenant": {"a": 1, "b": 1}}).expected == 1
        assert one(loaded, {"tenant": {"a": 1, "b": 2}}).status is Status.FAIL
        assert one(loaded, {"tenant": {"a": 1, "b": refused("/b")}}).status is Status.NOT_EVALUATED

    @pytest.mark.parametrize(
        ("first", "second", "status", "names"),
        [
            (1, 1, Status.PASS, {"GET /1", "GET /2"}),
            (0, 1, Status.FAIL, {"GET /1"}),
            (1, 0, Status.FAIL, {"GET /2"}),
            (0, 0, Status.FAIL, {"GET /1", "GET /2"}),
            (None, 1, Status.NOT_EVALUATED, {"GET /1"}),
            (1, None, Status.NOT_EVALUATED, {"GET /2"}),
            (None, 0, Status.FAIL, {"GET /2"}),
            (0, None, Status.FAIL, {"GET /1"}),
            (None, None, Status.NOT_EVALUATED, {"GET /1", "GET /2"}),
        ],
    )
    def test_a_definite_failure_counts_more_than_what_is_missing(
        self, rules: Any, first: int | None, second: int | None, status: Status, names: set[str]
    ) -> None:
        """None stands for what could not be read."""
        loaded = rules(rule(expect=[{"path": "tenant.a", "equals": 1}, {"path": "tenant.b", "equals": 1}]))
        a = refused("/1") if first is None else read(first, "/1")
        b = refused("/2") if second is None else read(second, "/2")
        result = one(loaded, {"tenant": {"a": a, "b": b}})
        assert (result.status, set(sources(result))) == (status, names)

    @pytest.mark.parametrize(
        ("first", "second", "status", "names"),
        [
            (1, 0, Status.PASS, {"GET /1"}),
            (0, 1, Status.PASS, {"GET /2"}),
            (None, 1, Status.PASS, {"GET /2"}),
            (0, 0, Status.FAIL, {"GET /1", "GET /2"}),
            (None, 0, Status.NOT_EVALUATED, {"GET /1"}),
            (0, None, Status.NOT_EVALUATED, {"GET /2"}),
        ],
    )
    def test_of_alternatives_one_is_enough(
        self, rules: Any, first: int | None, second: int | None, status: Status, names: set[str]
    ) -> None:
        either = [{"path": "tenant.a", "equals": 1}, {"path": "tenant.b", "equals": 1}]
        loaded = rules(rule(expect=[{"either": either, "otherwise": "Neither {tenant.a} nor {tenant.b}."}]))
        a = refused("/1") if first is None else read(first, "/1")
        b = refused("/2") if second is None else read(second, "/2")
        result = one(loaded, {"tenant": {"a": a, "b": b}})
        assert (result.status, set(sources(result))) == (status, names)
        if status is Status.FAIL:
            assert result.message == "Neither 0 nor 0."

    def test_the_sentence_of_the_clause_that_fails(self, rules: Any) -> None:
        loaded = rules(
            rule(
                expect=[
                    {"path": "tenant.a", "equals": 1, "otherwise": "a is {tenant.a}, b is {tenant.b}."},
                    {"path": "tenant.b", "equals": 1},
                ]
            )
        )
        assert (
            one(loaded, {"tenant": {"a": 0, "b": refused("/2")}}).message
            == "a is 0, b is (could not be read)."
        )
        assert one(loaded, {"tenant": {"a": 1, "b": 0}}).message == "It does not hold."


class TestSentences:
    def test_values_in_words(self, rules: Any) -> None:
        sentence = "{tenant.text} {tenant.number} {tenant.yes} {tenant.null} {tenant.list} {tenant.[a: `1`]}"
        sentence = sentence.replace("{tenant.[a: `1`]}", "{tenant.{a: number}}")
        loaded = rules(
            rule(
                expect=[{"path": "tenant.text", "equals": "x"}],
                message={"pass": sentence, "fail": "{`{}`} braces"},
            )
        )
        tenant: Node = {"text": "x", "number": 3, "yes": True, "null": None, "list": ["a", "b"]}
        assert one(loaded, {"tenant": tenant}).message == 'x 3 yes nothing a, b {"a": 3}'

    def test_long_lists_are_cut(self, rules: Any) -> None:
        loaded = rules(
            rule(
                expect=[{"path": "tenant.list", "contains": "x"}],
                message={"pass": "p", "fail": "{tenant.list}"},
            )
        )
        result = one(loaded, {"tenant": {"list": [str(number) for number in range(12)]}})
        assert result.message == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
        assert result.observed == {"count": 12, "first": [str(number) for number in range(10)]}


class TestGuards:
    def test_the_first_that_does_not_hold_speaks(self, rules: Any) -> None:
        loaded = rules(
            rule(
                when=[
                    {"path": "tenant.a", "is_true": True, "otherwise": "a is off at {tenant.name}"},
                    {"path": "tenant.b", "is_true": True, "otherwise": "b is off"},
                ]
            )
        )
        off = one(loaded, {"tenant": {"a": read(False, "/a"), "b": refused("/b"), "name": "Contoso"}})
        assert (off.status, off.message, sources(off)) == (
            Status.NOT_APPLICABLE,
            "a is off at Contoso",
            ["GET /a"],
        )
        unknown = one(loaded, {"tenant": {"a": read(True, "/a"), "b": refused("/b")}})
        assert (unknown.status, set(sources(unknown))) == (Status.NOT_EVALUATED, {"GET /a", "GET /b"})

    def test_a_verdict_depends_on_the_guards_that_held(self, rules: Any) -> None:
        loaded = rules(rule(when=[{"path": "tenant.a", "is_true": True, "otherwise": "off"}]))
        evidence: dict[str, Node] = {"tenant": {"a": read(True, "/a")}}
        passed = one(loaded, {**evidence, "servicePrincipal": read({"mode": "saml"}, "/sp")})
        assert set(sources(passed)) == {"GET /a", "GET /sp"}

    def test_what_an_application_needs(self, rules: Any) -> None:
        loaded = rules(rule(needs="profile"), rule("b", needs="certificate"))
        application: Node = {"mode": "saml", "samlSigningExpected": read(False, "/keys")}
        assert one(loaded, {"profile": None, "servicePrincipal": application}).status is Status.NOT_APPLICABLE
        assert one(loaded, {"servicePrincipal": application}).status is Status.NOT_EVALUATED
        found = one(loaded, {"profile": {"id": "x"}, "servicePrincipal": read(application, "/sp")})
        assert found.status is Status.PASS
        (other,) = judged(loaded, {"servicePrincipal": application}, "b")
        assert (other.status, sources(other)) == (Status.NOT_APPLICABLE, ["GET /keys"])


class TestRequirements:
    @pytest.fixture
    def chain(self, rules: Any) -> tuple[Rule, ...]:
        loaded: tuple[Rule, ...] = rules(
            rule("first", expect=[{"path": "tenant.a", "is_true": True}]),
            rule("second", expect=[{"path": "tenant.b", "is_true": True}], requires=["first"]),
            rule(requires=["second"]),
        )
        return loaded

    def test_one_that_fails_is_named(self, chain: tuple[Rule, ...]) -> None:
        result = one(chain, {"tenant": {"a": read(True, "/a"), "b": read(False, "/b")}})
        assert result.status is Status.NOT_APPLICABLE
        assert result.message == "Not judged, because this does not hold: The title of second."
        assert "GET /b" in sources(result)

    def test_one_behind_the_next_counts_too(self, chain: tuple[Rule, ...]) -> None:
        result = one(chain, {"tenant": {"a": read(False, "/a"), "b": read(True, "/b")}})
        assert (result.status, sources(result)) == (Status.NOT_APPLICABLE, ["GET /a"])
        assert "The title of first" in result.message

    def test_one_that_could_not_be_judged(self, chain: tuple[Rule, ...]) -> None:
        gap = refused("/b", permission="User.Read.All")
        result = one(chain, {"tenant": {"a": read(True, "/a"), "b": gap}})
        assert (result.status, result.gaps) == (Status.NOT_EVALUATED, (gap,))
        assert "User.Read.All" in result.message

    def test_the_verdict_depends_on_them(self, chain: tuple[Rule, ...]) -> None:
        tenant: Node = {"a": read(True, "/a"), "b": read(True, "/b")}
        result = one(chain, {"tenant": tenant, "servicePrincipal": read({"mode": "saml"}, "/sp")})
        assert (result.status, set(sources(result))) == (Status.PASS, {"GET /a", "GET /b", "GET /sp"})

    def test_one_that_is_off_or_does_not_apply_stands_in_nobody_s_way(self, rules: Any) -> None:
        first = rule(
            "first",
            enabled=False,
            when=[{"path": "tenant.on", "is_true": True, "otherwise": "off"}],
            expect=[{"path": "tenant.a", "is_true": True}],
        )
        loaded = rules(first, rule(requires=["first"]))
        application: Node = {"mode": "saml"}
        assert one(loaded, {"tenant": {"on": False}, "servicePrincipal": application}).status is Status.PASS
        failing: Node = {"on": True, "a": False}
        assert (
            one(loaded, {"tenant": failing, "servicePrincipal": application}).status is Status.NOT_APPLICABLE
        )
        assert [found.id for found in RuleSet(loaded, Judgement()).enabled(Scope.APPLICATION)] == [
            "mode-is-saml"
        ]


EACH = rule(
    for_each={
        "path": "assignments",
        "kind": "assignment",
        "id": "item.id",
        "name": "item.name",
        "none": "Nobody is assigned at {tenant.name}.",
    },
    expect=[{"path": "item.ok", "is_true": True}],
    escalates=[
        {"path": "item.times", "at_least": 2, "severity": "high"},
        {"path": "item.times", "at_least": 3, "severity": "critical"},
    ],
    message={"pass": "All hold.", "fail": "{item.name} does not."},
)


def assignment(identity: str, ok: Node, **further: Node) -> Node:
    return {"id": identity, "name": f"name of {identity}", "ok": ok, **further}


class TestElements:
    def test_each_that_fails_or_could_not_be_judged_is_a_finding(self, rules: Any) -> None:
        items: list[Node] = [
            assignment("1", read(True, "/1")),
            assignment("2", read(False, "/2")),
            assignment("3", refused("/3")),
        ]
        results = judged(rules(EACH), {"assignments": read(items, "/list")})
        found = {result.subject.id: result for result in results if result.subject}
        assert {key: result.status for key, result in found.items()} == {
            "2": Status.FAIL,
            "3": Status.NOT_EVALUATED,
        }
        assert found["2"].message == "name of 2 does not."
        assert set(sources(found["2"])) == {"GET /list", "GET /2"}
        assert set(sources(found["3"])) == {"GET /list", "GET /3"}

    def test_all_that_hold_are_one_pass_with_the_evidence_of_all(self, rules: Any) -> None:
        items: list[Node] = [assignment(str(n), read(True, f"/{n}")) for n in range(3)]
        (result,) = judged(rules(EACH), {"assignments": read(items, "/list")})
        assert (result.status, result.subject, result.message) == (Status.PASS, None, "All hold.")
        assert set(sources(result)) == {"GET /list", "GET /0", "GET /1", "GET /2"}
        assert result.observed == [True, True, True]
        listed = next(entry for entry in result.evidence if entry.path == "assignments")
        assert listed.value == ["0", "1", "2"]

    def test_no_elements(self, rules: Any) -> None:
        nodes: tuple[Node, ...] = (None, [])
        for empty in nodes:
            evidence: dict[str, Node] = {"assignments": read(empty, "/list"), "tenant": {"name": "Contoso"}}
            (result,) = judged(rules(EACH), evidence)
            assert (result.status, sources(result)) == (Status.NOT_APPLICABLE, ["GET /list"])
            assert result.message == "Nobody is assigned at Contoso."

    def test_a_list_that_could_not_be_read(self, rules: Any) -> None:
        (result,) = judged(rules(EACH), {"assignments": refused("/list")})
        assert (result.status, result.subject, sources(result)) == (Status.NOT_EVALUATED, None, ["GET /list"])

    def test_an_element_that_could_not_be_read(self, rules: Any) -> None:
        items: list[Node] = [assignment("1", True), refused("/2")]
        (result,) = judged(rules(EACH), {"assignments": read(items, "/list")})
        assert result.status is Status.NOT_EVALUATED
        assert result.subject is not None
        assert (result.subject.id, sources(result)) == ("sp-1", ["GET /2"])

    def test_an_element_of_which_is_not_known_whether_it_belongs_to_the_list(self, rules: Any) -> None:
        each = {**EACH, "for_each": {**EACH["for_each"], "path": "assignments[?on]"}}
        items: list[Node] = [
            assignment("1", False, on=read(False, "/1")),
            assignment("2", True, on=refused("/2")),
            assignment("3", True, on=read(True, "/3")),
        ]
        (result,) = judged(rules(each), {"assignments": read(items, "/list")})
        assert result.status is Status.NOT_EVALUATED
        assert result.subject is not None
        assert result.subject.id == "2"
        items.pop(1)
        (result,) = judged(rules(each), {"assignments": read(items, "/list")})
        assert (result.status, set(sources(result))) == (Status.PASS, {"GET /list", "GET /1", "GET /3"})

    def test_an_absent_key_stands_where_the_list_stands(self, rules: Any) -> None:
        (result,) = judged(rules(EACH), {"assignments": read([{"id": "1", "name": "x"}], "/list")})
        assert result.gaps[0].section == "assignments.ok"

    def test_an_element_named_twice_is_one_subject(self, rules: Any) -> None:
        items: list[Node] = [assignment("1", refused("/1")), assignment("1", False), assignment("1", False)]
        (result,) = judged(rules(EACH), {"assignments": items})
        assert result.status is Status.FAIL

    def test_severity_climbs_and_the_configuration_has_the_last_word(self, rules: Any) -> None:
        def severity(times: Node, override: RuleOverride | None = None) -> Severity:
            items: list[Node] = [assignment("1", False, times=times)]
            (result,) = judged(rules(EACH), {"assignments": items}, override=override)
            return result.severity

        assert severity(1) is Severity.MEDIUM
        assert severity(2) is Severity.HIGH
        assert severity(3) is Severity.CRITICAL
        assert severity(refused("/times")) is Severity.MEDIUM
        assert severity(3, RuleOverride(severity=Severity.LOW)) is Severity.LOW


# --- The evidence is what the verdict depends on ------------------------------------------------------------

RULES = [
    rule("a", expect=[{"path": "tenant.a", "equals": 1}, {"path": "tenant.b", "equals": 1}]),
    rule("b", expect=[{"path": "length(tenant.list[?x == `1`].y)", "at_least": 1}]),
    rule(
        "c",
        when=[{"path": "tenant.c", "equals": 1, "otherwise": "off"}],
        expect=[{"path": "tenant.d", "equals": 1}],
    ),
    rule("d", requires=["c"], expect=[{"path": "tenant.list[?x == `1`]", "is_empty": False}]),
    rule(
        "e",
        expect=[
            {
                "either": [
                    {"path": "tenant.a", "equals": 1},
                    {"path": "tenant.d", "equals": {"from": "tenant.b"}},
                ]
            }
        ],
    ),
    rule(
        "f",
        for_each={
            "path": "tenant.list[?x == `1`]",
            "kind": "policy",
            "id": "item.id",
            "name": "item.id",
            "none": "-",
        },
        expect=[{"path": "item.y", "equals": 1}, {"path": "tenant.a", "equals": 1}],
    ),
]

bit = st.integers(min_value=0, max_value=1)
tenants = st.fixed_dictionaries(
    {"a": bit, "b": bit, "c": bit, "d": bit, "list": st.lists(st.tuples(bit, bit), max_size=3)}
)


def evidence_with(tenant: Mapping[str, Any], failing: str | None = None) -> dict[str, Node]:
    """The tenant with every value read by a request of its own, of which one fails."""

    def node(value: Node, url: str) -> Node:
        return refused(url) if url == failing else read(value, url)

    items: list[Node] = [
        {"id": str(number), "x": node(x, f"/x{number}"), "y": node(y, f"/y{number}")}
        for number, (x, y) in enumerate(tenant["list"])
    ]
    values = {name: node(tenant[name], f"/{name}") for name in "abcd"}
    return {"tenant": {**values, "list": node(items, "/list")}}


@pytest.fixture(scope="module")
def interlocking(tmp_path_factory: pytest.TempPathFactory) -> tuple[Rule, ...]:
    return pack(tmp_path_factory.mktemp("rules"), *RULES).rules


@settings(max_examples=200, deadline=None)
@given(data=st.data(), tenant=tenants)
def test_when_a_request_fails_only_verdicts_that_name_it_change_and_none_says_pass_or_fail_because_of_it(
    interlocking: tuple[Rule, ...], data: st.DataObject, tenant: Mapping[str, Any]
) -> None:
    urls = ["/a", "/b", "/c", "/d", "/list"]
    urls += [f"/{letter}{number}" for number in range(len(tenant["list"])) for letter in "xy"]
    url = data.draw(st.sampled_from(urls))
    rule_set = RuleSet(interlocking, Judgement())
    before, after = rule_set.judged(evidence_with(tenant)), rule_set.judged(evidence_with(tenant, url))
    for loaded in interlocking:
        old = {(result.subject and result.subject.id): result for result in before(loaded.id)}
        new = {(result.subject and result.subject.id): result for result in after(loaded.id)}
        for subject, result in old.items():
            if f"GET {url}" not in sources(result):
                assert new[subject] == result, loaded.id
        for subject, result in new.items():
            if subject not in old:
                assert result.status is Status.NOT_EVALUATED, loaded.id
            elif result.status is not old[subject].status:
                # What is now told by other requests than the one that failed may pass or fail for certain.
                told_otherwise = f"GET {url}" not in sources(result)
                assert result.status is Status.NOT_EVALUATED or told_otherwise, loaded.id
