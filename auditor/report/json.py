"""report.json: the whole report, as `reports/schema/report.schema.json` describes it."""

from __future__ import annotations

import json

from auditor.model.report import Report
from auditor.model.wire import to_json
from auditor.report import Format


def render(report: Report) -> bytes:
    """Sorted keys, two spaces of indentation, UTF-8, a line feed at the end: same report, same bytes."""
    text = json.dumps(to_json(report), indent=2, sort_keys=True, ensure_ascii=False)
    # A name may hold half a surrogate pair; backslashreplace writes it as JSON's own escape.
    return text.encode(errors="backslashreplace") + b"\n"


FORMAT = Format(name="json", file_name="report.json", render=render)
