"""report.html, looked at where people look at it: in Chromium, with and without JavaScript."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from auditor.model.finding import ApplicationReference, Evidence, Finding, Status
from auditor.model.report import Report
from auditor.report.html import render
from tests.report.conftest import UNFOLD, Look
from tests.report.sample import sample_report

pytestmark = pytest.mark.browser

HOSTILE = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    '"><svg onload=window.pwned=1>',
    "' autofocus onfocus=window.pwned=1 x='",
    "javascript:window.pwned=1",
    "</style><script>window.pwned=1</script>",
    "</script><script>window.pwned=1</script>",
    "{{ 7*7 }}{% for x in y %}${7*7}",
    "<details open ontoggle=window.pwned=1>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'>",
    "<base href=https://evil.example/><link rel=stylesheet href=//evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=https://evil.example/'>",
    "<form action=https://evil.example><button>OK</button></form>",
    "[click](javascript:window.pwned=1) ![x](https://evil.example/x.png)",
    "\u202egpj.exe\u202c \u200b\u200d\ufeff \u2066x\u2069",
    "Z\u0351\u0352\u0353\u0354\u0355\u0356\u0357\u0358\u0359\u035a\u035bA",
    "x" * 10_000,
    "\x00\x07\x1b[31mred\x1b[0m\x7f",
    "\ud83d lone surrogate \udc00",
    "-->]]><!--",
    "&lt;b&gt;&amp;nbsp;",
    "https://evil.example/?a=<b>&c='\"",
    "",
)


HANDLERS = """[...document.querySelectorAll('*')].flatMap((e) => e.getAttributeNames())
    .filter((name) => name.startsWith('on'))"""
FOREIGN_LINKS = """[...document.links].map((a) => a.getAttribute('href'))
    .filter((href) => !/^(#|https:[/][/](entra|learn)[.]microsoft[.]com[/])/.test(href))"""


def with_names(report: Report, names: Sequence[str]) -> Report:
    """The report, every text that a tenant chooses replaced by the hostile names in turn."""

    def finding(number: int, old: Finding) -> Finding:
        name = names[number % len(names)]
        return replace(
            old,
            fingerprint=f"{number:032x}",
            application=old.application
            and ApplicationReference(
                service_principal_id=old.application.service_principal_id,
                app_id=old.application.app_id,
                display_name=name,
            ),
            subject=replace(old.subject, name=name, id=name),
            message=f"About {name}.",
            expected=name[::-1],
            observed=[name, None, {"x": name}],
            evidence=(Evidence(source=name, path=name, value=name, present=True, collected_at=None),),
        )

    # Every hostile text must occur in every place, so the findings are repeated until there are enough.
    many = (report.findings * (len(names) // len(report.findings) + 2))[: len(names) + len(report.findings)]
    applications = tuple(
        replace(
            application,
            display_name=names[number % len(names)],
            certificates=tuple(
                replace(c, subject=names[(number + 3) % len(names)]) for c in application.certificates
            ),
        )
        for number, application in enumerate(report.applications)
    )
    return replace(
        report,
        findings=tuple(finding(number, old) for number, old in enumerate(many)),
        applications=applications,
        run=replace(report.run, tenant=replace(report.run.tenant, display_name=names[0], domain=names[-1])),
    )


def test_the_first_screen_says_what_is_broken_what_expires_and_what_was_not_seen(look: Look) -> None:
    page = look(sample_report())
    assert page.locator("h1").inner_text() == (
        "2 critical and 2 high problems in 2 of 4 applications; 3 checks could not be made."
    )
    for heading in ("Fix first", "What expires next", "What could not be seen"):
        box = page.get_by_role("heading", name=heading).first.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] < 768, f"{heading} is below the first screen"
    first = page.locator(".todo li").first
    assert "critical" in first.inner_text()
    assert page.locator(".timeline circle").count() == 4


def test_it_is_readable_without_javascript(look: Look) -> None:
    report = sample_report()
    page = look(report, script=False)
    assert not page.locator("#filter").is_visible()
    text = page.locator("body").text_content() or ""
    for finding in report.findings:
        if finding.status is Status.FAIL:
            assert finding.title in text
    # A folded application opens by itself: details are the browser's own.
    page.locator("details.application > summary").first.click()
    expect(page.locator("details.application[open] .steps").first).to_be_visible()


def test_a_step_that_nothing_observes_is_never_green(look: Look) -> None:
    page = look(sample_report())
    page.locator("#unfold").click()
    unseen = page.locator(".step.look", has_text="Not observable from Entra").first
    expect(unseen).to_be_visible()
    expect(page.locator(".step.look .verdict.pass")).to_have_count(0)


def test_the_filter_narrows_and_lives_in_the_address(look: Look) -> None:
    report = sample_report()
    page = look(report)
    page.get_by_label("Severity").select_option("critical")
    page.get_by_label("Verdict").select_option("fail")
    critical = sum(f.status is Status.FAIL and f.severity.value == "critical" for f in report.findings)
    expect(page.locator("#count")).to_have_text(re.compile(f"^{critical} findings"))
    expect(page).to_have_url(re.compile(r"#(?=.*status=fail)(?=.*severity=critical)"))
    # A colleague opens the address and sees the same.
    other = look(report, fragment=page.url[page.url.index("#") :])
    expect(other.locator("#count")).to_have_text(page.locator("#count").inner_text())
    visible = other.locator("details.application:not([hidden])").count()
    assert 0 < visible < len(report.applications)
    other.get_by_role("button", name="Clear").click()
    expect(other.locator("#count")).to_be_empty()
    expect(other.locator("details.application:not([hidden])")).to_have_count(len(report.applications))


@pytest.mark.parametrize(
    "fragment", ["#%E0%A4%A", "#q=%E0%A4%A", "#severity=none&status=<b>", "#nowhere", "#="]
)
def test_an_address_that_says_nothing_sensible_does_no_harm(look: Look, fragment: str) -> None:
    page = look(sample_report(), fragment=fragment)
    assert page.locator("h1").is_visible()
    page.get_by_role("button", name="Clear").click()
    expect(page.locator("details.application:not([hidden])")).to_have_count(4)


def test_the_search_finds_an_application_and_a_rule(look: Look) -> None:
    page = look(sample_report())
    page.keyboard.press("/")
    page.keyboard.type("relay-state-matches")
    expect(page.locator("details.application:not([hidden])")).to_have_count(2)
    page.locator("#query").fill("no such thing anywhere")
    expect(page.locator("#count")).to_have_text("0 findings in 0 applications")


def test_a_link_to_a_finding_opens_it_with_its_remedy(look: Look) -> None:
    report = sample_report()
    finding = next(f for f in report.findings if f.status is Status.FAIL and f.remediation)
    page = look(report, fragment=f"#f-{finding.fingerprint}")
    opened = page.locator(f"#f-{finding.fingerprint}")
    expect(opened).to_have_attribute("open", "")
    expect(opened.locator("pre").first).to_be_visible()
    expect(opened.get_by_role("button", name="Copy").first).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_hostile_names_are_shown_and_never_run(look: Look, script: bool) -> None:
    report = with_names(sample_report(), HOSTILE)
    page = look(report, script=script)
    if script:
        page.locator("#unfold").click()
        page.evaluate(UNFOLD)
        page.mouse.move(300, 300)
        page.wait_for_timeout(100)
        assert page.evaluate("window.pwned") is None
        # Nothing of theirs became markup.
        assert page.evaluate("document.querySelectorAll('iframe,img,base,link,object,embed').length") == 0
        assert page.evaluate("document.scripts.length") == 1
        assert page.evaluate(HANDLERS) == []
        assert page.evaluate(FOREIGN_LINKS) == []
    text = page.locator("body").text_content() or ""
    assert "<script>window.pwned=1</script>" in text
    assert "U+202E" in text
    assert "\u202e" not in text


def test_nothing_unseen_stands_anywhere_in_the_page() -> None:
    """The title in the browser's tab, attributes and all: what reorders or rings is spelt out."""
    report = with_names(sample_report(), ("\x1b]0;x\x07 \u202eecila",))
    tenant = replace(report.run.tenant, display_name="\x1b[31m\u202eosotnoC\x07")
    page = render(replace(report, run=replace(report.run, tenant=tenant))).decode()
    assert re.findall("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page) == []
    assert "<title>SAML audit of ‹U+001B›[31m‹U+202E›osotnoC‹U+0007›, " in page


def test_ten_thousand_letters_do_not_break_the_layout(look: Look) -> None:
    for width in (1366, 768, 360):
        page = look(with_names(sample_report(), ("W" * 10_000,)), width=width)
        page.evaluate(UNFOLD)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_policy_lets_nothing_else_run() -> None:
    page = render(sample_report()).decode()
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert policy[1].startswith("default-src 'none'; ")
    assert "unsafe" not in policy[1]
    assert 'style="' not in page, "a style attribute would need unsafe-inline"


def test_a_script_put_into_the_page_is_stopped_by_the_policy(chromium: Browser, tmp_path: Path) -> None:
    file = tmp_path / "tampered.html"
    page_text = render(sample_report()).decode().replace("</main>", "<script>window.pwned=1</script></main>")
    file.write_text(page_text, encoding="utf-8")
    page = chromium.new_page()
    page.goto(file.as_uri())
    assert page.evaluate("window.pwned") is None
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1366, 600])
def test_axe_finds_nothing(look: Look, scheme: Literal["light", "dark"], width: int) -> None:
    page = look(sample_report(), scheme=scheme, width=width)
    folded = Axe().run(page)
    assert folded.violations_count == 0, folded.generate_report()
    page.evaluate(UNFOLD)
    unfolded = Axe().run(page)
    assert unfolded.violations_count == 0, unfolded.generate_report()


def test_print_unfolds_everything(look: Look) -> None:
    report = sample_report()
    page = look(report, script=False)
    page.emulate_media(media="print")
    assert page.locator(".compare").first.is_visible()
    assert not page.locator("#filter").is_visible()


def test_the_theme_can_be_changed_by_hand(look: Look) -> None:
    page = look(sample_report())
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != light


def test_the_same_report_gives_the_same_bytes() -> None:
    assert render(sample_report()) == render(sample_report())


@pytest.mark.parametrize("name", ["", " ", "\u00a0\t"], ids=["empty", "blank", "blanks"])
def test_an_application_whose_name_nobody_sees_has_a_heading(name: str) -> None:
    sample = sample_report()
    nameless = replace(sample.applications[0], display_name=name)
    page = render(replace(sample, applications=(nameless, *sample.applications[1:]))).decode()
    assert "<h3>without a name</h3>" in page
    assert not re.search(r"<h3>(<[^>]*>|\s)*</h3>", page)


def test_a_long_name_does_not_run_into_the_timeline_nor_break_a_button(look: Look) -> None:
    sample = sample_report()
    applications = [replace(each, display_name="\x00" * 40) for each in sample.applications]
    tenant = replace(sample.run.tenant, display_name="A company with a very long name indeed " * 3)
    report = replace(sample, applications=tuple(applications), run=replace(sample.run, tenant=tenant))
    page = look(report)
    for name in page.locator("svg.timeline text.name").all_text_contents():
        assert len(name) == 28
        assert name.endswith("…")
    assert page.locator("#theme").evaluate("(e) => e.offsetHeight") < 40


def test_an_empty_report_says_so(look: Look) -> None:
    report = sample_report()
    empty = replace(
        report,
        applications=(),
        findings=(),
        coverage=replace(report.coverage, gaps=(), evaluated=0, not_evaluated=0),
        summary=replace(
            report.summary, pass_=0, fail=0, not_evaluated=0, not_applicable=0, waived=0, by_severity={}
        ),
    )
    page = look(empty)
    assert page.locator("h1").inner_text() == "No application was audited."
