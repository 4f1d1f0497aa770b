"""The gallery's templates of the profiles: `GET /applicationTemplates`, by name.

Documentation: "List applicationTemplates"; any token will do. Ids of templates are not published, so they are
resolved by the names that the profile gives; `contains` is the filter that the page shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from auditor.collect.collector import Collector, Context, Origin, Records, normalise, refused_record
from auditor.graph.answer import Answer, Refusal
from auditor.graph.question import literal
from auditor.model.node import Json, Node
from auditor.model.profile import Profile
from auditor.model.snapshot import Per, Record

SELECT = ("id", "displayName")

NULL_MEANS: Mapping[str, str] = {}


async def run(context: Context) -> Records:
    """A record per profile: the templates that bear one of its names, sorted by id."""
    records = await asyncio.gather(*(_record(context, profile) for profile in context.profiles))
    return {profile.id: record for profile, record in zip(context.profiles, records, strict=True)}


async def _record(context: Context, profile: Profile) -> Record:
    templates = context.graph.sdk.application_templates
    answers = await asyncio.gather(
        *(
            context.graph.list(templates, select=SELECT, filter=f"contains(displayName,{literal(name)})")
            for name in profile.template_names
        )
    )
    found: dict[str, Node] = {}
    for answer in answers:
        if isinstance(answer, Refusal):
            return refused_record(COLLECTOR, profile.id, answer)
        found |= _templates(answer, profile)
    requests = tuple(answer.request for answer in answers)
    return Record(value=[found[id] for id in sorted(found)], requests=requests)


def _templates(answer: Answer, profile: Profile) -> dict[str, Node]:
    """By id; one whose name or id is not in the answer is kept, as it might be the one that is looked for."""
    names = {name.casefold() for name in profile.template_names}
    origin = Origin(section=COLLECTOR.section, subject=profile.id, request=answer.request)
    return {
        str(item.get("id")): normalise(item, select=SELECT, null_means=NULL_MEANS, origin=origin)
        for item in answer.objects
        if _may_be(item, names)
    }


def _may_be(item: Mapping[str, Json], names: set[str]) -> bool:
    name = item.get("displayName")
    return not isinstance(name, str) or name.casefold() in names


COLLECTOR = Collector(
    section="applicationTemplates",
    per=Per.PROFILE,
    mount=None,
    title="Templates of the gallery",
    permissions=(),
    run=run,
)
