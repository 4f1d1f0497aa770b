"""Policies of the tenant: claims mapping, token issuance, custom claims, Conditional Access."""

from __future__ import annotations

from auditor.emulator.applications import app_id
from auditor.emulator.directory import Tenant
from auditor.emulator.drafts import (
    ApplicationDraft,
    ClaimsPolicyDraft,
    ConditionalAccessDraft,
    PolicyDraft,
    TenantDraft,
)
from auditor.emulator.people import principal
from auditor.emulator.requests import Json, Object

_GRAPH_WORDS = ("All", "Office365", "None", "MicrosoftAdminPortals")
_WORDS_FOR_USERS = ("All", "None", "GuestsOrExternalUsers")


def add_policies(tenant: Tenant, draft: TenantDraft) -> None:
    """Adds the policies and what they apply to."""
    for policy in draft.policies.claims_mapping:
        _add_policy(tenant, "claimsMappingPolicies", "claimsMappingPolicy", policy)
    for policy in draft.policies.token_issuance:
        _add_policy(tenant, "tokenIssuancePolicies", "tokenIssuancePolicy", policy)
    for application in draft.applications:
        _assign(tenant, application)
    names = {application.name: app_id(tenant, application) for application in draft.applications}
    for rule in draft.conditional_access:
        tenant.add(
            "conditionalAccessPolicies",
            _conditional_access(tenant, rule, names),
            kind="conditionalAccessPolicy",
        )


def _add_policy(tenant: Tenant, collection: str, kind: str, draft: PolicyDraft) -> None:
    tenant.add(
        collection,
        {
            "id": tenant.id_of(kind, draft.name),
            "definition": [draft.definition],
            "deletedDateTime": None,
            "displayName": draft.name,
            "isOrganizationDefault": draft.organization_default,
        },
        kind=kind,
    )


def _assign(tenant: Tenant, draft: ApplicationDraft) -> None:
    """Claims mapping goes to the service principal, token issuance to the registration, as documented."""
    service_principal = tenant.objects[tenant.id_of("servicePrincipal", draft.name)]
    registration = tenant.objects.get(tenant.id_of("application", draft.name))
    if draft.claims_mapping_policy:
        policy = tenant.id_of("claimsMappingPolicy", draft.claims_mapping_policy)
        tenant.relate(policy, "appliesTo", service_principal)
    if draft.token_issuance_policy:
        policy = tenant.id_of("tokenIssuancePolicy", draft.token_issuance_policy)
        tenant.relate(policy, "appliesTo", registration or service_principal)
    if draft.claims_policy:
        claims = _claims_policy(tenant, draft.name, draft.claims_policy)
        tenant.single[str(service_principal["id"]), "claimsPolicy"] = claims


def _claims_policy(tenant: Tenant, name: str, draft: ClaimsPolicyDraft) -> Object:
    source, _, attribute = draft.name_id.partition(".")
    name_id: Json = {
        "@odata.type": "#microsoft.graph.samlNameIdClaim",
        "nameIdFormat": "emailAddress",
        "serviceProviderNameQualifier": None,
        "configurations": [
            {
                "attribute": {
                    "@odata.type": "#microsoft.graph.sourcedAttribute",
                    "id": attribute,
                    "isExtensionAttribute": False,
                    "source": source,
                },
                "condition": None,
                "transformations": [],
            }
        ],
    }
    return {
        "id": tenant.id_of("claimsPolicy", name),
        "audienceOverride": draft.audience_override,
        "includeApplicationIdInIssuer": draft.application_id_in_issuer,
        "includeBasicClaimSet": True,
        "claims": [name_id],
    }


def _conditional_access(tenant: Tenant, draft: ConditionalAccessDraft, names: dict[str, str]) -> Object:
    strength: Json = None
    if draft.authentication_strength:
        strength = {
            "id": tenant.id_of("authenticationStrength", draft.authentication_strength),
            "displayName": draft.authentication_strength,
            "policyType": "builtIn",
            "requirementsSatisfied": "mfa",
        }
    return {
        "id": tenant.id_of("conditionalAccessPolicy", draft.name),
        "templateId": None,
        "displayName": draft.name,
        "createdDateTime": tenant.time(-300),
        "modifiedDateTime": None,
        "state": draft.state,
        "conditions": {
            "clientAppTypes": ["all"],
            "signInRiskLevels": [],
            "userRiskLevels": [],
            "servicePrincipalRiskLevels": [],
            "insiderRiskLevels": None,
            "platforms": None,
            "locations": None,
            "devices": None,
            "clientApplications": None,
            "applications": _applications(draft, names),
            "users": _users(tenant, draft),
        },
        "grantControls": {
            "operator": draft.operator,
            "builtInControls": list(draft.controls),
            "customAuthenticationFactors": [],
            "termsOfUse": [],
            "authenticationStrength": strength,
        },
        "sessionControls": None,
    }


def _applications(draft: ConditionalAccessDraft, names: dict[str, str]) -> Object:
    def ids(wanted: list[str]) -> list[Json]:
        return [name if name in _GRAPH_WORDS else names[name] for name in wanted]

    rule: Json = None
    if draft.application_filter:
        rule = {"mode": "include", "rule": draft.application_filter}
    return {
        "includeApplications": ids(draft.applications),
        "excludeApplications": ids(draft.exclude_applications),
        "includeUserActions": [],
        "includeAuthenticationContextClassReferences": [],
        "applicationFilter": rule,
    }


def _users(tenant: Tenant, draft: ConditionalAccessDraft) -> Object:
    """Names of groups go where Graph keeps groups."""

    def ids(wanted: list[str], *, groups: bool) -> list[Json]:
        found: list[Json] = [] if groups else [name for name in wanted if name in _WORDS_FOR_USERS]
        for name in wanted:
            if name not in _WORDS_FOR_USERS:
                who = principal(tenant, name)
                if (who["@odata.type"] == "#microsoft.graph.group") is groups:
                    found.append(who["id"])
        return found

    return {
        "includeUsers": ids(draft.users, groups=False),
        "excludeUsers": ids(draft.exclude_users, groups=False),
        "includeGroups": ids(draft.users, groups=True),
        "excludeGroups": ids(draft.exclude_users, groups=True),
        "includeRoles": [],
        "excludeRoles": [],
        "includeGuestsOrExternalUsers": None,
        "excludeGuestsOrExternalUsers": None,
    }
