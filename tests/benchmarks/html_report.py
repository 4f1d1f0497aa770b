"""report.html at 5,000 applications and 100,000 findings, of which 5,000 fail, and 1,000 changes in a night.

Prints the size, the time to render, the largest contentful paint after navigation (median of five) and the
time from a keystroke in the search field to the next painted frame; the same of the index of `--split`, with
the size of its pages.
"""

from __future__ import annotations

import statistics
import tempfile
import time
import uuid
from dataclasses import replace
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from auditor.model.access import Access
from auditor.model.change import AccessChange, Change
from auditor.model.finding import ApplicationReference, Finding, Status
from auditor.model.report import AuditedApplication, Report
from auditor.report.html import render, render_split
from tests.report.conftest import FLAGS
from tests.report.nights import second_night
from tests.report.sample import MEETING, WEBINAR

APPLICATIONS = 5000
CHECKS = 20

PAINTED = """() => new Promise((done) => new PerformanceObserver((list) => {
    const entries = list.getEntries(); done(entries[entries.length - 1].startTime);
}).observe({type: 'largest-contentful-paint', buffered: true}))"""
KEYSTROKE = """(text) => new Promise((done) => {
    const field = document.getElementById('query'); const start = performance.now();
    field.value = text; field.dispatchEvent(new Event('input', {bubbles: true}));
    requestAnimationFrame(() => requestAnimationFrame(() => {
        document.body.offsetHeight; done(performance.now() - start);
    }));
})"""


def large_report(applications: int = APPLICATIONS) -> Report:
    """The later night, multiplied: per application one failing check and the rest passing, eight assignments
    and, for every fifth, a change and somebody who gained access."""
    sample = second_night()
    assert sample.drift is not None
    change, gained = sample.drift.changes[0], sample.drift.access[0]
    model = sample.applications[0]
    failing = next(f for f in sample.findings if f.status is Status.FAIL and f.application)
    passing = next(f for f in sample.findings if f.status is Status.PASS and f.application)
    audited: list[AuditedApplication] = []
    findings: list[Finding] = []
    changes: list[Change] = []
    access: list[AccessChange] = []
    for number in range(applications):
        identity = str(uuid.uuid5(uuid.NAMESPACE_OID, f"application {number}"))
        name = f"Application {number:04d} of department {number % 37}"
        audited.append(
            replace(
                model,
                service_principal_id=identity,
                app_id=identity,
                display_name=name,
                access=_access(number),
            )
        )
        reference = ApplicationReference(service_principal_id=identity, app_id=identity, display_name=name)
        if number % 5 == 0:
            changes.append(replace(change, id=f"{number:032x}", application=reference, affects=(reference,)))
            access.append(replace(gained, application=reference))
        for check in range(CHECKS):
            base = failing if check == 0 else passing
            findings.append(
                replace(
                    base,
                    application=reference,
                    rule_id=base.rule_id if check == 0 else f"rule-number-{check}",
                    fingerprint=uuid.uuid5(uuid.NAMESPACE_OID, f"{number}/{check}").hex,
                )
            )
    return replace(
        sample,
        applications=tuple(audited),
        findings=tuple(findings),
        drift=replace(sample.drift, changes=tuple(changes), access=tuple(access)),
        summary=replace(
            sample.summary,
            fail=applications,
            pass_=applications * (CHECKS - 1),
            by_severity={failing.severity.value: applications},
        ),
    )


def _access(number: int) -> Access:
    """Three groups and five users; the sample's, with names of their own."""
    assert MEETING.access is not None
    assert WEBINAR.access is not None
    group, user = MEETING.access.assigned[0], WEBINAR.access.assigned[0]
    groups = [replace(group, name=f"Group {number % 40 + n}", id=f"g-{number}-{n}") for n in range(3)]
    users = [replace(user, name=f"Person {number} {n}", id=f"u-{number}-{n}") for n in range(5)]
    assigned = (*groups, *users)
    return replace(MEETING.access, assigned=assigned, groups=3, users=5, service_principals=0, people=149)


def measure() -> None:
    """Prints the figures."""
    report = large_report()
    start = time.perf_counter()
    page = render(report)
    print(f"applications {len(report.applications):,}, findings {len(report.findings):,}")
    print(f"rendered in {time.perf_counter() - start:.1f} s, {len(page) / 1e6:.1f} MB")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "report.html"
        file.write_bytes(page)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        paints = [_paint(browser, file) for _ in range(5)]
        median, each = statistics.median(paints), [round(paint) for paint in paints]
        print(f"largest contentful paint: median {median:.0f} ms of {each}")
        keys = _keystrokes(browser, file)
        print(f"keystroke to painted frame: first {keys[0]:.0f} ms, then {[round(k) for k in keys[1:]]} ms")
        _measure_split(browser, report, Path(folder))
        browser.close()


def _measure_split(browser: Browser, report: Report, folder: Path) -> None:
    start = time.perf_counter()
    sizes: list[int] = []
    for name, content in render_split(report):
        sizes.append(len(content))
        if name == "report.html":
            (folder / name).write_bytes(content)
    print(
        f"split in {time.perf_counter() - start:.1f} s: index {sizes[-1] / 1e6:.1f} MB,"
        f" {len(sizes) - 1:,} pages of {statistics.median(sizes[:-1]) / 1e3:.0f} kB,"
        f" {sum(sizes) / 1e6:.0f} MB in all"
    )
    paints = [_paint(browser, folder / "report.html") for _ in range(5)]
    keys = _keystrokes(browser, folder / "report.html")
    print(
        f"index: largest contentful paint {statistics.median(paints):.0f} ms, slowest key {max(keys):.0f} ms"
    )


def _paint(browser: Browser, file: Path) -> float:
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.goto(file.as_uri())
    painted: float = page.evaluate(PAINTED)
    page.close()
    return painted


def _keystrokes(browser: Browser, file: Path) -> list[float]:
    page = browser.new_page(viewport={"width": 1366, "height": 768})
    page.goto(file.as_uri())
    page.wait_for_timeout(3000)
    text = "application 12"
    taken: list[float] = [page.evaluate(KEYSTROKE, text[:end]) for end in range(1, len(text) + 1)]
    page.close()
    return taken
