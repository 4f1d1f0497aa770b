"""report.xlsx: the whole report as a workbook to filter and sort.

Every text is written as text: never as a formula, a number or a link, whatever it looks like.
"""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

from auditor.model.finding import Status
from auditor.model.report import Certificate, Report
from auditor.model.rule import Severity
from auditor.report import Format
from auditor.report.carried import findings, most_urgent_first, tenant_name
from auditor.report.presentation import STATUS_WORDS, verdict_sentence
from auditor.report.rows import COLUMNS, cell, cells

if TYPE_CHECKING:
    from xlsxwriter.format import Format as Style
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

ROWS_LIMIT = 1_048_575
"""Below the heading; Excel's specification."""

Cell: TypeAlias = str | int | float | bool | None

_OPTIONS = {
    "in_memory": False,
    "constant_memory": True,  # a row is written as soon as it is known: 100,000 findings in a few megabytes
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
_WIDTHS: Mapping[str, int] = {
    "status": 14, "severity": 14, "application": 30, "title": 40, "message": 70, "expected": 40,
    "observed": 40, "remediation": 60, "detail": 70, "subject": 38, "fingerprint": 34, "notBefore": 21,
    "notAfter": 21, "rolloverSentence": 70, "thumbprint": 44, "appId": 38, "servicePrincipalId": 38,
    "sha256": 68,
}  # fmt: skip
_WIDTH = 18
_COLOURS: Mapping[str, tuple[str, str]] = {
    "fail": ("#9C0006", "#FFC7CE"),
    "not-evaluated": ("#7F6000", "#FFEB9C"),
    "waived": ("#3F3F76", "#DDD9F3"),
    "pass": ("#006100", "#C6EFCE"),
    "not-applicable": ("#595959", "#EDEDED"),
}
"""Text and background of a status; the word stands there as well."""

_CERTIFICATE: Mapping[str, str] = {
    "thumbprint": "thumbprint", "status": "status", "validity": "validity", "notAfter": "not_after",
    "daysLeft": "days_left", "notBefore": "not_before", "subject": "subject", "inMetadata": "in_metadata",
    "atServiceProvider": "at_service_provider", "keyType": "key_type", "keySize": "key_size",
    "signatureAlgorithm": "signature_algorithm", "sha256": "sha256",
}  # fmt: skip


def render(report: Report) -> bytes:
    """The whole file. The same report gives the same bytes."""
    from xlsxwriter import Workbook

    file = io.BytesIO()
    workbook = Workbook(file, _OPTIONS)
    workbook.set_properties(
        {
            "title": f"SAML audit of {cell(tenant_name(report))}",
            "comments": f"run {report.run.id}",
            "created": datetime.fromisoformat(report.run.evaluated_at),
        }
    )
    _summary(workbook, report)
    _table(workbook, "Findings", list(COLUMNS), map(cells, most_urgent_first(findings(report))))
    _table(workbook, "Applications", _APPLICATION_COLUMNS, _applications(report))
    _table(workbook, "Certificates", _CERTIFICATE_COLUMNS, _certificates(report))
    _table(workbook, "Gaps", _GAP_COLUMNS, _gaps(report))
    workbook.close()
    return file.getvalue()


def _summary(workbook: Workbook, report: Report) -> None:
    sheet = workbook.add_worksheet("Summary")
    title = workbook.add_format({"bold": True, "font_size": 16})
    bold = workbook.add_format({"bold": True})
    wrapped = workbook.add_format({"text_wrap": True, "valign": "top", "align": "left"})
    sheet.set_column(0, 0, 24)
    sheet.set_column(1, 1, 90)
    sheet.hide_gridlines(2)
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 1)
    sheet.set_row(0, 24)
    sheet.write_string(0, 0, cell(f"SAML audit of {tenant_name(report)}"), title)
    sheet.write_string(2, 0, "Verdict", bold)
    sheet.write_string(2, 1, cell(verdict_sentence(report)), wrapped)
    row = 4
    for heading, lines in _facts(report):
        sheet.write_string(row, 0, heading, bold)
        for row, (name, value) in enumerate(lines, start=row + 1):  # noqa: B020
            sheet.write_string(row, 0, name)
            _write(sheet, row, 1, value, wrapped)
        row += 2


