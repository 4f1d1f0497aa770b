"""What a collection knows of one application: what `metadata check` and `response check` compare with."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import CannotRunError, NoSuchApplicationError, UsageError
from auditor.model.cloud import CLOUDS, Cloud
from auditor.model.gap import Gap

if TYPE_CHECKING:
    from auditor.evaluate import RulePack
    from auditor.evaluate.evidence.signing_keys import KeyGroup
    from auditor.model.configuration import Configuration, Endpoints, TenantConfiguration
    from auditor.model.snapshot import Snapshot, Target
    from auditor.saml.certificate import Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveApplication:
    """One application as its tenant and its profile have it. None: neither says."""

    tenant_id: str
    app_id: str
    cloud: Cloud
    endpoints: Endpoints
    """Where its tenant is reached."""
    certificates: tuple[Certificate, ...]
    """Those that Entra may sign with."""
    active: str | None
    """Thumbprint."""
    expiry_days: int
    """The first threshold."""
    identifier: str | None
    reply_url: str | None
    relay_state: str | None
    name_id: str | None
    """Of the configured test user."""
    name_id_format: str | None


def read_application(file: Path, name: str) -> LiveApplication:
    """Collects the application that the configuration `file` calls `name`.

    Raises UsageError when it names none or several, CannotRunError when its certificates cannot be read.
    """
    from auditor.cli.audit import load_configuration_for, load_rules

    pack = load_rules(None)
    configuration = load_configuration_for(file, pack)
    elsewhere: NoSuchApplicationError | None = None
    for tenant in configuration.tenants:
        try:
            snapshot = _collect(tenant, configuration, pack, name)
        except NoSuchApplicationError as error:
            elsewhere = error
            continue
        return _application(snapshot, configuration, tenant, pack, name)
    raise elsewhere or UsageError(f"{file}: no tenant", remedy="Name one under tenants.")


def _collect(
    tenant: TenantConfiguration, configuration: Configuration, pack: RulePack, name: str
) -> Snapshot:
    from auditor.cli.progress import watching
    from auditor.collect import collect

    with watching(tenant.id) as progress:
        judgement = configuration.judgement(tenant)
        return asyncio.run(
            collect(tenant, judgement=judgement, profiles=pack.profiles, names=[name], progress=progress)
        )


def _application(
    snapshot: Snapshot, configuration: Configuration, tenant: TenantConfiguration, pack: RulePack, name: str
) -> LiveApplication:
    from auditor.evaluate.evidence.reading import Source, attempt
    from auditor.evaluate.evidence.signing_keys import key_groups, preferred_thumbprint

    target = _only(snapshot, name)
    source = Source.of(snapshot, "servicePrincipals", target.service_principal_id)
    groups = attempt(lambda: key_groups(source.item()))
    active = attempt(lambda: preferred_thumbprint(source.item()))
    if isinstance(groups, Gap) or isinstance(active, Gap):
        raise _unread(groups if isinstance(groups, Gap) else source.gap("it was not read"))
    judgement = configuration.judgement(tenant)
    thresholds = judgement.thresholds.certificate_expiry_days
    values = _profile_values(snapshot, target, pack, configuration, tenant)
    return LiveApplication(
        tenant_id=snapshot.tenant.id,
        app_id=target.app_id,
        cloud=CLOUDS[snapshot.cloud],
        endpoints=tenant.endpoints,
        certificates=tuple(_certificate(group) for group in groups if group.signs),
        active=next(iter(active), None),
        expiry_days=max(thresholds, default=0),
        identifier=values.get("identifier"),
        reply_url=values.get("replyUrl"),
        relay_state=values.get("relayState"),
        name_id=_name_id(snapshot, target, tenant),
        name_id_format=values.get("nameIdFormat"),
    )


def _only(snapshot: Snapshot, name: str) -> Target:
    if len(snapshot.targets) == 1:
        return snapshot.targets[0]
    found = ", ".join(f"{target.display_name} ({target.app_id})" for target in snapshot.targets)
    raise UsageError(
        f"{name} is {found or 'no application of the tenant'}",
        remedy="Name one by its appId.",
    )


def _certificate(group: KeyGroup) -> Certificate:
    if group.certificate is None:
        raise _unread(group.unknown())
    return group.certificate


def _unread(gap: Gap) -> CannotRunError:
    cure = f"Grant {gap.permission}." if gap.permission else "Try again, or give the values as options."
    return CannotRunError(f"the application's certificates could not be read: {gap.detail}", remedy=cure)


def _profile_values(
    snapshot: Snapshot,
    target: Target,
    pack: RulePack,
    configuration: Configuration,
    tenant: TenantConfiguration,
) -> Mapping[str, str]:
    """The values that the profile asks for exactly."""
    from auditor.evaluate.evidence.expectations import expectations
    from auditor.evaluate.evidence.reading import bare

    profile = next((profile for profile in pack.profiles if profile.id == target.profile), None)
    root = bare(expectations(snapshot, profile, configuration.judgement(tenant), target.application))
    expected = root.get("expected") if isinstance(root, Mapping) else None
    if not isinstance(expected, Mapping):
        return {}
    return {
        name: value
        for name, expectation in expected.items()
        if isinstance(expectation, Mapping)
        and expectation["kind"] == "exactly"
        and isinstance(value := expectation["value"], str)
    }


def _name_id(snapshot: Snapshot, target: Target, tenant: TenantConfiguration) -> str | None:
    """What the name ID of the test user should be."""
    from auditor.evaluate.evidence.reading import Source

    entry = None if target.application is None else tenant.applications[target.application]
    if entry is None or entry.test_user is None:
        return None
    if entry.name_id == "user.userprincipalname":
        return entry.test_user
    user = Source.of(snapshot, "testUser", entry.test_user.lower()).value
    mail = user.get("mail") if isinstance(user, Mapping) else None
    return mail if isinstance(mail, str) else None
