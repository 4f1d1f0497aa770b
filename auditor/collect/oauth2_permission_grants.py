"""Delegated permissions of the application: `GET /servicePrincipals/{id}/oauth2PermissionGrants`.

Documentation: "List oauth2PermissionGrants granted to a service principal"
(serviceprincipal-list-oauth2permissiongrants), "List oauth2PermissionGrants" (oauth2permissiongrant-list),
Directory.Read.All. For many applications `GET /oauth2PermissionGrants` is fewer requests, unless the tenant
has very many grants. A grant names its resource by id alone; the name is read once per resource
(`GET /servicePrincipals/{id}`, Application.Read.All).
Null: `principalId` of a grant for all users. 404 of the list: the service principal is gone; a gap.
404 of the resource: a gap in place of its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from auditor.collect.collector import Collector, Context, Origin, by_id, normalise, refused_record
from auditor.collect.resources import Resources, read_resources
from auditor.graph.answer import Answer, Refusal
from auditor.model.gap import Reason
from auditor.model.node import Json, Node
from auditor.model.snapshot import Per, Record

SELECT = ("id", "clientId", "consentType", "principalId", "resourceId", "scope")

NULL_MEANS = {"principalId": "granted for all users", "scope": "nothing is granted"}

APPLICATIONS_A_PAGE = 20
"""Pages of the tenant's list that are tried: one for so many applications, which are one batch."""

Outcome: TypeAlias = Answer | Refusal


async def run(context: Context) -> Mapping[str, Record]:
    """A list of delegated permissions per service principal."""
    ids = context.service_principal_ids
    grants = await _of_tenant(context, ids) if context.bulk else None
    if grants is None:
        grants = await _of_each(context, ids)
    resources = await read_resources(context, grants.values(), select=("id", "displayName"))
    return {id: _record(id, outcome, resources) for id, outcome in grants.items()}


async def _of_tenant(context: Context, ids: Sequence[str]) -> dict[str, Outcome] | None:
    """From the list of all grants; None when it is too long to be worth it or says not whose they are."""
    pages = max(1, len(ids) // APPLICATIONS_A_PAGE)
    builder = context.graph.sdk.oauth2_permission_grants
    answer = await context.graph.list(builder, select=SELECT, top=999, max_pages=pages)
    if isinstance(answer, Refusal):
        return None if answer.reason is Reason.TRUNCATED else dict.fromkeys(ids, answer)
    owned: dict[str, list[Json]] = {id: [] for id in ids}
    for item in answer.objects:
        client = item.get("clientId")
        if not isinstance(client, str):
            return None
        owned.get(client, []).append(item)
    return {id: Answer(value=items, request=answer.request) for id, items in owned.items()}


async def _of_each(context: Context, ids: Sequence[str]) -> dict[str, Outcome]:
    principals = context.graph.sdk.service_principals
    builders = [principals.by_service_principal_id(id).oauth2_permission_grants for id in ids]
    answers = await context.graph.list_many(builders, select=SELECT, top=999)
    return dict(zip(ids, answers, strict=True))


def _record(subject: str, outcome: Outcome, resources: Resources) -> Record:
    if isinstance(outcome, Refusal):
        return refused_record(COLLECTOR, subject, outcome)
    origin = Origin(section=COLLECTOR.section, subject=subject, request=outcome.request)
    grants: list[Node] = []
    for item in by_id(outcome.objects):
        grant = normalise(item, select=SELECT, null_means=NULL_MEANS, origin=origin)
        name = resources.property(item, "displayName", origin)
        grants.append({**grant, "resourceDisplayName": name})
    return Record(value=grants, requests=(outcome.request, *resources.requests(outcome)))


COLLECTOR = Collector(
    section="oauth2PermissionGrants",
    per=Per.SERVICE_PRINCIPAL,
    mount="servicePrincipal.oauth2PermissionGrants",
    title="Delegated permissions",
    permissions=("Directory.Read.All",),
    run=run,
)
