"""What every tenant has: the organization, the gallery, Microsoft Graph, and the auditor's own client."""

from __future__ import annotations

import hashlib

from auditor.emulator.activity import application_role, grant_application_permission
from auditor.emulator.applications import add_application, app_id, template_id
from auditor.emulator.certificates import TENANT_SUBJECT, self_signed
from auditor.emulator.directory import (
    CUSTOM_TEMPLATE,
    GRAPH_APP_ID,
    ClientRegistration,
    Tenant,
    object_id,
)
from auditor.emulator.drafts import ApplicationDraft, ClientDraft, TemplateDraft
from auditor.emulator.requests import Json, Object

GRAPH_ROLES = {
    "Application.Read.All": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
    "Application.ReadWrite.All": "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
    "Application.ReadWrite.OwnedBy": "18a4783c-866b-4cc7-a460-3d5e5662c884",
    "AuditLog.Read.All": "b0afded3-3588-46d8-8b3d-9842eff778da",
    "CustomSecAttributeAssignment.Read.All": "3b37c5a4-1226-493d-bec3-5d6c6b866f3f",
    "Directory.Read.All": "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
    "Directory.ReadWrite.All": "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
    "Group.Read.All": "5b567255-7703-4780-807c-7be8301ae99b",
    "Group.ReadWrite.All": "62a82d76-70ea-41e2-9197-370581804d09",
    "GroupMember.Read.All": "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "Mail.Read": "810c84a8-4a9e-49e6-bf7d-12d183f40d01",
    "Mail.Send": "b633e1c5-b582-4048-a93e-9f11b44c7e96",
    "Member.Read.Hidden": "658aa5d8-239f-45c4-aa12-864f4fc7e490",
    "OrgContact.Read.All": "e1a88a34-94c4-4418-be12-c87b00e26bea",
    "Organization.Read.All": "498476ce-e0fe-48b0-b801-37ba7e2685c6",
    "Policy.Read.All": "246dd0d5-5bd0-4def-940b-0421030a5b68",
    "Policy.Read.ConditionalAccess": "37730810-e9ba-4e46-b07e-8ca78d182097",
    "Policy.ReadWrite.ApplicationConfiguration": "be74164b-cff1-491c-8741-e671cb536e13",
    "Synchronization.Read.All": "5ba43d2f-fa88-4db2-bd1c-a67c5f0fb1ce",
    "User.Read.All": "df021288-bdef-4463-88db-98f22de89214",
    "User.ReadWrite.All": "741f803b-c850-494e-b5df-cde7c675a1ca",
}
"""Application permissions of Microsoft Graph that occur here (Microsoft Graph permissions reference)."""

READ_PERMISSIONS = (
    "Application.Read.All",
    "AuditLog.Read.All",
    "Directory.Read.All",
    "GroupMember.Read.All",
    "OrgContact.Read.All",
    "Organization.Read.All",
    "Policy.Read.All",
    "Synchronization.Read.All",
    "User.Read.All",
)
"""What the client of a scene holds unless the scene says otherwise."""

_SCOPES = (
    "openid",
    "profile",
    "email",
    "offline_access",
    "User.Read",
    "User.Read.All",
    "Directory.Read.All",
    "Directory.AccessAsUser.All",
    "Mail.Read",
    "Mail.ReadWrite",
    "Files.ReadWrite.All",
)


