"""What happens in the tenant: provisioning, sign-ins, consent, the directory audit."""

from __future__ import annotations

from datetime import timedelta

from auditor.emulator.applications import app_id, assignment_id
from auditor.emulator.audit_log import Activity, Modified, Touched, add_entry, initiator, newest_first
from auditor.emulator.directory import GRAPH_APP_ID, Tenant, object_id, timestamp
from auditor.emulator.drafts import ApplicationDraft, AuditDraft, JobDraft, TenantDraft
from auditor.emulator.requests import Json, Object

RETENTION = {"free": 7, "P1": 30, "P2": 30}
"""Days that logs are kept, by licence ("Microsoft Entra data retention")."""

_NEVER = "0001-01-01T00:00:00Z"

_FAILURES = {
    50105: "The application blocks users who have not been granted access.",
    50011: "The reply URL of the request is none of those configured for the application.",
    50126: "Invalid username or password.",
    50076: "Multi-factor authentication is required.",
    700016: "Application with identifier was not found in the directory.",
    75011: "The authentication method is not the requested one.",
}


def add_activity(tenant: Tenant, draft: TenantDraft) -> None:
    """Adds what every application leaves behind, the log newest first."""
    for application in draft.applications:
        service_principal = tenant.objects[tenant.id_of("servicePrincipal", application.name)]
        for number, job in enumerate(application.provisioning):
            tenant.relate(
                service_principal, "synchronization/jobs", _job(tenant, application.name, number, job)
            )
        _add_sign_ins(tenant, application, service_principal)
        _add_consent(tenant, application, service_principal)
    for entry in draft.audit:
        if entry.days >= -RETENTION[tenant.licence]:
            _add_audit(tenant, entry)
    for name, time in (("signIns", "createdDateTime"), ("directoryAudits", "activityDateTime")):
        tenant.sets[name] = newest_first(tenant.sets[name].values(), time)


def _job(tenant: Tenant, name: str, number: int, draft: JobDraft) -> Object:
    disabled = draft.status in ("NotRun", "Paused", "NotConfigured")
    last = _NEVER if draft.last_success is None else tenant.time(draft.last_success)
    execution: Json = {
        "activityIdentifier": tenant.id_of("activity", name, str(number)),
        "countEntitled": 12,
        "countEntitledForProvisioning": 12,
        "countEscrowed": 0,
        "countEscrowedRaw": 0,
        "countExported": 2,
        "countExports": 2,
        "countImported": 0,
        "countImportedDeltas": 0,
        "countImportedReferenceDeltas": 0,
        "state": "Succeeded",
        "error": None,
        "timeBegan": last,
        "timeEnded": last,
    }
    quarantine: Json = None
    if draft.quarantine:
        quarantine = {
            "currentBegan": tenant.time(-3),
            "nextAttempt": tenant.time(0.1),
            "reason": draft.quarantine,
            "seriesBegan": tenant.time(-9),
            "seriesCount": 4,
            "error": {
                "code": "SystemForCrossDomainIdentityManagementCredentialValidationUnavailable",
                "message": "The credentials of the target system are no longer accepted.",
                "tenantActionable": True,
            },
        }
    return {
        # Job ids are no GUIDs: three parts with dots between them.
        "id": f"{draft.template}.{tenant.id.replace('-', '')}.{tenant.id_of('job', name, str(number))}",
        "templateId": draft.template,
        "schedule": {
            "expiration": None,
            "interval": "P10675199DT2H48M5.4775807S" if disabled else "PT40M",
            "state": "Disabled" if disabled else "Active",
        },
        "status": {
            "code": "Quarantine" if draft.quarantine else draft.status,
            "countSuccessiveCompleteFailures": draft.complete_failures,
            "escrowsPruned": False,
            "lastExecution": execution if draft.last_success is not None else None,
            "lastSuccessfulExecution": execution if draft.last_success is not None else None,
            "lastSuccessfulExecutionWithExports": None,
            "progress": [],
            "quarantine": quarantine,
            "steadyStateFirstAchievedTime": last,
            "steadyStateLastAchievedTime": last,
            "synchronizedEntryCountByType": [],
            "troubleshootingUrl": None,
        },
        "synchronizationJobSettings": [],
    }


def _add_sign_ins(tenant: Tenant, draft: ApplicationDraft, service_principal: Object) -> None:
    users = list(tenant.sets["users"].values())
    for series in draft.sign_ins:
        user = tenant.names[series.user.lower()] if series.user else (users[0] if users else {})
        newest = tenant.at(series.last)
        oldest = tenant.at(-RETENTION[tenant.licence])
        for number in range(series.count):
            if newest - timedelta(hours=number) < oldest:
                break
            item = _sign_in(
                tenant,
                draft,
                service_principal,
                user,
                series.code,
                timestamp(newest - timedelta(hours=number)),
            )
            item["id"] = tenant.id_of("signIn", draft.name, str(series.code), str(series.last), str(number))
            tenant.sets["signIns"][str(item["id"])] = item


