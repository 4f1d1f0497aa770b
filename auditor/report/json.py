"""report.json: the whole report, as `reports/schema/report.schema.json` describes it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import cast

from auditor.model.node import Json
from auditor.model.report import Report
from auditor.model.wire import to_json
from auditor.report import Format


def render(report: Report) -> bytes:
    """Sorted keys, every element of a list on a line of its own, UTF-8: same report, same bytes.

    One finding a line: a hundred thousand of them stay small, and can be searched and compared by line.
    """
    document = cast("Mapping[str, Json]", to_json(report))
    text = ",\n".join(f'"{key}": {_value(document[key])}' for key in sorted(document))
    # A name may hold half a surrogate pair; backslashreplace writes it as JSON's own escape.
    return f"{{\n{text}\n}}\n".encode(errors="backslashreplace")


def _value(value: Json) -> str:
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(map(_line, value)) + "\n]"
    return _line(value)


def _line(value: Json) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


FORMAT = Format(name="json", file_name="report.json", render=render)
