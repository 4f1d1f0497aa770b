"""Times are read to the fraction: a window may end between two seconds."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from auditor.saml.date_time import read_date_time


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-03-14T02:10:00Z", 0),
        ("2026-03-14T02:10:00.5Z", 500_000),
        ("2026-03-14T02:10:00.123Z", 123_000),
        ("2026-03-14T02:10:00.1234567Z", 123_456),
        ("2026-03-14T04:10:00.000001+02:00", 1),
        ("2026-03-14T02:10:00.25", 250_000),
    ],
)
def test_fractions_count(text: str, microsecond: int) -> None:
    assert read_date_time(text) == datetime(2026, 3, 14, 2, 10, 0, microsecond, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["2026-03-14T02:10:00.Z", "2026-03-14T02:10:00,5Z", "2026-02-30T00:00:00Z", ""]
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_date_time(text) is None
