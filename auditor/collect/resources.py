"""The resources whose permissions were granted: `GET /servicePrincipals/{id}`, each once.

Documentation: "Get servicePrincipal" (serviceprincipal-get), Application.Read.All. No property that is asked
for is documented to be null. 404: the resource was deleted and the grant outlived it; a gap.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from auditor.collect.collector import Context, Origin, normalise
from auditor.graph.answer import Answer, Refusal
from auditor.model.node import Json, Node, Request

PERMISSION = "Application.Read.All"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Service principals by object id, as far as they could be read."""

    outcomes: Mapping[str, Answer | Refusal]

    def property(self, grant: Mapping[str, Json], name: str, origin: Origin) -> Node:
        """A property of the resource that a grant or an assignment is about. `origin` is the grant's."""
        outcome = self.outcomes.get(str(grant.get("resourceId")))
        if outcome is None:
            return origin.gap(f"resourceId is not in the answer to {origin.request}")
        if isinstance(outcome, Refusal):
            return outcome.gap(section=origin.section, subject=origin.subject, permission=PERMISSION)
        origin = replace(origin, request=outcome.request)
        return normalise(outcome.object, select=(name,), null_means={}, origin=origin)[name]

    def requests(self, grants: Answer) -> tuple[Request, ...]:
        """What was asked about the resources of these grants or assignments."""
        return tuple(self.outcomes[id].request for id in _ids([grants]))


async def read_resources(
    context: Context, lists: Iterable[Answer | Refusal], *, select: Sequence[str]
) -> Resources:
    """The resources of all grants or assignments in these lists."""
    ids = _ids(lists)
    principals = context.graph.sdk.service_principals
    builders = [principals.by_service_principal_id(id) for id in ids]
    outcomes = await context.graph.get_many(builders, select=select)
    return Resources(outcomes=dict(zip(ids, outcomes, strict=True)))


def _ids(lists: Iterable[Answer | Refusal]) -> list[str]:
    found = {
        id
        for answer in lists
        if isinstance(answer, Answer)
        for item in answer.objects
        if isinstance(id := item.get("resourceId"), str)
    }
    return sorted(found)
