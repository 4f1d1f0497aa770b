"""Snapshots for tests of evaluation: one healthy GoToMeeting, and how to change what was read of it.

Every record has a request of its own, `GET /v1.0/<section>/<subject>`, so that a test can tell what a value
follows from.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from auditor.errors import Mark
from auditor.model.configuration import ApplicationConfiguration, Judgement
from auditor.model.gap import Gap, Reason
from auditor.model.node import Json, Node, Request
from auditor.model.profile import Expectation, ExpectationKind, Profile, Source
from auditor.model.snapshot import TENANT, MatchedBy, Per, Record, Section, Snapshot, Target, TenantIdentity
from tests.saml import federation
from tests.saml.federation import Signer, active

TIME = "2026-11-23T01:00:00Z"
APP_ID = federation.APPLICATION
SERVICE_PRINCIPAL = "sp-1"
REGISTRATION = "app-1"
OTHER = "sp-2"
USER, GROUP = "user-1", "group-1"
IDENTIFIER = "https://authentication.logmeininc.com/saml/sp"
REPLY_URL = "https://authentication.logmeininc.com/saml/acs"
RELAY_STATE = "https://global.gotomeeting.com"

_PLACES = {
    "organization": (Per.TENANT, None),
    "applicationTemplates": (Per.PROFILE, None),
    "matches": (Per.PROFILE, None),
    "servicePrincipals": (Per.SERVICE_PRINCIPAL, "servicePrincipal"),
    "applications": (Per.SERVICE_PRINCIPAL, "application"),
    "sharedIdentity": (Per.SERVICE_PRINCIPAL, "servicePrincipal.sharedIdentity"),
    "federationMetadata": (Per.SERVICE_PRINCIPAL, None),
    "owners": (Per.SERVICE_PRINCIPAL, "servicePrincipal.owners"),
    "applicationOwners": (Per.SERVICE_PRINCIPAL, "application.owners"),
    "federatedIdentityCredentials": (Per.SERVICE_PRINCIPAL, "application.federatedIdentityCredentials"),
    "appRoleAssignedTo": (Per.SERVICE_PRINCIPAL, None),
    "users": (Per.OBJECT, None),
    "groups": (Per.OBJECT, None),
    "groupMembers": (Per.OBJECT, None),
    "enabledMemberCount": (Per.TENANT, "tenant.enabledMemberCount"),
    "claimsMappingPolicies": (Per.TENANT, None),
    "tokenIssuancePolicies": (Per.TENANT, None),
    "claimsPolicy": (Per.SERVICE_PRINCIPAL, None),
    "synchronizationJobs": (Per.SERVICE_PRINCIPAL, "synchronization"),
    "serviceProvider": (Per.SERVICE_PRINCIPAL, None),
    "capturedResponse": (Per.SERVICE_PRINCIPAL, None),
    "signIns": (Per.SERVICE_PRINCIPAL, None),
    "conditionalAccessPolicies": (Per.TENANT, None),
    "oauth2PermissionGrants": (Per.SERVICE_PRINCIPAL, "servicePrincipal.oauth2PermissionGrants"),
    "appRoleAssignments": (Per.SERVICE_PRINCIPAL, "servicePrincipal.appRoleAssignments"),
    "notificationRecipients": (Per.OBJECT, None),
    "testUser": (Per.OBJECT, None),
}


def request(section: str, subject: str, below: str = "") -> Request:
    """The request that a record of these snapshots has."""
    return Request(method="GET", url=f"/v1.0/{section}/{subject}{below}", at=TIME, status=200)


def gap(section: str = "anything", subject: str = TENANT, permission: str = "Some.Read.All") -> Gap:
    """What stands where a request was refused."""
    return Gap(
        section=section,
        subject=subject,
        reason=Reason.PERMISSION,
        detail="the request was answered 403",
        permission=permission,
        http_status=403,
        source=str(request(section, subject)),
        collected_at=TIME,
    )


def key_entries(
    signer: Signer, *, name: str = "1", identifier: str | None = None, key: bool = True
) -> list[Json]:
    """The Sign and the Verify entry of a signing certificate."""
    certificate = signer.certificate
    common: dict[str, Json] = {
        "customKeyIdentifier": identifier or thumbprint_identifier(signer),
        "displayName": "CN=Microsoft Azure Federated SSO Certificate",
        "startDateTime": certificate.not_before,
        "endDateTime": certificate.not_after,
        "key": signer.text if key else None,
    }
    return [
        {**common, "keyId": f"sign-{name}", "type": "X509CertAndPassword", "usage": "Sign", "key": None},
        {**common, "keyId": f"verify-{name}", "type": "AsymmetricX509Cert", "usage": "Verify"},
    ]


def password_entry(signer: Signer, *, name: str = "1", identifier: str | None = None) -> Json:
    """The password credential of a signing certificate."""
    return {
        "customKeyIdentifier": identifier or thumbprint_identifier(signer),
        "displayName": None,
        "startDateTime": signer.certificate.not_before,
        "endDateTime": signer.certificate.not_after,
        "keyId": f"sign-{name}",
    }


def thumbprint_identifier(signer: Signer) -> str:
    """`customKeyIdentifier` as addTokenSigningCertificate makes it."""
    return base64.b64encode(bytes.fromhex(signer.certificate.thumbprint)).decode()


def service_principal(**properties: Node) -> dict[str, Node]:
    """The healthy service principal, but for what the arguments say."""
    return {
        "id": SERVICE_PRINCIPAL,
        "appId": APP_ID,
        "displayName": "GoToMeeting",
        "preferredSingleSignOnMode": "saml",
        "servicePrincipalNames": [APP_ID, IDENTIFIER],
        "replyUrls": [REPLY_URL],
        "samlSingleSignOnSettings": {"relayState": RELAY_STATE},
        "keyCredentials": key_entries(active()),
        "passwordCredentials": [password_entry(active())],
        "preferredTokenSigningKeyThumbprint": active().certificate.thumbprint,
        "tokenEncryptionKeyId": None,
        "notificationEmailAddresses": ["iam@contoso.com"],
        "accountEnabled": True,
        **properties,
    }


def registration(**properties: Node) -> dict[str, Node]:
    """The healthy registration, but for what the arguments say."""
    return {
        "id": REGISTRATION,
        "appId": APP_ID,
        "identifierUris": [IDENTIFIER],
        "web": {"redirectUris": [REPLY_URL], "redirectUriSettings": [{"uri": REPLY_URL, "index": None}]},
        "keyCredentials": [],
        "passwordCredentials": [],
        "tokenEncryptionKeyId": None,
        **properties,
    }


def user(id: str = USER, /, **properties: Node) -> dict[str, Node]:
    """An enabled member, but for what the arguments say."""
    return {
        "id": id,
        "displayName": "Ada Example",
        "userPrincipalName": f"{id}@contoso.com",
        "mail": f"{id}@contoso.com",
        "accountEnabled": True,
        "userType": "Member",
        "externalUserState": None,
        "externalUserStateChangeDateTime": None,
        "createdDateTime": "2020-01-01T00:00:00Z",
        **properties,
    }


def member(id: str, /, **properties: Node) -> dict[str, Node]:
    """A direct member of a group, a user unless `type` says otherwise."""
    return {**user(id), "type": "user", **properties}


def assignment(id: str, kind: str, principal: str) -> dict[str, Node]:
    """An app role assignment."""
    return {
        "id": id,
        "appRoleId": "00000000-0000-0000-0000-000000000000",
        "createdDateTime": "2026-01-01T00:00:00Z",
        "principalId": principal,
        "principalType": kind,
        "principalDisplayName": f"the {principal}",
    }


def metadata(*listed: Signer, by: Signer | None = None) -> dict[str, Node]:
    """The federation metadata that lists these certificates, signed by the first unless `by` says."""
    signers = listed or (active(),)
    data = federation.sign(federation.listing(*signers), by or signers[0])
    return {"document": base64.b64encode(data).decode()}


def policy(
    id: str, definition: Json, *applies_to: str, kind: str = "servicePrincipal", **properties: Node
) -> Node:
    """A claims mapping or token issuance policy that is assigned to objects of a kind."""
    return {
        "id": id,
        "displayName": f"the {id}",
        "isOrganizationDefault": False,
        "definition": [definition if isinstance(definition, str) else json.dumps(definition)],
        "appliesTo": [{"id": target, "type": kind} for target in applies_to],
        **properties,
    }


def healthy() -> dict[tuple[str, str], Node]:
    """What was read: section and subject to value."""
    own: dict[str, Node] = {
        "servicePrincipals": service_principal(),
        "applications": registration(),
        "sharedIdentity": [],
        "federationMetadata": metadata(),
        "owners": [],
        "applicationOwners": [],
        "federatedIdentityCredentials": [],
        "appRoleAssignedTo": [assignment("a-1", "User", USER), assignment("a-2", "Group", GROUP)],
        "claimsPolicy": None,
        "synchronizationJobs": [],
        "signIns": {"windowDays": 30, "from": "", "to": "", "codes": {"0": 12}, "lastSuccess": TIME},
        "oauth2PermissionGrants": [],
        "appRoleAssignments": [],
    }
    tenant: dict[str, Node] = {
        "organization": {
            "id": federation.TENANT,
            "displayName": "Contoso",
            "verifiedDomains": [
                {"name": "contoso.com", "isDefault": True},
                {"name": "contoso.onmicrosoft.com", "isDefault": False},
            ],
        },
        "enabledMemberCount": 10,
        "claimsMappingPolicies": [],
        "tokenIssuancePolicies": [],
        "conditionalAccessPolicies": [],
    }
    return {
        **{(section, SERVICE_PRINCIPAL): value for section, value in own.items()},
        **{(section, TENANT): value for section, value in tenant.items()},
        ("applicationTemplates", "gotomeeting"): [{"id": "t-1", "displayName": "GoToMeeting"}],
        ("matches", "gotomeeting"): [{"servicePrincipalId": SERVICE_PRINCIPAL, "matchedBy": "template"}],
        ("users", USER): user(),
        ("groups", GROUP): {"id": GROUP, "displayName": "Sales", "groupTypes": [], "membershipRule": None},
        ("groupMembers", GROUP): [member("user-2"), member("group-2", type="group")],
        ("notificationRecipients", "iam@contoso.com"): {"id": "u", "type": "user", "userType": "Member"},
    }


def snapshot(changes: Mapping[tuple[str, str], Node] | None = None) -> Snapshot:
    """The healthy application, but for what was read otherwise."""
    return _snapshot({**healthy(), **(changes or {})})


def own(section: str, value: Node) -> dict[tuple[str, str], Node]:
    """A change of one section about the application."""
    return {(section, SERVICE_PRINCIPAL): value}


def of_tenant(section: str, value: Node) -> dict[tuple[str, str], Node]:
    """A change of one section about the tenant."""
    return {(section, TENANT): value}


def without(found: Snapshot, section: str) -> Snapshot:
    """The snapshot of a collection that did not know the section yet."""
    return replace(found, sections={name: one for name, one in found.sections.items() if name != section})


def unread(found: Snapshot, section: str, subject: str) -> Snapshot:
    """The same collection with one record refused."""
    record = Record(value=gap(section, subject), requests=(request(section, subject),))
    return with_record(found, section, subject, record)


def with_record(found: Snapshot, section: str, subject: str, record: Record) -> Snapshot:
    """The snapshot with another record."""
    one = found.sections[section]
    changed = replace(one, records={**one.records, subject: record})
    return replace(found, sections={**found.sections, section: changed})


def _snapshot(values: Mapping[tuple[str, str], Node]) -> Snapshot:
    records: dict[str, dict[str, Record]] = {section: {} for section in _PLACES}
    for (section, subject), value in values.items():
        records[section][subject] = Record(value=value, requests=_requests(section, subject, value))
    sections = {
        name: Section(name=name, per=per, mount=mount, records=records[name])
        for name, (per, mount) in _PLACES.items()
    }
    return Snapshot(
        tenant=TenantIdentity(id=federation.TENANT, display_name="Contoso", domain="contoso.com"),
        cloud="global",
        started_at=TIME,
        finished_at=TIME,
        auditor_version="0",
        configuration={},
        targets=(target(),),
        sections=sections,
    )


def _requests(section: str, subject: str, value: Node) -> tuple[Request, ...]:
    first = request(section, subject)
    below = [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
    if section in ("claimsMappingPolicies", "tokenIssuancePolicies"):
        return (first, *(request(section, str(item["id"]), "/appliesTo") for item in below))
    if section == "oauth2PermissionGrants":
        resources = sorted({str(item["resourceId"]) for item in below})
        return (first, *(request("servicePrincipals", resource) for resource in resources))
    return (first,)


def target() -> Target:
    """The application that is audited, by the configuration's first entry."""
    return Target(
        service_principal_id=SERVICE_PRINCIPAL,
        app_id=APP_ID,
        display_name="GoToMeeting",
        profile="gotomeeting",
        application=0,
        matched_by=MatchedBy.TEMPLATE,
    )


