"""What report.html shows of a later night: changes and by whom, trend, access, controls, waivers, pages."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import replace
from enum import Enum
from itertools import cycle
from typing import Any, Literal, TypeVar

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from auditor.bundled import bundled
from auditor.evaluate import load_pack
from auditor.model.configuration import EventKind
from auditor.model.finding import Status
from auditor.model.report import Report, Undelivered
from auditor.report.assurance import controls
from auditor.report.html import render, render_split
from auditor.report.places import PAGE
from tests.report.conftest import UNFOLD, Look
from tests.report.nights import second_night
from tests.report.sample import MEETING, OTHER, TRAINING, WEBINAR, sample_report
from tests.report.test_html import FOREIGN_LINKS, HANDLERS, HOSTILE

pytestmark = pytest.mark.browser

T = TypeVar("T")


def application(page: Page, id: str) -> Any:
    return page.locator(f'.application[data-application="{id}"]')


def test_the_first_screen_says_what_is_new_and_by_whom(look: Look) -> None:
    page = look(second_night())
    news = page.locator(".news li")
    expect(news.first).to_contain_text("evil.example")
    expect(news.first).to_contain_text("alice@contoso.com")
    expect(news.nth(2)).to_contain_text("by the passing of time")
    for shown in ("3 new", "2 worse", "1 unexplained", "1 solved", "1 not seen again", "1 gained access"):
        expect(page.locator(".turns")).to_contain_text(shown)
    below = "(e) => e.getBoundingClientRect().bottom"
    for what in (".news", ".todo li:nth-child(2)", ".timeline", ".blind"):
        assert page.locator(what).first.evaluate(below) <= 768, f"{what} is below the first screen"
    page.locator(".turns a", has_text="solved").click()
    expect(page.locator("#since-solved")).to_be_in_viewport()


def test_without_an_earlier_run_it_says_so(look: Look) -> None:
    report = sample_report()
    page = look(report)
    expect(page.locator(".first")).to_contain_text("Nothing to compare with")
    expect(page.locator("#trend")).to_contain_text("No history is kept")
    expect(page.locator("svg.trend")).to_have_count(0)
    expect(page.locator("#since")).to_have_count(0)
    first = look(replace(report, trend=second_night().trend[-1:]))
    expect(first.locator(".first")).to_contain_text("This is the first run that is kept")


def test_a_night_in_which_nothing_changed_says_so(look: Look) -> None:
    report = second_night()
    assert report.comparison is not None
    nothing = replace(report.comparison, new=0, updated=0, absent=(), unknown=(), earlier=())
    quiet = replace(report, findings=sample_report().findings, comparison=nothing, drift=None)
    expect(look(quiet).locator(".first")).to_contain_text("Nothing changed.")


def test_alerts_that_nobody_got_are_told_first(look: Look) -> None:
    late = Undelivered(
        id="a" * 32,
        event=EventKind.NEW,
        to="webhook https://hooks.example/…",
        text="Contoso: 2 new failures",
        at="2026-11-23T02:00:41Z",
        attempts=3,
        reason="answered 503",
    )
    alarm = look(replace(second_night(), undelivered=(late, late))).locator(".alarm")
    expect(alarm).to_contain_text("2 alerts could not be delivered")
    expect(alarm).to_contain_text("answered 503")


def test_a_changed_object_goes_by_its_name(look: Look) -> None:
    report = second_night()
    assert report.drift is not None
    person = {"principalDisplayName": "Claude Shannon", "principalType": "User"}
    change = replace(report.drift.changes[0], after=person)
    page = look(replace(report, drift=replace(report.drift, changes=(change,))), script=False)
    raw = page.locator("#since details.raw")
    expect(raw.locator("summary")).to_have_text("Claude Shannon")
    raw.locator("summary").click()
    expect(raw.locator("code")).to_contain_text('"principalType": "User"')


def test_the_changes_name_who_what_and_when(look: Look) -> None:
    page = look(second_night())
    changes = page.locator("#since > .changes").first
    for told in (
        "alice@contoso.com",
        "from 203.0.113.7",
        "2026-11-22 21:14 UTC",
        "Update service principal",
        "alice@contoso.com or bob@contoso.com",
        "Two entries fit equally well.",
        "nobody that the audit log names",
        "probably s-77",
    ):
        expect(changes).to_contain_text(told)
    access = page.locator("#since > .changes").nth(1)
    expect(access).to_contain_text("(guest) gained access through the group Partners")
    expect(access).to_contain_text("grant AuditLog.Read.All")
    expect(page.locator("#since")).to_contain_text("not read now: licence")
    of_meeting = application(page, MEETING.service_principal_id).locator(".changes")
    expect(of_meeting.locator("li")).to_have_count(2)
    expect(of_meeting).to_contain_text("alice@contoso.com")


def test_what_is_worse_says_how_it_was(look: Look) -> None:
    worse = look(second_night()).locator("#since-worse + .events")
    expect(worse.locator("li")).to_have_count(2)
    expect(worse.locator("li").first).to_contain_text("was medium")


def test_the_trend_is_drawn_and_told_in_numbers(look: Look) -> None:
    report = second_night()
    page = look(report)
    expect(
        page.get_by_role("img", name=re.compile("Failures by severity in the last 30 runs"))
    ).to_be_visible()
    page.get_by_text("The numbers, run by run").click()
    rows = page.get_by_role("group", name="Table of the last runs").locator("tbody tr")
    expect(rows).to_have_count(30)
    expect(rows.first).to_contain_text("2026-11-23 02:00 UTC")
    assert page.locator("svg.trend .rules").count() == 1


def test_applications_by_state_lead_to_these_applications(look: Look) -> None:
    page = look(second_night())
    page.get_by_role("link", name="fails critically").click()
    expect(page.locator("#state")).to_have_value("critical")
    expect(page.locator(".application:not([hidden])")).to_have_count(2)
    expect(page.locator("#count")).to_have_text(re.compile("in 2 applications$"))


def test_the_filter_knows_what_is_new(look: Look) -> None:
    page = look(second_night(), fragment="#since-last=new&status=fail")
    expect(page.locator("#count")).to_have_text(re.compile("^[34] findings in 3 applications"))


def test_who_has_access_is_counted_and_what_is_not_known_is_said(look: Look) -> None:
    page = look(second_night(), script=False)
    page.locator("details.application > summary").first.click()

    def access(id: str) -> str:
        return application(page, id).text_content() or ""

    meeting = access(MEETING.service_principal_id)
    for told in (
        "48 members",
        "2 guests",
        "grant Member.Read.Hidden",
        "adele@contoso.com",
        "2 users and 2 groups",
    ):
        assert told in meeting, told
    assert "how many people that is, is not known" in meeting
    assert "Who is assigned is not known: Graph answered 403" in access(TRAINING.service_principal_id)
    webinar = access(WEBINAR.service_principal_id)
    assert "Everybody in the tenant may sign in" in webinar
    assert "and 187 more assignments" in webinar
    assert "guest" in access(OTHER.service_principal_id)


def test_each_control_has_a_verdict_and_its_evidence(look: Look) -> None:
    report = second_night()
    page = look(report)
    row = page.locator("#controls tr", has_text="IA-8")
    expect(row.locator(".verdict")).to_have_text("failures")
    expect(row).to_contain_text("Identification and Authentication (Non-organizational Users)")
    row.get_by_role("link", name="no-unexpected-reply-url").click()
    rule = page.locator("#rule-no-unexpected-reply-url")
    expect(rule).to_have_attribute("open", "")
    expect(rule.locator(".proof")).to_contain_text("1 fail")
    expect(rule.locator(".proof")).to_contain_text("servicePrincipal.replyUrls, GET /v1.0/servicePrincipals/")
    rule.locator(".proof a").click()
    expect(page.locator("details.finding[open]")).to_contain_text("is not in the tutorial")


def test_every_control_of_the_bundled_rules_has_a_name() -> None:
    rules = {rule.id: rule for rule in load_pack(bundled("rules")).rules}
    model = sample_report().findings[1]
    findings = tuple(replace(model, rule_id=rule.id, controls=rule.controls) for rule in rules.values())
    assert [c.control for c in controls(replace(sample_report(), findings=findings)) if c.name is None] == []


def test_waivers_stand_with_owner_and_expiry(look: Look) -> None:
    page = look(second_night())
    table = page.get_by_role("group", name="Table of waivers")
    active = table.locator("tr", has_text="relay-state-matches")
    for told in ("active", "iam@contoso.com", "2027-01-31", "in 69 days", "until the migration"):
        expect(active).to_contain_text(told)
    expired = table.locator("tr", has=page.locator(".expired"))
    expect(expired).to_contain_text("1 day ago")
    expect(expired).to_contain_text("soc@contoso.com")
    active.get_by_role("link").click()
    waived = page.locator(".finding.waived[open]")
    expect(waived).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("split", [False, True], ids=["whole", "split"])
def test_axe_finds_nothing_in_any_view(look: Look, scheme: Literal["light", "dark"], split: bool) -> None:
    page = look(second_night(), scheme=scheme, split=split)
    views = [page.url]
    if split:
        views.append(page.locator(".application.line h3 a").first.evaluate("(a) => a.href"))
    for view in views:
        page.goto(view)
        page.evaluate(UNFOLD)
        expect(page.locator("#theme")).to_be_visible()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def infected(value: T, text: str) -> T:
    """The value, every text in it replaced, save what this program itself makes up."""
    return _infected(value, text, "")  # type: ignore[no-any-return]


OURS = {"rule_id", "rule_ids", "fingerprint", "findings", "expires", "service_principal_id", "first_seen_at"}


def _infected(value: Any, text: str, name: str) -> Any:
    if name in OURS or isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return text
    if isinstance(value, tuple):
        return tuple(_infected(item, text, name) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: _infected(getattr(value, f.name), text, f.name) for f in dataclasses.fields(value)}
        return dataclasses.replace(value, **changed)
    return value


def hostile_night() -> Report:
    """The later night, with each hostile text in every place where the tenant or a file has a say."""
    report = second_night()
    drift, comparison = report.drift, report.comparison
    assert drift is not None
    assert comparison is not None
    numbers = cycle(range(16))

    def unlike(text: str) -> Iterator[Any]:
        for finding in infected(drift.findings, text):
            yield replace(finding, rule_id="unattributed-change", fingerprint=f"{next(numbers):x}" * 32)

    return replace(
        report,
        applications=tuple(
            replace(
                each,
                access=each.access
                and replace(
                    infected(each.access, text),
                    unseen=text if number % 2 else None,
                    assigned=tuple(infected(a, text) for a in each.access.assigned),
                ),
            )
            for number, text in enumerate(HOSTILE)
            for each in (replace(report.applications[number % 4], display_name=text),)
        ),
        drift=replace(
            drift,
            not_comparable=HOSTILE,
            changes=tuple(change for text in HOSTILE for change in infected(drift.changes, text)),
            access=tuple(change for text in HOSTILE for change in infected(drift.access, text)),
            unknown=tuple(part for text in HOSTILE for part in infected(drift.unknown, text)),
            findings=tuple(finding for text in HOSTILE for finding in unlike(text)),
        ),
        waivers=tuple(waiver for text in HOSTILE for waiver in infected(report.waivers, text)),
        comparison=replace(
            comparison,
            absent=tuple(each for text in HOSTILE for each in infected(comparison.absent, text)),
            earlier=infected(comparison.earlier, HOSTILE[0]),
        ),
    )


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_hostile_texts_in_the_new_places_are_shown_and_never_run(look: Look, script: bool) -> None:
    page = look(hostile_night(), script=script)
    text = page.locator("body").text_content() or ""
    for part in ("#since", "#waivers", "#applications"):
        assert "<script>window.pwned=1</script>" in (page.locator(part).text_content() or ""), part
    assert "U+202E" in text
    assert "\u202e" not in text
    if script:
        page.evaluate(UNFOLD)
        expect(page.locator("#theme")).to_be_visible()
        assert page.evaluate("window.pwned") is None
        assert page.evaluate("document.querySelectorAll('iframe,img,base,link,object,embed').length") == 0
        assert page.evaluate("document.scripts.length") == 1
        assert page.evaluate(HANDLERS) == []
        assert page.evaluate(FOREIGN_LINKS) == []


@pytest.mark.parametrize("width", [1366, 768, 360])
def test_ten_thousand_letters_in_the_new_places_do_not_break_the_layout(look: Look, width: int) -> None:
    page = look(hostile_night(), width=width)
    page.evaluate(UNFOLD)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_everything_is_there_without_javascript(look: Look) -> None:
    report = second_night()
    page = look(report, script=False)
    expect(page.locator("svg.trend").first).to_be_visible()
    page.get_by_text("The numbers, run by run").click()
    expect(page.get_by_role("group", name="Table of the last runs")).to_be_visible()
    page.locator(".news a.what").first.click()
    expect(page.locator(".finding", has_text="is not in the tutorial").first).to_be_attached()
    expect(page.locator("button:visible")).to_have_count(0)


def test_the_keyboard_reaches_and_opens_everything(look: Look) -> None:
    page = look(second_night())
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the content")).to_be_focused()
    summary = page.locator("details.application > summary").first
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("details.application").first).to_have_attribute("open", "")
    # Whatever can be clicked can be reached with Tab.
    unreachable = page.evaluate(
        """[...document.querySelectorAll('a[href], button, summary, input, select')]
        .filter((e) => e.tabIndex < 0).length"""
    )
    assert unreachable == 0
    page.keyboard.press("/")
    expect(page.locator("#query")).to_be_focused()
    page.keyboard.type("alice")
    expect(page.locator("#count")).not_to_be_empty()
    page.keyboard.press("Escape")
    expect(page.locator("#query")).to_have_value("")


def test_paper_has_everything_unfolded(look: Look) -> None:
    page = look(second_night(), script=False)
    page.emulate_media(media="print")
    folded = page.evaluate(
        """[...document.querySelectorAll('details > :not(summary)')]
        .filter((e) => e.getClientRects().length === 0).length"""
    )
    assert folded == 0
    assert not page.locator("#filter").is_visible()


def test_split_pages_lead_to_each_other(look: Look) -> None:
    report = second_night()
    page = look(report, split=True)
    page.locator(".todo a.what").first.click()
    expect(page.locator("details.finding[open]").first).to_be_visible()
    assert re.search(r"/applications/[0-9a-f-]{36}\.html#f-", page.url)
    expect(page.get_by_role("button", name="Copy").first).to_be_visible()
    page.get_by_role("link", name="All applications").first.click()
    expect(page.locator(".application.line")).to_have_count(len(report.applications))
    page.locator("#query").fill("relay-state-matches")
    expect(page.locator(".application.line:not([hidden])")).to_have_count(2)
    page.get_by_role("link", name="GoToMeeting", exact=True).last.click()
    expect(page.get_by_role("heading", name="GoToMeeting").first).to_be_visible()


def test_every_link_between_the_pages_has_its_target() -> None:
    pages = {name: content.decode() for name, content in render_split(second_night())}
    names = [name for name in pages if name != "report.html"]
    assert list(pages)[-1] == "report.html"
    assert all(PAGE.fullmatch(name.removeprefix("applications/")) for name in names)
    ids = {name: set(re.findall(r'\bid="([^"]+)"', page)) for name, page in pages.items()}
    for name, page in pages.items():
        for link in re.findall(r'href="([^":]*)"', page):
            file, _, fragment = link.replace("&amp;", "&").partition("#")
            folder = "applications/" if name in names else ""
            target = name if not file else "report.html" if file.startswith("../") else folder + file
            assert target in pages, link
            assert "=" in fragment or fragment in ids[target], f"{name}: {link}"


def test_a_page_of_its_own_has_no_more_power_than_the_whole() -> None:
    report = second_night()
    strange = replace(report, applications=(replace(MEETING, service_principal_id="../../etc/passwd"),))
    for name, content in render_split(strange):
        assert ".." not in name
        policy = re.search(rb'Content-Security-Policy" content="([^"]+)"', content)
        assert policy is not None
        assert policy[1].startswith(b"default-src 'none'; ")
        assert b"unsafe" not in policy[1]
        assert b'style="' not in content


def test_no_id_stands_twice_in_a_page() -> None:
    for content in (render(second_night()), *(page for _, page in render_split(second_night()))):
        ids = re.findall(r'\bid="([^"]+)"', content.decode())
        assert len(ids) == len(set(ids)), sorted({id for id in ids if ids.count(id) > 1})


def test_every_failure_of_the_night_is_in_the_page() -> None:
    report = second_night()
    page = render(report).decode()
    assert report.drift is not None
    for finding in (*report.findings, *report.drift.findings):
        if finding.status in (Status.FAIL, Status.NOT_EVALUATED, Status.WAIVED):
            assert f'id="f-{finding.fingerprint}"' in page
