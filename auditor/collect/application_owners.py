"""Owners of the app registration: `GET /applications/{id}/owners`.

Documentation: "List owners of an application" (application-list-owners). Application.Read.All lists them;
what they are like needs User.Read.All. Null: see `people`. 404: the registration is gone; a gap.
An application that is registered in another tenant has no record here.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.collect.collector import Collector, Context
from auditor.collect.owners import LISTING, SELECT, owners
from auditor.collect.people import PERMISSION
from auditor.collect.registrations import registrations
from auditor.model.snapshot import Per, Record


async def run(context: Context) -> Mapping[str, Record]:
    """A list of owners per service principal whose registration is in this tenant."""
    records, objects = registrations(context, COLLECTOR.section)
    builders = [context.graph.sdk.applications.by_application_id(id).owners for id in objects.values()]
    answers = await context.graph.list_many(builders, select=SELECT)
    for subject, answer in zip(objects, answers, strict=True):
        records[subject] = owners(answer, COLLECTOR.section, subject)
    return records


COLLECTOR = Collector(
    section="applicationOwners",
    per=Per.SERVICE_PRINCIPAL,
    mount="application.owners",
    title="Owners of app registrations",
    permissions=(LISTING, PERMISSION),
    after=("applications",),
    run=run,
)
