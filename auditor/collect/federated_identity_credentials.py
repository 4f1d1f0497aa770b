"""Credentials that trust another identity provider: `GET /applications/{id}/federatedIdentityCredentials`.

Documentation: "List federatedIdentityCredentials" (application-list-federatedidentitycredentials),
Application.Read.All. 404: the registration is gone; a gap. An application that is registered in another
tenant has no record here.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.collect.collector import Collector, Context, Origin, by_id, normalise, refused_record
from auditor.collect.registrations import registrations
from auditor.graph.answer import Answer, Refusal
from auditor.model.snapshot import Per, Record

SELECT = ("id", "name", "issuer", "subject", "audiences", "description")

NULL_MEANS = {"description": "nobody described it"}


async def run(context: Context) -> Mapping[str, Record]:
    """A list of credentials per service principal whose registration is in this tenant."""
    records, objects = registrations(context, COLLECTOR.section)
    applications = context.graph.sdk.applications
    builders = [applications.by_application_id(id).federated_identity_credentials for id in objects.values()]
    answers = await context.graph.list_many(builders, select=SELECT)
    for subject, answer in zip(objects, answers, strict=True):
        records[subject] = _record(subject, answer)
    return records


def _record(subject: str, answer: Answer | Refusal) -> Record:
    if isinstance(answer, Refusal):
        return refused_record(COLLECTOR, subject, answer)
    origin = Origin(section=COLLECTOR.section, subject=subject, request=answer.request)
    credentials = [
        normalise(item, select=SELECT, null_means=NULL_MEANS, origin=origin, sets={"audiences"})
        for item in by_id(answer.objects)
    ]
    return Record(value=credentials, requests=(answer.request,))


COLLECTOR = Collector(
    section="federatedIdentityCredentials",
    per=Per.SERVICE_PRINCIPAL,
    mount="application.federatedIdentityCredentials",
    title="Federated identity credentials",
    permissions=("Application.Read.All",),
    after=("applications",),
    run=run,
)