def judgement(**application: object) -> Judgement:
    """A configuration with one entry, which has these values."""
    entry = ApplicationConfiguration(**{"profile": "gotomeeting", "product": "GoToMeeting", **application})  # type: ignore[arg-type]
    return Judgement(applications=(entry,))


def profile(**expected: Expectation) -> Profile:
    """A profile that expects SAML, the identifier, the reply URL and one relay state for each product."""
    exactly = {"signOnMode": "saml", "identifier": IDENTIFIER, "replyUrl": REPLY_URL}
    values = {name: expectation(ExpectationKind.EXACTLY, value) for name, value in exactly.items()}
    relay_states = {"GoToMeeting": RELAY_STATE, "GoToTraining": "https://global.gototraining.com"}
    return Profile(
        id="gotomeeting",
        display_name="GoToMeeting",
        template_names=("GoToMeeting",),
        identifiers=(IDENTIFIER,),
        display_names=("GoToMeeting",),
        products=tuple(relay_states),
        initiated_by="idp",
        expected={**values, "relayState": expectation(ExpectationKind.ONE_OF, relay_states), **expected},
        sources={"t": Source(title="t", url="https://learn.microsoft.com/", date="2025-03-25")},
        steps=(),
        mark=Mark(Path("gotomeeting.yaml"), 1, 1),
    )


def expectation(kind: ExpectationKind, value: Json) -> Expectation:
    """An expectation of the tutorial."""
    return Expectation(kind=kind, value=value, document="t", step="basic", note=None)
