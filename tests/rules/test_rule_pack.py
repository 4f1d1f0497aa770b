"""The bundled rules and profiles: all there, complete, and judging as their own tests say."""

from __future__ import annotations

import re

import pytest

from auditor.bundled import bundled
from auditor.evaluate.lint import lint
from auditor.evaluate.loader import RulePack, load_pack
from auditor.evaluate.rule_tests import failing_tests
from auditor.model.profile import ExpectationKind, Profile
from auditor.model.rule import Need, Rule

PACK = load_pack(bundled("rules"))
RULES = {rule.id: rule for rule in PACK.rules}
GOTOMEETING = PACK.profile("gotomeeting")

SEVERITIES = {
    "active-certificate-at-service-provider": "high",
    "added-from-gallery": "low",
    "application-enabled": "medium",
    "application-permissions-minimal": "high",
    "assigned-users-enabled": "low",
    "assignment-required": "high",
    "assignments-present": "low",
    "captured-response-accepted": "medium",
    "conditional-access-covers": "medium",
    "delegated-permissions-minimal": "medium",
    "gallery-application-present": "high",
    "identifier-matches": "high",
    "instances-distinct": "medium",
    "issuer-is-tenant": "medium",
    "metadata-available": "medium",
    "metadata-lists-active-certificate": "high",
    "metadata-matches-tenant": "high",
    "metadata-signature-valid": "critical",
    "name-id-is-user-name": "high",
    "no-broad-group-assigned": "medium",
    "no-client-credential": "high",
    "no-expired-certificate-left": "informational",
    "no-guests-assigned": "medium",
    "no-unexpected-reply-url": "high",
    "notification-email-present": "medium",
    "notification-email-reachable": "low",
    "owner-present": "informational",
    "provisioning-as-expected": "low",
    "recently-used": "informational",
    "relay-state-matches": "medium",
    "reply-url-matches": "high",
    "reply-url-uses-https": "critical",
    "reply-urls-agree": "medium",
    "rollover-ready": "high",
    "service-provider-certificate": "high",
    "service-provider-entity-id": "high",
    "service-provider-knows-next-certificate": "low",
    "service-provider-metadata-current": "medium",
    "service-provider-metadata-url": "high",
    "service-provider-recently-confirmed": "low",
    "service-provider-sign-in-url": "high",
    "service-provider-sign-out-url": "medium",
    "sign-ins-succeed": "medium",
    "sign-on-mode-is-saml": "high",
    "sign-on-url-matches": "low",
    "signing-algorithm-sha256": "medium",
    "signing-certificate-active": "high",
    "signing-certificate-not-expired": "critical",
    "signing-certificate-not-expiring": "medium",
    "signing-certificate-rollover-safe": "high",
    "signing-certificate-strong": "medium",
    "synchronization-healthy": "high",
    "test-user-assigned": "low",
    "test-user-exists": "low",
    "test-user-not-assigned": "low",
    "user-name-is-mail": "low",
    "visible-in-my-apps": "low",
}
"""What was agreed on; a change here is a change of what people are woken for."""

NEED_A_CERTIFICATE = {
    "active-certificate-at-service-provider",
    "metadata-available",
    "metadata-lists-active-certificate",
    "metadata-signature-valid",
    "no-expired-certificate-left",
    "notification-email-present",
    "rollover-ready",
    "service-provider-knows-next-certificate",
    "signing-algorithm-sha256",
    "signing-certificate-active",
    "signing-certificate-not-expired",
    "signing-certificate-not-expiring",
    "signing-certificate-rollover-safe",
    "signing-certificate-strong",
}
NEED_A_PROFILE = {
    "added-from-gallery",
    "identifier-matches",
    "instances-distinct",
    "name-id-is-user-name",
    "no-unexpected-reply-url",
    "provisioning-as-expected",
    "relay-state-matches",
    "reply-url-matches",
    "sign-on-mode-is-saml",
    "sign-on-url-matches",
    "user-name-is-mail",
    "visible-in-my-apps",
}
OFF_BY_DEFAULT = {"owner-present", "recently-used"}

every_rule = pytest.mark.parametrize("rule", PACK.rules, ids=lambda rule: rule.id)
every_profile = pytest.mark.parametrize("profile", PACK.profiles, ids=lambda profile: profile.id)


def _ids(rules: RulePack, need: Need) -> set[str]:
    return {rule.id for rule in rules.rules if rule.needs is need}


def test_every_agreed_rule_is_there_with_its_severity() -> None:
    assert {rule.id: rule.severity.value for rule in PACK.rules} == SEVERITIES


def test_rules_that_look_at_an_expected_value_need_a_profile() -> None:
    assert _ids(PACK, Need.PROFILE) == NEED_A_PROFILE


