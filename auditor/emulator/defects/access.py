"""Faults of who may sign in, who does, and what protects it."""

from __future__ import annotations

from collections.abc import Callable

from auditor.emulator.defects.defect import Defect, add_user, domain, guest, word
from auditor.emulator.drafts import (
    ApplicationDraft,
    GroupDraft,
    SignInsDraft,
    TenantDraft,
    UserDraft,
)

_EVERYBODY = "(user.objectId -ne null)"  # documented in "Dynamic membership rules": the rule for all users


def _user_name_is_not_mail(application: ApplicationDraft, tenant: TenantDraft) -> None:
    user = UserDraft(
        name=f"Married in {application.name}",
        upn=f"maiden.{word(application)}@{domain(tenant)}",
        mail=f"married.{word(application)}@{domain(tenant)}",
    )
    application.assigned.append(add_user(tenant, user))


def _test_user(tenant: TenantDraft, application: ApplicationDraft) -> str:
    """The test user that the configuration names for the application from now on."""
    name = f"test.{word(application)}@{domain(tenant)}"
    tenant.environment = "test"
    for entry in tenant.configuration:
        entry["test_user"] = name
    return name


def _test_user_absent(application: ApplicationDraft, tenant: TenantDraft) -> None:
    _test_user(tenant, application)


def _test_user_disabled(application: ApplicationDraft, tenant: TenantDraft) -> None:
    user = UserDraft(name="Test user", upn=_test_user(tenant, application), enabled=False)
    application.assigned.append(add_user(tenant, user))


def _test_user_unassigned(application: ApplicationDraft, tenant: TenantDraft) -> None:
    add_user(tenant, UserDraft(name="Test user", upn=_test_user(tenant, application)))


def _test_user_assigned(application: ApplicationDraft, tenant: TenantDraft) -> None:
    user = UserDraft(name="B.Simon", upn=f"b.simon.{word(application)}@{domain(tenant)}")
    application.assigned.append(add_user(tenant, user))


def _not_required(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.assignment_required = False


def _nobody(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.assigned = []


def _disabled_user(application: ApplicationDraft, tenant: TenantDraft) -> None:
    user = UserDraft(
        name=f"Former user of {application.name}",
        upn=f"former.{word(application)}@{domain(tenant)}",
        enabled=False,
    )
    application.assigned.append(add_user(tenant, user))


def _waiting_guest(application: ApplicationDraft, tenant: TenantDraft) -> None:
    user = guest(application, tenant, "invited")
    user.invitation, user.invited = "PendingAcceptance", -120
    application.assigned.append(add_user(tenant, user))


def _guest(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.assigned.append(add_user(tenant, guest(application, tenant, "partner")))


def _guest_in_group(application: ApplicationDraft, tenant: TenantDraft) -> None:
    member = add_user(tenant, guest(application, tenant, "member"))
    tenant.groups.append(GroupDraft(name=f"{application.name} partners", members=[member]))
    application.assigned.append(f"{application.name} partners")


def _broad_group(application: ApplicationDraft, tenant: TenantDraft) -> None:
    tenant.groups.append(GroupDraft(name=f"Everybody for {application.name}", everyone=True))
    application.assigned.append(f"Everybody for {application.name}")


def _all_users_group(application: ApplicationDraft, tenant: TenantDraft) -> None:
    tenant.groups.append(GroupDraft(name=f"All users for {application.name}", rule=_EVERYBODY))
    application.assigned.append(f"All users for {application.name}")


def _disabled(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.enabled = False


def _deactivated(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.deactivated = True


def _hidden(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.hidden = True


def _no_owner(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.owners = []
    application.registration_owners = []


def _guest_owner(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.owners = [add_user(tenant, guest(application, tenant, "owner"))]
    application.registration_owners = []


def _unprotected(application: ApplicationDraft, tenant: TenantDraft) -> None:
    for policy in tenant.conditional_access:
        policy.exclude_applications.append(application.name)
        if application.name in policy.applications:
            policy.applications.remove(application.name)
            policy.applications = policy.applications or ["None"]


def _failing(code: int) -> Callable[[ApplicationDraft, TenantDraft], None]:
    def apply(application: ApplicationDraft, tenant: TenantDraft) -> None:
        application.sign_ins = [SignInsDraft(code=code, count=12), SignInsDraft(code=0, count=5)]

    return apply


def _unused(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.sign_ins = []


DEFECTS = (
    Defect(name="user-name-is-not-mail", rule="user-name-is-mail", apply=_user_name_is_not_mail),
    Defect(name="test-user-absent", rule="test-user-exists", apply=_test_user_absent),
    Defect(
        name="test-user-disabled",
        rule="test-user-exists",
        apply=_test_user_disabled,
        also=("assigned-users-enabled",),
    ),
    Defect(name="test-user-unassigned", rule="test-user-assigned", apply=_test_user_unassigned),
    Defect(name="test-user-assigned", rule="test-user-not-assigned", apply=_test_user_assigned),
    Defect(name="assignment-not-required", rule="assignment-required", apply=_not_required),
    Defect(name="nobody-assigned", rule="assignments-present", apply=_nobody),
    Defect(name="disabled-user-assigned", rule="assigned-users-enabled", apply=_disabled_user),
    Defect(
        name="invitation-waiting",
        rule="assigned-users-enabled",
        apply=_waiting_guest,
        also=("no-guests-assigned",),
    ),
    Defect(name="guest-assigned", rule="no-guests-assigned", apply=_guest),
    Defect(name="guest-in-assigned-group", rule="no-guests-assigned", apply=_guest_in_group),
    Defect(name="broad-group-assigned", rule="no-broad-group-assigned", apply=_broad_group),
    Defect(name="all-users-group-assigned", rule="no-broad-group-assigned", apply=_all_users_group),
    Defect(name="application-disabled", rule="application-enabled", apply=_disabled),
    Defect(name="application-deactivated", rule="application-enabled", apply=_deactivated),
    Defect(name="hidden-in-my-apps", rule="visible-in-my-apps", apply=_hidden),
    Defect(name="no-owner", rule="owner-present", apply=_no_owner),
    Defect(name="guest-owner", rule="owner-present", apply=_guest_owner),
    Defect(name="excluded-from-conditional-access", rule="conditional-access-covers", apply=_unprotected),
    Defect(name="sign-ins-unassigned", rule="sign-ins-succeed", apply=_failing(50105)),
    Defect(name="sign-ins-wrong-reply-url", rule="sign-ins-succeed", apply=_failing(50011)),
    Defect(name="never-used", rule="recently-used", apply=_unused),
)
