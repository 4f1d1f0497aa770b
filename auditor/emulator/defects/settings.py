"""Faults of the SAML settings and of what the portal shows beside them."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from auditor.emulator.defects.defect import Defect, domain, word
from auditor.emulator.directory import CUSTOM_TEMPLATE
from auditor.emulator.drafts import ApplicationDraft, ClaimsPolicyDraft, PolicyDraft, TenantDraft

_NAME_ID = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier"


def _absent(application: ApplicationDraft, tenant: TenantDraft) -> None:
    tenant.applications.remove(application)


def _custom(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.template_id = CUSTOM_TEMPLATE


def _without_template(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.template_id = "none"


def _mode(mode: str) -> Callable[[ApplicationDraft, TenantDraft], None]:
    def apply(application: ApplicationDraft, tenant: TenantDraft) -> None:
        application.sign_on_mode = mode

    return apply


def _wrong_identifier(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.identifiers = [f"https://{domain(tenant)}/saml/{word(application)}"]


def _identifier_in_upper_case(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.identifiers = [identifier.upper() for identifier in application.identifiers or ()]


def _duplicate(application: ApplicationDraft, tenant: TenantDraft) -> None:
    twin = deepcopy(application)
    twin.name = f"{application.name} (second)"
    twin.app_id = None
    twin.identifiers = [f"{identifier}#{word(twin)}" for identifier in application.identifiers or ()]
    twin.faults = []
    tenant.applications.append(twin)


def _claims(application: ApplicationDraft) -> ClaimsPolicyDraft:
    application.claims_policy = application.claims_policy or ClaimsPolicyDraft()
    return application.claims_policy


def _application_id_in_issuer(application: ApplicationDraft, tenant: TenantDraft) -> None:
    _claims(application).application_id_in_issuer = True


def _mail_by_claims_policy(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.claims_mapping_policy = None
    _claims(application).name_id = "user.mail"


def _mail_by_mapping_policy(application: ApplicationDraft, tenant: TenantDraft) -> None:
    schema = f'{{"Source":"user","ID":"mail","SamlClaimType":"{_NAME_ID}"}}'
    policy = PolicyDraft(
        name=f"{application.name} signs in with mail",
        definition=f'{{"ClaimsMappingPolicy":{{"Version":1,"IncludeBasicClaimSet":"true","ClaimsSchema":[{schema}]}}}}',
    )
    tenant.policies.claims_mapping.append(policy)
    application.claims_mapping_policy = policy.name


def _wrong_reply_url(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.reply_urls = [f"https://{domain(tenant)}/saml/{word(application)}/acs"]


def _further_reply_url(url: str, *, default: bool = False) -> Callable[[ApplicationDraft, TenantDraft], None]:
    def apply(application: ApplicationDraft, tenant: TenantDraft) -> None:
        application.reply_urls = [*(application.reply_urls or ()), url]
        if default:
            application.default_reply_url = url

    return apply


def _reply_urls_disagree(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.registration_reply_urls = [
        *(application.reply_urls or ()),
        f"https://staging.{domain(tenant)}/acs",
    ]


def _relay_state(value: str) -> Callable[[ApplicationDraft, TenantDraft], None]:
    def apply(application: ApplicationDraft, tenant: TenantDraft) -> None:
        application.relay_state = value

    return apply


def _sign_on_url(application: ApplicationDraft, tenant: TenantDraft) -> None:
    application.sign_on_url = "https://global.gotomeeting.com/sign-in"


def _metadata(variant: str) -> Callable[[ApplicationDraft, TenantDraft], None]:
    def apply(application: ApplicationDraft, tenant: TenantDraft) -> None:
        application.metadata = variant

    return apply


_EXTRA = ("no-unexpected-reply-url",)
_METADATA = (
    "metadata-signature-valid",
    "metadata-matches-tenant",
    "metadata-lists-active-certificate",
)

DEFECTS = (
    Defect(name="application-absent", rule="gallery-application-present", apply=_absent),
    Defect(name="added-outside-gallery", rule="added-from-gallery", apply=_custom),
    Defect(name="without-template", rule="added-from-gallery", apply=_without_template),
    Defect(name="sign-on-mode-null", rule="sign-on-mode-is-saml", apply=_mode("none")),
    Defect(name="sign-on-mode-password", rule="sign-on-mode-is-saml", apply=_mode("password")),
    Defect(name="sign-on-mode-oidc", rule="sign-on-mode-is-saml", apply=_mode("oidc")),
    Defect(name="wrong-identifier", rule="identifier-matches", apply=_wrong_identifier),
    Defect(name="identifier-in-upper-case", rule="identifier-matches", apply=_identifier_in_upper_case),
    Defect(name="duplicate-instance", rule="instances-distinct", apply=_duplicate),
    Defect(name="application-id-in-issuer", rule="issuer-is-tenant", apply=_application_id_in_issuer),
    Defect(name="wrong-reply-url", rule="reply-url-matches", apply=_wrong_reply_url, also=_EXTRA),
    Defect(
        name="default-reply-url-elsewhere",
        rule="reply-url-matches",
        apply=_further_reply_url("https://old.logmeininc.com/saml/acs", default=True),
        also=_EXTRA,
    ),
    Defect(
        name="extra-reply-url",
        rule="no-unexpected-reply-url",
        apply=_further_reply_url("https://authentication.logmeininc.com.example.net/saml/acs"),
    ),
    Defect(
        name="http-reply-url",
        rule="reply-url-uses-https",
        apply=_further_reply_url("http://authentication.logmeininc.com/saml/acs"),
        also=_EXTRA,
    ),
    Defect(
        name="localhost-reply-url",
        rule="reply-url-uses-https",
        apply=_further_reply_url("https://localhost:8443/acs"),
        also=_EXTRA,
    ),
    Defect(
        name="wildcard-reply-url",
        rule="reply-url-uses-https",
        apply=_further_reply_url("https://*.contoso.com/acs"),
        also=_EXTRA,
    ),
    Defect(
        name="ip-reply-url",
        rule="reply-url-uses-https",
        apply=_further_reply_url("https://192.0.2.10/acs"),
        also=_EXTRA,
    ),
    Defect(name="reply-urls-disagree", rule="reply-urls-agree", apply=_reply_urls_disagree),
    Defect(
        name="wrong-relay-state", rule="relay-state-matches", apply=_relay_state("https://global.example.com")
    ),
    Defect(name="no-relay-state", rule="relay-state-matches", apply=_relay_state("none")),
    Defect(name="sign-on-url-set", rule="sign-on-url-matches", apply=_sign_on_url),
    Defect(name="name-id-is-mail", rule="name-id-is-user-name", apply=_mail_by_mapping_policy),
    Defect(
        name="name-id-is-mail-by-claims-policy", rule="name-id-is-user-name", apply=_mail_by_claims_policy
    ),
    Defect(name="metadata-missing", rule="metadata-available", apply=_metadata("missing")),
    *[
        Defect(
            name=f"metadata-{variant.replace(' ', '-')}",
            rule="metadata-available",
            apply=_metadata(variant),
            also=_METADATA,
            hides=True,
        )
        for variant in ("oversized", "not xml")
    ],
    *[
        Defect(
            name=f"metadata-{variant.replace(' ', '-')}",
            rule="metadata-signature-valid",
            apply=_metadata(variant),
        )
        for variant in ("dtd", "broken signature", "foreign signature", "unsigned")
    ],
    Defect(
        name="metadata-of-another-tenant", rule="metadata-matches-tenant", apply=_metadata("another tenant")
    ),
)
