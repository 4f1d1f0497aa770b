"""Which query options Graph documents for which resource, and for which of its properties.

Sources: the resource pages' notes on each property (`Supports $filter (eq, ne, not, in)`), which msgraph-sdk
repeats in its docstrings, and "Advanced query capabilities on directory objects" for what needs the header
`ConsistencyLevel: eventual` together with `$count=true`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_TEXT = "eq ne not ge le in startswith"
_ENUM = "eq ne not in"
_FLAG = "eq ne not"
_MANY = "eq not ge le startswith"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource type."""

    kind: str
    """OData type without the namespace."""
    filters: Mapping[str, str] = field(default_factory=dict)
    """Property, or path into one, to the operators it is documented with."""
    default: tuple[str, ...] = ()
    """What is returned when nothing is selected; empty: everything."""
    order: tuple[str, ...] = ()
    advanced_order: tuple[str, ...] = ()
    """Sorted by these only with the advanced query parameters."""
    expand: tuple[str, ...] = ()
    page: int = 100
    page_limit: int = 999
    is_directory: bool = True
    """Directory objects know advanced queries; the rest neither needs nor understands them."""
    skips: bool = False
    """Whether $skip is known."""
    is_log: bool = False
    """Sign-ins and audits: newest first, in large pages."""
    is_mixed: bool = False
    """Members of several types: each says which it is, and any property may be selected."""


