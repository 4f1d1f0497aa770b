"""What claims mapping policies and token issuance policies have in common (Graph's `stsPolicy`).

They are read as `GET /policies/<kind>` and `GET /policies/<kind>/{id}/appliesTo` (Policy.Read.All), because
`GET /servicePrincipals/{id}/<kind>` would need a permission that can write. `appliesTo` holds service
principals and app registrations; type and id of them are enough, so it does not matter that the rest may
come with limited information.

`definition` stays as it was written: reading it is the business of evaluation.
Null: `isOrganizationDefault` is false unless set. 404 of `appliesTo`: the policy was deleted; a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from auditor.collect.by_ids import read_by_ids
from auditor.collect.collector import Collector, Context, Origin, by_id, normalise, refused_record
from auditor.collect.people import directory_object
from auditor.graph.answer import Answer, Refusal
from auditor.graph.question import Builder
from auditor.model.node import Json, Node
from auditor.model.snapshot import TENANT, Record

SELECT = ("id", "displayName", "isOrganizationDefault", "definition")

NULL_MEANS = {"isOrganizationDefault": "the default, which is false"}


async def read_policies(
    context: Context, collector: Collector, *, policies: Builder, applies_to: Callable[[str], Builder]
) -> Mapping[str, Record]:
    """One record: a list of policies, each with what it is assigned to.

    `applies_to` gives the builder for the assignments of the policy with that id.
    """
    answer = await context.graph.list(policies, select=SELECT)
    if isinstance(answer, Refusal):
        return {TENANT: refused_record(collector, TENANT, answer)}
    found = by_id(answer.objects)
    ids = [str(item.get("id")) for item in found]
    assignments = await context.graph.list_many([applies_to(id) for id in ids], select=("id",))
    value = [
        _policy(collector, item, answer, assigned) for item, assigned in zip(found, assignments, strict=True)
    ]
    requests = (answer.request, *(assigned.request for assigned in assignments))
    return {TENANT: Record(value=value, requests=requests)}


async def read_policies_again(
    context: Context,
    collector: Collector,
    *,
    policies: Mapping[str, Builder],
    applies_to: Callable[[str], Builder],
) -> Mapping[str, Record]:
    """Policies by their ids (`GET /policies/<kind>/{id}`), each with what it is assigned to."""
    records = await read_by_ids(
        context, collector, policies, subject=TENANT, select=SELECT, element=_properties
    )
    there = [id for id, record in records.items() if isinstance(record.value, Mapping)]
    assignments = await context.graph.list_many([applies_to(id) for id in there], select=("id",))
    for id, assigned in zip(there, assignments, strict=True):
        read = records[id]
        policy = cast(Mapping[str, Node], read.value)
        records[id] = Record(
            value={**policy, "appliesTo": _applies_to(collector, assigned)},
            requests=(*read.requests, assigned.request),
        )
    return records


def _policy(
    collector: Collector, item: Mapping[str, Json], answer: Answer, assigned: Answer | Refusal
) -> dict[str, Node]:
    origin = Origin(section=collector.section, subject=TENANT, request=answer.request)
    return {**_properties(item, origin), "appliesTo": _applies_to(collector, assigned)}


def _properties(item: Mapping[str, Json], origin: Origin) -> dict[str, Node]:
    return normalise(item, select=SELECT, null_means=NULL_MEANS, origin=origin)


def _applies_to(collector: Collector, assigned: Answer | Refusal) -> Node:
    if isinstance(assigned, Refusal):
        return assigned.gap(section=collector.section, subject=TENANT, permission=collector.permission)
    origin = Origin(section=collector.section, subject=TENANT, request=assigned.request)
    return [directory_object(item, origin=origin, select=("id",)) for item in by_id(assigned.objects)]
