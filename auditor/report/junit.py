"""report.junit.xml: a test suite per application, a test case per finding, for CI systems.

`fail` is a failure and `not-evaluated` an error: nobody may take it for a success. `waived`, `not-applicable`
and what could not be told because of an accepted gap are skipped, with a message that says which. Written so
that it meets Jenkins's schema and the stricter one of Ant alike.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from lxml import etree

from auditor.model.finding import Finding, Status
from auditor.model.report import Report
from auditor.report import Format
from auditor.report.carried import about, findings, most_urgent_first, tenant_name, waiver_text
from auditor.report.text import value_text, visible

_OUTCOMES: Mapping[Status, str] = {
    Status.FAIL: "failure",
    Status.NOT_EVALUATED: "error",
    Status.WAIVED: "skipped",
    Status.NOT_APPLICABLE: "skipped",
}
"""The element of a test case; a pass has none."""

_NAME_LIMIT = 300


def render(report: Report) -> bytes:
    """The whole file. The same report gives the same bytes."""
    root = etree.Element("testsuites")
    accepted = _AcceptedGaps(report)
    for number, (name, found) in enumerate(_suites(report)):
        root.append(_suite(report, name, found, number=number, accepted=accepted))
    etree.indent(root)
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"


def _suites(report: Report) -> Iterable[tuple[str, Sequence[Finding]]]:
    """What is about the tenant and its profiles, then each application with its findings."""
    by_application: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings(report):
        by_application[finding.application.service_principal_id if finding.application else ""].append(
            finding
        )
    yield tenant_name(report), by_application.pop("", [])
    for found in sorted(by_application.values(), key=_by_name):
        yield about(found[0]), found


def _by_name(found: Sequence[Finding]) -> tuple[str, str]:
    application = found[0].application
    return about(found[0]).casefold(), application.service_principal_id if application else ""


def _suite(
    report: Report, name: str, found: Sequence[Finding], *, number: int, accepted: _AcceptedGaps
) -> etree._Element:
    count = Counter(_outcome(finding, accepted) for finding in found)
    suite = etree.Element(
        "testsuite",
        {
            "id": str(number),
            "package": "saml-app-auditor",
            "name": _short(name),
            "timestamp": report.run.evaluated_at.removesuffix("Z"),
            "hostname": report.run.tenant.id,
            "tests": str(len(found)),
            "failures": str(count["failure"]),
            "errors": str(count["error"]),
            "skipped": str(count["skipped"]),
            "time": "0",
        },
    )
    properties = etree.SubElement(suite, "properties")
    for key, value in _properties(report, found).items():
        etree.SubElement(properties, "property", name=key, value=visible(value) or "none")
    taken: Counter[tuple[str, str]] = Counter()
    for finding in most_urgent_first(found):
        suite.append(_case(finding, _outcome(finding, accepted), taken))
    statuses = Counter(finding.status for finding in found)
    said = ", ".join(f"{statuses[status]} {status.value}" for status in Status)
    etree.SubElement(suite, "system-out").text = said
    etree.SubElement(suite, "system-err").text = ""
    return suite


def _properties(report: Report, found: Sequence[Finding]) -> Mapping[str, str]:
    told = {"run": report.run.id, "tenant": report.run.tenant.id, "rules": report.run.rules.digest}
    application = found[0].application if found else None
    if application is not None:
        told |= {"appId": application.app_id, "servicePrincipalId": application.service_principal_id}
    return told


def _case(finding: Finding, outcome: str, taken: Counter[tuple[str, str]]) -> etree._Element:
    subject = finding.subject
    whole = finding.application is not None and subject.id == finding.application.service_principal_id
    parts = [about(finding), finding.title, *([] if whole else [subject.name])]
    classname, name = finding.rule_id, _short(": ".join(dict.fromkeys(parts)))
    taken[classname, name] += 1
    if taken[classname, name] > 1:  # a CI system would take two of one name for one
        name = f"{name} ({finding.fingerprint[:8]})"
    case = etree.Element("testcase", classname=classname, name=name, time="0")
    if outcome != "pass":
        message = visible(finding.message)
        if outcome == "skipped":
            message = f"{finding.status.value}: {message}"
        element = etree.SubElement(case, outcome, message=message)
        if outcome != "skipped":  # Ant's schema has no type there
            element.set("type", finding.severity.value if outcome == "failure" else finding.status.value)
        element.text = "\n".join(_details(finding))
    return case


def _details(finding: Finding) -> Iterable[str]:
    """What a person needs who reads the failed test."""
    known = {
        "severity": finding.severity.value,
        "subject": f"{finding.subject.kind.value} {finding.subject.id}",
        "expected": value_text(finding.expected),
        "observed": value_text(finding.observed),
        "evidence": f"{finding.evidence[0].path} from {finding.evidence[0].source}",
        "tutorial": f"{finding.tutorial.document}: {finding.tutorial.step}" if finding.tutorial else "",
        "what to do": finding.remediation.portal if finding.remediation else "",
        "waiver": waiver_text(finding),
        "first seen": finding.first_seen_at or "",
        "since the last run": finding.baseline_state.value if finding.baseline_state else "",
        "fingerprint": finding.fingerprint,
    }
    return (f"{key}: {visible(value)}" for key, value in known.items() if value)


class _AcceptedGaps:
    """Which findings could not be told for known blind spots alone."""

    def __init__(self, report: Report) -> None:
        self._gaps: defaultdict[str, list[tuple[str, bool]]] = defaultdict(list)
        for gap in report.coverage.gaps:
            self._gaps[gap.subject].append((gap.detail, gap.accepted))

    def explain(self, finding: Finding) -> bool:
        """Whether all gaps that the message names are accepted ones."""
        application = finding.application
        subjects = (application.service_principal_id if application else "", finding.subject.id, "tenant")
        named = {
            accepted
            for subject in dict.fromkeys(subjects)
            for detail, accepted in self._gaps.get(subject, ())
            if detail and detail in finding.message
        }
        return named == {True}


def _outcome(finding: Finding, accepted: _AcceptedGaps) -> str:
    outcome = _OUTCOMES.get(finding.status, "pass")
    return "skipped" if outcome == "error" and accepted.explain(finding) else outcome


def _short(text: str) -> str:
    plain = " ".join(visible(text).split()) or "(no name)"
    return plain if len(plain) <= _NAME_LIMIT else f"{plain[:_NAME_LIMIT]}…"


FORMAT = Format(name="junit", file_name="report.junit.xml", render=render)
