"""The sections that a rule needs, told from its paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.bundled import bundled
from auditor.errors import Mark
from auditor.evaluate.evidence.sections import SECTIONS, sections_of
from auditor.evaluate.loader import load_pack
from auditor.model.rule import (
    Assertion,
    Either,
    Escalation,
    ForEach,
    Need,
    Remediation,
    Rule,
    Severity,
    SubjectKind,
)

MARK = Mark(Path("rule.yaml"), 1, 1)


def assertion(path: str, operand_path: str | None = None) -> Assertion:
    return Assertion(path=path, operator="equals", operand=None, operand_path=operand_path, mark=MARK)


def rule(
    *expect: Assertion | Either,
    for_each: str | None = None,
    needs: Need | None = None,
    when: tuple[Assertion, ...] = (),
    escalates: tuple[Escalation, ...] = (),
) -> Rule:
    """A rule that expects this."""
    each = None
    if for_each is not None:
        kind = SubjectKind.ASSIGNMENT
        each = ForEach(path=for_each, kind=kind, id="item.id", name="item.name", none="none", mark=MARK)
    return Rule(
        id="a-rule",
        category="a",
        title="A rule",
        severity=Severity.LOW,
        needs=needs,
        rationale="",
        when=when,
        for_each=each,
        expect=expect,
        escalates=escalates,
        message_pass="",
        message_fail="",
        remediation=Remediation(portal=""),
        references=(),
        controls={},
        mark=MARK,
    )


@pytest.mark.parametrize(
    ("path", "sections"),
    [
        ("servicePrincipal.loginUrl", {"servicePrincipals"}),
        ("servicePrincipal.owners[?accountEnabled].id", {"servicePrincipals", "owners"}),
        ("servicePrincipal.sharedWith[].appId", {"servicePrincipals", "sharedIdentity"}),
        ("assignments[].principalId", {"appRoleAssignedTo"}),
        ("assignments[].people[?userType == 'Guest'][].id", {"appRoleAssignedTo", "users", "groupMembers"}),
        ("assignments[?group.dynamicAllUsers].id", {"appRoleAssignedTo", "groups"}),
        ("assignments[].group.percentOfMembers", {"appRoleAssignedTo", "groupMembers", "enabledMemberCount"}),
        ("certificates.active[0].daysLeft", {"servicePrincipals"}),
        ("certificates.[active, others][].validity", {"servicePrincipals"}),
        (
            "certificates.active[0]",
            {"servicePrincipals", "federationMetadata", "serviceProvider", "organization"},
        ),
        ("certificates.active[0].keySize", {"servicePrincipals", "federationMetadata"}),
        ("metadata.available", {"federationMetadata"}),
        ("metadata", {"federationMetadata", "servicePrincipals"}),
        ("tenant.id", set()),
        ("tenant.domain", {"organization"}),
        ("tenant.*", {"organization", "enabledMemberCount", "testUser"}),
        ("config.guests", set()),
        ("length(signIns.codes)", {"signIns"}),
        ("max_by(synchronization, &status.code).id", {"synchronizationJobs"}),
        ("profile.servicePrincipals | [0].id", {"matches"}),
        (
            "signIns.total > `0` && policies.signingAlgorithm",
            {"signIns", "tokenIssuancePolicies", "applications"},
        ),
        ("{a: tenant.domain, b: owner}", {"organization"}),
        ("!conditionalAccess.covering", {"conditionalAccessPolicies"}),
    ],
)
def test_what_a_path_touches(path: str, sections: set[str]) -> None:
    assert sections_of(rule(assertion(path))) == sections


def test_an_element_touches_what_lies_below_its_list() -> None:
    assert sections_of(rule(assertion("item.principalId"), for_each="assignments")) == {"appRoleAssignedTo"}
    of_people = rule(assertion("item.people[?hasTutorialName].id"), for_each="assignments[?group]")
    assert sections_of(of_people) >= {"appRoleAssignedTo", "users", "groupMembers"}


def test_every_part_of_a_rule_counts() -> None:
    whole = rule(
        Either(
            assertions=(assertion("config.guests", "signIns.total"), assertion("tenant.domain")), mark=MARK
        ),
        needs=Need.CERTIFICATE,
        when=(assertion("synchronization[].id"),),
        escalates=(Escalation(condition=assertion("conditionalAccess.covering"), severity=Severity.HIGH),),
    )
    assert sections_of(whole) == {
        "signIns",
        "organization",
        "servicePrincipals",
        "synchronizationJobs",
        "conditionalAccessPolicies",
    }


def test_the_rules_of_the_program_need_sections_that_exist() -> None:
    known = {name for sections in SECTIONS.values() for name in sections}
    for found in load_pack(bundled("rules")).rules:
        assert sections_of(found), found.id
        assert sections_of(found) <= known
