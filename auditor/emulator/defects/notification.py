"""Faults of the certificate's notification addresses."""

from __future__ import annotations

from auditor.emulator.defects.defect import Defect, add_user, domain, guest, word
from auditor.emulator.drafts import ApplicationDraft, TenantDraft, UserDraft


def _no_address(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.notification_emails = []


def _nobody(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.notification_emails = [f"former.admin.{word(application)}@{domain(tenant)}"]


def _guest(application: ApplicationDraft, tenant: TenantDraft) -> None:
    contractor = guest(application, tenant, "contractor")
    contractor.mail = f"contractor.{word(application)}@{domain(tenant)}"
    add_user(tenant, contractor)
    application.notification_emails = [contractor.mail]


def _leaver(application: ApplicationDraft, tenant: TenantDraft) -> None:
    leaver = UserDraft(
        name=f"Leaver of {application.name}",
        upn=f"leaver.{word(application)}@{domain(tenant)}",
        enabled=False,
    )
    application.notification_emails = [add_user(tenant, leaver)]


_RULE = "notification-email-reachable"

DEFECTS = (
    Defect(name="no-notification-email", rule="notification-email-present", apply=_no_address),
    Defect(name="notification-to-nobody", rule=_RULE, apply=_nobody),
    Defect(name="notification-to-guest", rule=_RULE, apply=_guest),
    Defect(name="notification-to-leaver", rule=_RULE, apply=_leaver),
)
