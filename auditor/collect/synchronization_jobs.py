"""Provisioning jobs: `GET /servicePrincipals/{id}/synchronization/jobs`.

Documentation: "List synchronization jobs" (synchronization-synchronization-list-jobs),
Synchronization.Read.All (the page calls Application.ReadWrite.OwnedBy less privileged, but that one writes);
global and US Government clouds. An application without provisioning has an empty list. 404: the service
principal is gone; a gap. Times never reached are 0001-01-01 and a schedule that is off shows an interval of
29,000 years: both stay as they are written. Progress and the counts by type of object are left out.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.collect.collector import (
    Collector,
    Context,
    Origin,
    by_id,
    normalise,
    refused_record,
    unavailable,
)
from auditor.graph.answer import Answer, Refusal
from auditor.model.node import Json, Node
from auditor.model.snapshot import Per, Record

PROPERTIES = ("id", "templateId", "schedule", "status")

NULL_MEANS = {"schedule": "the job has no schedule"}

STATUS = (
    "code",
    "countSuccessiveCompleteFailures",
    "quarantine",
    "lastExecution",
    "lastSuccessfulExecution",
)

STATUS_NULL_MEANS = {
    "quarantine": "the job is not in quarantine",
    "lastExecution": "the job never ran",
    "lastSuccessfulExecution": "the job never succeeded",
}


async def run(context: Context) -> Mapping[str, Record]:
    """A list of jobs per service principal."""
    ids = context.service_principal_ids
    if context.cloud.name == "china":
        return {id: unavailable(COLLECTOR, id, context.cloud) for id in ids}
    principals = context.graph.sdk.service_principals
    builders = [principals.by_service_principal_id(id).synchronization.jobs for id in ids]
    answers = await context.graph.list_many(builders)
    return {id: _record(id, answer) for id, answer in zip(ids, answers, strict=True)}


def _record(subject: str, answer: Answer | Refusal) -> Record:
    if isinstance(answer, Refusal):
        return refused_record(COLLECTOR, subject, answer)
    origin = Origin(section=COLLECTOR.section, subject=subject, request=answer.request)
    return Record(
        value=[_job(item, origin) for item in by_id(answer.objects)],
        requests=(answer.request,),
    )


def _job(item: Mapping[str, Json], origin: Origin) -> dict[str, Node]:
    job = normalise(item, select=PROPERTIES, null_means=NULL_MEANS, origin=origin)
    status = item.get("status")
    if isinstance(status, Mapping):
        job["status"] = normalise(status, select=STATUS, null_means=STATUS_NULL_MEANS, origin=origin)
    return job


COLLECTOR = Collector(
    section="synchronizationJobs",
    per=Per.SERVICE_PRINCIPAL,
    mount="synchronization",
    title="Provisioning jobs",
    permissions=("Synchronization.Read.All",),
    run=run,
)
