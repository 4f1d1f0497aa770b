"""The certificate timeline's geometry."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from auditor.model.report import AuditedApplication
from auditor.report.timeline import LABELS, MOST_ROWS, WIDTH, days_in_words, timeline
from tests.report.sample import sample_report


def applications(*days: int | None) -> list[AuditedApplication]:
    """One application per active certificate with so many days left."""
    model = sample_report().applications[0]
    certificate = replace(model.certificates[0], status="active")
    return [
        replace(
            model,
            service_principal_id=str(number),
            display_name=f"Application {number}",
            certificates=(replace(certificate, days_left=left),),
        )
        for number, left in enumerate(days)
    ]


@given(st.lists(st.integers(min_value=-5000, max_value=5000), min_size=1, max_size=20))
def test_later_ends_lie_further_right_and_all_inside(days: list[int]) -> None:
    drawn = timeline(applications(*days), first_threshold_days=60)
    assert drawn is not None
    places = [bar.x for bar in drawn.bars]
    assert places == sorted(places)
    assert all(LABELS <= place <= WIDTH for place in places)
    assert [bar.certificate.days_left for bar in drawn.bars] == sorted(days)[:MOST_ROWS]
    assert drawn.rest == max(0, len(days) - MOST_ROWS)
    for bar in drawn.bars:
        left = bar.certificate.days_left
        assert left is not None
        assert (bar.state == "expired") == (left < 0)
        assert (bar.x < drawn.today) == (left < 0)


def test_what_is_not_known_is_not_drawn() -> None:
    assert timeline(applications(None), first_threshold_days=60) is None
    assert timeline([], first_threshold_days=60) is None
    inactive = [
        replace(a, certificates=tuple(replace(c, status="inactive") for c in a.certificates))
        for a in applications(5)
    ]
    assert timeline(inactive, first_threshold_days=60) is None


def test_days_in_words() -> None:
    assert [days_in_words(d) for d in (-1, -2, -41, 0, 1, 41, 1095)] == [
        "expired within a day",
        "expired 1 day ago",
        "expired 40 days ago",
        "within a day",
        "in 1 day",
        "in 41 days",
        "in 3.0 years",
    ]
