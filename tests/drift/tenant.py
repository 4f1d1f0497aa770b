"""A small tenant as two snapshots saw it, for the tests of what changed between them."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from auditor.model.change import Change, Drift
from auditor.model.configuration import ApplicationConfiguration, Judgement
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node, Request
from auditor.model.snapshot import (
    TENANT,
    MatchedBy,
    Per,
    Record,
    Section,
    Snapshot,
    Target,
    TenantIdentity,
)
from auditor.model.wire import to_json

TENANT_ID = "3f1c2a54-5a0d-4b0e-9d0e-7d1f6a0c9b11"
SP = "7dfd708c-1601-5b9b-9e3c-27a52826370f"
APP = "97d1f28f-9f26-5008-a4be-153c628c67e3"
APP_ID = "68c3af5d-f151-51ba-93e7-7a89a8fc042d"
GROUP = "060f9abe-d10b-50e3-94b9-2c304d87f4c1"
ADA = "dd9d9c12-dd3b-521d-a680-3c892d6caa8f"
BOB = "6fff8cc7-f61e-5a6a-be59-436ea424182f"
EVE = "839dbfcb-bf28-5ac6-b5f4-291a30046fb0"
POLICY = "0cafc193-bd13-551e-859c-0ff3e29680f4"
ACS = "https://authentication.logmeininc.com/saml/acs"
ROLE = "18d14569-c3bd-439b-9a66-3a2aee01d14f"

FIRST, FIRST_END = "2026-11-22T02:00:00Z", "2026-11-22T02:00:41Z"
SECOND, SECOND_END = "2026-11-23T02:00:00Z", "2026-11-23T02:00:41Z"

Value = Any


def user(id: str, name: str, **changes: Node) -> dict[str, Node]:
    return {
        "id": id,
        "displayName": name.title(),
        "userPrincipalName": f"{name}@contoso.com",
        "mail": f"{name}@contoso.com",
        "accountEnabled": True,
        "userType": "Member",
        "externalUserState": None,
        "externalUserStateChangeDateTime": None,
        "createdDateTime": "2025-10-19T10:43:43Z",
        **changes,
    }


def member(id: str, name: str) -> dict[str, Node]:
    return {**user(id, name), "type": "user"}


def key(seed: str, usage: str = "Verify") -> dict[str, Node]:
    """A key credential without bytes, whose identifier is its thumbprint."""
    return {
        "keyId": f"{seed * 8}-0000-4000-8000-00000000000{1 if usage == 'Verify' else 2}",
        "customKeyIdentifier": base64.b64encode(bytes.fromhex(seed * 40)).decode(),
        "displayName": "CN=Microsoft Azure Federated SSO Certificate",
        "startDateTime": "2025-11-23T00:00:00Z",
        "endDateTime": "2028-11-23T00:00:00Z",
        "type": "AsymmetricX509Cert",
        "usage": usage,
        "key": None,
    }


def assignment(principal: str, kind: str, name: str) -> dict[str, Node]:
    return {
        "id": f"assignment-of-{principal}",
        "appRoleId": ROLE,
        "createdDateTime": "2026-01-01T00:00:00Z",
        "principalId": principal,
        "principalType": kind,
        "principalDisplayName": name,
    }


SERVICE_PRINCIPAL: Mapping[str, Node] = {
    "id": SP,
    "appId": APP_ID,
    "displayName": "GoToMeeting",
    "preferredSingleSignOnMode": "saml",
    "loginUrl": None,
    "logoutUrl": "https://login.example.com/Out",
    "replyUrls": [ACS, "https://contoso.example.com/saml/Acs"],
    "servicePrincipalNames": [APP_ID, "https://Authentication.logmeininc.com/saml/sp"],
    "samlSingleSignOnSettings": {"relayState": "https://global.gotomeeting.com", "signOnHint": "x"},
    "keyCredentials": [key("A"), key("A", "Sign")],
    "passwordCredentials": [
        {
            "keyId": key("A", "Sign")["keyId"],
            "customKeyIdentifier": key("A")["customKeyIdentifier"],
            "displayName": "CN=Microsoft Azure Federated SSO Certificate",
            "startDateTime": "2025-11-23T00:00:00Z",
            "endDateTime": "2028-11-23T00:00:00Z",
        }
    ],
    "preferredTokenSigningKeyThumbprint": "A" * 40,
    "tokenEncryptionKeyId": None,
    "notificationEmailAddresses": ["identity@contoso.com", "Escrow@contoso.com"],
    "appRoleAssignmentRequired": True,
    "accountEnabled": True,
    "isDisabled": None,
    "tags": ["HideApp", "WindowsAzureActiveDirectoryIntegratedApp"],
    "applicationTemplateId": None,
    "homepage": None,
}

APPLICATION: Mapping[str, Node] = {
    "id": APP,
    "appId": APP_ID,
    "displayName": "GoToMeeting",
    "identifierUris": ["https://authentication.logmeininc.com/saml/sp"],
    "signInAudience": "AzureADMyOrg",
    "optionalClaims": None,
    "groupMembershipClaims": "SecurityGroup",
    "keyCredentials": [],
    "passwordCredentials": [],
    "tags": [],
    "web": {
        "homePageUrl": None,
        "logoutUrl": None,
        "redirectUris": [ACS, "https://contoso.example.com/saml/Acs"],
        "redirectUriSettings": [
            {"uri": ACS, "index": 0},
            {"uri": "https://contoso.example.com/saml/Acs", "index": None},
        ],
    },
}

POLICY_VALUE: Mapping[str, Node] = {
    "id": POLICY,
    "displayName": "Signs in with mail",
    "isOrganizationDefault": False,
    "definition": [
        json.dumps({"ClaimsMappingPolicy": {"Version": 1, "ClaimsSchema": [{"ID": "mail"}, {"ID": "upn"}]}})
    ],
    "appliesTo": [{"id": SP, "type": "servicePrincipal"}],
}

CONDITIONAL: Mapping[str, Node] = {
    "id": "09e1d130-6177-5630-8e8a-61e5c9379a49",
    "displayName": "Everybody needs a second factor",
    "state": "enabled",
    "conditions": {
        "applications": {"includeApplications": ["All"], "excludeApplications": [APP_ID]},
        "users": {"includeUsers": ["All"], "excludeGroups": [GROUP]},
    },
    "grantControls": {"operator": "OR", "builtInControls": ["mfa"]},
}

VALUES: Mapping[str, tuple[Per, str | None, Mapping[str, Node]]] = {
    "servicePrincipals": (Per.SERVICE_PRINCIPAL, "servicePrincipal", {SP: SERVICE_PRINCIPAL}),
    "applications": (Per.SERVICE_PRINCIPAL, "application", {SP: APPLICATION}),
    "owners": (
        Per.SERVICE_PRINCIPAL,
        "servicePrincipal.owners",
        {SP: [member(ADA, "ada"), member(BOB, "bob")]},
    ),
    "applicationOwners": (Per.SERVICE_PRINCIPAL, "application.owners", {SP: [member(ADA, "ada")]}),
    "appRoleAssignedTo": (
        Per.SERVICE_PRINCIPAL,
        None,
        {SP: [assignment(GROUP, "Group", "Trainers"), assignment(EVE, "User", "Eve")]},
    ),
    "appRoleAssignments": (
        Per.SERVICE_PRINCIPAL,
        "servicePrincipal.appRoleAssignments",
        {
            SP: [
                {
                    "id": "g1",
                    "appRoleId": ROLE,
                    "resourceId": "r1",
                    "resourceDisplayName": "Graph",
                    "permission": "User.Read.All",
                }
            ]
        },
    ),
    "oauth2PermissionGrants": (
        Per.SERVICE_PRINCIPAL,
        "servicePrincipal.oauth2PermissionGrants",
        {
            SP: [
                {
                    "id": "o1",
                    "consentType": "AllPrincipals",
                    "principalId": None,
                    "resourceId": "r1",
                    "resourceDisplayName": "Graph",
                    "scope": " openid User.Read",
                }
            ]
        },
    ),
    "groups": (
        Per.OBJECT,
        None,
        {GROUP: {"id": GROUP, "displayName": "Trainers", "groupTypes": [], "membershipRule": None}},
    ),
    "groupMembers": (Per.OBJECT, None, {GROUP: [member(ADA, "ada"), member(BOB, "bob")]}),
    "users": (Per.OBJECT, None, {EVE: user(EVE, "eve")}),
    "claimsMappingPolicies": (Per.TENANT, None, {TENANT: [POLICY_VALUE]}),
    "conditionalAccessPolicies": (Per.TENANT, None, {TENANT: [CONDITIONAL]}),
    "organization": (
        Per.TENANT,
        None,
        {
            TENANT: {
                "id": TENANT_ID,
                "displayName": "Contoso",
                "verifiedDomains": [{"name": "contoso.com", "isDefault": True}],
            }
        },
    ),
    "synchronizationJobs": (
        Per.SERVICE_PRINCIPAL,
        "synchronization",
        {
            SP: [
                {
                    "id": "job.1",
                    "templateId": "goto",
                    "schedule": {"state": "Active", "interval": "PT40M"},
                    "status": {"code": "Active", "lastExecution": {"timeEnded": FIRST}, "quarantine": None},
                }
            ]
        },
    ),
    "signIns": (Per.SERVICE_PRINCIPAL, None, {SP: {"codes": {"0": 9}, "lastSuccess": FIRST}}),
    "newThing": (
        Per.SERVICE_PRINCIPAL,
        "servicePrincipal.newThing",
        {
            SP: {
                "depth": {"list": ["b", "a"], "word": "w"},
                "items": [{"id": "1", "v": 1}, {"id": "2", "v": 2}],
            }
        },
    ),
}


def target(id: str = SP, name: str = "GoToMeeting", **changes: Any) -> Target:
    return replace(
        Target(
            service_principal_id=id,
            app_id=APP_ID if id == SP else f"app-of-{id}",
            display_name=name,
            profile="gotomeeting",
            application=0,
            matched_by=MatchedBy.TEMPLATE,
        ),
        **changes,
    )


@cache
def _configuration() -> Any:
    return to_json(Judgement(applications=(ApplicationConfiguration(profile="gotomeeting"),)))


def snapshot(**changes: Any) -> Snapshot:
    """The tenant as the first night saw it."""
    request = Request(method="GET", url="/v1.0/x", at=FIRST)
    sections = {
        name: Section(
            name=name,
            per=per,
            mount=mount,
            records={
                subject: Record(value=copy.deepcopy(value), requests=(request,))
                for subject, value in values.items()
            },
        )
        for name, (per, mount, values) in VALUES.items()
    }
    return replace(
        Snapshot(
            tenant=TenantIdentity(id=TENANT_ID, display_name="Contoso", domain="contoso.com"),
            cloud="global",
            started_at=FIRST,
            finished_at=FIRST_END,
            auditor_version="0.1.0",
            configuration=_configuration(),
            targets=(target(),),
            sections=sections,
        ),
        **changes,
    )


def later(before: Snapshot) -> Snapshot:
    """The same, a night later."""
    return replace(before, started_at=SECOND, finished_at=SECOND_END)


def edited(
    before: Snapshot, section: str, edit: Callable[[Value], Value], subject: str | None = None
) -> Snapshot:
    """The snapshot with one record changed: `edit` changes it in place, or gives another value."""
    old = before.sections[section]
    subject = subject or next(iter(old.records))
    value = copy.deepcopy(old.records[subject].value)
    given = edit(value)
    record = replace(old.records[subject], value=value if given is None else given)
    changed = replace(old, records={**old.records, subject: record})
    return replace(before, sections={**before.sections, section: changed})


def put(section: str, subject: str, value: Node, per: Per = Per.OBJECT) -> Callable[[Snapshot], Snapshot]:
    """Adds a record."""

    def added(before: Snapshot) -> Snapshot:
        old = before.sections.get(section, Section(name=section, per=per, mount=None))
        new = replace(old, records={**old.records, subject: Record(value=value)})
        return replace(before, sections={**before.sections, section: new})

    return added


def gap(section: str, **changes: Any) -> Gap:
    return replace(
        Gap(
            section=section,
            subject=SP,
            reason=Reason.PERMISSION,
            detail="403",
            permission="Application.Read.All",
            http_status=403,
        ),
        **changes,
    )


def told(drift: Drift) -> list[tuple[str, str, Node, Node]]:
    """The changes in short."""
    return [(it.property, it.kind.value, it.before, it.after) for it in drift.changes]


def only(drift: Drift) -> Change:
    (change,) = drift.changes
    return change
