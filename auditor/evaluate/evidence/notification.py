"""`servicePrincipal.notificationRecipients`: who gets the mails about an expiring certificate."""

from __future__ import annotations

from auditor.evaluate.evidence.material import Material
from auditor.evaluate.evidence.reading import attempt, derive, known
from auditor.evaluate.evidence.tenant import verified_domains
from auditor.model.gap import Gap
from auditor.model.node import Node

_SECTION = "notificationRecipients"


def notification_recipients(material: Material) -> Node:
    """Each address once, with the user, group or contact behind it.

    `recipient` is null when nobody in the tenant has the address, and also for addresses of domains that are
    not the tenant's: nobody is looked for there.
    """
    organization = material.tenant("organization")
    domains = attempt(lambda: verified_domains(organization))

    def recipient(address: str) -> Node:
        verified = domains if isinstance(domains, Gap) else address.rpartition("@")[2].lower() in domains
        return {
            "address": address,
            "inVerifiedDomain": organization.read(verified),
            "recipient": organization.read(derive(lambda: _behind(material, address, verified))),
        }

    def recipients() -> Node:
        addresses = material.service_principal().texts("notificationEmailAddresses")
        once = {address.lower(): address for address in sorted(addresses, reverse=True)}
        return [recipient(once[address]) for address in sorted(once)]

    return derive(recipients)


def _behind(material: Material, address: str, verified: bool | Gap) -> Node:
    if known(verified) is False:
        return None
    source = material.about(_SECTION, address.lower())
    return source.read(source.value)
