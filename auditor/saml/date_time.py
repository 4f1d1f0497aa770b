"""Times as SAML writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_DATE_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)?", re.ASCII)


def read_date_time(text: str) -> datetime | None:
    """An xs:dateTime, UTC unless it says otherwise; None when it is none that a calendar has."""
    match = _DATE_TIME.fullmatch(text.strip(" \t\r\n"))
    if match is None:
        return None
    try:
        moment = datetime.fromisoformat(match[1] + (match[2] or "") + (match[3] or "Z"))
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
