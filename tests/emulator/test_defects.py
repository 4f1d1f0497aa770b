"""Named faults: one for each rule that looks at a tenant, each of them true when the tenant is built."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.emulator.defects import DEFECTS
from auditor.emulator.drafts import (
    ApplicationDraft,
    ConditionalAccessDraft,
    SignInsDraft,
    TemplateDraft,
    TenantDraft,
    UserDraft,
)
from auditor.emulator.scene import completed, scene_of

PRESENT = datetime(2026, 11, 1, tzinfo=UTC)
RULES = Path(__file__).parents[2] / "rules"


def company(*faults: str) -> TenantDraft:
    return TenantDraft(
        gallery=[
            TemplateDraft(
                name="GoToMeeting",
                identifier="https://authentication.logmeininc.com/saml/sp",
                reply_url="https://authentication.logmeininc.com/saml/acs",
                relay_state="https://global.gotomeeting.com",
            )
        ],
        users=[
            UserDraft(name=name, upn=f"{name.lower()}@contoso.com") for name in ("Ada", "Bob", "Cyd", "Dee")
        ],
        applications=[
            ApplicationDraft(
                name="GoToMeeting",
                template="GoToMeeting",
                assigned=["Ada"],
                owners=["Ada"],
                notification_emails=["ada@contoso.com"],
                sign_ins=[SignInsDraft()],
                faults=list(faults),
            )
        ],
        conditional_access=[ConditionalAccessDraft(name="MFA")],
        configuration=[{"profile": "gotomeeting"}],
    )


@pytest.mark.parametrize("name", DEFECTS)
def test_every_fault_changes_the_tenant(name: str) -> None:
    sound, faulty = completed(company()), completed(company(name))
    faulty_faults = [application.faults for application in faulty.applications]
    for application in faulty.applications:
        application.faults = []
    assert faulty != sound
    assert name == "application-absent" or [name] in faulty_faults


@pytest.mark.parametrize("name", DEFECTS)
def test_every_fault_can_be_built(name: str) -> None:
    tenant = scene_of(name, company(name)).tenant(present=PRESENT)
    sound = scene_of("sound", company()).tenant(present=PRESENT)
    assert (tenant.sets, tenant.related, tenant.single, tenant.signing, tenant.configuration) != (
        sound.sets,
        sound.related,
        sound.single,
        sound.signing,
        sound.configuration,
    )


def test_faults_are_named_in_words() -> None:
    for name, defect in DEFECTS.items():
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name)
        assert defect.rule not in defect.also


def test_faults_name_rules_that_there_are() -> None:
    rules = {file.stem for file in RULES.glob("*/*.yaml") if file.parent.name != "profiles"}
    assert {rule for defect in DEFECTS.values() for rule in (defect.rule, *defect.also)} <= rules
