"""`auditor rules` and `auditor profiles`, as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.bundled import bundled
from auditor.evaluate import load_pack
from tests.conftest import Runner
from tests.evaluate.rule_files import profile, rule, write


class TestList:
    def test_every_rule_with_its_severity(self, auditor: Runner) -> None:
        result = auditor("rules", "list")
        assert (result.code, result.stderr) == (0, "")
        for loaded in load_pack(bundled("rules")).rules:
            (line,) = [line for line in result.stdout.splitlines() if f" {loaded.id} " in line]
            assert line.split()[0] == loaded.severity.value
            assert ("(off by default)" in line) is not loaded.enabled

    def test_of_another_folder(self, auditor: Runner, tmp_path: Path) -> None:
        folder = write(tmp_path / "mine", rule())
        result = auditor("rules", "list", "--rules", folder)
        assert result.stdout == "category\n  medium         mode-is-saml  The title of mode-is-saml\n"

    def test_every_profile(self, auditor: Runner) -> None:
        result = auditor("profiles", "list")
        assert result.stdout.startswith("gotomeeting  GoToMeeting (GoToMeeting, ")


class TestShow:
    def test_a_rule(self, auditor: Runner) -> None:
        result = auditor("rules", "show", "signing-certificate-not-expiring")
        assert result.code == 0
        for part in (
            "medium, signing-certificate",
            "Why",
            "for each item of certificates.active",
            "Controls",
        ):
            assert part in result.stdout
        assert "critical when item.thresholdsCrossed at least 3" in result.stdout

    def test_one_rule_of_every_category_can_be_shown(self, auditor: Runner) -> None:
        by_category = {loaded.category: loaded for loaded in load_pack(bundled("rules")).rules}
        for loaded in by_category.values():
            result = auditor("rules", "show", loaded.id)
            assert (result.code, result.stdout.splitlines()[0]) == (0, loaded.title)

    def test_alternatives_and_guards(self, auditor: Runner, tmp_path: Path) -> None:
        said = rule(
            requires=["other"],
            when=[{"path": "tenant.on", "is_true": True, "otherwise": "Off."}],
            expect=[
                {"either": [{"path": "tenant.a", "is_null": True}, {"path": "tenant.b", "one_of": ["x"]}]}
            ],
        )
        folder = write(tmp_path / "mine", said, rule("other"))
        assert (
            "What must hold\n  first: other\n  when tenant.on is true\n  one of\n"
            '    tenant.a is null\n    tenant.b one of ["x"]\n'
        ) in auditor("rules", "show", "mode-is-saml", "--rules", folder).stdout

    def test_a_profile(self, auditor: Runner) -> None:
        result = auditor("profiles", "show", "gotomeeting")
        assert result.code == 0
        for part in (
            "identifier: https://authentication.logmeininc.com/saml/sp",
            "https://global.gotowebinar.com for GoToWebinar",
            "signOnUrl: blank",
            "not observable from Entra: ",
            "judged by reply-url-matches",
        ):
            assert part in result.stdout

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (
                ("rules", "show", "reply-url-match"),
                "no rule 'reply-url-match'; did you mean 'reply-url-matches'?",
            ),
            (("profiles", "show", "gotometing"), "no profile 'gotometing'; did you mean 'gotomeeting'?"),
        ],
    )
    def test_a_name_that_is_not_known(self, auditor: Runner, words: tuple[str, ...], message: str) -> None:
        result = auditor(*words)
        assert (result.code, result.stdout) == (2, "")
        assert message in result.stderr


class TestLint:
    def test_the_bundled_ones(self, auditor: Runner) -> None:
        result = auditor("rules", "lint")
        assert result.code == 0
        assert result.stdout.endswith("nothing wrong\n")
        assert auditor("profiles", "lint").stdout == "1 profile: nothing wrong\n"

    def test_everything_that_is_wrong_with_file_line_and_column(
        self, auditor: Runner, tmp_path: Path
    ) -> None:
        folder = write(tmp_path / "mine", rule(severity="hihg", titel="x"), rule("b", requires=["c"]))
        (folder / "category" / "broken.yaml").write_text("id: [", encoding="utf-8")
        result = auditor("rules", "lint", folder)
        assert result.code == 2
        lines = [line for line in result.stdout.splitlines() if line.startswith(str(folder))]
        assert [line.removeprefix(f"{folder}/category/").partition(" ")[0] for line in lines] == [
            "b.yaml:6:3:",
            "broken.yaml:2:1:",
            "mode-is-saml.yaml:3:11:",
            "mode-is-saml.yaml:34:1:",
        ]
        assert result.stdout.endswith(": 4 problems\n")

    def test_a_file(self, auditor: Runner, tmp_path: Path) -> None:
        write(tmp_path / "mine", rule(tests=None))
        result = auditor("rules", "lint", tmp_path / "mine" / "category" / "mode-is-saml.yaml")
        assert (result.code, "the rule has no test that gives pass" in result.stdout) == (2, True)

    def test_a_profile_file(self, auditor: Runner, tmp_path: Path) -> None:
        write(tmp_path / "mine", profile(expected={"reply_url": {"matches": "https://<x"}}))
        result = auditor("profiles", "lint", tmp_path / "mine" / "profiles" / "example.yaml")
        assert result.code == 2
        assert "reply_url lacks 'document' and 'step'" in result.stdout

    def test_profiles_are_found_in_the_folder_that_rules_lie_in(
        self, auditor: Runner, tmp_path: Path
    ) -> None:
        folder = write(tmp_path / "mine", rule(), profile())
        result = auditor("profiles", "lint", folder)
        assert result.stdout.splitlines()[-1].startswith("1 profile: ")
        assert "mode-is-saml.yaml" not in result.stdout

    def test_a_path_that_is_not_there(self, auditor: Runner) -> None:
        result = auditor("rules", "lint", "nothing")
        assert (result.code, "there is no file or folder nothing" in result.stderr) == (2, True)


class TestTest:
    def test_the_bundled_ones(self, auditor: Runner) -> None:
        result = auditor("rules", "test")
        assert (result.code, result.stdout.endswith(": all as expected\n")) == (0, True)

    def test_one_that_fails(self, auditor: Runner, tmp_path: Path) -> None:
        wrong = {"name": "wrong", "evidence": {"servicePrincipal": {"mode": "oidc"}}, "status": "pass"}
        folder = write(tmp_path / "mine", rule(tests=[wrong]))
        result = auditor("rules", "test", folder)
        assert result.code == 10
        assert result.stdout == (
            f"{folder}/category/mode-is-saml.yaml:21:3: mode-is-saml: wrong\n"
            "  fail instead of pass: It does not hold.\n"
            "1 test of 1 rule: 1 failure\n"
        )

    def test_a_rule_that_does_not_load(self, auditor: Runner, tmp_path: Path) -> None:
        result = auditor("rules", "test", write(tmp_path / "mine", rule(severity="no")))
        assert (result.code, result.stdout) == (2, "")
        assert "severity: 'no' is none of" in result.stderr


def test_the_schema_describes_itself_as_json(auditor: Runner) -> None:
    schema = json.loads(auditor("rules", "schema").stdout)
    assert schema["title"].startswith("A rule of the auditor")


@pytest.mark.parametrize("group", ["rules", "profiles"])
def test_help_teaches(auditor: Runner, group: str) -> None:
    result = auditor(group, "--help")
    assert result.code == 0
    for command in ("list", "show", "lint"):
        assert command in result.stdout
