"""report.csv: a line per finding (RFC 4180, UTF-8), safe to open in a spreadsheet.

A spreadsheet computes a cell that begins with `=`, `+`, `-`, `@` and some others, and a name can begin so:
such a cell gets a `'` in front, which spreadsheets take for "this is text" (OWASP, CSV Injection).
"""

from __future__ import annotations

import csv
import io
import re

from auditor.model.report import Report
from auditor.report import Format
from auditor.report.carried import findings, most_urgent_first
from auditor.report.rows import COLUMNS, cells

_FORMULA = re.compile(r'[\s"\']*[=+\-@|%\uff1d\uff0b\uff0d\uff20]|[\t\r\n]')
"""How a formula can begin, also behind blanks and quotes that an import takes away."""

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def render(report: Report) -> bytes:
    """The whole file. The same report gives the same bytes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)  # lines end with CR LF
    writer.writerow(COLUMNS)
    for finding in most_urgent_first(findings(report)):
        writer.writerow(map(guarded, cells(finding)))
    return text.getvalue().encode()


def guarded(text: str) -> str:
    """The text so that no spreadsheet computes it; numbers stay numbers."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


FORMAT = Format(name="csv", file_name="report.csv", render=render)
