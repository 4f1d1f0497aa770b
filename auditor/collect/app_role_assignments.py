"""Application permissions of the application itself: `GET /servicePrincipals/{id}/appRoleAssignments`.

Documentation: "List appRoleAssignments granted to a service principal"
(serviceprincipal-list-approleassignments), Application.Read.All. What the permissions are called stands in
`appRoles` of the resource. No property is documented to be null. 404 of the list: the service principal is
gone; a gap. 404 of the resource: a gap in place of the permission's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from auditor.collect.collector import Collector, Context, Origin, by_id, normalise, refused_record
from auditor.collect.resources import Resources, read_resources
from auditor.graph.answer import Answer, Refusal
from auditor.model.gap import Gap, Reason
from auditor.model.node import Json, Node
from auditor.model.snapshot import Per, Record

SELECT = ("id", "appRoleId", "resourceId", "resourceDisplayName")

DEFAULT_ACCESS_ID = "00000000-0000-0000-0000-000000000000"
DEFAULT_ACCESS = "Default Access"
"""What the portal calls an assignment without a role."""


async def run(context: Context) -> Mapping[str, Record]:
    """A list of application permissions per service principal."""
    ids = context.service_principal_ids
    principals = context.graph.sdk.service_principals
    builders = [principals.by_service_principal_id(id).app_role_assignments for id in ids]
    answers = await context.graph.list_many(builders, select=SELECT, top=999)
    resources = await read_resources(context, answers, select=("id", "appRoles"))
    return {id: _record(id, answer, resources) for id, answer in zip(ids, answers, strict=True)}


def _record(subject: str, answer: Answer | Refusal, resources: Resources) -> Record:
    if isinstance(answer, Refusal):
        return refused_record(COLLECTOR, subject, answer)
    origin = Origin(section=COLLECTOR.section, subject=subject, request=answer.request)
    assignments: list[Node] = []
    for item in by_id(answer.objects):
        assignment = normalise(item, select=SELECT, null_means={}, origin=origin)
        assignments.append({**assignment, "permission": _permission(item, resources, origin)})
    return Record(value=assignments, requests=(answer.request, *resources.requests(answer)))


def _permission(item: Mapping[str, Json], resources: Resources, origin: Origin) -> Node:
    """The name of the permission, as `Application.Read.All`."""
    role_id = item.get("appRoleId")
    if role_id == DEFAULT_ACCESS_ID:
        return DEFAULT_ACCESS
    roles = resources.property(item, "appRoles", origin)
    if isinstance(roles, Gap):
        return roles
    for role in roles if isinstance(roles, Sequence) else ():
        if isinstance(role, Mapping) and role.get("id") == role_id:
            name = role.get("value") or role.get("displayName")
            return name if isinstance(name, str) else origin.gap(f"the role {role_id} has no name")
    return origin.gap(f"the resource has no role {role_id}", Reason.NOT_FOUND)


COLLECTOR = Collector(
    section="appRoleAssignments",
    per=Per.SERVICE_PRINCIPAL,
    mount="servicePrincipal.appRoleAssignments",
    title="Application permissions",
    permissions=("Application.Read.All",),
    run=run,
)
