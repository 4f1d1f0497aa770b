"""The SAML response of a test sign-on that the configuration names, reduced before it is stored.

Only a captured response shows what Entra really sends. It names a person: kept is what the rules need, as
`auditor.saml.reduced` gives it; who it is and what is said of him only where the configuration asks for that.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from auditor.collect.collector import Collector, Context, Records
from auditor.collect.declared_file import file_request, read_declared
from auditor.collect.service_provider import meant_for_several
from auditor.graph.question import timestamp
from auditor.model.configuration import ApplicationConfiguration, CapturedResponse
from auditor.model.gap import Gap, Reason
from auditor.model.node import Request
from auditor.model.snapshot import Per, Record, Target

if TYPE_CHECKING:
    from auditor.saml.certificate import Certificate

KEEP = "keep"
"""The `personal_data` that lets name ID and attributes into the snapshot."""


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
    believed = _listed(context, target) if captured.personal_data == KEEP else None
    facts = reduce_response(data, person=_person(context, entry), believed=believed)
    value = {"capturedOn": captured.captured_on, "personalData": captured.personal_data, **facts}
    return Record(value=value, requests=requests)


def _listed(context: Context, target: Target) -> Callable[[Certificate], bool]:
    """Whether Entra lists a certificate for this application; not, where its keys could not be read."""
    from auditor.saml.certificate import identifies

    found = context.value("servicePrincipals", target.service_principal_id)
    keys = found.get("keyCredentials") if isinstance(found, Mapping) else None
    known = [key for key in keys if isinstance(key, Mapping)] if isinstance(keys, list | tuple) else []

    def listed(certificate: Certificate) -> bool:
        encoded = base64.b64encode(certificate.der).decode()
        identifiers = [one for key in known if isinstance(one := key.get("customKeyIdentifier"), str)]
        return any(key.get("key") == encoded for key in known) or any(
            identifies(identifier, certificate) for identifier in identifiers
        )

    return listed


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
    after=("servicePrincipals", "testUser"),
    run=run,
)
