"""`tenant`: the tenant, and the values that SAML has for it."""

from __future__ import annotations

import uuid

from auditor.evaluate.evidence.reading import Source, derive
from auditor.model.cloud import CLOUDS
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node
from auditor.model.snapshot import TENANT, Snapshot

_PERSON = ("id", "displayName", "userPrincipalName", "mail", "accountEnabled", "userType")


def tenant(snapshot: Snapshot, test_user: str | None) -> dict[str, Node]:
    """The root `tenant`. `test_user` is the configured user principal name.

    The identity and what is expected of the tenant's URLs follow from the tenant that the token is for and
    from the configured cloud: no request of Graph is behind them.
    """
    organization = Source.of(snapshot, "organization")
    return {
        "id": snapshot.tenant.id,
        "cloud": snapshot.cloud,
        "displayName": organization.read(derive(lambda: organization.item().optional_text("displayName"))),
        "domain": organization.read(derive(lambda: _default_domain(organization))),
        "verifiedDomains": organization.read(derive(lambda: list(verified_domains(organization)))),
        "expected": _expected(snapshot),
        "testUser": _test_user(snapshot, test_user),
    }


def verified_domains(organization: Source) -> tuple[str, ...]:
    """Names of the tenant's verified domains, lower case, sorted. Raises Unread."""
    domains = organization.item().items("verifiedDomains")
    return tuple(sorted(domain.text("name").lower() for domain in domains))


def _default_domain(organization: Source) -> str | None:
    domains = organization.item().items("verifiedDomains")
    default = [domain.text("name") for domain in domains if domain.optional_flag("isDefault")]
    return min(default, default=None)


def _expected(snapshot: Snapshot) -> Node:
    try:
        tenant_id = str(uuid.UUID(snapshot.tenant.id))
    except ValueError:
        detail = f"the tenant's id is not known, only the name {snapshot.tenant.id}"
        return Gap(section="organization", subject=TENANT, reason=Reason.UNREADABLE, detail=detail)
    cloud = CLOUDS[snapshot.cloud]
    return {
        "entityId": cloud.entity_id(tenant_id),
        "singleSignOnUrl": cloud.sign_in_url(tenant_id),
        "singleLogoutUrl": cloud.sign_out_url(tenant_id),
    }


def _test_user(snapshot: Snapshot, test_user: str | None) -> Node:
    if test_user is None:
        return None
    source = Source.of(snapshot, "testUser", test_user.lower())

    def user() -> Node:
        found = source.optional_item()
        return None if found is None else {name: found.node(name) for name in _PERSON}

    return source.read(derive(user))
