"""The catalogue of rules says what the rules say, and the README what the catalogue says."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from auditor.bundled import bundled
from auditor.evaluate import load_pack
from auditor.report.catalogue import catalogue
from tests.conftest import Runner
from tests.evaluate.rule_files import rule, write

RULES = load_pack(bundled("rules")).rules
README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")


def test_every_rule_is_in_it_once(auditor: Runner) -> None:
    told = auditor("rules", "docs")
    assert (told.code, told.stderr) == (0, "")
    page = told.stdout
    assert page == catalogue(RULES)
    assert sorted(re.findall(r"^### (.+)$", page, re.MULTILINE)) == sorted(rule.id for rule in RULES)
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == sorted({rule.category for rule in RULES})
    assert sorted(re.findall(r"^\| \w+ \| \[`(.+?)`\]", page, re.MULTILINE)) == sorted(r.id for r in RULES)
    for line in page.splitlines():
        assert line == line.rstrip()
    assert "\n\n\n" not in page


def test_text_is_text(tmp_path: Path, auditor: Runner) -> None:
    folder = write(tmp_path / "rules", rule(rationale="Compare <appId> with a|b and *c*."))
    page = auditor("rules", "docs", "--rules", folder).stdout
    assert r"Compare \<appId\> with a\|b and \*c\*." in page


def test_the_readme_counts_them() -> None:
    count = Counter(rule.category for rule in RULES)
    said = dict(re.findall(r"^\| `([a-z-]+)` \| (\d+) \|", README, re.MULTILINE))
    assert {category: int(number) for category, number in said.items()} == count
    assert f"{len(RULES)} rules" in README
