"""Entries of the directory audit log, as Graph shows them.

Microsoft Graph documentation, "directoryAudit resource type"; Microsoft Entra documentation, "Audit log
activities"; how entries of single activities look, from published logs. A target's id is the object id,
values are JSON inside of strings, and the application (client) id stands in `TargetId.ServicePrincipalNames`
alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from auditor.emulator.directory import Tenant, timestamp
from auditor.emulator.requests import Json, Object

_KINDS = {
    "user": "User",
    "group": "Group",
    "servicePrincipal": "ServicePrincipal",
    "agentIdentity": "ServicePrincipal",
    "application": "Application",
}
"""OData types and what the log calls them; policies and all else are `Policy`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Modified:
    """A modified property. None: the log has null, not the text `null`."""

    name: str
    old: Json = None
    new: Json = None
    plain: bool = False
    """A text that is no JSON inside, as `Action Client Name` has it."""

    def shown(self) -> Json:
        """As Graph sends it."""
        return {"displayName": self.name, "oldValue": self._text(self.old), "newValue": self._text(self.new)}

    def _text(self, value: Json) -> Json:
        return value if value is None or self.plain else json.dumps(value, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """A target of an activity: a directory object, and what the log says was modified."""

    item: Object
    modified: Sequence[Modified] = ()

    def shown(self) -> Json:
        """As Graph sends it. Of a user the log knows the principal name only."""
        kind = _KINDS.get(str(self.item.get("@odata.type", "")).rpartition(".")[2], "Policy")
        return {
            "id": self.item["id"],
            "displayName": None if kind == "User" else self.item.get("displayName"),
            "type": kind,
            "userPrincipalName": self.item.get("userPrincipalName"),
            "groupType": "unknownFutureValue" if kind == "Group" else None,
            "modifiedProperties": [each.shown() for each in self.modified],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Something that was done."""

    name: str
    category: str
    targets: Sequence[Touched]
    operation: str = "Update"
    service: str = "Core Directory"
    result: str = "success"
    reason: str = ""
    details: dict[str, str] = field(default_factory=dict)


def initiator(tenant: Tenant, name: str, ip_address: str) -> Object:
    """`initiatedBy`: the user of that name, or an application."""
    user = tenant.names.get(name.lower())
    if user is not None and "userPrincipalName" in user:
        person: Json = {
            "id": user["id"],
            "displayName": None,
            "userPrincipalName": user["userPrincipalName"],
            "ipAddress": ip_address,
            "userType": user["userType"],
            "homeTenantId": None,
            "homeTenantName": None,
        }
        return {"user": person, "app": None}
    principal = tenant.objects.get(tenant.id_of("servicePrincipal", name))
    app: Json = {
        "appId": None,
        "displayName": name,
        "servicePrincipalId": principal["id"] if principal else None,
        "servicePrincipalName": None,
    }
    return {"user": None, "app": app}


def add_entry(tenant: Tenant, activity: Activity, *, by: Object, at: datetime) -> Object:
    """Writes an entry, and gives it."""
    log = tenant.sets["directoryAudits"]
    number = str(len(log))
    correlation_id = tenant.id_of("auditCorrelation", number)
    item: Object = {
        "id": f"Directory_{correlation_id}_{tenant.id_of('audit', number)[:5].upper()}_{number}",
        "activityDateTime": timestamp(at).replace("Z", ".2537162Z"),
        "activityDisplayName": activity.name,
        "additionalDetails": [{"key": key, "value": value} for key, value in activity.details.items()],
        "category": activity.category,
        "correlationId": correlation_id,
        "initiatedBy": by,
        "loggedByService": activity.service,
        "operationType": activity.operation,
        "result": activity.result,
        "resultReason": activity.reason,
        "targetResources": [target.shown() for target in activity.targets],
        "userAgent": None,
    }
    log[str(item["id"])] = item
    return item


def newest_first(entries: Iterable[Object], time: str) -> dict[str, Object]:
    """A log as Graph lists it; `time` names the property."""
    return {str(item["id"]): item for item in sorted(entries, key=lambda item: str(item[time]), reverse=True)}
