"""Faults of what the application may do besides sign-on, and of its provisioning."""

from __future__ import annotations

from collections.abc import Callable

from auditor.emulator.defects.defect import Defect
from auditor.emulator.drafts import (
    ApplicationDraft,
    CertificateDraft,
    DelegatedDraft,
    FederatedCredentialDraft,
    JobDraft,
    PermissionDraft,
    SecretDraft,
    TenantDraft,
)


def _secret(where: str) -> Callable[[ApplicationDraft, TenantDraft], None]:
    def apply(application: ApplicationDraft, tenant: TenantDraft) -> None:
        application.secrets.append(SecretDraft(name="Left behind", where=where))

    return apply


def _lone_key(application: ApplicationDraft, tenant: TenantDraft) -> None:
    key = CertificateDraft(active=False, private_part=False)
    application.certificates = [*(application.certificates or ()), key]


def _federated(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.federated_credentials.append(FederatedCredentialDraft(name="pipeline"))


def _delegated(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.delegated = [DelegatedDraft(scope="User.Read Mail.Read")]


def _permission(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.permissions.append(PermissionDraft(role="Mail.Read"))


def _job(job: JobDraft) -> Callable[[ApplicationDraft, TenantDraft], None]:
    def apply(application: ApplicationDraft, tenant: TenantDraft) -> None:
        application.provisioning = [job]

    return apply


_RULE = "no-client-credential"
_HEALTH = "synchronization-healthy"
_JOB = ("provisioning-as-expected",)

DEFECTS = (
    Defect(name="client-secret", rule=_RULE, apply=_secret("servicePrincipal")),
    Defect(name="client-secret-on-registration", rule=_RULE, apply=_secret("application")),
    Defect(name="lone-verify-key", rule=_RULE, apply=_lone_key),
    Defect(name="federated-credential", rule=_RULE, apply=_federated),
    Defect(name="excessive-delegated-permission", rule="delegated-permissions-minimal", apply=_delegated),
    Defect(
        name="excessive-application-permission", rule="application-permissions-minimal", apply=_permission
    ),
    Defect(
        name="provisioning-in-quarantine",
        rule=_HEALTH,
        apply=_job(
            JobDraft(quarantine="EncounteredQuarantineException", last_success=-9, complete_failures=4)
        ),
        also=_JOB,
    ),
    Defect(name="provisioning-failing", rule=_HEALTH, apply=_job(JobDraft(complete_failures=3)), also=_JOB),
    Defect(name="provisioning-configured", rule="provisioning-as-expected", apply=_job(JobDraft())),
)
