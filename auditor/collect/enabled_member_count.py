"""How many enabled members the tenant has: `GET /users?$filter=...&$count=true`.

Documentation: "List users" (user-list), User.Read.All; "Advanced query capabilities on directory objects":
counting needs ConsistencyLevel eventual, so the number may lag behind the directory by some minutes.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.collect.collector import Collector, Context, refused_record
from auditor.graph.answer import Refusal
from auditor.model.snapshot import TENANT, Per, Record

FILTER = "accountEnabled eq true and userType eq 'Member'"


async def run(context: Context) -> Mapping[str, Record]:
    """One number."""
    answer = await context.graph.count(context.graph.sdk.users, filter=FILTER)
    if isinstance(answer, Refusal):
        return {TENANT: refused_record(COLLECTOR, TENANT, answer)}
    return {TENANT: Record(value=answer.count, requests=(answer.request,))}


COLLECTOR = Collector(
    section="enabledMemberCount",
    per=Per.TENANT,
    mount="tenant.enabledMemberCount",
    title="Number of enabled members",
    permissions=("User.Read.All",),
    run=run,
)
