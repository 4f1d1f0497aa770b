"""Other applications that have something of an audited one's identity: candidates for a mix-up.

From a list of all service principals (`GET /servicePrincipals`, Application.Read.All): Graph offers no filter
for reply URLs, and that nobody else has one can be known from the whole list only. Six properties of each are
asked for; in bulk the list is there already. Null: see `service_principals`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from auditor.collect.collector import Collector, Context, Origin, Records, normalise, refused
from auditor.collect.service_principals import NULL_MEANS, SETS
from auditor.graph.answer import Answer, Refusal
from auditor.model.node import Json, Node
from auditor.model.snapshot import Per, Record

SELECT = ("id", "appId", "displayName", "servicePrincipalNames", "replyUrls", "samlSingleSignOnSettings")

PAGES = 50
"""A tenant of more than some 50,000 service principals is not read to its end."""


async def run(context: Context) -> Records:
    """A list of candidates per service principal, sorted by object id."""
    listing = context.listing or await context.graph.list(
        context.graph.sdk.service_principals, select=SELECT, top=999, max_pages=PAGES
    )
    if isinstance(listing, Refusal):
        return refused(COLLECTOR, context.service_principal_ids, listing)
    items = sorted(listing.objects, key=lambda item: str(item.get("id")))
    own = {str(item.get("id")): item for item in items}
    bearers: defaultdict[str, list[int]] = defaultdict(list)
    for number, item in enumerate(items):
        for mark in _marks(item):
            bearers[mark].append(number)
    unclear = [number for number, item in enumerate(items) if not _is_clear(item)]
    return {
        id: _record(id, own.get(id, {}), items, bearers, unclear, listing)
        for id in context.service_principal_ids
    }


def _record(
    subject: str,
    own: Mapping[str, Json],
    items: list[Mapping[str, Json]],
    bearers: Mapping[str, list[int]],
    unclear: list[int],
    listing: Answer,
) -> Record:
    origin = Origin(section=COLLECTOR.section, subject=subject, request=listing.request)
    sharing = {number for mark in _marks(own) for number in bearers.get(mark, ())}
    others: list[Node] = [
        normalise(items[number], select=SELECT, null_means=NULL_MEANS, origin=origin, sets=SETS)
        for number in sorted(sharing.union(unclear))
        if items[number].get("id") != subject
    ]
    return Record(value=others, requests=(listing.request,))


def _marks(item: Mapping[str, Json]) -> Iterable[str]:
    """Identifiers, a trailing `#fragment` left out, and reply URLs."""
    for name in _texts(item.get("servicePrincipalNames")):
        yield f"identifier {name.partition('#')[0]}"
    for url in _texts(item.get("replyUrls")):
        yield f"reply URL {url}"


def _is_clear(item: Mapping[str, Json]) -> bool:
    """Whether its names and reply URLs are known; null says that there are none."""
    return all(
        name in item and isinstance(item[name], list | None)
        for name in ("servicePrincipalNames", "replyUrls")
    )


def _texts(value: Json) -> list[str]:
    return [text for text in value if isinstance(text, str)] if isinstance(value, list) else []


COLLECTOR = Collector(
    section="sharedIdentity",
    per=Per.SERVICE_PRINCIPAL,
    mount="servicePrincipal.sharedIdentity",
    title="Applications with the same identity",
    permissions=("Application.Read.All",),
    run=run,
)
