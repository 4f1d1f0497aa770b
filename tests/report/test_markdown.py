"""report.md: what a reader of GitHub and of Teams sees, and that nobody in the tenant can write into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from auditor.model.finding import Status
from auditor.report.markdown import SIZE_LIMIT, render
from tests.report.official import officially
from tests.report.sample import sample_report
from tests.report.several import REPORTS

__all__ = ["officially"]

READER = MarkdownIt("gfm-like")
"""With the tables, strikethrough and bare links of GitHub."""

HARMLESS = {"heading", "paragraph", "bullet_list", "list_item", "inline", "text", "code_inline", "strong"}


def tokens(document: str) -> Iterator[Token]:
    for token in READER.parse(document):
        yield token
        yield from token.children or ()


def kinds(document: str) -> set[str]:
    return {token.type.removesuffix("_open").removesuffix("_close") for token in tokens(document)}


def shown(document: str) -> str:
    return "\n".join(
        "".join(child.content for child in token.children or ())
        for token in READER.parse(document)
        if token.type == "inline"
    )


@pytest.mark.parametrize("report", REPORTS)
def test_it_is_headings_lists_and_code_alone(report: str) -> None:
    assert kinds(render(REPORTS[report]).decode()) <= HARMLESS


@given(st.text(alphabet="a1 .-+=#>*_~`[]()<>!|\\&$@:/\n\t", max_size=30))
def test_no_name_becomes_markup(name: str) -> None:
    finding = next(f for f in sample_report().findings if f.status is Status.FAIL and f.application)
    assert finding.application is not None
    named = replace(
        finding,
        message=name,
        application=replace(finding.application, display_name=name),
        expected=name,
    )
    waived = replace(named, status=Status.WAIVED)
    document = render(replace(sample_report(), findings=(named, waived))).decode()
    assert kinds(document) <= HARMLESS
    assert " ".join(name.split()) in " ".join(shown(document).split())


def test_it_says_every_status_and_what_to_do() -> None:
    text = shown(render(sample_report()).decode())
    for line in ("fails: 8", "not evaluated: 3", "waived: 1", "passes: 6", "not applicable: 3"):
        assert line in text
    assert "critical GoToMeeting: The active certificate expires in 7 days" in text
    assert "To do: Enterprise apps > the application" in text
    for finding in sample_report().findings:
        assert finding.rule_id in text


def test_it_says_what_changed() -> None:
    text = shown(render(REPORTS["later"]).decode())
    assert "Since the last run" in text
    assert "solved: <script>" in text
    assert "since 2026-11-20, " in text
    assert "Waived: until the migration, by iam@contoso.com, until 2027-01-31" in text


def test_it_is_no_larger_than_github_shows_and_says_where_it_was_cut() -> None:
    sample = sample_report()
    document = render(replace(sample, findings=sample.findings * 1000))
    assert SIZE_LIMIT - 4096 < len(document) <= 1024 * 1024
    assert document.decode().rstrip().endswith("report.json has everything.")


@pytest.mark.parametrize("report", REPORTS)
def test_nothing_in_it_is_hidden(report: str, officially: Callable[[str, bytes], list[str]]) -> None:
    assert officially("text", render(REPORTS[report])) == []