def _facts(report: Report) -> Iterator[tuple[str, Sequence[tuple[str, Cell]]]]:
    run, found = report.run, findings(report)
    statuses = Counter(finding.status for finding in found)
    failing = Counter(finding.severity for finding in found if finding.status is Status.FAIL)
    yield "Findings", [(word, statuses[status]) for status, word in STATUS_WORDS.items()]
    yield "Failures", [(severity.value, failing[severity]) for severity in sorted(Severity, reverse=True)]
    yield (
        "Run",
        [
            ("run", run.id),
            ("tenant", run.tenant.id),
            ("domain", run.tenant.domain),
            ("cloud", run.cloud),
            ("read from", run.started_at),
            ("read to", run.finished_at),
            ("judged for", run.evaluated_at),
            ("program", run.auditor_version),
            ("rules", run.rules.count),
            ("digest of the rules", run.rules.digest),
            ("could not be read", len(report.coverage.gaps)),
            ("people's names and addresses", "pseudonyms" if run.redacted else "as read"),
        ],
    )
    if report.comparison is not None:
        compared = report.comparison
        yield (
            "Failures since the last run",
            [
                ("compared with", compared.evaluated_at),
                ("new", compared.new),
                ("updated", compared.updated),
                ("unchanged", compared.unchanged),
                ("solved", len(compared.absent)),
                ("unknown", len(compared.unknown)),
            ],
        )


_APPLICATION_COLUMNS = [
    "application", "fail", "not-evaluated", "waived", "pass", "not-applicable", "profile", "product",
    "enabled", "signOnMode", "rollover", "rolloverSentence", "appId", "servicePrincipalId",
]  # fmt: skip


def _applications(report: Report) -> Iterator[Sequence[Cell]]:
    count: defaultdict[str, Counter[Status]] = defaultdict(Counter)
    for finding in findings(report):
        if finding.application is not None:
            count[finding.application.service_principal_id][finding.status] += 1
    for application in report.applications:
        statuses = count[application.service_principal_id]
        yield (
            application.display_name,
            *(statuses[status] for status in STATUS_WORDS),
            application.profile,
            application.product,
            application.enabled,
            application.sign_on_mode,
            application.rollover,
            application.rollover_sentence,
            application.app_id,
            application.service_principal_id,
        )


_CERTIFICATE_COLUMNS = ["application", *_CERTIFICATE, "appId"]


def _certificates(report: Report) -> Iterator[Sequence[Cell]]:
    """The one that ends next first."""
    held = [
        (application, certificate)
        for application in report.applications
        for certificate in application.certificates
    ]
    held.sort(key=lambda pair: (pair[1].not_after is None, pair[1].not_after or "", pair[1].thumbprint or ""))
    for application, certificate in held:
        yield application.display_name, *_certificate(certificate), application.app_id


def _certificate(certificate: Certificate) -> Iterator[Cell]:
    yield from (getattr(certificate, attribute) for attribute in _CERTIFICATE.values())


_GAP_COLUMNS = [
    "section", "reason", "detail", "permission", "licence", "httpStatus", "accepted", "subject"
]  # fmt: skip


def _gaps(report: Report) -> Iterator[Sequence[Cell]]:
    for gap in report.coverage.gaps:
        yield (
            gap.section, gap.reason, gap.detail, gap.permission, gap.licence, gap.http_status, gap.accepted,
            gap.subject,
        )  # fmt: skip


def _table(workbook: Workbook, name: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """A sheet with a heading that stays, and a filter over all of it."""
    sheet = workbook.add_worksheet(name)
    heading = workbook.add_format({"bold": True, "font_color": "#FFFFFF", "bg_color": "#1F3864"})
    plain = workbook.add_format({"valign": "top"})
    styles = {
        word: workbook.add_format({"valign": "top", "font_color": text, "bg_color": background})
        for word, (text, background) in _COLOURS.items()
    }
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    for column, title in enumerate(columns):
        sheet.set_column(column, column, _WIDTHS.get(title, _WIDTH))
        sheet.write_string(0, column, title, heading)
    last = 0
    for last, row in enumerate(rows, start=1):
        if last > ROWS_LIMIT:
            break
        for column, value in enumerate(row):
            _write(sheet, last, column, value, styles.get(str(value), plain) if column == 0 else plain)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, min(last, ROWS_LIMIT), len(columns) - 1)


def _write(sheet: Worksheet, row: int, column: int, value: Cell, style: Style) -> None:
    if isinstance(value, bool):
        sheet.write_string(row, column, "yes" if value else "no", style)
    elif isinstance(value, int | float):
        sheet.write_number(row, column, value, style)
    elif value:
        sheet.write_string(row, column, cell(value), style)


FORMAT = Format(name="xlsx", file_name="report.xlsx", render=render)
