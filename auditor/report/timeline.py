"""The certificate timeline: when each application's signing certificate runs out, on one axis.

Geometry only; the template draws it. The axis is logarithmic on both sides of today, because the next seven
days matter as much as the next three years.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.model.report import AuditedApplication, Certificate

WIDTH = 640
"""Of the drawing, in its own units."""
LABELS = 190
"""Of the column of names."""
ROW = 26
AXIS = 34
"""Height of the axis above the rows."""
MOST_ROWS = 8
_SPAN_PAST = 365
_SPAN_FUTURE = 1100
_LABELLED_DAYS = ((-365, "1 y ago"), (-30, "30 d"), (0, "today"), (7, "7 d"), (30, "30 d"), (60, "60 d"),
                  (180, "6 m"), (365, "1 y"), (1095, "3 y"))  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A labelled place on the axis."""

    x: float
    label: str
    today: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """An application's active certificate: a line from today to its end."""

    application: AuditedApplication
    certificate: Certificate
    y: float
    x: float
    """Where it ends."""
    length: float
    """From today to its end, never negative."""
    left: float
    state: str
    """expired | soon | later"""
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """What the template draws."""

    height: float
    today: float
    soon: float
    """Where the first expiry threshold lies."""
    ticks: tuple[Tick, ...]
    bars: tuple[Bar, ...]
    rest: int
    """Applications that have no row."""
    rest_next_days: int | None
    """When the first of those ends."""


def timeline(applications: Sequence[AuditedApplication], *, first_threshold_days: int) -> Timeline | None:
    """All active certificates whose end is known, the earliest first; None when there are none."""
    ends = sorted(
        (
            (
                certificate.days_left,
                application.display_name.casefold(),
                application.app_id,
                application,
                certificate,
            )
            for application in applications
            for certificate in application.certificates
            if certificate.status == "active" and certificate.days_left is not None
        ),
        key=lambda entry: entry[:3],
    )
    if not ends:
        return None
    rows = ends[:MOST_ROWS]
    bars = tuple(
        _bar(row, application, certificate, days, first_threshold_days)
        for row, (days, _, _, application, certificate) in enumerate(rows)
    )
    rest = ends[MOST_ROWS:]
    return Timeline(
        height=AXIS + ROW * len(bars) + 6,
        today=_x(0),
        soon=_x(first_threshold_days),
        ticks=tuple(Tick(x=_x(days), label=label, today=days == 0) for days, label in _LABELLED_DAYS),
        bars=bars,
        rest=len(rest),
        rest_next_days=rest[0][0] if rest else None,
    )


def days_in_words(days: int) -> str:
    """`expired 3 days ago`, `within a day`, `in 1 day`, `in 41 days`, `in 2.4 years`.

    `days` is rounded down, as `daysLeft` is: -1 is an end within the last day.
    """
    if days < 0:
        return f"expired {_amount(-days - 1)} ago" if days < -1 else "expired within a day"
    return "within a day" if days == 0 else f"in {_amount(days)}"


def _amount(days: int) -> str:
    if days >= 2 * 365:
        return f"{days / 365:.1f} years"
    return "1 day" if days == 1 else f"{days} days"


def _bar(
    row: int, application: AuditedApplication, certificate: Certificate, days: int, threshold: int
) -> Bar:
    end, today = _x(days), _x(0)
    return Bar(
        application=application,
        certificate=certificate,
        y=AXIS + ROW * row,
        x=end,
        length=abs(end - today),
        left=min(end, today),
        state="expired" if days < 0 else "soon" if days <= threshold else "later",
        label=days_in_words(days),
    )


def _x(days: float) -> float:
    """Days from today to a place between `LABELS` and `WIDTH`."""
    past = math.log1p(_SPAN_PAST / 7)
    future = math.log1p(_SPAN_FUTURE / 7)
    if days < 0:
        share = past - math.log1p(min(-days, _SPAN_PAST) / 7)
    else:
        share = past + math.log1p(min(days, _SPAN_FUTURE) / 7) * 1.6
    usable = WIDTH - LABELS - 24
    return round(LABELS + 8 + usable * share / (past + future * 1.6), 1)
