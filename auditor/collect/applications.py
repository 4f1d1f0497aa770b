"""The app registrations behind the service principals: `GET /applications(appId='...')`, in bulk the list.

Documentation: "application resource type", "Get application", Application.Read.All. `$select` with
keyCredentials is limited to 150 requests a minute and tenant.
404, or not in the list: the registration of a multi-tenant application is in the tenant of its publisher
(`appOwnerOrganizationId`); that is null, a value. Of an application of this tenant it is a gap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from auditor.collect.collector import Collector, Context, Origin, Records, normalise, refused_record
from auditor.collect.credentials import KEY, PASSWORD, credentials
from auditor.graph.answer import Answer, Refusal
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node
from auditor.model.snapshot import Per, Record

SELECT = (
    "id",
    "appId",
    "displayName",
    "identifierUris",
    "web",
    "signInAudience",
    "keyCredentials",
    "passwordCredentials",
    "optionalClaims",
    "groupMembershipClaims",
    "tags",
    "samlMetadataUrl",
    "requestSignatureVerification",
    "tokenEncryptionKeyId",
)

SETS = ("identifierUris", "keyCredentials", "passwordCredentials", "tags")

NULL_MEANS = {
    "identifierUris": "no identifier is set",
    "keyCredentials": "it holds no key",
    "passwordCredentials": "it holds no password",
    "tags": "it bears no tag",
    "optionalClaims": "no further claims",
    "groupMembershipClaims": "groups are not in the token",
    "samlMetadataUrl": "none is set",
    "requestSignatureVerification": "requests need not be signed",
    "tokenEncryptionKeyId": "tokens are not encrypted",
}

KEY_WITHOUT_BYTES = tuple(name for name in KEY if name != "key")
"""Who may act as the application is judged by usage and identity; nobody asks for the bytes."""


async def run(context: Context) -> Records:
    """A record per service principal; null: the registration is in another tenant."""
    app_ids = {target.service_principal_id: target.app_id for target in context.targets}
    outcomes = await (_listed(context, app_ids) if context.bulk else _asked(context, app_ids))
    return {id: _record(context, id, outcome) for id, outcome in sorted(outcomes.items())}


async def _asked(context: Context, app_ids: Mapping[str, str]) -> Mapping[str, Answer | Refusal]:
    builders = [context.graph.application(app_id) for app_id in app_ids.values()]
    outcomes = await context.graph.get_many(builders, select=SELECT)
    return dict(zip(app_ids, outcomes, strict=True))


async def _listed(context: Context, app_ids: Mapping[str, str]) -> Mapping[str, Answer | Refusal]:
    listing = await context.graph.list(context.graph.sdk.applications, select=SELECT, top=999)
    if isinstance(listing, Refusal):
        return dict.fromkeys(app_ids, listing)
    found = {str(item.get("appId")).lower(): item for item in listing.objects}
    absent = Refusal(
        reason=Reason.NOT_FOUND,
        detail=f"{listing.request} does not list the app registration",
        http_status=None,
        code=None,
        request=listing.request,
    )
    return {
        id: Answer(value=found[app_id.lower()], request=listing.request)
        if app_id.lower() in found
        else absent
        for id, app_id in app_ids.items()
    }


def _record(context: Context, subject: str, outcome: Answer | Refusal) -> Record:
    if isinstance(outcome, Refusal):
        if outcome.reason is not Reason.NOT_FOUND:
            return refused_record(COLLECTOR, subject, outcome)
        elsewhere = _is_elsewhere(context, subject)
        if isinstance(elsewhere, Gap):
            return Record(value=elsewhere, requests=(outcome.request,))
        return (
            Record(value=None, requests=(outcome.request,))
            if elsewhere
            else refused_record(COLLECTOR, subject, outcome)
        )
    origin = Origin(section=COLLECTOR.section, subject=subject, request=outcome.request)
    value = normalise(outcome.object, select=SELECT, null_means=NULL_MEANS, origin=origin, sets=SETS)
    value["web"] = _web(value["web"])
    for name, select in (("keyCredentials", KEY_WITHOUT_BYTES), ("passwordCredentials", PASSWORD)):
        value[name] = credentials(value[name], select=select, origin=origin)
    return Record(value=value, requests=(outcome.request,))


def _is_elsewhere(context: Context, subject: str) -> bool | Gap:
    """Whether the registration is in another tenant, or there is none."""
    service_principal = context.value("servicePrincipals", subject)
    if isinstance(service_principal, Gap):
        return service_principal
    owner = service_principal["appOwnerOrganizationId"] if isinstance(service_principal, Mapping) else None
    if isinstance(owner, Gap):
        return owner
    return not isinstance(owner, str) or owner.lower() != context.tenant_id


def _web(web: Node) -> Node:
    """`redirectUris` is a set, and `redirectUriSettings` says itself which comes first."""
    if isinstance(web, Gap) or not isinstance(web, Mapping):
        return web
    lists = ("redirectUris", "redirectUriSettings")
    return {name: _sorted(value) if name in lists else value for name, value in web.items()}


def _sorted(value: Node) -> Node:
    return value if isinstance(value, str) or not isinstance(value, Sequence) else sorted(value, key=repr)


COLLECTOR = Collector(
    section="applications",
    per=Per.SERVICE_PRINCIPAL,
    mount="application",
    title="App registrations",
    permissions=("Application.Read.All",),
    after=("servicePrincipals",),
    run=run,
)
