"""The SAML response of a test sign-on that the configuration names, reduced before it is stored.

Only a captured response shows what Entra really sends. It names a person: kept is what the rules need, as
`auditor.saml.reduced` gives it.
"""

from __future__ import annotations

from collections.abc import Mapping

from auditor.collect.collector import Collector, Context, Records
from auditor.collect.declared_file import file_request, read_declared
from auditor.collect.service_provider import meant_for_several
from auditor.graph.question import timestamp
from auditor.model.configuration import ApplicationConfiguration, CapturedResponse
from auditor.model.gap import Gap, Reason
from auditor.model.node import Request
from auditor.model.snapshot import Per, Record, Target


async def run(context: Context) -> Records:
    """A record per service principal; null where no response is named."""
    return {
        target.service_principal_id: _record(context, target)
        for target in sorted(context.targets, key=lambda target: target.service_principal_id)
    }


def _record(context: Context, target: Target) -> Record:
    entry = None if target.application is None else context.tenant.applications[target.application]
    if entry is None or entry.captured_response is None:
        return Record(value=None)
    if ambiguity := meant_for_several(context, target):
        gap = Gap(
            section=COLLECTOR.section,
            subject=target.service_principal_id,
            reason=Reason.NOT_DECLARED,
            detail=f"captured_response stands in an entry {ambiguity}",
        )
        return Record(value=gap)
    return _captured(context, target, entry, entry.captured_response)


def _captured(
    context: Context, target: Target, entry: ApplicationConfiguration, captured: CapturedResponse
) -> Record:
    from auditor.saml.capture import MAX_CAPTURE_BYTES
    from auditor.saml.reduced import reduce_response  # signxml takes its time

    request = file_request(captured.file, context.at)
    requests = (Request(method="FILE", url="configuration", at=timestamp(context.at)), request)
    data = read_declared(
        context.tenant.folder,
        captured.file,
        cap=MAX_CAPTURE_BYTES,
        section=COLLECTOR.section,
        subject=target.service_principal_id,
        request=request,
    )
    if isinstance(data, Gap):
        return Record(value=data, requests=requests)
    facts = reduce_response(data, person=_person(context, entry))
    return Record(value={"capturedOn": captured.captured_on, **facts}, requests=requests)


def _person(context: Context, entry: ApplicationConfiguration) -> Mapping[str, str]:
    """What is known of the configured test user, by source."""
    if entry.test_user is None:
        return {}
    found = context.value("testUser", entry.test_user.lower())
    known = found if isinstance(found, Mapping) else {}
    return {
        f"user.{name.lower()}": value
        for name in ("userPrincipalName", "mail")
        if isinstance(value := known.get(name), str)
    }


COLLECTOR = Collector(
    section="capturedResponse",
    per=Per.SERVICE_PRINCIPAL,
    mount=None,
    title="Captured responses",
    permissions=(),
    after=("testUser",),
    run=run,
)