def add_organization(tenant: Tenant) -> None:
    """Adds the organization and the keys that the tenant shares."""
    premium = {"free": [], "P1": ["AAD_PREMIUM"], "P2": ["AAD_PREMIUM", "AAD_PREMIUM_P2"]}[tenant.licence]
    domains: list[Json] = [
        {
            "capabilities": "Email, OfficeCommunicationsOnline" if number == 0 else "Email",
            "isDefault": number == 0,
            "isInitial": domain.endswith(".onmicrosoft.com"),
            "name": domain,
            "type": "Managed",
        }
        for number, domain in enumerate(tenant.domains)
    ]
    plans: list[Json] = [
        {
            "assignedDateTime": tenant.time(-400),
            "capabilityStatus": "Enabled",
            "service": "AADPremiumService",
            "servicePlanId": object_id("plan", plan),
        }
        for plan in premium
    ]
    organization: Object = {
        "id": tenant.id,
        "assignedPlans": plans,
        "businessPhones": [],
        "city": None,
        "country": None,
        "countryLetterCode": "DE",
        "createdDateTime": tenant.time(-2000),
        "defaultUsageLocation": None,
        "deletedDateTime": None,
        "displayName": tenant.name,
        "isMultipleDataLocationsForServicesEnabled": None,
        "marketingNotificationEmails": [],
        "onPremisesLastSyncDateTime": None,
        "onPremisesSyncEnabled": None,
        "postalCode": None,
        "preferredLanguage": "en",
        "provisionedPlans": [],
        "securityComplianceNotificationMails": [],
        "securityComplianceNotificationPhones": [],
        "state": None,
        "street": None,
        "technicalNotificationMails": [],
        "tenantType": "AAD",
        "verifiedDomains": domains,
    }
    tenant.sets["organization"][tenant.id] = organization
    for number, days in enumerate((-700, -100)):
        tenant.tenant_keys.append(
            self_signed(
                "tenant-wide",
                kind="tenant",
                position=number,
                subject=TENANT_SUBJECT,
                not_before=tenant.at(days),
                not_after=tenant.at(days + 1825),
            )
        )


def add_gallery(tenant: Tenant, gallery: list[TemplateDraft]) -> None:
    """Adds the application templates, the one for applications outside the gallery included."""
    for template in gallery:
        _add_template(tenant, template_id(template), template.name)
    _add_template(tenant, CUSTOM_TEMPLATE, "Custom")


def _add_template(tenant: Tenant, key: str, name: str) -> None:
    tenant.sets["applicationTemplates"][key] = {
        "id": key,
        "categories": ["collaboration"],
        "description": None,
        "displayName": name,
        "homePageUrl": None,
        "logoUrl": f"https://galleryapplogos.azureedge.net/{key}_215.png",
        "publisher": name,
        "supportedProvisioningTypes": [],
        "supportedSingleSignOnModes": ["saml", "external"],
    }


def add_graph(tenant: Tenant) -> Object:
    """Adds the service principal of Microsoft Graph, whose roles are the application permissions."""
    roles: list[Json] = [application_role(name, key) for name, key in GRAPH_ROLES.items()]
    scopes: list[Json] = [
        {
            "adminConsentDescription": name,
            "adminConsentDisplayName": name,
            "id": object_id("scope", name),
            "isEnabled": True,
            "type": "User",
            "userConsentDescription": None,
            "userConsentDisplayName": None,
            "value": name,
        }
        for name in _SCOPES
    ]
    draft = ApplicationDraft(
        name="Microsoft Graph", kind="first-party", app_id=GRAPH_APP_ID, assignment_required=False
    )
    graph = add_application(tenant, draft)
    host = tenant.cloud.graph
    graph |= {
        "appRoles": roles,
        "oauth2PermissionScopes": scopes,
        "servicePrincipalNames": [f"https://{host}", f"{GRAPH_APP_ID}/{host}", GRAPH_APP_ID],
    }
    return graph


def add_client(
    tenant: Tenant, draft: ClientDraft, graph: Object, permissions: frozenset[str]
) -> ClientRegistration:
    """Adds the application whose credential the auditor uses, and grants it `permissions`."""
    application = ApplicationDraft(name=draft.name, kind="oidc", assignment_required=False)
    service_principal = add_application(tenant, application)
    key = app_id(tenant, application)
    for role in sorted(permissions):
        grant_application_permission(tenant, service_principal, graph, role)
    expired = draft.certificate_expired
    client = ClientRegistration(
        app_id=key,
        service_principal_id=str(service_principal["id"]),
        # Derived, so that a restarted emulator knows the secret it gave out; it opens nothing else.
        secret=hashlib.sha256(f"{tenant.id}/{draft.name}".encode()).hexdigest()[:40],
        secret_expired=draft.secret_expired,
        certificate=self_signed(
            f"{tenant.id}/client",
            kind="client",
            subject=draft.name,
            not_before=tenant.at(-400),
            not_after=tenant.at(-1 if expired else 365),
        ),
        permissions=permissions,
    )
    tenant.clients[key] = client
    return client
