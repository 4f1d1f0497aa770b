"""Conditional Access policies: `GET /identity/conditionalAccess/policies`.

Documentation: "List policies" (conditionalaccessroot-list-policies), Policy.Read.All; one request a second
for the whole tenant, which the client keeps to. What a policy asks for and whom and what it is about stays
as Graph sends it, except that every list in it is a set and is put in order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from auditor.collect.by_ids import read_by_ids
from auditor.collect.collector import Collector, Context, Origin, by_id, in_order, normalise, refused_record
from auditor.graph.answer import Refusal
from auditor.model.node import Json, Node
from auditor.model.snapshot import TENANT, Per, Record

SELECT = ("id", "displayName", "state", "conditions", "grantControls")

NULL_MEANS = {"grantControls": "the policy asks for nothing and only shapes the session"}


async def run(context: Context) -> Mapping[str, Record]:
    """One list of policies."""
    answer = await context.graph.list(context.graph.sdk.identity.conditional_access.policies, select=SELECT)
    if isinstance(answer, Refusal):
        return {TENANT: refused_record(COLLECTOR, TENANT, answer)}
    origin = Origin(section=COLLECTOR.section, subject=TENANT, request=answer.request)
    policies = [_policy(item, origin) for item in by_id(answer.objects)]
    return {TENANT: Record(value=policies, requests=(answer.request,))}


def _policy(item: Mapping[str, Json], origin: Origin) -> dict[str, Node]:
    return normalise(sorted_within(item), select=SELECT, null_means=NULL_MEANS, origin=origin)


async def again(context: Context, ids: Sequence[str]) -> Mapping[str, Record]:
    """Policies by their ids (conditionalaccesspolicy-get), one after the other: a batch would be too fast."""
    policies = context.graph.sdk.identity.conditional_access.policies
    records: dict[str, Record] = {}
    for id in ids:
        builders = {id: policies.by_conditional_access_policy_id(id)}
        records |= await read_by_ids(
            context, COLLECTOR, builders, subject=TENANT, select=SELECT, element=_policy
        )
    return records


def sorted_within(item: Mapping[str, Json]) -> dict[str, Json]:
    """The object with every list inside it in order."""
    return {name: _sorted(value) for name, value in item.items()}


def _sorted(value: Json) -> Json:
    if isinstance(value, Mapping):
        return sorted_within(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return in_order(_sorted(item) for item in value)
    return value


COLLECTOR = Collector(
    section="conditionalAccessPolicies",
    per=Per.TENANT,
    mount=None,
    title="Conditional Access policies",
    permissions=("Policy.Read.All",),
    run=run,
    again=again,
)
