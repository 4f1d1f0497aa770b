"""What a service provider is to be told about Entra, ready to be pasted into its console."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from auditor.errors import CannotRunError, NoSuchApplicationError, UsageError
from auditor.model.cloud import CLOUDS, Cloud
from auditor.report.text import visible

if TYPE_CHECKING:
    from auditor.evaluate import RulePack
    from auditor.model.configuration import ApplicationConfiguration, Configuration, TenantConfiguration
    from auditor.model.profile import Profile

_OFFLINE = (
    "Or say it in the configuration: the tenant's id as GUID, and match: {app_id: ...} of the application."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application whose service provider is to be told."""

    name: str
    app_id: str
    tenant_id: str
    """GUID."""
    cloud: Cloud

    def lines(self) -> Iterator[str]:
        """The values, as the tutorial and the console call them."""
        yield visible(f"  {self.name}, application {self.app_id}")
        yield "    Automatic"
        yield f"      Metadata URL       {self.cloud.metadata_url(self.tenant_id, self.app_id)}"
        yield "    Manual"
        yield f"      Sign-in page URL   {self.cloud.sign_in_url(self.tenant_id)}"
        yield f"      Sign-out page URL  {self.cloud.sign_out_url(self.tenant_id)}"
        yield f"      Entity ID          {self.cloud.entity_id(self.tenant_id)}"
        yield "      Certificate        Single sign-on, SAML Certificates, Certificate (Base64)"
        if not self.cloud.confirmed:
            yield f"    No public document confirms the entity ID in the cloud {self.cloud.name}: compare it."


def values_to_paste(profile: Profile, pack: RulePack, configuration: Configuration, name: str | None) -> None:
    """Prints them for the configured applications of a profile, or for the one called `name`.

    What the configuration does not say is looked up in the tenant. Raises UsageError when nothing is so
    called, CannotRunError when it cannot be looked up.
    """
    found: list[Application] = []
    elsewhere: NoSuchApplicationError | None = None
    for tenant in configuration.tenants:
        entries = [entry for entry in tenant.applications if entry.profile == profile.id]
        if not entries:
            continue
        said = _said(profile, tenant, entries, name)
        try:
            found += _looked_up(profile, pack, configuration, tenant, name) if said is None else said
        except NoSuchApplicationError as error:
            elsewhere = error
    if not found:
        raise elsewhere or UsageError(
            f"{configuration.file} names no application of {profile.id}{f' called {name}' if name else ''}",
            remedy="Name it under applications.",
        )
    click.echo(click.style(f"\nTo paste into the console of {profile.display_name}", bold=True))
    for application in found:
        for line in application.lines():
            click.echo(line)


def _said(
    profile: Profile,
    tenant: TenantConfiguration,
    entries: Sequence[ApplicationConfiguration],
    name: str | None,
) -> list[Application] | None:
    """The applications, if the configuration says all that is needed; None when it does not."""
    tenant_id = _guid(tenant.id)
    found = []
    for entry in entries:
        app_id = _guid(entry.match.app_id) if entry.match is not None and entry.match.app_id else None
        if tenant_id is None or app_id is None:
            return None
        shown = (entry.match and entry.match.display_name) or entry.product or profile.display_name
        if name is None or name.casefold() in (shown.casefold(), profile.id.casefold(), app_id):
            cloud = CLOUDS[tenant.cloud]
            found.append(Application(name=shown, app_id=app_id, tenant_id=tenant_id, cloud=cloud))
    return found if found or name is None else None


def _looked_up(
    profile: Profile,
    pack: RulePack,
    configuration: Configuration,
    tenant: TenantConfiguration,
    name: str | None,
) -> list[Application]:
    from auditor.cli.tenants import Selection, collect_tenant

    selection = Selection(applications=(name or profile.id,))
    try:
        snapshot = collect_tenant(tenant, configuration, pack=pack, selection=selection)
    except CannotRunError as error:
        raise CannotRunError(
            f"{tenant.id}: {error.message}", remedy=f"{error.remedy} {_OFFLINE}".strip()
        ) from error
    return [
        Application(
            name=target.display_name,
            app_id=target.app_id,
            tenant_id=snapshot.tenant.id,
            cloud=CLOUDS[snapshot.cloud],
        )
        for target in snapshot.targets
        if target.profile == profile.id
    ]


def _guid(text: str) -> str | None:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        return None
