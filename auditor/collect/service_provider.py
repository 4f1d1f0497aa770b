"""What each service provider was told about Entra, as the configuration declares it.

No service provider can be asked: GoToMeeting, as most, has no public way to read its identity provider back.
So somebody looks, writes down what stands there, and keeps the file or certificate that was given to it. The
declaration is stored as it is, and judged by evaluation.
"""

from __future__ import annotations

import base64

from auditor.collect.collector import Collector, Context, Origin, Records
from auditor.collect.declared_file import file_request, read_declared
from auditor.graph.question import timestamp
from auditor.model.configuration import ConfiguredBy, ServiceProvider
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node, Request
from auditor.model.snapshot import Per, Record, Target

MAX_BYTES = 1_000_000
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
    if entry is None and target.profile is None:
        return Record(value=None)
    if entry is None or entry.service_provider is None:
        return _not_declared(target, f"nobody declared what the service provider was told. {_WAYS}")
    if ambiguity := meant_for_several(context, target):
        return _not_declared(target, f"service_provider stands in an entry {ambiguity}")
    return _Declaration(context, target, entry.service_provider).record()


def meant_for_several(context: Context, target: Target) -> str | None:
    """That the target's entry of the configuration means others too, so that it declares about none."""
    names = sorted(one.display_name for one in context.targets if one.application == target.application)
    if len(names) == 1:
        return None
    return f"that means {len(names)} applications ({', '.join(names[:5])}): give each its own, with match"


def _not_declared(target: Target, detail: str) -> Record:
    return Record(
        value=Gap(
            section=COLLECTOR.section,
            subject=target.service_principal_id,
            reason=Reason.NOT_DECLARED,
            detail=detail,
        )
    )


class _Declaration:
    """One declaration, and the files that back it."""

    def __init__(self, context: Context, target: Target, declared: ServiceProvider) -> None:
        self._context = context
        self._subject = target.service_principal_id
        self._declared = declared
        self._requests = [Request(method="FILE", url="configuration", at=timestamp(context.at))]

    def record(self) -> Record:
        """What was declared. Of files only what they are meant to hold is kept."""
        declared = self._declared
        values: dict[str, Node] = {
            "configuredBy": declared.configured_by.value,
            "checkedOn": declared.checked_on,
            "checkedBy": declared.checked_by,
        }
        match declared.configured_by:
            case ConfiguredBy.METADATA_URL:
                values["metadataUrl"] = declared.metadata_url
            case ConfiguredBy.METADATA_FILE:
                values["metadataFile"] = self._metadata(declared.metadata_file)
            case ConfiguredBy.MANUAL:
                values["signInPageUrl"] = declared.sign_in_page_url
                values["signInBinding"] = declared.sign_in_binding
                values["signOutPageUrl"] = declared.sign_out_page_url
                values["signOutBinding"] = declared.sign_out_binding
                values["entityId"] = declared.entity_id
                values["certificates"] = self._certificates(declared.certificate_file)
        return Record(value=values, requests=tuple(self._requests))

    def _metadata(self, name: str | None) -> Node:
        """The document, or why it is none: what else the file holds is nobody's business."""
        from auditor.saml.door import DocumentRefused, open_document

        data = self._read(name)
        if not isinstance(data, bytes):
            return data
        try:
            open_document(data)
        except DocumentRefused as refused:
            return {"problem": refused.message}
        return {"document": base64.b64encode(data).decode()}

    def _certificates(self, name: str | None) -> Node:
        """The certificates alone: a private key beside them is not kept."""
        from auditor.saml.certificate import CertificateError, from_file

        data = self._read(name)
        if not isinstance(data, bytes):
            return data
        try:
            return [base64.b64encode(certificate.der).decode() for certificate in from_file(data)]
        except CertificateError as error:
            request = self._requests[-1]
            origin = Origin(section=COLLECTOR.section, subject=self._subject, request=request)
            return origin.gap(f"{request.url} is no certificate: {error}")

    def _read(self, name: str | None) -> bytes | Gap | None:
        if name is None:
            return None
        request = file_request(name, self._context.at)
        self._requests.append(request)
        return read_declared(
            self._context.tenant.folder,
            name,
            cap=MAX_BYTES,
            section=COLLECTOR.section,
            subject=self._subject,
            request=request,
        )


COLLECTOR = Collector(
    section="serviceProvider",
    per=Per.SERVICE_PRINCIPAL,
    mount=None,
    title="Service provider's side",
    permissions=(),
    run=run,
)
