"""The claims that the portal's claims page wrote: `GET /beta/servicePrincipals/{id}/claimsPolicy`.

Documentation: "Get customClaimsPolicy" (customclaimspolicy-get, beta), global cloud only. The page asks for
Policy.ReadWrite.ApplicationConfiguration, which can write; in practice Policy.Read.All opens it (Microsoft
Q&A 1907536), so that one is asked for first, and the other is named only when it does not.
404: nobody edited the claims; there is no policy (null). The page's sample shows a list of policies where the
metadata has a single one: both are read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from auditor.collect.collector import Collector, Context, Origin, normalise, unavailable
from auditor.graph.answer import Answer, Refusal
from auditor.model.gap import Reason
from auditor.model.node import Json, Node
from auditor.model.snapshot import Per, Record

READING = "Policy.Read.All"
DOCUMENTED = "Policy.ReadWrite.ApplicationConfiguration"

PROPERTIES = (
    "id",
    "includeBasicClaimSet",
    "includeApplicationIdInIssuer",
    "audienceOverride",
    "claims",
)

NULL_MEANS = {
    "includeBasicClaimSet": "not set; the basic claims are left out",
    "includeApplicationIdInIssuer": "not set",
    "audienceOverride": "not set; the audience is the identifier",
}


async def run(context: Context) -> Mapping[str, Record]:
    """A policy, or null, per service principal."""
    ids = context.service_principal_ids
    if context.cloud.name != "global":
        return {id: unavailable(COLLECTOR, id, context.cloud) for id in ids}
    builders = [context.graph.beta(f"/servicePrincipals/{quote(id, safe='')}/claimsPolicy") for id in ids]
    answers = await context.graph.get_many(builders)
    return {id: _record(context, id, answer) for id, answer in zip(ids, answers, strict=True)}


def _record(context: Context, subject: str, answer: Answer | Refusal) -> Record:
    if isinstance(answer, Refusal):
        if answer.reason is Reason.NOT_FOUND:
            return Record(value=None, requests=(answer.request,))
        permission = DOCUMENTED if READING in context.graph.held_permissions else READING
        gap = answer.gap(section=COLLECTOR.section, subject=subject, permission=permission)
        return Record(value=gap, requests=(answer.request,))
    origin = Origin(section=COLLECTOR.section, subject=subject, request=answer.request)
    return Record(value=_policy(answer.object, origin), requests=(answer.request,))


def _policy(value: Mapping[str, Json], origin: Origin) -> Node:
    listed = value.get("value")
    if isinstance(listed, Sequence) and not isinstance(listed, str):
        if not listed:
            return None
        only = listed[0]
        if len(listed) > 1 or not isinstance(only, Mapping):
            return origin.gap("the answer should hold one policy and holds something else")
        value = only
    return normalise(value, select=PROPERTIES, null_means=NULL_MEANS, origin=origin, sets={"claims"})


COLLECTOR = Collector(
    section="claimsPolicy",
    per=Per.SERVICE_PRINCIPAL,
    mount=None,
    title="Custom claims policies",
    permissions=(READING,),
    run=run,
)
