"""Elements of a list, each read by its id."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from auditor.collect.collector import Collector, Context, Origin, refused_record
from auditor.graph.answer import Refusal
from auditor.graph.question import Builder
from auditor.model.gap import Reason
from auditor.model.node import Json, Node
from auditor.model.snapshot import Record


async def read_by_ids(
    context: Context,
    collector: Collector,
    builders: Mapping[str, Builder],
    *,
    subject: str,
    select: Sequence[str],
    element: Callable[[Mapping[str, Json], Origin], Node],
) -> dict[str, Record]:
    """A record for each id of `builders`: null for one that is not there (404).

    `element` makes of an object what stands in the list about `subject`.
    """
    outcomes = await context.graph.get_many(list(builders.values()), select=select)
    records: dict[str, Record] = {}
    for id, outcome in zip(builders, outcomes, strict=True):
        if isinstance(outcome, Refusal):
            gone = outcome.reason is Reason.NOT_FOUND
            refused = refused_record(collector, subject, outcome)
            records[id] = Record(value=None, requests=refused.requests) if gone else refused
        else:
            origin = Origin(section=collector.section, subject=subject, request=outcome.request)
            records[id] = Record(value=element(outcome.object, origin), requests=(outcome.request,))
    return records
