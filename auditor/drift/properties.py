"""What each property matters: its severity where no rule covers it, and the evidence that rests on it. Data.

A property takes the longest name in the table that it is, or lies below.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from auditor.model.change import Coverage
from auditor.model.rule import Severity, SubjectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a property matters."""

    severity: Severity
    """Where no rule covers it."""
    kind: SubjectKind = SubjectKind.APPLICATION
    """What a finding about it is about."""
    evidence: tuple[str, ...] | None = None
    """Places of the evidence that follow from it; None: the one of its own name."""


_LOW = Severity.LOW
_MEDIUM = Severity.MEDIUM
_HIGH = Severity.HIGH
_INFORMATIONAL = Severity.INFORMATIONAL

_CLAIMS = (
    "policies.nameIdSource",
    "policies.nameIdPolicy",
    "policies.audienceOverride",
    "policies.includeApplicationIdInIssuer",
)
_SIGNING = ("policies.signingAlgorithm", "policies.signingPolicy")
_CREDENTIALS = "servicePrincipal.clientCredentials"

UNLISTED = Meaning(severity=_LOW)
"""Of a property that is not in the table."""

PROPERTIES: Mapping[str, Meaning] = MappingProxyType(
    {
        "servicePrincipal": Meaning(severity=_LOW),
        "servicePrincipal.accountEnabled": Meaning(severity=_HIGH),
        "servicePrincipal.isDisabled": Meaning(severity=_HIGH),
        "servicePrincipal.appRoleAssignmentRequired": Meaning(severity=_HIGH),
        "servicePrincipal.preferredSingleSignOnMode": Meaning(severity=_HIGH),
        "servicePrincipal.preferredTokenSigningKeyThumbprint": Meaning(
            severity=_HIGH,
            kind=SubjectKind.CERTIFICATE,
            evidence=("servicePrincipal.preferredTokenSigningKeyThumbprint", "certificates.active"),
        ),
        "keyCredentials": Meaning(
            severity=_HIGH,
            kind=SubjectKind.CERTIFICATE,
            evidence=("servicePrincipal.keyCredentials", "certificates"),
        ),
        "servicePrincipal.passwordCredentials": Meaning(
            severity=_HIGH,
            kind=SubjectKind.CREDENTIAL,
            evidence=("servicePrincipal.passwordCredentials", _CREDENTIALS),
        ),
        "servicePrincipal.tokenEncryptionKeyId": Meaning(severity=_MEDIUM, kind=SubjectKind.CERTIFICATE),
        "servicePrincipal.servicePrincipalNames": Meaning(
            severity=_HIGH,
            kind=SubjectKind.IDENTIFIER,
            evidence=("servicePrincipal.servicePrincipalNames", "servicePrincipal.identifiers"),
        ),
        "servicePrincipal.replyUrls": Meaning(severity=_HIGH, kind=SubjectKind.REPLY_URL),
        "servicePrincipal.loginUrl": Meaning(severity=_MEDIUM),
        "servicePrincipal.logoutUrl": Meaning(severity=_MEDIUM),
        "servicePrincipal.samlSingleSignOnSettings": Meaning(severity=_MEDIUM),
        "servicePrincipal.notificationEmailAddresses": Meaning(
            severity=_MEDIUM,
            kind=SubjectKind.NOTIFICATION_EMAIL,
            evidence=(
                "servicePrincipal.notificationEmailAddresses",
                "servicePrincipal.notificationRecipients",
            ),
        ),
        "servicePrincipal.displayName": Meaning(severity=_INFORMATIONAL),
        "servicePrincipal.homepage": Meaning(severity=_INFORMATIONAL),
        "servicePrincipal.tags": Meaning(severity=_INFORMATIONAL),
        "servicePrincipal.owners": Meaning(severity=_MEDIUM),
        "servicePrincipal.sharedIdentity": Meaning(
            severity=_MEDIUM,
            kind=SubjectKind.IDENTIFIER,
            evidence=("servicePrincipal.sharedIdentity", "servicePrincipal.sharedWith"),
        ),
        "servicePrincipal.appRoleAssignedTo": Meaning(
            severity=_LOW, kind=SubjectKind.ASSIGNMENT, evidence=("assignments",)
        ),
        "servicePrincipal.appRoleAssignments": Meaning(
            severity=_HIGH,
            kind=SubjectKind.PERMISSION,
            evidence=("servicePrincipal.appRoleAssignments", "servicePrincipal.applicationPermissions"),
        ),
        "servicePrincipal.oauth2PermissionGrants": Meaning(
            severity=_HIGH,
            kind=SubjectKind.PERMISSION,
            evidence=("servicePrincipal.oauth2PermissionGrants", "servicePrincipal.delegatedScopes"),
        ),
        "application": Meaning(severity=_LOW),
        "application.identifierUris": Meaning(
            severity=_HIGH,
            kind=SubjectKind.IDENTIFIER,
            evidence=("application.identifierUris", "application.identifiers"),
        ),
        "application.web.redirectUris": Meaning(severity=_HIGH, kind=SubjectKind.REPLY_URL),
        "application.web.redirectUriSettings": Meaning(
            severity=_HIGH,
            kind=SubjectKind.REPLY_URL,
            evidence=("application.web.redirectUriSettings", "application.defaultReplyUrl"),
        ),
        "application.keyCredentials": Meaning(
            severity=_HIGH,
            kind=SubjectKind.CREDENTIAL,
            evidence=("application.keyCredentials", _CREDENTIALS),
        ),
        "application.passwordCredentials": Meaning(
            severity=_HIGH,
            kind=SubjectKind.CREDENTIAL,
            evidence=("application.passwordCredentials", _CREDENTIALS),
        ),
        "application.federatedIdentityCredentials": Meaning(
            severity=_HIGH,
            kind=SubjectKind.CREDENTIAL,
            evidence=("application.federatedIdentityCredentials", _CREDENTIALS),
        ),
        "application.requestSignatureVerification": Meaning(severity=_MEDIUM),
        "application.optionalClaims": Meaning(severity=_MEDIUM),
        "application.groupMembershipClaims": Meaning(severity=_MEDIUM),
        "application.signInAudience": Meaning(severity=_HIGH),
        "application.owners": Meaning(severity=_MEDIUM),
        "application.displayName": Meaning(severity=_INFORMATIONAL),
        "application.tags": Meaning(severity=_INFORMATIONAL),
        "group": Meaning(severity=_LOW, kind=SubjectKind.ASSIGNMENT, evidence=("assignments.group",)),
        "group.displayName": Meaning(
            severity=_INFORMATIONAL,
            kind=SubjectKind.ASSIGNMENT,
            evidence=("assignments.group.displayName", "assignments.group.allowed"),
        ),
        "group.membershipRule": Meaning(
            severity=_MEDIUM,
            kind=SubjectKind.ASSIGNMENT,
            evidence=("assignments.group.dynamicAllUsers",),
        ),
        "group.members": Meaning(
            severity=_LOW,
            kind=SubjectKind.ASSIGNMENT,
            evidence=(
                "assignments.people",
                "assignments.group.memberCount",
                "assignments.group.percentOfMembers",
            ),
        ),
        "user": Meaning(severity=_LOW, kind=SubjectKind.ASSIGNMENT, evidence=()),
        "user.accountEnabled": Meaning(
            severity=_LOW,
            kind=SubjectKind.ASSIGNMENT,
            evidence=("assignments.people.accountEnabled", "servicePrincipal.owners.accountEnabled"),
        ),
        "user.userType": Meaning(
            severity=_MEDIUM,
            kind=SubjectKind.ASSIGNMENT,
            evidence=("assignments.people.userType", "servicePrincipal.owners.userType"),
        ),
        "user.userPrincipalName": Meaning(
            severity=_MEDIUM,
            kind=SubjectKind.ASSIGNMENT,
            evidence=("assignments.people.userPrincipalName", "assignments.people.userNameIsMail"),
        ),
        "user.mail": Meaning(
            severity=_MEDIUM,
            kind=SubjectKind.ASSIGNMENT,
            evidence=("assignments.people.mail", "assignments.people.userNameIsMail"),
        ),
        "claimsMappingPolicies": Meaning(severity=_HIGH, kind=SubjectKind.POLICY, evidence=_CLAIMS),
        "claimsMappingPolicy": Meaning(severity=_HIGH, kind=SubjectKind.POLICY, evidence=_CLAIMS),
        "claimsMappingPolicy.displayName": Meaning(
            severity=_INFORMATIONAL, kind=SubjectKind.POLICY, evidence=()
        ),
        "claimsPolicy": Meaning(severity=_HIGH, kind=SubjectKind.POLICY, evidence=_CLAIMS),
        "tokenIssuancePolicies": Meaning(severity=_HIGH, kind=SubjectKind.POLICY, evidence=_SIGNING),
        "tokenIssuancePolicy": Meaning(severity=_HIGH, kind=SubjectKind.POLICY, evidence=_SIGNING),
        "tokenIssuancePolicy.displayName": Meaning(
            severity=_INFORMATIONAL, kind=SubjectKind.POLICY, evidence=()
        ),
        "conditionalAccessPolicies": Meaning(
            severity=_HIGH, kind=SubjectKind.POLICY, evidence=("conditionalAccess",)
        ),
        "conditionalAccessPolicy": Meaning(
            severity=_HIGH, kind=SubjectKind.POLICY, evidence=("conditionalAccess",)
        ),
        "conditionalAccessPolicy.displayName": Meaning(
            severity=_INFORMATIONAL, kind=SubjectKind.POLICY, evidence=()
        ),
        "synchronizationJobs": Meaning(severity=_MEDIUM, kind=SubjectKind.JOB, evidence=("synchronization",)),
        "synchronizationJob": Meaning(severity=_MEDIUM, kind=SubjectKind.JOB, evidence=("synchronization",)),
        "organization": Meaning(
            severity=_INFORMATIONAL, kind=SubjectKind.TENANT, evidence=("tenant.displayName",)
        ),
        "organization.verifiedDomains": Meaning(
            severity=_HIGH, kind=SubjectKind.TENANT, evidence=("tenant.verifiedDomains",)
        ),
        "applicationTemplates": Meaning(
            severity=_INFORMATIONAL, kind=SubjectKind.PROFILE, evidence=("profile.templateIds",)
        ),
        "serviceProvider": Meaning(severity=_MEDIUM, kind=SubjectKind.SERVICE_PROVIDER),
        "federationMetadata": Meaning(
            severity=_MEDIUM, kind=SubjectKind.CERTIFICATE, evidence=("metadata", "certificates.all")
        ),
        "notificationRecipient": Meaning(
            severity=_LOW,
            kind=SubjectKind.NOTIFICATION_EMAIL,
            evidence=("servicePrincipal.notificationRecipients.recipient",),
        ),
        "testUser": Meaning(severity=_LOW, kind=SubjectKind.TENANT, evidence=("tenant.testUser",)),
    }
)

APPLICATION_CAME_OR_WENT = Meaning(severity=_HIGH, evidence=())


def meaning_of(name: str) -> Meaning:
    """The entry of the longest name that `name` is or lies below."""
    found = name
    while found not in PROPERTIES:
        found, _, rest = found.rpartition(".")
        if not rest or not found:
            return UNLISTED
    return PROPERTIES[found]


def covering(name: str, meaning: Meaning, rules: Sequence[Coverage]) -> list[Coverage]:
    """The rules that judge a property, by id."""
    places = (name,) if meaning.evidence is None else meaning.evidence
    keys = [tuple(place.split(".")) for place in places]
    return sorted(
        (rule for rule in rules if any(rule.covers(key) for key in keys)), key=lambda rule: rule.rule_id
    )
