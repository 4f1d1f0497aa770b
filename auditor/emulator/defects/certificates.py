"""Faults of the signing certificate."""

from __future__ import annotations

from collections.abc import Callable

from auditor.emulator.defects.defect import Defect
from auditor.emulator.drafts import ApplicationDraft, CertificateDraft, PolicyDraft, TenantDraft

_RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"


def _replaced(*certificates: CertificateDraft) -> Callable[[ApplicationDraft, TenantDraft], None]:
    def apply(application: ApplicationDraft, tenant: TenantDraft) -> None:
        kept = [one for one in application.certificates or () if one.purpose == "encryption"]
        application.certificates = [*certificates, *kept]

    return apply


def _expiring(days: float) -> Callable[[ApplicationDraft, TenantDraft], None]:
    # A little more than whole days, so that rounding down gives the number in the name.
    return _replaced(CertificateDraft(not_before=days - 1095, not_after=days + 0.01))


def _none_active(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.preferred_thumbprint = "0123456789ABCDEF0123456789ABCDEF01234567"


def _not_in_metadata(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.certificates = [
        CertificateDraft(in_metadata=False),
        CertificateDraft(not_before=-800, not_after=295, active=False),
    ]


def _sha1_algorithm(application: ApplicationDraft, tenant: TenantDraft) -> None:
    policy = PolicyDraft(
        name=f"{application.name} signs with SHA-1",
        definition='{"TokenIssuancePolicy":{"Version":1,"TokenResponseSigningPolicy":"TokenOnly",'
        f'"SamlTokenVersion":"2.0","SigningAlgorithm":"{_RSA_SHA1}"}}}}',
    )
    tenant.policies.token_issuance.append(policy)
    application.token_issuance_policy = policy.name


_EXPIRED = CertificateDraft(not_before=-1100, not_after=-5)

DEFECTS = (
    Defect(name="no-active-certificate", rule="signing-certificate-active", apply=_none_active),
    Defect(
        name="active-certificate-expired",
        rule="signing-certificate-not-expired",
        apply=_replaced(_EXPIRED),
    ),
    Defect(
        name="expired-beside-valid",
        rule="signing-certificate-rollover-safe",
        apply=_replaced(_EXPIRED, CertificateDraft(active=False)),
        also=("signing-certificate-not-expired",),
    ),
    *[
        Defect(
            name=f"certificate-expires-in-{days}-days",
            rule="signing-certificate-not-expiring",
            apply=_expiring(days),
        )
        for days in (45, 20, 5)
    ],
    Defect(
        name="weak-key", rule="signing-certificate-strong", apply=_replaced(CertificateDraft(key_size=1024))
    ),
    Defect(name="sha1-signing-algorithm", rule="signing-algorithm-sha256", apply=_sha1_algorithm),
    Defect(
        name="metadata-lacks-active-certificate",
        rule="metadata-lists-active-certificate",
        apply=_not_in_metadata,
    ),
)
