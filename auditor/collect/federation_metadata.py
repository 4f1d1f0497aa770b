"""The federation metadata of each application, as the login host serves it to anybody.

Documentation: "Federation metadata" (Microsoft Entra). 404 and 400: there is no document for this
application, which is a value. What the bytes are is the business of evaluation; what is no XML is kept too.
"""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING

from auditor.collect.collector import Collector, Context, Records
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node, Request
from auditor.model.snapshot import Per, Record, Target

if TYPE_CHECKING:
    from auditor.graph.login_host import Download

NO_DOCUMENT = frozenset({400, 404})


async def run(context: Context) -> Records:
    """A record per service principal: `{"document": base64}`, or `{"document": null, "status": 404}`."""
    records = await asyncio.gather(*(_record(context, target) for target in context.targets))
    found = {
        target.service_principal_id: record for target, record in zip(context.targets, records, strict=True)
    }
    return dict(sorted(found.items()))


async def _record(context: Context, target: Target) -> Record:
    url = context.cloud.metadata_url(context.tenant_id, target.app_id)
    download, request = await context.login_host.fetch(url)
    return Record(value=_value(target.service_principal_id, download, request), requests=(request,))


def _value(subject: str, download: Download, request: Request) -> Node:
    from auditor.graph.login_host import Fetched, NotFetched  # requests takes its time

    if isinstance(download, Fetched):
        if download.status == 200:
            return {"document": base64.b64encode(download.body).decode()}
        if download.status in NO_DOCUMENT:
            return {"document": None, "status": download.status}
        download = NotFetched(
            reason=Reason.UNREADABLE,
            detail=f"the login host answered {download.status}",
            status=download.status,
        )
    return Gap(
        section=COLLECTOR.section,
        subject=subject,
        reason=download.reason,
        detail=f"{request}: {download.detail}",
        http_status=download.status,
        source=str(request),
        collected_at=request.at,
    )


COLLECTOR = Collector(
    section="federationMetadata",
    per=Per.SERVICE_PRINCIPAL,
    mount=None,
    title="Federation metadata",
    permissions=(),
    run=run,
)
