"""Who is assigned to the application: `GET /servicePrincipals/{id}/appRoleAssignedTo`.

Documentation: "List appRoleAssignments granted for a service principal"
(serviceprincipal-list-approleassignedto), Application.Read.All. No property is documented to be null.
An `appRoleId` of zeros is the default access. 404: the service principal is gone; a gap.
The list says neither who is a guest nor who is disabled: `users`, `groups` and `group_members` do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from auditor.collect.by_ids import read_by_ids
from auditor.collect.collector import Collector, Context, Origin, by_id, normalise, refused_record
from auditor.graph.answer import Answer, Refusal
from auditor.model.node import Json, Node
from auditor.model.snapshot import Per, Record

SELECT = ("id", "appRoleId", "createdDateTime", "principalId", "principalType", "principalDisplayName")


async def run(context: Context) -> Mapping[str, Record]:
    """A list of assignments per service principal."""
    ids = context.service_principal_ids
    principals = context.graph.sdk.service_principals
    builders = [principals.by_service_principal_id(id).app_role_assigned_to for id in ids]
    answers = await context.graph.list_many(builders, select=SELECT, top=999)
    return {id: _record(id, answer) for id, answer in zip(ids, answers, strict=True)}


def _record(subject: str, answer: Answer | Refusal) -> Record:
    if isinstance(answer, Refusal):
        return refused_record(COLLECTOR, subject, answer)
    origin = Origin(section=COLLECTOR.section, subject=subject, request=answer.request)
    assignments = [_assignment(item, origin) for item in by_id(answer.objects)]
    return Record(value=assignments, requests=(answer.request,))


def _assignment(item: Mapping[str, Json], origin: Origin) -> dict[str, Node]:
    return normalise(item, select=SELECT, null_means={}, origin=origin)


async def again(context: Context, ids: Sequence[str]) -> Mapping[str, Record]:
    """Assignments by their ids: "Get appRoleAssignment" (approleassignment-get), the same permission."""
    (subject,) = context.service_principal_ids
    listed = context.graph.sdk.service_principals.by_service_principal_id(subject).app_role_assigned_to
    builders = {id: listed.by_app_role_assignment_id(id) for id in ids}
    return await read_by_ids(
        context, COLLECTOR, builders, subject=subject, select=SELECT, element=_assignment
    )


def assigned(context: Context, kind: str) -> Sequence[str]:
    """Object ids of the assigned principals of a kind (User, Group, ServicePrincipal), each once, sorted."""
    found: set[str] = set()
    for subject in context.service_principal_ids:
        assignments = context.value(COLLECTOR.section, subject)
        for assignment in assignments if isinstance(assignments, Sequence) else ():
            if isinstance(assignment, Mapping) and assignment.get("principalType") == kind:
                identity = assignment.get("principalId")
                if isinstance(identity, str):
                    found.add(identity)
    return sorted(found)


COLLECTOR = Collector(
    section="appRoleAssignedTo",
    per=Per.SERVICE_PRINCIPAL,
    mount=None,
    title="Assignments",
    permissions=("Application.Read.All",),
    run=run,
    again=again,
)
