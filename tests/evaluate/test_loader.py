"""Rules and profiles load whole, or the first thing that is wrong is told with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.bundled import bundled
from auditor.errors import DocumentError, UsageError
from auditor.evaluate.lint import lint
from auditor.evaluate.loader import load_pack
from auditor.model.profile import ExpectationKind
from auditor.model.rule import Assertion, Either, Severity
from tests.evaluate.rule_files import pack, profile, rule, write


def error_of(folder: Path, *documents: dict[str, Any]) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        pack(folder, *documents)
    assert caught.value.remedy
    return caught.value


def line_of(folder: Path, name: str, text: str) -> int:
    """The line of the file in which `text` first stands."""
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    return 1 + next(number for number, line in enumerate(lines) if text in line)


def test_a_pack_is_sorted_and_has_a_digest_of_its_files(tmp_path: Path) -> None:
    loaded = pack(tmp_path, rule("b"), rule("a"), rule(), profile())
    assert [found.id for found in loaded.rules] == ["a", "b", "mode-is-saml"]
    assert [found.id for found in loaded.profiles] == ["example"]
    assert load_pack(tmp_path).digest == loaded.digest
    write(tmp_path, rule("b", severity="high"))
    assert load_pack(tmp_path).digest != loaded.digest


def test_what_a_rule_file_says(tmp_path: Path) -> None:
    said = rule(
        when=[{"path": "tenant.on", "is_true": True, "otherwise": "Off\nhere."}],
        expect=[
            {"path": "servicePrincipal.mode", "equals": {"from": "profile.expected.mode"}},
            {
                "either": [{"path": "tenant.a", "is_null": True}, {"path": "tenant.b", "at_least": 2}],
                "otherwise": "Neither.",
            },
        ],
        escalates=[{"path": "tenant.a", "at_least": 3, "severity": "critical"}],
    )
    (found,) = pack(tmp_path, said).rules
    assert (found.category, found.severity, found.enabled) == ("category", Severity.MEDIUM, True)
    (guard,) = found.when
    assert isinstance(guard, Assertion)
    assert (guard.operator, guard.operand, guard.otherwise) == ("is_true", True, "Off here.")
    first, second = found.expect
    assert isinstance(first, Assertion)
    assert (first.operand, first.operand_path) == (None, "profile.expected.mode")
    assert isinstance(second, Either)
    assert second.otherwise == "Neither."
    assert found.escalates[0].severity is Severity.CRITICAL
    assert [test.name for test in found.tests] == ["right", "wrong", "unread"]


def test_what_a_profile_file_says(tmp_path: Path) -> None:
    where = {"document": "tutorial", "step": "3"}
    said = profile(
        expected={
            "sign_on_mode": {"exactly": "saml", **where},
            "relay_state": {"one_of": {"One": "https://one", "Two": "https://two"}, **where},
            "reply_url": {"matches": "https://<subdomain>.example.com", **where},
            "sign_on_url": {"blank": True, **where, "note": "Editions differ."},
            "identifier": {"any": True, **where},
        }
    )
    (found,) = pack(tmp_path, rule(), said).profiles
    assert {name: (value.kind, value.value) for name, value in found.expected.items()} == {
        "signOnMode": (ExpectationKind.EXACTLY, "saml"),
        "relayState": (ExpectationKind.ONE_OF, {"One": "https://one", "Two": "https://two"}),
        "replyUrl": (ExpectationKind.MATCHES, "https://<subdomain>.example.com"),
        "signOnUrl": (ExpectationKind.BLANK, None),
        "identifier": (ExpectationKind.ANY, None),
    }
    assert found.expected["signOnUrl"].note == "Editions differ."
    assert [(step.observable, step.check) for step in found.steps] == [
        (True, None),
        (False, "Look at the other side."),
    ]


@pytest.mark.parametrize(
    ("parts", "text", "sentence"),
    [
        ({"expect": []}, "expect", "expect needs at least 1 item"),
        (
            {"expect": [{"path": "tenant.x", "eqals": 1}]},
            "eqals",
            "unknown key 'eqals'; did you mean 'equals'?",
        ),
        ({"expect": [{"path": "tenant.x"}]}, "- path", "this clause has no operator"),
        (
            {"expect": [{"path": "tenant.x", "equals": 1, "is_null": True}]},
            "- path",
            "this clause has equals and is_null; it needs exactly one operator",
        ),
        (
            {"expect": [{"path": "tenent.x", "equals": 1}]},
            "tenent",
            "unknown root 'tenent'; did you mean 'tenant'?",
        ),
        ({"expect": [{"path": "tenant.x[", "equals": 1}]}, "tenant.x", "is no JMESPath expression"),
        ({"expect": [{"path": "lenght(tenant.x)", "equals": 1}]}, "lenght", "did you mean 'length'?"),
        ({"expect": [{"path": "item.x", "equals": 1}]}, "item.x", "unknown root 'item' outside for_each"),
        (
            {"expect": [{"path": "tenant.x", "equals": {"from": "tennant"}}]},
            "tennant",
            "unknown root 'tennant'",
        ),
        ({"expect": [{"path": "tenant.x", "equals": {"form": "x"}}]}, "form", "did you mean 'from'?"),
        ({"expect": [{"path": "tenant.x", "equals": None}]}, "equals", "not null"),
        ({"expect": [{"path": "tenant.x", "is_true": "yes"}]}, "is_true", "is_true must be true or false"),
        ({"expect": [{"path": "tenant.x", "matches": "("}]}, "matches", "is no regular expression"),
        (
            {"expect": [{"path": "tenant.x", "is_null": True, "otherwise": "{tenent}"}]},
            "{tenent}",
            "'tenent'",
        ),
        ({"expect": [{"either": [{"path": "tenant.x", "is_null": True}]}]}, "- path", "at least 2 items"),
        ({"when": [{"path": "tenant.x", "is_null": True}]}, "- path", "lacks 'otherwise'"),
        ({"message": {"pass": "{servicePrincpal}", "fail": "x"}}, "pass", "unknown root 'servicePrincpal'"),
        ({"message": {"pass": "{tenant.x", "fail": "x"}}, "pass", "a brace without its other half"),
        ({"message": {"pass": "x"}}, "message", "message lacks 'fail'"),
        ({"severity": "hihg"}, "severity", "did you mean 'high'?"),
        (
            {"requires": ["mode-is-samle"]},
            "- mode-is-samle",
            "no rule 'mode-is-samle'; did you mean 'mode-is-saml'?",
        ),
        ({"requires": ["mode-is-saml"]}, "- mode-is-saml", "which requires mode-is-saml"),
        ({"titel": "x"}, "titel", "unknown key 'titel'"),
        ({"controls": {"nist-sp-800-53-r5": ["X"]}}, "controls", "controls lacks 'iso-27001-2022'"),
        ({"references": ["http://example.com"]}, "- http", "is not of the form ^https://"),
        (
            {
                "for_each": {
                    "path": "tenant.x",
                    "kind": "replyUrls",
                    "id": "item",
                    "name": "item",
                    "none": "x",
                }
            },
            "replyUrls",
            "did you mean 'replyUrl'?",
        ),
        (
            {"for_each": {"path": "item.x", "kind": "replyUrl", "id": "item", "name": "item", "none": "x"}},
            "item.x",
            "unknown root 'item'",
        ),
        (
            {"tests": [{"name": "x", "evidence": {"tenent": {}}, "status": "pass"}]},
            "tenent",
            "unknown root 'tenent'",
        ),
        (
            {"tests": [{"name": "x", "evidence": {"tenant": {"$gap": {"reason": "no"}}}, "status": "pass"}]},
            "$gap",
            "a $gap with the reason 'no'",
        ),
    ],
)
def test_what_is_wrong_in_a_rule_is_told_with_its_line(
    tmp_path: Path, parts: dict[str, Any], text: str, sentence: str
) -> None:
    error = error_of(tmp_path, rule(**parts))
    assert sentence in error.message
    assert error.mark.file == tmp_path / "category" / "mode-is-saml.yaml"
    assert error.mark.line == line_of(tmp_path, "category/mode-is-saml.yaml", text)
    assert error.mark.column > 0


@pytest.mark.parametrize(
    ("parts", "text", "sentence"),
    [
        (
            {"expected": {"sign_on_mod": {"any": True, "document": "tutorial", "step": "1"}}},
            "sign_on_mod",
            "did you",
        ),
        (
            {"expected": {"identifier": {"document": "tutorial", "step": "1"}}},
            "document",
            "identifier says nothing",
        ),
        (
            {"expected": {"identifier": {"any": True, "blank": True, "document": "tutorial", "step": "1"}}},
            "any",
            "identifier says blank and any",
        ),
        (
            {"expected": {"identifier": {"matches": "https://<a", "document": "tutorial", "step": "1"}}},
            "matches",
            "angle brackets",
        ),
        (
            {"expected": {"identifier": {"any": True, "document": "tutrial", "step": "1"}}},
            "tutrial",
            "'tutrial' is none of the sources; did you mean 'tutorial'?",
        ),
        (
            {
                "expected": {
                    "relay_state": {"one_of": {"One": "a", "Tow": "b"}, "document": "tutorial", "step": "1"}
                }
            },
            "Tow",
            "'Tow' is none of the products; did you mean 'Two'?",
        ),
        (
            {"steps": [{"id": "a", "title": "A", "document": "tutorial", "rules": ["mode-is-smal"]}]},
            "mode-is-smal",
            "there is no rule 'mode-is-smal'; did you mean 'mode-is-saml'?",
        ),
        ({"steps": [{"id": "a", "title": "A", "document": "tutorial"}]}, "- id", "must name rules, or say"),
        (
            {"steps": [{"id": "a", "title": "A", "document": "tutorial", "observable": False}]},
            "- id",
            "must name rules, or say",
        ),
        (
            {
                "steps": [
                    {"id": "a", "title": "A", "document": "tutorial", "rules": ["mode-is-saml"]},
                    {"id": "a", "title": "B", "document": "tutorial", "observable": False, "check": "Look."},
                ]
            },
            "title: B",
            "a second step with the id 'a'",
        ),
    ],
)
def test_what_is_wrong_in_a_profile_is_told_with_its_line(
    tmp_path: Path, parts: dict[str, Any], text: str, sentence: str
) -> None:
    error = error_of(tmp_path, rule(), profile(**parts))
    assert sentence in error.message
    assert error.mark.file == tmp_path / "profiles" / "example.yaml"
    line = line_of(tmp_path, "profiles/example.yaml", text)
    assert error.mark.line in (line, line - 1)  # the key of what is wrong, or the line its value begins on


def test_an_id_that_is_not_the_name_of_the_file(tmp_path: Path) -> None:
    write(tmp_path, rule())
    (tmp_path / "category" / "mode-is-saml.yaml").rename(tmp_path / "category" / "other.yaml")
    with pytest.raises(DocumentError, match="is not the name of the file"):
        load_pack(tmp_path)


def test_an_id_that_two_rules_have(tmp_path: Path) -> None:
    write(tmp_path, rule(), category="a")
    write(tmp_path, rule(), category="b")
    with pytest.raises(DocumentError, match="is taken by"):
        load_pack(tmp_path)


def test_rules_that_require_each_other(tmp_path: Path) -> None:
    error = error_of(
        tmp_path, rule("a", requires=["b"]), rule("b", requires=["c"]), rule("c", requires=["a"]), rule()
    )
    assert "a requires b, which requires a" in error.message


def test_a_requirement_of_another_scope(tmp_path: Path) -> None:
    error = error_of(tmp_path, rule("a", scope="tenant"), rule(requires=["a"]))
    assert "a is evaluated per tenant, this rule per application" in error.message


@pytest.mark.parametrize("name", ["stray.yaml", "category/deeper/rule.yaml", "category/rule.yml"])
def test_files_in_places_where_nobody_would_find_them(tmp_path: Path, name: str) -> None:
    write(tmp_path, rule())
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("id: x\n", encoding="utf-8")
    with pytest.raises(DocumentError, match=r"folder of its category|must end in \.yaml"):
        load_pack(tmp_path)


def test_hidden_files_and_other_files_are_none_of_ours(tmp_path: Path) -> None:
    write(tmp_path, rule())
    for name in ("category/.mode-is-saml.yaml", ".git/config.yaml", "category/README.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("]", encoding="utf-8")
    assert len(load_pack(tmp_path).rules) == 1


def test_a_folder_without_rules_and_one_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no rule lies in"):
        load_pack(tmp_path)
    with pytest.raises(UsageError, match="there is no folder"):
        load_pack(tmp_path / "nothing")


def test_names_that_are_not_known_name_the_nearest(tmp_path: Path) -> None:
    loaded = pack(tmp_path, rule(), profile())
    with pytest.raises(UsageError, match="no rule 'mode-saml'; did you mean 'mode-is-saml'"):
        loaded.rule("mode-saml")
    with pytest.raises(UsageError, match="no profile 'exampel'; did you mean 'example'"):
        loaded.profile("exampel")


class TestLint:
    def test_the_bundled_rules_are_sound(self) -> None:
        found = lint(bundled("rules"))
        assert (found.problems, found.style) == ((), ())
        assert found.rules
        assert found.profiles

    def test_everything_at_once_in_order(self, tmp_path: Path) -> None:
        write(
            tmp_path,
            rule("a", severity="hihg", titel="x", when=[{"path": "x.y"}], message={"pass": "{z}", "fail": 1}),
            rule("b", expect=[{"path": "x.y", "is_null": True}], requires=["a"]),
            rule("c", for_each=[], expect={"path": "w.y"}, when="x", message=[], tests=[3, {"evidence": 4}]),
            profile(expected=[], steps={}),
        )
        problems = lint(tmp_path).problems
        told = [
            f"{problem.mark.file.name} {problem.message.partition(': ')[2].partition(';')[0]}"
            for problem in problems
        ]
        assert told[:8] == [
            "a.yaml severity: 'hihg' is none of informational, low, medium, high, critical",
            "a.yaml this clause has no operator",
            "a.yaml when[0] lacks 'otherwise'",
            "a.yaml unknown root 'x'",
            "a.yaml unknown root 'z'",
            "a.yaml fail must be a text, not the number 1",
            "a.yaml unknown key 'titel'",
            "b.yaml unknown root 'x'",
        ]
        assert {line.partition(" ")[0] for line in told[8:]} == {"c.yaml", "example.yaml"}

    def test_a_broken_rule_is_no_unknown_one(self, tmp_path: Path) -> None:
        write(tmp_path, rule(severity="no"), rule("b", requires=["mode-is-saml"]), profile())
        assert len(lint(tmp_path).problems) == 1

    def test_keys_out_of_order(self, tmp_path: Path) -> None:
        said = rule()
        (found,) = lint(
            write(tmp_path, {"id": said.pop("id"), "severity": said.pop("severity"), **said})
        ).style
        assert "title stands behind severity" in found.message
        assert found.mark.line == 3

    def test_keys_of_a_test_out_of_order(self, tmp_path: Path) -> None:
        tests = rule()["tests"]
        tests[1] = {"status": "fail", "name": "x", "evidence": {"servicePrincipal": {"mode": None}}}
        (found,) = lint(write(tmp_path, rule(tests=tests))).style
        assert "name stands behind status" in found.message

    def test_missing_tests(self, tmp_path: Path) -> None:
        (found,) = lint(write(tmp_path, rule(tests=rule()["tests"][:1]))).style
        assert "no test that gives fail, and none that gives not-evaluated" in found.message
        assert lint(write(tmp_path, rule(tests=None))).style

    def test_one_file_may_require_its_neighbours_and_bundled_rules(self, tmp_path: Path) -> None:
        write(tmp_path, rule("a"), rule(requires=["a", "sign-on-mode-is-saml"]), rule("b", severity="no"))
        found = lint(tmp_path / "category" / "mode-is-saml.yaml")
        assert (found.problems, [one.id for one in found.rules]) == ((), ["mode-is-saml"])
        assert "b.yaml" in lint(tmp_path / "category").problems[0].message

    def test_a_file_anywhere(self, tmp_path: Path) -> None:
        file = tmp_path / "mode-is-saml.yaml"
        file.write_text("id: [", encoding="utf-8")
        (found,) = lint(file).problems
        assert "this is not YAML" in found.message

    def test_a_profile_anywhere(self, tmp_path: Path) -> None:
        write(
            tmp_path, profile(steps=[{"id": "a", "title": "A", "document": "x", "rules": ["owner-present"]}])
        )
        file = (tmp_path / "profiles" / "example.yaml").rename(tmp_path / "example.yaml")
        (found,) = lint(file, as_profile=True).problems
        assert "'x' is none of the sources" in found.message

    def test_what_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(UsageError, match="there is no file or folder"):
            lint(tmp_path / "nothing")
        with pytest.raises(UsageError, match="no rule or profile lies in"):
            lint(tmp_path)


def test_a_file_that_points_nowhere_or_shouts_is_not_passed_over(tmp_path: Path) -> None:
    pack(tmp_path, rule(), profile())
    (tmp_path / "access").mkdir(exist_ok=True)
    gone = tmp_path / "access" / "gone.yaml"
    gone.symlink_to(tmp_path / "nowhere")
    with pytest.raises(DocumentError, match="cannot be read"):
        load_pack(tmp_path)
    gone.rename(tmp_path / "access" / "gone.YAML")
    with pytest.raises(DocumentError, match=r"must end in \.yaml"):
        load_pack(tmp_path)
