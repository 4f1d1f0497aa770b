"""What a collection knows of one application: what `metadata check` and `response check` compare with."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import CannotRunError, NoSuchApplicationError, UsageError
from auditor.model.cloud import CLOUDS, Cloud
from auditor.model.gap import Gap
from auditor.model.node import Node
from auditor.model.profile import ExpectationKind

if TYPE_CHECKING:
    from auditor.evaluate import RulePack
    from auditor.evaluate.evidence.reading import Source
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
    name_id_formats: tuple[str, ...]
    """Any of these will do; empty: the profile asks for none."""


def read_application(file: Path, name: str, rules: Path | None) -> LiveApplication:
    """Collects the application that the configuration `file` calls `name`; its profile is among `rules`.

    Raises UsageError when it names none or several, CannotRunError when its certificates cannot be read.
    """
    from auditor.cli.audit import load_configuration_for, load_rules

    pack = load_rules(rules)
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
    wanted = _expectations(snapshot, target, pack, configuration, tenant)
    return LiveApplication(
        tenant_id=snapshot.tenant.id,
        app_id=target.app_id,
        cloud=CLOUDS[snapshot.cloud],
        endpoints=tenant.endpoints,
        certificates=tuple(_certificate(group) for group in groups if group.signs),
        active=next(iter(active), None),
        expiry_days=max(thresholds, default=0),
        identifier=_exactly(wanted.get("identifier")) or _identifier(source, target),
        reply_url=_exactly(wanted.get("replyUrl")) or _reply_url(source),
        relay_state=_exactly(wanted.get("relayState")),
        name_id=_name_id(snapshot, target, tenant),
        name_id_formats=_formats(wanted.get("nameIdFormat")),
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


def _expectations(
    snapshot: Snapshot,
    target: Target,
    pack: RulePack,
    configuration: Configuration,
    tenant: TenantConfiguration,
) -> Mapping[str, Node]:
    """What the profile asks for, by setting; of a setting that products differ in, what this product has."""
    from auditor.evaluate.evidence.expectations import expectations
    from auditor.evaluate.evidence.reading import bare

    profile = next((profile for profile in pack.profiles if profile.id == target.profile), None)
    root = bare(expectations(snapshot, profile, configuration.judgement(tenant), target.application))
    expected = root.get("expected") if isinstance(root, Mapping) else None
    return expected if isinstance(expected, Mapping) else {}


def _identifier(source: Source, target: Target) -> str | None:
    """What the application calls itself where its profile leaves it open; None where it has several names."""
    from auditor.evaluate.evidence.identity import identifiers
    from auditor.evaluate.evidence.reading import attempt

    names = attempt(lambda: identifiers(source.item().texts("servicePrincipalNames"), target.app_id))
    return None if isinstance(names, Gap) or len(names) != 1 else names[0]


def _reply_url(source: Source) -> str | None:
    """Its reply URL; None where it has several."""
    from auditor.evaluate.evidence.reading import attempt

    urls = attempt(lambda: source.item().texts("replyUrls"))
    return None if isinstance(urls, Gap) or len(urls) != 1 else urls[0]


def _exactly(expectation: Node) -> str | None:
    """The one text that is right; None where several are, or any."""
    if not isinstance(expectation, Mapping) or expectation["kind"] != ExpectationKind.EXACTLY:
        return None
    value = expectation["value"]
    return value if isinstance(value, str) else None


def _formats(expectation: Node) -> tuple[str, ...]:
    """The name ID formats that are right; none where the profile leaves it open."""
    from auditor.evaluate.operators import pattern_regex
    from auditor.saml.response import NAME_ID_FORMATS, UNSPECIFIED

    if not isinstance(expectation, Mapping):
        return ()
    value = expectation["value"]
    match expectation["kind"]:
        case ExpectationKind.EXACTLY:
            return (str(value),)
        case ExpectationKind.ONE_OF:
            values = value.values() if isinstance(value, Mapping) else value
            return tuple(str(one) for one in values) if isinstance(values, Iterable) else ()
        case ExpectationKind.MATCHES:
            pattern = pattern_regex(str(value))
            return tuple(one for one in NAME_ID_FORMATS if pattern.fullmatch(one)) or (str(value),)
        case ExpectationKind.BLANK:
            return (UNSPECIFIED,)  # what a name ID without a format has
    return ()


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
