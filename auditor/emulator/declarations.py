"""What the service providers of a scene were told, as the auditor's configuration declares it.

No emulated service provider answers anywhere: as in life, somebody looked at its console and kept the file or
certificate that was uploaded there.
"""

from __future__ import annotations

import re
from copy import deepcopy
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding

from auditor.emulator.directory import SigningKeys, Tenant
from auditor.emulator.drafts import ApplicationDraft, ServiceProviderDraft, TenantDraft
from auditor.emulator.metadata import Metadata


def add_declarations(tenant: Tenant, draft: TenantDraft) -> None:
    """Puts `service_provider` into the entries of the configuration, and the files it names beside it."""
    tenant.configuration = deepcopy(tenant.configuration)
    for application in draft.applications:
        if application.service_provider is not None:
            entry = _entry(tenant.configuration, application.name)
            entry["service_provider"] = _declared(tenant, application, application.service_provider)


def _entry(configuration: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The entry that means the application: by its display name, as product, or as the first there is."""
    by_name = [entry for entry in configuration if entry.get("match", {}).get("display_name") == name]
    by_product = [entry for entry in configuration if entry.get("product") == name]
    return (by_name or by_product or configuration)[0]


def _declared(tenant: Tenant, draft: ApplicationDraft, told: ServiceProviderDraft) -> dict[str, Any]:
    app_id = next(
        str(item["appId"])
        for item in tenant.sets["servicePrincipals"].values()
        if item["displayName"] == draft.name
    )
    keys = _keys(tenant, app_id, told)
    login, name = f"https://{tenant.cloud.login}/{tenant.id}", re.sub(r"\W+", "-", draft.name).lower()
    declared: dict[str, Any] = {"configured_by": told.configured_by}
    match told.configured_by:
        case "metadata-url":
            document = f"{login}/federationmetadata/2007-06/federationmetadata.xml"
            declared["metadata_url"] = document if told.shared_keys else f"{document}?appid={app_id}"
        case "metadata-file":
            declared["metadata_file"] = f"{name}-metadata.xml"
            tenant.files[declared["metadata_file"]] = Metadata(tenant).made_of(keys)
        case "manual":
            declared["sign_in_page_url"] = f"{login}/saml2"
            declared["sign_out_page_url"] = f"{login}/saml2"
            declared["entity_id"] = f"https://{tenant.cloud.token_issuer}/{tenant.id}/"
            declared["certificate_file"] = f"{name}.cer"
            tenant.files[declared["certificate_file"]] = b"".join(
                pair.certificate.public_bytes(Encoding.PEM) for pair in keys.listed
            )
    instead = {key: value.format(tenant=tenant.id, app=app_id) for key, value in told.instead.items()}
    if told.checked is not None:
        declared["checked_on"] = tenant.at(told.checked).date().isoformat()
    if told.checked_by is not None:
        declared["checked_by"] = told.checked_by
    return {**declared, **instead}


def _keys(tenant: Tenant, app_id: str, told: ServiceProviderDraft) -> SigningKeys:
    """The certificates that the service provider has."""
    if told.shared_keys:
        return SigningKeys(listed=tenant.tenant_keys, signer=tenant.tenant_keys[-1], variant="as documented")
    own = tenant.signing[app_id]
    if told.certificates is not None:
        chosen = [own.listed[index] for index in told.certificates]
        return SigningKeys(listed=chosen, signer=chosen[0], variant="as documented")
    listed = [own.signer] if told.configured_by == "manual" else own.listed
    return SigningKeys(listed=listed, signer=own.signer, variant="as documented")
