"""What each service provider was told about Entra, as the configuration declares it.

No service provider can be asked: GoToMeeting, as most, has no public way to read its identity provider back.
So somebody looks, writes down what stands there, and keeps the file or certificate that was given to it. A
declaration is stored as it is; the bytes of its files are judged by evaluation.
"""

from __future__ import annotations

import base64

from auditor.collect.collector import Collector, Context, Records
from auditor.collect.declared_file import file_request, read_declared
from auditor.graph.question import timestamp
from auditor.model.configuration import ConfiguredBy, ServiceProvider
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node, Request
from auditor.model.snapshot import Per, Record, Target

MAX_BYTES = 1_048_576
"""Of a declared file: federation metadata has a few kilobytes."""

_WAYS = (
    "Declare it as service_provider of the application, in one of three ways: configured_by metadata-url "
    "with the metadata URL that was entered, metadata-file with the file that was uploaded, or manual with "
    "sign-in page URL, sign-out page URL, entity ID and certificate; and who looked when"
)


async def run(context: Context) -> Records:
    """A record per service principal; null where nobody is asked to declare anything."""
    return {
        target.service_principal_id: _record(context, target)
        for target in sorted(context.targets, key=lambda target: target.service_principal_id)
    }


def _record(context: Context, target: Target) -> Record:
    entry = None if target.application is None else context.tenant.applications[target.application]
    if entry is not None and entry.service_provider is not None:
        return _declared(context, target, entry.service_provider)
    if entry is None and target.profile is None:
        return Record(value=None)
    return Record(
        value=Gap(
            section=COLLECTOR.section,
            subject=target.service_principal_id,
            reason=Reason.NOT_DECLARED,
            detail=f"nobody declared what the service provider was told about this tenant. {_WAYS}",
        )
    )


def _declared(context: Context, target: Target, declared: ServiceProvider) -> Record:
    requests = [Request(method="FILE", url="configuration", at=timestamp(context.at))]

    def file(name: str | None) -> Node:
        if name is None:
            return None
        request = file_request(name, context.at)
        requests.append(request)
        data = read_declared(
            context.tenant.folder,
            name,
            cap=MAX_BYTES,
            section=COLLECTOR.section,
            subject=target.service_principal_id,
            request=request,
        )
        return data if isinstance(data, Gap) else base64.b64encode(data).decode()

    values: dict[str, Node] = {
        "configuredBy": declared.configured_by.value,
        "checkedOn": declared.checked_on,
        "checkedBy": declared.checked_by,
    }
    match declared.configured_by:
        case ConfiguredBy.METADATA_URL:
            values["metadataUrl"] = declared.metadata_url
        case ConfiguredBy.METADATA_FILE:
            values["metadataFile"] = file(declared.metadata_file)
        case ConfiguredBy.MANUAL:
            values["signInPageUrl"] = declared.sign_in_page_url
            values["signInBinding"] = declared.sign_in_binding
            values["signOutPageUrl"] = declared.sign_out_page_url
            values["signOutBinding"] = declared.sign_out_binding
            values["entityId"] = declared.entity_id
            values["certificateFile"] = file(declared.certificate_file)
    return Record(value=values, requests=tuple(requests))


COLLECTOR = Collector(
    section="serviceProvider",
    per=Per.SERVICE_PRINCIPAL,
    mount=None,
    title="Service provider's side",
    permissions=(),
    run=run,
)
