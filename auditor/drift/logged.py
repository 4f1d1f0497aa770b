"""How the directory's log tells of each property: the names it uses, and the activities. Data.

Names and activities: Microsoft Entra documentation, "Audit activity reference"; `AppAddress`,
`KeyDescription` and the names with a dot as public detection rules for the log use them. A property that is
not listed is known by Graph's own name for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from auditor.drift.log import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A property whose elements are relations: an activity of its own adds and removes them."""

    words: tuple[str, ...]
    """One of them stands in the name of the activity."""


RELATIONS: Mapping[str, Relation] = MappingProxyType(
    {
        "servicePrincipal.owners": Relation(words=("owner",)),
        "application.owners": Relation(words=("owner",)),
        "group.members": Relation(words=("member",)),
        "servicePrincipal.appRoleAssignedTo": Relation(words=("app role assignment",)),
        "servicePrincipal.appRoleAssignments": Relation(words=("app role assignment",)),
        "servicePrincipal.oauth2PermissionGrants": Relation(words=("delegated permission grant", "consent")),
        "servicePrincipal.oauth2PermissionGrants.scope": Relation(
            words=("delegated permission grant", "consent")
        ),
        "claimsMappingPolicy.appliesTo": Relation(words=("policy to ", "policy from ")),
        "tokenIssuancePolicy.appliesTo": Relation(words=("policy to ", "policy from ")),
        "organization.verifiedDomains": Relation(words=("domain",)),
    }
)

OBJECTS = frozenset(
    {"servicePrincipal", "claimsMappingPolicies", "tokenIssuancePolicies", "conditionalAccessPolicies"}
)
"""Whole objects that come and go by an activity of their own."""

ADDS = ("add", "create", "consent", "restore", "invite", "verify")
REMOVES = ("remove", "delete", "hard delete", "revoke", "unverify")
"""What the name of an activity begins with."""

OF_RELATIONS = (
    "owner",
    "member",
    "assignment",
    "grant",
    "consent",
    "credentials",
    "certificates and secrets",
    "policy to ",
    "policy from ",
)
"""In the name of an activity that does nothing else than what it is called."""

CREDENTIALS = ("credentials", "certificates and secrets")
"""In the name of an activity that is about keys and passwords."""

OF_CREDENTIALS = (
    "keyCredentials",
    "application.keyCredentials",
    "application.passwordCredentials",
    "servicePrincipal.passwordCredentials",
)

_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "servicePrincipal.replyUrls": ("AppAddress", "ReplyUrls"),
        "application.web.redirectUris": ("AppAddress", "RedirectUris", "ReplyUrls", "Web"),
        "application.web.redirectUriSettings": ("AppAddress", "RedirectUriSettings", "Web"),
        "application.web.logoutUrl": ("LogoutUrl", "AppLogoutUrl", "Web"),
        "application.web.homePageUrl": ("HomePage", "WwwHomepage", "AppUrl", "Web"),
        "application.identifierUris": ("AppIdentifierUri", "IdentifierUris"),
        "application.signInAudience": ("SignInAudience", "AvailableToOtherTenants"),
        "servicePrincipal.servicePrincipalNames": ("ServicePrincipalName", "AppIdentifierUri"),
        "servicePrincipal.homepage": ("HomePage", "WwwHomepage", "AppUrl"),
        "servicePrincipal.loginUrl": ("LoginUrl", "SamlSingleSignOnUrl", "AppUrl"),
        "servicePrincipal.samlSingleSignOnSettings": ("SamlSingleSignOnSettings", "RelayState"),
        "servicePrincipal.tokenEncryptionKeyId": ("TokenEncryptionKeyId", "EncryptionKeyId"),
        "application.tokenEncryptionKeyId": ("TokenEncryptionKeyId", "EncryptionKeyId"),
        "keyCredentials": ("KeyDescription", "KeyCredentials"),
        "application.keyCredentials": ("KeyDescription", "KeyCredentials"),
        "application.passwordCredentials": ("KeyDescription", "PasswordCredentials"),
        "servicePrincipal.passwordCredentials": ("KeyDescription", "PasswordCredentials"),
        "claimsMappingPolicy.definition": ("Definition", "PolicyDefinition", "PolicyDetail", "Policy"),
        "tokenIssuancePolicy.definition": ("Definition", "PolicyDefinition", "PolicyDetail", "Policy"),
        "conditionalAccessPolicy": ("ConditionalAccessPolicy", "PolicyDetail", "Policy"),
    }
)

NOT_LOGGED = frozenset(
    {
        "federationMetadata",
        "serviceProvider",
        "notificationRecipient",
        "applicationTemplates",
        "testUser",
        "servicePrincipal.sharedIdentity",
        "synchronizationJob.status",
    }
)
"""What the directory's log does not record: it happens elsewhere, or follows from something else."""


def is_logged(property: str) -> bool:
    """Whether the log of the directory can say who changed a property."""
    return not any(each in NOT_LOGGED for each in _above(property))


def names_of(property: str) -> frozenset[str]:
    """What the log may call a property, as `plain` gives it; plural and singular are one."""
    own = property.split(".")[1:] or [property]
    listed = [name for each in _above(property) for name in _NAMES.get(each, ())]
    return frozenset(singular(plain(name)) for name in (*own, "".join(own), *listed))


def singular(name: str) -> str:
    """The name without a plural's ending."""
    return name.removesuffix("s")


def _above(property: str) -> list[str]:
    """The property itself and all that it lies below, the longest first."""
    parts = property.split(".")
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
