"""waivers.yaml: what it may say, and where it is said to be wrong."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from auditor.waiver_file import Allowed, load_waivers, read_waivers
from tests.conftest import Runner

ALLOWED = Allowed(
    rules=["no-guests-assigned", "owner-present"],
    today=date(2026, 11, 23),
    days=366,
    tenants=["contoso.onmicrosoft.com"],
)
PLAIN = "application: GoToMeeting, reason: known, owner: iam, expires: 2027-01-31"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "waivers.yaml"


def test_no_value_and_the_value_null_are_two_things(file: Path) -> None:
    file.write_text(
        f"- {{rule: owner-present, {PLAIN}}}\n"
        f"- {{rule: unattributed-change, {PLAIN}, value: null, tenant: Contoso.onmicrosoft.com}}\n"
    )
    first, second = load_waivers(file, ALLOWED)
    assert (first.pinned, second.pinned, second.value) == (False, True, None)
    assert first.id != second.id


def test_an_empty_list_waives_nothing(file: Path) -> None:
    file.write_text("[]\n")
    assert load_waivers(file, ALLOWED) == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rule: owner-present", "1:1: the document must be a list, not a mapping"),
        (f"- {{rule: owner-presnt, {PLAIN}}}", "1:10: unknown rule 'owner-presnt'; did you mean 'owner-pres"),
        (f"- {{rule: unattributed-chang, {PLAIN}}}", "did you mean 'unattributed-change'"),
        (f"- {{rule: owner-present, {PLAIN}, tickets: A}}", "unknown key 'tickets'; did you mean 'ticket'?"),
        ("- {rule: owner-present, application: a, reason: b, owner: c}", "lacks 'expires'"),
        (f"- {{rule: owner-present, {PLAIN}, tenant: contoso.com}}", "names no tenant 'contoso.com'; did"),
        (f"- {{rule: owner-present, {PLAIN}, subject: null}}", "subject must be a text, not null"),
        (f"- {{rule: owner-present, {PLAIN}, rule: b}}", "duplicate key 'rule'"),
        (f"- {{rule: owner-present, {PLAIN}}}\n" * 2, "2:3: the same waiver stands on line 1 already"),
        (
            "- {rule: owner-present, application: a, reason: ' ', owner: c, expires: 2027-01-01}",
            "reason: ' '",
        ),
        (f"- {{rule: owner-present, {PLAIN[:-2]}32}}", "expires: 2027-01-32 is no day of the calendar"),
        (
            "- {rule: owner-present, application: a, reason: b, owner: c, expires: 2027-11-25}",
            "366 days ahead",
        ),
        ("- {rule: owner-present, application: a, reason: b, owner: c, expires: soon}", "is not of the form"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(file: Path, text: str, problem: str) -> None:
    file.write_text(text)
    _, problems = read_waivers(file, ALLOWED)
    (found,) = problems
    assert str(found).startswith(f"{file}:")
    assert problem in str(found)
    assert found.remedy


def test_the_furthest_day_is_a_year_ahead(file: Path) -> None:
    file.write_text(f"- {{rule: owner-present, {PLAIN.replace('2027-01-31', '2027-11-24')}}}\n")
    assert len(load_waivers(file, ALLOWED)) == 1


def test_lint_lists_all_that_is_wrong(auditor: Runner, tmp_path: Path) -> None:
    file = tmp_path / "accepted.yaml"
    entry = "application: a, reason: b, owner: c"
    file.write_text(
        f"- {{rule: owner-presnt, {entry}, expires: 2020-02-30}}\n"
        f"- {{rule: x, {entry}, expires: 2020-01-01}}\n"
    )
    result = auditor("rules", "lint", file)
    assert result.code == 2
    assert [line.split(": ")[0] for line in result.stdout.splitlines() if str(file) in line] == [
        f"{file}:1:10",
        f"{file}:1:70",
        f"{file}:2:10",
    ]
    assert result.stdout.endswith("2 waivers: 3 problems\n")


def test_lint_finds_nothing_in_a_good_one(auditor: Runner, file: Path) -> None:
    file.write_text(f"- {{rule: owner-present, {PLAIN.replace('2027-01-31', '2020-01-01')}}}\n")
    result = auditor("rules", "lint", file)
    assert (result.code, result.stdout) == (0, "1 waiver: nothing wrong\n")


def test_the_length_that_lint_allows_can_be_said(auditor: Runner, file: Path) -> None:
    file.write_text(f"- {{rule: owner-present, {PLAIN.replace('2027-01-31', '2999-01-31')}}}\n")
    refused = auditor("rules", "lint", file)
    assert (refused.code, "is more than 366 days ahead" in refused.stdout) == (2, True)
    assert auditor("rules", "lint", file, "--waiver-days", "999999").code == 0


def test_the_schema_is_printed(auditor: Runner) -> None:
    result = auditor("rules", "schema", "waivers")
    assert (result.code, '"title": "Waivers"' in result.stdout) == (0, True)
    assert '"title": "Waivers"' not in auditor("rules", "schema").stdout
