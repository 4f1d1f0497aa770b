"""The tenant itself: `GET /organization`.

Documentation: "organization resource type", Organization.Read.All.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.collect.collector import Collector, Context, Origin, Records, normalise, refused_record
from auditor.graph.answer import Answer, Refusal
from auditor.model.node import Json
from auditor.model.snapshot import TENANT, Per, Record

SELECT = ("id", "displayName", "tenantType", "verifiedDomains")

NULL_MEANS = {"tenantType": "an ordinary workforce tenant, from before there were others"}


async def run(context: Context) -> Records:
    """One record: the organization."""
    answer = await context.graph.list(context.graph.sdk.organization, select=SELECT)
    if isinstance(answer, Refusal):
        return {TENANT: refused_record(COLLECTOR, TENANT, answer)}
    return {TENANT: _record(context, answer)}


def _record(context: Context, answer: Answer) -> Record:
    origin = Origin(section=COLLECTOR.section, subject=TENANT, request=answer.request)
    own = [item for item in answer.objects if _is(item, context.tenant_id)]
    if not own:
        gap = origin.gap(f"the answer to {answer.request} does not hold the tenant {context.tenant_id}")
        return Record(value=gap, requests=(answer.request,))
    value = normalise(own[0], select=SELECT, null_means=NULL_MEANS, origin=origin, sets=("verifiedDomains",))
    return Record(value=value, requests=(answer.request,))


def _is(item: Mapping[str, Json], tenant_id: str) -> bool:
    found = item.get("id")
    return isinstance(found, str) and found.lower() == tenant_id


COLLECTOR = Collector(
    section="organization",
    per=Per.TENANT,
    mount=None,
    title="The tenant and its domains",
    permissions=("Organization.Read.All",),
    run=run,
)
