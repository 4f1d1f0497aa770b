"""Evidence: the tree that rules read, derived from a snapshot. Pure; the same snapshot gives the same tree.

A section that names its place (`mount`) stands there as it was read. Everything else is derived, one module
for each root or for a group of keys, and every derived value is wrapped in the requests it follows from. It
is a gap exactly where it follows from something that was not read: a value that is certain without the
missing part stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from auditor.evaluate.evidence.assignments import assignments
from auditor.evaluate.evidence.certificates import certificates
from auditor.evaluate.evidence.conditional_access import conditional_access
from auditor.evaluate.evidence.credentials import client_credentials
from auditor.evaluate.evidence.expectations import expectations
from auditor.evaluate.evidence.grants import application_permissions, delegated_scopes
from auditor.evaluate.evidence.identity import (
    application_identifiers,
    default_reply_url,
    saml_signing_expected,
    service_principal_identifiers,
    shared_with,
)
from auditor.evaluate.evidence.material import Material, configured
from auditor.evaluate.evidence.metadata import metadata
from auditor.evaluate.evidence.mounting import mounted, put
from auditor.evaluate.evidence.notification import notification_recipients
from auditor.evaluate.evidence.policies import policies
from auditor.evaluate.evidence.response import response
from auditor.evaluate.evidence.service_provider import service_provider
from auditor.evaluate.evidence.settings import config
from auditor.evaluate.evidence.sign_ins import sign_ins
from auditor.evaluate.evidence.tenant import tenant
from auditor.model.configuration import ApplicationConfiguration, Judgement
from auditor.model.node import Node
from auditor.model.profile import Profile
from auditor.model.snapshot import Snapshot, Target


def application_evidence(
    snapshot: Snapshot, target: Target, *, profile: Profile | None, judgement: Judgement, at: datetime
) -> dict[str, Node]:
    """The evidence of one application at the time `at` (aware)."""
    material = Material(snapshot=snapshot, target=target, profile=profile, judgement=judgement, at=at)
    document = metadata(material)
    provider = service_provider(material, document)
    assigned_policies = policies(material)
    derived: Mapping[str, Node] = {
        "servicePrincipal.identifiers": service_principal_identifiers(material),
        "servicePrincipal.samlSigningExpected": saml_signing_expected(material),
        "servicePrincipal.sharedWith": shared_with(material),
        "servicePrincipal.clientCredentials": client_credentials(material),
        "servicePrincipal.applicationPermissions": application_permissions(material),
        "servicePrincipal.delegatedScopes": delegated_scopes(material),
        "servicePrincipal.notificationRecipients": notification_recipients(material),
        "application.identifiers": application_identifiers(material),
        "application.defaultReplyUrl": default_reply_url(material),
        "certificates": certificates(material, document, provider),
        "metadata": document.as_evidence(),
        "assignments": assignments(material),
        "policies": assigned_policies,
        "response": response(material, assigned_policies),
        "serviceProvider": provider.as_evidence(),
        "signIns": sign_ins(material),
        "conditionalAccess": conditional_access(material),
        "profile": expectations(snapshot, profile, judgement, target.application),
        "config": config(snapshot, judgement, material.configured),
    }
    evidence = mounted(
        snapshot, {"tenant": tenant(snapshot, material.configured.test_user)}, target.service_principal_id
    )
    for place, node in derived.items():
        put(evidence, place, node)
    return evidence


def profile_evidence(
    snapshot: Snapshot,
    *,
    profile: Profile | None,
    application_index: int | None,
    judgement: Judgement,
    at: datetime,
) -> dict[str, Node]:
    """The evidence of one entry of the configuration, also when no application was found for it."""
    application = configured(judgement, application_index)
    return {
        **mounted(snapshot, {"tenant": tenant(snapshot, application.test_user)}),
        "profile": expectations(snapshot, profile, judgement, application_index),
        "config": config(snapshot, judgement, application),
    }


def tenant_evidence(snapshot: Snapshot, *, judgement: Judgement, at: datetime) -> dict[str, Node]:
    """The evidence of the tenant as a whole."""
    return {
        **mounted(snapshot, {"tenant": tenant(snapshot, None)}),
        "config": config(snapshot, judgement, ApplicationConfiguration()),
    }
