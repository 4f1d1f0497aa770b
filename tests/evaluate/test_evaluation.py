"""A snapshot in, sorted findings out: who they are about, what switches rules, and searches that failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from auditor.bundled import bundled
from auditor.evaluate import Evaluation, RulePack, evaluate, load_pack
from auditor.model.configuration import ApplicationConfiguration, Judgement, Match, RuleOverride
from auditor.model.finding import Finding, Status, fingerprint
from auditor.model.report import AuditedApplication
from auditor.model.rule import Severity, SubjectKind
from auditor.model.snapshot import TENANT, Per, Snapshot
from tests.evaluate import snapshots
from tests.evaluate.rule_files import pack, profile, rule

AT = datetime(2026, 11, 23, 1, tzinfo=UTC)

MODE = rule(
    "mode-is-saml",
    expect=[{"path": "servicePrincipal.preferredSingleSignOnMode", "equals": "saml"}],
    severity="high",
)
FOUND = rule("found", scope="profile", expect=[{"path": "profile.servicePrincipals[].id", "is_empty": False}])
NAMED = rule("named", scope="tenant", expect=[{"path": "tenant.displayName", "is_null": False}])
OFF = rule("off", enabled=False)
GOTOMEETING = profile(
    "gotomeeting",
    steps=[{"id": "mode", "title": "Set the mode", "document": "tutorial", "rules": ["mode-is-saml"]}],
)


@pytest.fixture
def small(tmp_path: Path) -> RulePack:
    return pack(tmp_path, MODE, FOUND, NAMED, OFF, GOTOMEETING)


@pytest.fixture(scope="module")
def whole() -> RulePack:
    """The bundled rules and profiles."""
    return load_pack(bundled("rules"))


def findings(evaluation: Evaluation) -> dict[str, Finding]:
    return {verdict.finding.rule_id: verdict.finding for verdict in evaluation.verdicts}


def judged(pack: RulePack, snapshot: Snapshot, judgement: Judgement | None = None) -> Evaluation:
    return evaluate(snapshot, pack=pack, judgement=judgement or snapshots.judgement(), at=AT)


def with_targets(snapshot: Snapshot, *names: str) -> Snapshot:
    """The same application several times, under these names."""
    targets = tuple(
        replace(snapshots.target(), display_name=name, app_id=f"app-{number}")
        for number, name in enumerate(names)
    )
    return replace(snapshot, targets=targets)


def test_findings_say_what_they_are_about(small: RulePack) -> None:
    found = findings(judged(small, snapshots.snapshot()))
    assert set(found) == {"mode-is-saml", "found", "named"}
    mode = found["mode-is-saml"]
    assert mode.application is not None
    assert (mode.application.app_id, mode.subject.kind, mode.subject.id, mode.subject.name) == (
        snapshots.APP_ID,
        SubjectKind.APPLICATION,
        snapshots.SERVICE_PRINCIPAL,
        "GoToMeeting",
    )
    assert mode.fingerprint == fingerprint(
        tenant_id=snapshots.snapshot().tenant.id,
        rule_id="mode-is-saml",
        owner=snapshots.APP_ID,
        kind=SubjectKind.APPLICATION,
        subject_id=snapshots.SERVICE_PRINCIPAL,
    )
    assert mode.tutorial is not None
    assert (mode.tutorial.document, mode.tutorial.step) == ("The tutorial (2025-03-25)", "Set the mode")
    assert found["named"].application is None
    assert (found["named"].subject.kind, found["named"].subject.name) == (SubjectKind.TENANT, "Contoso")
    assert found["found"].subject.kind is SubjectKind.PROFILE


def test_findings_come_in_the_order_of_the_report(small: RulePack) -> None:
    snapshot = with_targets(snapshots.snapshot(), "zeta", "Alpha", "beta")
    order = [
        (verdict.finding.application and verdict.finding.application.display_name, verdict.finding.rule_id)
        for verdict in judged(small, snapshot).verdicts
    ]
    assert order == [
        (None, "found"),
        (None, "named"),
        ("Alpha", "mode-is-saml"),
        ("beta", "mode-is-saml"),
        ("zeta", "mode-is-saml"),
    ]
    applications = judged(small, snapshot).applications
    assert [application.display_name for application in applications] == ["Alpha", "beta", "zeta"]


def test_the_configuration_switches_rules_and_sets_severities(small: RulePack) -> None:
    judgement = replace(
        snapshots.judgement(),
        rules={
            "off": RuleOverride(enabled=True),
            "named": RuleOverride(enabled=False, reason="known"),
            "mode-is-saml": RuleOverride(severity=Severity.LOW),
        },
    )
    found = findings(judged(small, snapshots.snapshot(), judgement))
    assert set(found) == {"mode-is-saml", "found", "off"}
    assert found["mode-is-saml"].severity is Severity.LOW
    assert found["off"].severity is Severity.MEDIUM


def test_a_profile_is_looked_for_once_and_each_application_that_is_meant_by_itself(small: RulePack) -> None:
    entries = (
        ApplicationConfiguration(profile="gotomeeting", product="GoToMeeting"),
        ApplicationConfiguration(profile="gotomeeting", product="GoToTraining"),
        ApplicationConfiguration(profile="gotomeeting", match=Match(app_id="another")),
        ApplicationConfiguration(profile="unknown here"),
    )
    verdicts = judged(small, snapshots.snapshot(), Judgement(applications=entries)).verdicts
    looked_for = {
        verdict.finding.subject.id: verdict.finding.status
        for verdict in verdicts
        if verdict.finding.rule_id == "found"
    }
    assert looked_for == {
        "gotomeeting": Status.PASS,
        "gotomeeting/another": Status.FAIL,
    }


def test_an_application_that_could_not_be_searched_for_is_not_evaluated_by_every_rule(
    small: RulePack,
) -> None:
    snapshot = replace(snapshots.unread(snapshots.snapshot(), "matches", "gotomeeting"), targets=())
    evaluation = judged(small, snapshot)
    found = findings(evaluation)
    assert found["mode-is-saml"].status is Status.NOT_EVALUATED
    assert found["mode-is-saml"].subject.kind is SubjectKind.PROFILE
    assert found["mode-is-saml"].evidence[0].source == "GET /v1.0/matches/gotomeeting"
    assert found["mode-is-saml"].severity is Severity.HIGH
    assert found["found"].status is Status.NOT_EVALUATED
    assert found["named"].status is Status.PASS
    assert "off" not in found
    assert any(gap.section == "matches" for gap in evaluation.gaps)


def test_a_failed_search_does_not_matter_where_the_application_was_found(small: RulePack) -> None:
    found = findings(judged(small, snapshots.unread(snapshots.snapshot(), "matches", "gotomeeting")))
    assert found["mode-is-saml"].status is Status.PASS


def test_the_list_of_all_applications_that_could_not_be_read(small: RulePack) -> None:
    snapshot = snapshots.unread(snapshots.snapshot(), "matches", TENANT)
    statuses = [
        (verdict.finding.subject.kind, verdict.finding.status)
        for verdict in judged(small, snapshot).verdicts
        if verdict.finding.rule_id == "mode-is-saml"
    ]
    assert statuses == [
        (SubjectKind.TENANT, Status.NOT_EVALUATED),
        (SubjectKind.APPLICATION, Status.PASS),
    ]


def test_gaps_are_told_once_with_the_section_they_stand_in(small: RulePack) -> None:
    record = snapshots.own("servicePrincipals", {"id": "sp-1", "keyCredentials": []})
    (gap,) = (
        gap
        for gap in judged(small, snapshots.snapshot(record)).gaps
        if "preferredSingleSignOnMode" in gap.detail
    )
    assert (gap.section, gap.subject) == ("servicePrincipals", snapshots.SERVICE_PRINCIPAL)


def test_an_application_without_a_profile_is_judged_by_what_needs_none(whole: RulePack) -> None:
    target = replace(snapshots.target(), profile=None, application=None)
    found = findings(judged(whole, replace(snapshots.snapshot(), targets=(target,)), Judgement()))
    assert found["reply-url-matches"].status is Status.NOT_APPLICABLE
    assert found["reply-url-uses-https"].status is Status.PASS
    assert found["reply-url-uses-https"].tutorial is None


class TestApplications:
    @pytest.fixture
    def application(self, whole: RulePack) -> Callable[..., AuditedApplication]:
        return partial(self._application, whole)

    def _application(self, whole: RulePack, changes: Any = None, **configured: Any) -> AuditedApplication:
        judgement = snapshots.judgement(**configured)
        (found,) = judged(whole, snapshots.snapshot(changes), judgement).applications
        return found

    def test_what_the_report_shows_of_it(self, application: Callable[..., AuditedApplication]) -> None:
        found = application()
        assert (found.profile, found.product, found.matched_by) == ("gotomeeting", "GoToMeeting", "template")
        assert (found.sign_on_mode, found.enabled, found.rollover) == ("saml", True, "none")
        (certificate,) = found.certificates
        assert (certificate.status, certificate.validity, certificate.in_metadata) == (
            "active",
            "valid",
            True,
        )
        assert certificate.at_service_provider is None

    def test_what_could_not_be_read_is_null(self, application: Callable[..., AuditedApplication]) -> None:
        found = application(snapshots.own("servicePrincipals", snapshots.gap("servicePrincipals")))
        assert (found.sign_on_mode, found.enabled, found.certificates) == (None, None, ())

    def test_without_a_configured_product_the_relay_state_names_it(
        self, application: Callable[..., AuditedApplication]
    ) -> None:
        training = {"relayState": "https://global.gototraining.com"}
        changed = snapshots.own(
            "servicePrincipals", snapshots.service_principal(samlSingleSignOnSettings=training)
        )
        assert application(changed, product=None).product == "GoToTraining"
        other = snapshots.own(
            "servicePrincipals", snapshots.service_principal(samlSingleSignOnSettings={"relayState": "x"})
        )
        assert application(other, product=None).product is None
        assert application(other).product == "GoToMeeting"


def test_the_same_snapshot_gives_the_same_findings_whatever_order_it_is_in(whole: RulePack) -> None:
    snapshot = snapshots.snapshot()
    turned = replace(
        snapshot,
        sections={
            name: replace(section, records=dict(reversed(list(section.records.items()))))
            for name, section in reversed(list(snapshot.sections.items()))
        },
    )
    assert judged(whole, turned) == judged(whole, snapshot)


@pytest.mark.parametrize("section", sorted(snapshots.snapshot().sections))
def test_a_record_that_is_missing_changes_only_what_names_it(whole: RulePack, section: str) -> None:
    """As the test of whole scans does with requests, on the snapshot alone and for each section."""
    sound = snapshots.snapshot()
    before = {verdict.finding.fingerprint: verdict.finding for verdict in judged(whole, sound).verdicts}
    per = sound.sections[section].per
    for subject in sound.sections[section].records:
        lost = judged(whole, snapshots.unread(sound, section, subject))
        after = {verdict.finding.fingerprint: verdict.finding for verdict in lost.verdicts}
        prefix = f"GET /v1.0/{section}/{subject if per is not Per.TENANT else TENANT}"
        for fingerprint_, finding in before.items():
            if not any(entry.source.startswith(prefix) for entry in finding.evidence):
                assert after[fingerprint_] == finding
        for fingerprint_, finding in after.items():
            known = before.get(fingerprint_)
            assert finding.status is Status.NOT_EVALUATED or (known and known.status is finding.status)
