"""The members of a bundle say everything that a report follows from."""

from __future__ import annotations

from auditor.model.comparison_input import ComparisonInput, EarlierRun
from auditor.model.configuration import Judgement
from auditor.proof.contents import Case, UsedConfiguration, files_of, read_case
from tests.drift.tenant import edited, gap, later, snapshot
from tests.report.sample import sample_report


def test_what_was_last_seen_before_the_previous_run_is_a_member() -> None:
    unread = edited(snapshot(), "owners", lambda _: gap("owners"))
    before = EarlierRun(report=sample_report(), snapshot=unread, earlier=(later(unread), snapshot()))
    configuration = UsedConfiguration(
        tenant="contoso.com", cloud="global", graph=None, login=None, judgement=Judgement()
    )
    case = Case(
        snapshot=snapshot(),
        configuration=configuration,
        rules={},
        compared_with=ComparisonInput(before=before),
    )
    assert read_case(files_of(case)) == case
