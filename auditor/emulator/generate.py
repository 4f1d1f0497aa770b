"""A scene of many applications, for tests and measurements at scale."""

from __future__ import annotations

from auditor.emulator.drafts import (
    ApplicationDraft,
    ConditionalAccessDraft,
    GroupDraft,
    SignInsDraft,
    TemplateDraft,
    TenantDraft,
    UserDraft,
)
from auditor.emulator.scene import Scene, scene_of

_USERS = 50


def generated_scene(*, applications: int, faults: tuple[str, ...] = (), every: int = 10) -> Scene:
    """A tenant with one GoToMeeting and else plain SAML applications, `applications` in all.

    Every `every`-th application has one of `faults`, in turn. Making the tenant takes about half a
    millisecond for each application, most of it for its certificate.
    """
    users = [UserDraft(name=f"User {number}", upn=f"user{number}@contoso.com") for number in range(_USERS)]
    groups = [
        GroupDraft(name=f"Group {number}", members=[user.upn for user in users[number::10]])
        for number in range(10)
    ]
    made = [_application(number, faults, every) for number in range(1, applications)]
    first = ApplicationDraft(
        name="GoToMeeting",
        template="GoToMeeting",
        assigned=["Group 0"],
        notification_emails=["user0@contoso.com"],
        owners=["user0@contoso.com"],
        sign_ins=[SignInsDraft(count=3)],
    )
    template = TemplateDraft(
        name="GoToMeeting",
        identifier="https://authentication.logmeininc.com/saml/sp",
        reply_url="https://authentication.logmeininc.com/saml/acs",
        relay_state="https://global.gotomeeting.com",
    )
    draft = TenantDraft(
        title=f"{applications} applications",
        gallery=[template],
        users=users,
        groups=groups,
        applications=[first, *made][:applications],
        conditional_access=[ConditionalAccessDraft(name="Require MFA")],
        configuration=[{"profile": "gotomeeting", "product": "GoToMeeting"}],
    )
    return scene_of(f"{applications} applications", draft)


def _application(number: int, faults: tuple[str, ...], every: int) -> ApplicationDraft:
    chosen = [faults[number // every % len(faults)]] if faults and number % every == 0 else []
    return ApplicationDraft(
        name=f"Application {number:05}",
        kind="custom",
        identifiers=[f"https://application{number}.example.com"],
        reply_urls=[f"https://application{number}.example.com/acs"],
        assigned=[f"Group {number % 10}"],
        notification_emails=[f"user{number % _USERS}@contoso.com"],
        owners=[f"user{number % _USERS}@contoso.com"],
        sign_ins=[SignInsDraft(last=-1 - number % 20)],
        faults=chosen,
    )
