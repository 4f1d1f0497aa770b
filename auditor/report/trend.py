"""The trend over the runs of the history: failures by severity, one column a run.

Geometry only; the template draws it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from auditor.model.report import TrendPoint
from auditor.model.rule import Severity
from auditor.report.page_text import plural

WIDTH = 640
"""Of the drawing, in its own units."""
HEIGHT = 150
_TOP = 14
_BOTTOM = 24
"""Below the columns, for the days."""
_LEFT = 38
"""For the numbers of the axis."""
_WIDEST = 26


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The failures of one severity in one run."""

    severity: Severity
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A number of the axis, at its height; or a day, at its place."""

    place: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """What the template draws, and the runs in numbers."""

    points: tuple[TrendPoint, ...]
    segments: tuple[Segment, ...]
    unseen: str
    """Points of the line of what was not evaluated, as SVG writes them."""
    axis: tuple[Line, ...]
    days: tuple[Line, ...]
    other_rules: tuple[float, ...]
    """Where other rules judge than in the run before."""
    sentence: str


def trend(points: Sequence[TrendPoint]) -> Trend | None:
    """None for less than two runs: a single one shows no trend."""
    if len(points) < 2:
        return None
    step = (WIDTH - _LEFT) / len(points)
    width = round(min(step * 0.72, _WIDEST), 2)
    most = max(1, *(max(point.summary.fail, point.summary.not_evaluated) for point in points))
    ticks = _ticks(most)
    scale = (HEIGHT - _TOP - _BOTTOM) / ticks[-1]
    centres = [_LEFT + step * (number + 0.5) for number in range(len(points))]
    unseen = [
        f"{round(x, 1)},{round(_y(point.summary.not_evaluated, scale), 1)}"
        for x, point in zip(centres, points, strict=True)
    ]
    return Trend(
        points=tuple(points),
        segments=tuple(
            segment
            for x, point in zip(centres, points, strict=True)
            for segment in _column(point, x - width / 2, width, scale)
        ),
        unseen=" ".join(unseen),
        axis=tuple(Line(place=round(_y(number, scale), 1), label=f"{number:,}") for number in ticks),
        days=_days(points, centres),
        other_rules=tuple(
            round(centres[number] - step / 2, 1)
            for number in range(1, len(points))
            if points[number].rules_digest != points[number - 1].rules_digest
        ),
        sentence=_sentence(points),
    )


def _column(point: TrendPoint, x: float, width: float, scale: float) -> list[Segment]:
    found: list[Segment] = []
    below = 0
    for severity in sorted(Severity, reverse=True):  # the worst on the ground, to be compared
        count = point.summary.by_severity.get(severity.value, 0)
        if count:
            top = _y(below + count, scale)
            found.append(
                Segment(
                    severity=severity,
                    x=round(x, 1),
                    y=round(top, 1),
                    width=width,
                    height=round(_y(below, scale) - top, 1),
                )
            )
        below += count
    return found


def _y(number: float, scale: float) -> float:
    return HEIGHT - _BOTTOM - number * scale


def _ticks(most: int) -> list[int]:
    """0 and two or three round numbers, the last not below `most`."""
    raw = most / 3
    magnitude = 10 ** math.floor(math.log10(raw)) if raw >= 1 else 1
    step = next(int(factor * magnitude) for factor in (1, 2, 5, 10) if factor * magnitude >= raw)
    return list(range(0, most + step, step))


def _days(points: Sequence[TrendPoint], centres: Sequence[float]) -> tuple[Line, ...]:
    """The first, the last and what has room between them."""
    count = min(5, len(points))
    chosen = sorted({round(part * (len(points) - 1) / (count - 1)) for part in range(count)})
    return tuple(
        Line(place=round(centres[number], 1), label=points[number].evaluated_at[:10]) for number in chosen
    )


def _sentence(points: Sequence[TrendPoint]) -> str:
    first, last = points[0], points[-1]
    before, now = first.summary.fail, last.summary.fail
    runs = f"the first of these {len(points)} runs"
    if now == before:
        return f"{plural(now, 'failure')} now, as many as in {runs}"
    how = "fewer" if now < before else "more"
    return f"{plural(now, 'failure')} now, {how} than the {before:,} of {first.evaluated_at[:10]}, {runs}"