def _sign_in(
    tenant: Tenant, draft: ApplicationDraft, service_principal: Object, user: Object, code: int, time: str
) -> Object:
    return {
        "id": "",
        "appDisplayName": draft.name,
        "appId": app_id(tenant, draft),
        "appliedConditionalAccessPolicies": [],
        "clientAppUsed": "Browser",
        "conditionalAccessStatus": "notApplied",
        "correlationId": tenant.id_of("correlation", draft.name, time),
        "createdDateTime": time,
        "deviceDetail": {
            "deviceId": "",
            "displayName": "",
            "operatingSystem": "Linux",
            "browser": "Firefox 140.0",
        },
        "ipAddress": "203.0.113.7",
        "isInteractive": True,
        "location": {"city": "Berlin", "state": "Berlin", "countryOrRegion": "DE", "geoCoordinates": None},
        "resourceDisplayName": draft.name,
        "resourceId": app_id(tenant, draft),
        "riskDetail": "none",
        "riskEventTypes": [],
        "riskEventTypes_v2": [],
        "riskLevelAggregated": "none",
        "riskLevelDuringSignIn": "none",
        "riskState": "none",
        "servicePrincipalId": service_principal["id"],
        "status": {
            "errorCode": code,
            "failureReason": _FAILURES.get(code, "Other.") if code else "Other.",
            "additionalDetails": None,
        },
        "userDisplayName": user.get("displayName"),
        "userId": user.get("id"),
        "userPrincipalName": user.get("userPrincipalName"),
    }


def _add_consent(tenant: Tenant, draft: ApplicationDraft, service_principal: Object) -> None:
    for grant in draft.delegated:
        resource = _resource(tenant, grant.resource)
        user = tenant.names[grant.user.lower()] if grant.user else None
        item: Object = {
            "id": assignment_id(tenant, "grant", draft.name, grant.resource, grant.scope, grant.user or ""),
            "clientId": service_principal["id"],
            "consentType": "Principal" if user else "AllPrincipals",
            "principalId": user["id"] if user else None,
            "resourceId": resource["id"],
            "scope": grant.scope,
        }
        tenant.sets["oauth2PermissionGrants"][str(item["id"])] = item
        tenant.relate(service_principal, "oauth2PermissionGrants", item)
    for permission in draft.permissions:
        resource = _resource(tenant, permission.resource)
        grant_application_permission(tenant, service_principal, resource, permission.role)


def grant_application_permission(tenant: Tenant, client: Object, resource: Object, role: str) -> None:
    """Assigns an app role of `resource` to the service principal `client`; one it lacks is added to it."""
    roles = resource["appRoles"]
    assert isinstance(roles, list)
    ids = {item["value"]: item["id"] for item in roles if isinstance(item, dict)}
    if role not in ids:
        roles.append(application_role(role, object_id("role", role)))
        ids[role] = object_id("role", role)
    assignment: Object = {
        "id": assignment_id(tenant, "permission", str(client["id"]), str(resource["id"]), role),
        "deletedDateTime": None,
        "appRoleId": ids[role],
        "createdDateTime": tenant.time(-200).replace("Z", ".7654321Z"),
        "principalDisplayName": client["displayName"],
        "principalId": client["id"],
        "principalType": "ServicePrincipal",
        "resourceDisplayName": resource["displayName"],
        "resourceId": resource["id"],
    }
    tenant.relate(client, "appRoleAssignments", assignment)
    tenant.relate(resource, "appRoleAssignedTo", assignment)


def application_role(name: str, key: str) -> Object:
    """An entry of `appRoles` that applications can hold."""
    return {
        "allowedMemberTypes": ["Application"],
        "description": name,
        "displayName": name,
        "id": key,
        "isEnabled": True,
        "origin": "Application",
        "value": name,
    }


def _resource(tenant: Tenant, name: str) -> Object:
    if name == "Microsoft Graph":
        return tenant.by_app_id["servicePrincipals", GRAPH_APP_ID]
    return tenant.objects[tenant.id_of("servicePrincipal", name)]


def _add_audit(tenant: Tenant, draft: AuditDraft) -> None:
    """An entry about a service principal."""
    target = tenant.objects[tenant.id_of("servicePrincipal", draft.application)]
    modified = [Modified(name=name, old=old, new=new) for name, (old, new) in draft.changes.items()]
    activity = Activity(
        name=draft.activity,
        category="ApplicationManagement",
        targets=[Touched(item=target, modified=modified)],
    )
    by = initiator(tenant, draft.by, "203.0.113.25")
    add_entry(tenant, activity, by=by, at=tenant.at(draft.days))