def test_rules_about_the_certificate_need_one() -> None:
    assert _ids(PACK, Need.CERTIFICATE) == NEED_A_CERTIFICATE


def test_only_what_many_leave_out_on_purpose_is_off() -> None:
    assert {rule.id for rule in PACK.rules if not rule.enabled} == OFF_BY_DEFAULT


def test_nothing_is_wrong_with_the_files() -> None:
    assert [str(problem) for problem in lint(bundled("rules")).problems] == []


@every_rule
def test_the_rule_passes_its_own_tests(rule: Rule) -> None:
    assert [f"{failure.test.name}: {failure.problem}" for failure in failing_tests(PACK, [rule])] == []


@every_rule
def test_the_rule_tells_people_what_they_need(rule: Rule) -> None:
    remediation = rule.remediation
    assert remediation.portal.endswith(".")
    assert remediation.graph
    assert remediation.cli
    assert rule.rationale.endswith(".")
    assert all(url.startswith("https://") for url in rule.references)
    assert any(url.startswith("https://learn.microsoft.com/") for url in rule.references)
    assert all(rule.controls[framework] for framework in ("nist-sp-800-53-r5", "iso-27001-2022"))


@every_rule
def test_control_ids_are_written_as_their_framework_writes_them(rule: Rule) -> None:
    forms = {
        "nist-sp-800-53-r5": r"[A-Z]{2}-\d{1,2}(\(\d{1,2}\))?",
        "iso-27001-2022": r"A\.[5-8]\.\d{1,2}",
        "cis-controls-v8": r"\d{1,2}\.\d{1,2}",
        "cis-microsoft-365-v6": r"\d(\.\d{1,2})+",
    }
    for framework, controls in rule.controls.items():
        assert [one for one in controls if not re.fullmatch(forms[framework], one)] == []


@every_rule
def test_commands_leave_nothing_to_fill_in_but_what_angle_brackets_name(rule: Rule) -> None:
    commands = f"{rule.remediation.graph} {rule.remediation.cli}"
    guids = re.findall(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", commands)
    assert set(guids) <= {"00000000-0000-0000-0000-000000000000"}
    assert commands.count("<") == commands.count(">")
    assert "graph.microsoft.com" in commands or "login.microsoftonline.com" in commands


def test_every_rule_belongs_to_a_step_of_the_first_tutorial() -> None:
    judged = [rule_id for step in GOTOMEETING.steps for rule_id in step.rules]
    assert sorted(judged) == sorted(RULES)


@every_profile
def test_every_step_is_judged_or_says_where_to_look(profile: Profile) -> None:
    for step in profile.steps:
        assert bool(step.rules) != bool(step.check), step.id
        assert step.observable == bool(step.rules), step.id
        assert not step.check or step.check.endswith("."), step.id
        assert set(step.rules) <= set(RULES), step.id


@every_profile
def test_every_value_says_where_it_is_written(profile: Profile) -> None:
    for name, expectation in profile.expected.items():
        assert profile.sources[expectation.document].url.startswith("https://"), name
        assert expectation.step, name


def test_the_four_products_of_gotomeeting() -> None:
    relay_state = GOTOMEETING.expected["relayState"]
    assert relay_state.kind is ExpectationKind.ONE_OF
    assert relay_state.value == {
        "GoToMeeting": "https://global.gotomeeting.com",
        "GoToTraining": "https://global.gototraining.com",
        "GoToWebinar": "https://global.gotowebinar.com",
        "GoToAssist": "https://app.gotoassist.com",
    }
    assert GOTOMEETING.initiated_by == "idp"
    assert GOTOMEETING.expected["signOnUrl"].kind is ExpectationKind.BLANK


def test_what_gotomeeting_is_recognised_by() -> None:
    identifier, reply_url = GOTOMEETING.expected["identifier"], GOTOMEETING.expected["replyUrl"]
    assert identifier.value == "https://authentication.logmeininc.com/saml/sp"
    assert reply_url.value == "https://authentication.logmeininc.com/saml/acs"
    assert GOTOMEETING.identifiers == (identifier.value,)
    assert GOTOMEETING.template_names == ("GoToMeeting", "Citrix GoToMeeting")


def test_both_pages_about_provisioning_are_cited() -> None:
    pages = {
        "https://learn.microsoft.com/entra/identity/saas-apps/citrix-gotomeeting-tutorial",
        "https://learn.microsoft.com/entra/identity/saas-apps/citrixgotomeeting-provisioning-tutorial",
    }
    assert pages <= set(RULES["provisioning-as-expected"].references)
    assert pages <= {source.url for source in GOTOMEETING.sources.values()}
    assert "disagree" in (GOTOMEETING.expected["provisioning"].note or "")
