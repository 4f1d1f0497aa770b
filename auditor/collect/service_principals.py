"""The service principals to audit: `GET /servicePrincipals/{id}`, in bulk the list of all.

Documentation: "servicePrincipal resource type", "Get servicePrincipal" and "List servicePrincipals",
Application.Read.All. `$select` with keyCredentials is limited to 150 requests a minute and tenant, and the
`key` of a list may be null: one that the federation metadata holds as well is not asked for again.
404: deleted since it was found; a gap.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from auditor.collect.collector import (
    Collector,
    Context,
    Origin,
    Records,
    normalise,
    refused,
    refused_record,
)
from auditor.collect.credentials import KEY, PASSWORD, credentials
from auditor.graph.answer import Answer, Refusal
from auditor.graph.question import Builder
from auditor.model.gap import Gap
from auditor.model.node import Node
from auditor.model.snapshot import Per, Record
from auditor.saml.certificate import Certificate, identifies
from auditor.saml.metadata import listed_certificates

if TYPE_CHECKING:
    from auditor.graph.client import GraphClient

SELECT = (
    "id",
    "appId",
    "displayName",
    "appOwnerOrganizationId",
    "servicePrincipalType",
    "preferredSingleSignOnMode",
    "loginUrl",
    "logoutUrl",
    "replyUrls",
    "servicePrincipalNames",
    "samlSingleSignOnSettings",
    "keyCredentials",
    "passwordCredentials",
    "preferredTokenSigningKeyThumbprint",
    "tokenEncryptionKeyId",
    "notificationEmailAddresses",
    "appRoleAssignmentRequired",
    "accountEnabled",
    "isDisabled",
    "tags",
    "applicationTemplateId",
    "homepage",
)

NEWER = ("isDisabled",)
"""Properties that the schema of a national cloud may still lack; selecting one is then a bad request."""

ESTABLISHED = tuple(name for name in SELECT if name not in NEWER)

SETS = (
    "replyUrls",
    "servicePrincipalNames",
    "keyCredentials",
    "passwordCredentials",
    "notificationEmailAddresses",
    "tags",
)

NULL_MEANS = {
    "appOwnerOrganizationId": "no app registration stands behind it",
    "preferredSingleSignOnMode": "no mode is set, or an older SAML application",
    "loginUrl": "no sign-on URL is set",
    "logoutUrl": "no logout URL is set",
    "replyUrls": "no reply URL is set",
    "servicePrincipalNames": "it has no name but its id, as agent identities",
    "keyCredentials": "it holds no key",
    "passwordCredentials": "it holds no password",
    "notificationEmailAddresses": "nobody is told of an expiring certificate",
    "tags": "it bears no tag",
    "samlSingleSignOnSettings": "no relay state is set",
    "preferredTokenSigningKeyThumbprint": "no certificate was made active",
    "tokenEncryptionKeyId": "tokens are not encrypted",
    "isDisabled": "not deactivated",
    "applicationTemplateId": "not made from a template",
    "homepage": "no home page is set",
}


async def run(context: Context) -> Records:
    """A record per service principal."""
    ids = context.service_principal_ids
    listing = context.listing
    if listing is None:
        outcomes = await _asked(context, ids)
        return {id: _record(id, outcome) for id, outcome in zip(ids, outcomes, strict=True)}
    if isinstance(listing, Refusal):
        return refused(COLLECTOR, ids, listing)
    items = {str(item.get("id")): item for item in listing.objects}
    records = {id: _record(id, Answer(value=items[id], request=listing.request)) for id in ids}
    lacking = [id for id, record in records.items() if _lacks_keys(context, id, record)]
    return {**records, **await _with_keys(context, {id: records[id] for id in lacking})}


async def list_all(graph: GraphClient) -> Answer | Refusal:
    """All service principals of the tenant, for `Context.listing`."""
    listing = await graph.list(graph.sdk.service_principals, select=SELECT, top=999)
    if _is_about_newer(listing):
        return await graph.list(graph.sdk.service_principals, select=ESTABLISHED, top=999)
    return listing


async def _asked(context: Context, ids: Sequence[str]) -> Sequence[Answer | Refusal]:
    builders = [_builder(context, id) for id in ids]
    outcomes = await context.graph.get_many(builders, select=SELECT)
    if any(map(_is_about_newer, outcomes)):
        return await context.graph.get_many(builders, select=ESTABLISHED)
    return outcomes


def _is_about_newer(outcome: Answer | Refusal) -> bool:
    """Whether it was refused because of a property that this cloud does not know yet."""
    if not isinstance(outcome, Refusal) or outcome.http_status != 400:
        return False
    return any(f"'{name}'" in outcome.detail for name in NEWER)


def _builder(context: Context, id: str) -> Builder:
    return context.graph.sdk.service_principals.by_service_principal_id(id)


def _record(subject: str, outcome: Answer | Refusal) -> Record:
    if isinstance(outcome, Refusal):
        return refused_record(COLLECTOR, subject, outcome)
    return Record(value=_value(subject, outcome), requests=(outcome.request,))


def _value(subject: str, answer: Answer) -> dict[str, Node]:
    origin = Origin(section=COLLECTOR.section, subject=subject, request=answer.request)
    value = normalise(answer.object, select=SELECT, null_means=NULL_MEANS, origin=origin, sets=SETS)
    for name, select in (("keyCredentials", KEY), ("passwordCredentials", PASSWORD)):
        value[name] = credentials(value[name], select=select, origin=origin)
    return value


async def _with_keys(context: Context, records: Records) -> Records:
    """The same records with the certificates that had to be read one by one."""
    builders = [_builder(context, id) for id in records]
    outcomes = await context.graph.get_many(builders, select=("id", "keyCredentials"))
    return {
        id: _completed(id, record, outcome)
        for (id, record), outcome in zip(records.items(), outcomes, strict=True)
    }


def _completed(subject: str, record: Record, outcome: Answer | Refusal) -> Record:
    value = dict(cast(Mapping[str, Node], record.value))
    if isinstance(outcome, Refusal):
        gap = outcome.gap(section=COLLECTOR.section, subject=subject, permission=COLLECTOR.permission)
        keys = cast(Sequence[Mapping[str, Node]], value["keyCredentials"])
        value["keyCredentials"] = [
            {**key, "key": gap} if isinstance(key["key"], Gap) else key for key in keys
        ]
    else:
        value["keyCredentials"] = _value(subject, outcome)["keyCredentials"]
    return Record(value=value, requests=(*record.requests, outcome.request))


def _lacks_keys(context: Context, subject: str, record: Record) -> bool:
    """Whether a certificate is neither in the list nor in the metadata, where evaluation looks for it too.

    An encryption certificate is nobody's concern.
    """
    if not isinstance(record.value, Mapping):
        return False
    keys = record.value["keyCredentials"]
    metadata = context.value("federationMetadata", subject)
    document = metadata.get("document") if isinstance(metadata, Mapping) else None
    listed = listed_certificates(base64.b64decode(document)) if isinstance(document, str) else ()
    return isinstance(keys, list) and any(
        isinstance(key["key"], Gap) and key["usage"] in ("Sign", "Verify") and not _is_among(key, listed)
        for key in keys
    )


def _is_among(key: Mapping[str, Node], certificates: Iterable[Certificate]) -> bool:
    """Whether one of the certificates is the key's. What names it is made from it, so nothing is believed."""
    identifier = key["customKeyIdentifier"]
    return isinstance(identifier, str) and any(identifies(identifier, one) for one in certificates)


COLLECTOR = Collector(
    section="servicePrincipals",
    per=Per.SERVICE_PRINCIPAL,
    mount="servicePrincipal",
    title="Service principals and their certificates",
    permissions=("Application.Read.All",),
    after=("federationMetadata",),
    run=run,
)
