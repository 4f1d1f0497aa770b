"""Claims mapping policies and what they are assigned to: `GET /policies/claimsMappingPolicies`.

Documentation: "List claimsMappingPolicies", "List appliesTo" (claimsmappingpolicy-list,
claimsmappingpolicy-list-appliesto), Policy.Read.All. Null and 404: see `sts_policies`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from auditor.collect.collector import Collector, Context
from auditor.collect.sts_policies import read_policies, read_policies_again
from auditor.model.snapshot import Per, Record


async def run(context: Context) -> Mapping[str, Record]:
    """One list of policies."""
    policies = context.graph.sdk.policies.claims_mapping_policies
    return await read_policies(
        context,
        COLLECTOR,
        policies=policies,
        applies_to=lambda id: policies.by_claims_mapping_policy_id(id).applies_to,
    )


async def again(context: Context, ids: Sequence[str]) -> Mapping[str, Record]:
    """Policies by their ids."""
    policies = context.graph.sdk.policies.claims_mapping_policies
    return await read_policies_again(
        context,
        COLLECTOR,
        policies={id: policies.by_claims_mapping_policy_id(id) for id in ids},
        applies_to=lambda id: policies.by_claims_mapping_policy_id(id).applies_to,
    )


COLLECTOR = Collector(
    section="claimsMappingPolicies",
    per=Per.TENANT,
    mount=None,
    title="Claims mapping policies",
    permissions=("Policy.Read.All",),
    run=run,
    again=again,
)
