"""Owners of the service principal: `GET /servicePrincipals/{id}/owners`.

Documentation: "List owners of a service principal" (serviceprincipal-list-owners). Application.Read.All
lists them; what they are like needs User.Read.All, else they come with limited information.
Null: see `people`. 404: the service principal is gone; a gap.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.collect.collector import Collector, Context, Origin, by_id
from auditor.collect.people import PERMISSION, directory_object
from auditor.graph.answer import Answer, Refusal
from auditor.model.snapshot import Per, Record

LISTING = "Application.Read.All"
"""What the list itself needs, here and for the owners of the registration."""

SELECT = ("id", "displayName", "userPrincipalName", "accountEnabled", "userType")


async def run(context: Context) -> Mapping[str, Record]:
    """A list of owners per service principal."""
    ids = context.service_principal_ids
    principals = context.graph.sdk.service_principals
    builders = [principals.by_service_principal_id(id).owners for id in ids]
    answers = await context.graph.list_many(builders, select=SELECT)
    return {id: owners(answer, COLLECTOR.section, id) for id, answer in zip(ids, answers, strict=True)}


def owners(answer: Answer | Refusal, section: str, subject: str) -> Record:
    """The record of one list of owners."""
    if isinstance(answer, Refusal):
        gap = answer.gap(section=section, subject=subject, permission=LISTING)
        return Record(value=gap, requests=(answer.request,))
    origin = Origin(section=section, subject=subject, request=answer.request, permission=PERMISSION)
    found = [directory_object(item, origin=origin, select=SELECT) for item in by_id(answer.objects)]
    return Record(value=found, requests=(answer.request,))


COLLECTOR = Collector(
    section="owners",
    per=Per.SERVICE_PRINCIPAL,
    mount="servicePrincipal.owners",
    title="Owners",
    permissions=(LISTING, PERMISSION),
    run=run,
)