SERVICE_PRINCIPAL = Resource(
    kind="servicePrincipal",
    filters={
        "accountEnabled": _ENUM,
        "alternativeNames": _MANY,
        "appId": "eq ne not in startswith",
        "appOwnerOrganizationId": "eq ne not ge le in",
        "appRoleAssignmentRequired": _FLAG,
        "applicationTemplateId": "eq not ne in",
        "description": "eq ne not ge le startswith",
        "disabledByMicrosoftStatus": _FLAG,
        "displayName": _TEXT,
        "id": _ENUM,
        "keyCredentials": "eq not ge le",
        "owners/$count": "eq ne",
        "servicePrincipalNames": _MANY,
        "tags": _MANY,
    },
    advanced_order=("createdDateTime", "deletedDateTime", "displayName"),
    expand=("appRoleAssignedTo", "appRoleAssignments", "owners", "claimsMappingPolicies"),
)
APPLICATION = Resource(
    kind="application",
    filters={
        "appId": "eq in",
        "applicationTemplateId": "eq not ne in",
        "createdDateTime": "eq ne not ge le in",
        "description": "eq ne not ge le startswith",
        "disabledByMicrosoftStatus": _FLAG,
        "displayName": _TEXT,
        "id": _ENUM,
        "identifierUris": "eq ne not ge le startswith",
        "keyCredentials": "eq not ge le",
        "owners/$count": "eq ne",
        "publisherDomain": "eq ne ge le startswith",
        "signInAudience": _FLAG,
        "tags": _MANY,
    },
    advanced_order=("createdDateTime", "deletedDateTime", "displayName"),
    expand=("owners", "federatedIdentityCredentials"),
)
USER = Resource(
    kind="user",
    filters={
        "accountEnabled": _ENUM,
        "assignedLicenses": "eq not",
        "assignedLicenses/$count": "eq ne",
        "city": _TEXT,
        "companyName": _TEXT,
        "createdDateTime": "eq ne not ge le in",
        "creationType": _ENUM,
        "department": _TEXT,
        "displayName": _TEXT,
        "externalUserState": _ENUM,
        "externalUserStateChangeDateTime": _ENUM,
        "givenName": _TEXT,
        "id": _ENUM,
        "jobTitle": _TEXT,
        "mail": _TEXT + " endswith",
        "mailNickname": _TEXT,
        "otherMails": _MANY + " in endswith",
        "proxyAddresses": _MANY + " endswith",
        "surname": _TEXT,
        "userPrincipalName": _TEXT + " endswith",
        "userType": _ENUM,
    },
    default=(
        "businessPhones",
        "displayName",
        "givenName",
        "id",
        "jobTitle",
        "mail",
        "mobilePhone",
        "officeLocation",
        "preferredLanguage",
        "surname",
        "userPrincipalName",
    ),
    order=("displayName", "userPrincipalName"),
    advanced_order=("createdDateTime", "deletedDateTime"),
)
GROUP = Resource(
    kind="group",
    filters={
        "classification": "eq ne not ge le startswith",
        "description": "eq ne not ge le startswith",
        "displayName": _TEXT,
        "groupTypes": "eq not",
        "id": _ENUM,
        "isAssignableToRole": _FLAG,
        "mail": _TEXT,
        "mailEnabled": _FLAG,
        "mailNickname": _TEXT,
        "membershipRule": "eq ne not ge le startswith",
        "membershipRuleProcessingState": _ENUM,
        "proxyAddresses": _MANY + " endswith",
        "renewedDateTime": "eq ne not ge le in",
        "securityEnabled": _ENUM,
    },
    order=("displayName",),
    advanced_order=("deletedDateTime",),
    expand=("members",),
)
CONTACT = Resource(
    kind="orgContact",
    filters={
        "companyName": _TEXT,
        "department": _TEXT,
        "displayName": _TEXT,
        "givenName": _TEXT,
        "id": _ENUM,
        "jobTitle": _TEXT,
        "mail": _TEXT,
        "mailNickname": _TEXT,
        "proxyAddresses": _MANY,
        "surname": _TEXT,
    },
    advanced_order=("createdDateTime", "displayName"),
)
DIRECTORY_OBJECT = Resource(
    kind="directoryObject", filters={"displayName": _TEXT, "mail": _TEXT, "id": _ENUM}, is_mixed=True
)
ASSIGNMENT = Resource(
    kind="appRoleAssignment", filters={"principalDisplayName": "eq startswith", "resourceId": "eq"}
)
GRANT = Resource(
    kind="oAuth2PermissionGrant",
    filters={"clientId": "eq", "consentType": "eq", "principalId": "eq", "resourceId": "eq"},
)
FEDERATED_CREDENTIAL = Resource(
    kind="federatedIdentityCredential", filters={"name": "eq", "issuer": "eq", "subject": "eq"}
)
ORGANIZATION = Resource(kind="organization", is_directory=False)
TEMPLATE = Resource(
    kind="applicationTemplate",
    filters={"displayName": "contains eq", "categories": "contains"},
    order=("displayName", "publisher"),
    is_directory=False,
    skips=True,
)
POLICY = Resource(
    kind="stsPolicy",
    filters={"displayName": "eq startswith", "isOrganizationDefault": "eq", "id": "eq"},
    expand=("appliesTo",),
    is_directory=False,
)
CLAIMS_POLICY = Resource(kind="customClaimsPolicy", is_directory=False)
CONDITIONAL_ACCESS = Resource(
    kind="conditionalAccessPolicy",
    filters={"displayName": "eq startswith contains", "state": "eq", "createdDateTime": "ge le eq"},
    order=("displayName", "createdDateTime"),
    is_directory=False,
)
JOB = Resource(kind="synchronizationJob", is_directory=False)
SIGN_IN = Resource(
    kind="signIn",
    filters={
        "appDisplayName": "eq startswith",
        "appId": "eq",
        "clientAppUsed": "eq",
        "conditionalAccessStatus": "eq",
        "correlationId": "eq",
        "createdDateTime": "eq ge le",
        "id": "eq",
        "ipAddress": "eq startswith",
        "resourceDisplayName": "eq",
        "resourceId": "eq",
        "riskState": "eq",
        "status/errorCode": "eq",
        "userDisplayName": "eq startswith",
        "userId": "eq",
        "userPrincipalName": "eq startswith",
    },
    order=("createdDateTime",),
    page=1000,
    page_limit=1000,
    is_directory=False,
    is_log=True,
)
DIRECTORY_AUDIT = Resource(
    kind="directoryAudit",
    filters={
        "activityDateTime": "eq ge le",
        "activityDisplayName": "eq startswith",
        "category": "eq",
        "correlationId": "eq",
        "initiatedBy/app/appId": "eq",
        "initiatedBy/app/displayName": "eq",
        "initiatedBy/user/displayName": "eq",
        "initiatedBy/user/id": "eq",
        "initiatedBy/user/userPrincipalName": "eq startswith",
        "loggedByService": "eq",
        "targetResources/id": "eq",
        "targetResources/displayName": "eq startswith",
    },
    order=("activityDateTime",),
    page=1000,
    page_limit=1000,
    is_directory=False,
    is_log=True,
)
