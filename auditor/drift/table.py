"""How each section of a snapshot is compared. Data alone: a section that is not listed is compared by looks.

What Graph documents as sets, and what identifies their elements: Microsoft Graph documentation, v1.0, the
resource types of the sections' own names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from auditor.drift import views
from auditor.drift.form import LOOKS, VOLATILE, Form, Members, Properties, Through, Whole
from auditor.drift.meaning import (
    Normal,
    by_letters,
    canonical,
    definition,
    exactly,
    false_unless_set,
    identifier,
    instant,
    mail,
    text,
    thumbprint,
    url,
)
from auditor.model.node import Node
from auditor.model.snapshot import Per, Section


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionForm:
    """How the records of a section are compared, and what a difference in them is called."""

    prefix: str
    """What a property's name begins with."""
    object: str
    """Graph's type of the object that a record is about."""
    form: Form = LOOKS
    member: str | None = None
    """The elements of the records are objects of their own, of this type: their properties bear its name."""
    follows: tuple[str, ...] = ()
    """Properties of the same application that this section repeats: nothing is told while one changed."""
    of_others: bool = False
    """The elements are other applications: of those that are audited, their own changes tell."""


def by(*names: str) -> Callable[[Node], str]:
    """An element's identity: these properties of it, letter case aside; all of it where it lacks them."""

    def key(element: Node) -> str:
        found = [text(element, name) for name in names]
        return " ".join(each.lower() for each in found if each is not None) or canonical(element)

    return key


def values(normal: Normal) -> Members:
    """A set of plain values."""
    return Members(key=lambda element: _plain(normal(element)), each=Whole(normal=normal))


def _plain(value: Node) -> str:
    return value if isinstance(value, str) else canonical(value)


def _thumbprint(element: Node) -> str:
    return text(element, "thumbprint") or canonical(element)


def objects(*key: str, presence: bool = True, **listed: Form) -> Members:
    """A set of objects, known by some of their properties."""
    return Members(key=by(*key), each=Properties(listed=listed), presence=presence)


_TIME = Whole(normal=instant)
_EXACT = Whole(normal=exactly)
_URL = Whole(normal=url)
_WORD = Whole(normal=by_letters)
_IDS_ALONE = Members(key=by("id"), each=VOLATILE)

_CERTIFICATES = Members(
    key=_thumbprint,
    each=Properties(
        listed={
            "thumbprint": VOLATILE,
            "subject": VOLATILE,
            "notAfter": VOLATILE,
            "displayName": VOLATILE,  # the portal writes it, and writes it anew
            "keyIds": VOLATILE,
            "startDateTime": _TIME,
            "endDateTime": _TIME,
            "type": _WORD,
            "usage": values(by_letters),
        }
    ),
)
_KEYS = Through(view=views.certificates, form=_CERTIFICATES)
_PASSWORDS = objects(
    "keyId",
    keyId=VOLATILE,
    customKeyIdentifier=VOLATILE,
    displayName=_EXACT,
    startDateTime=_TIME,
    endDateTime=_TIME,
)

_SERVICE_PRINCIPAL = Properties(
    listed={
        "displayName": _EXACT,
        "loginUrl": _URL,
        "logoutUrl": _URL,
        "homepage": _URL,
        "replyUrls": values(url),
        "servicePrincipalNames": values(identifier),
        "notificationEmailAddresses": values(mail),
        "tags": values(exactly),
        "keyCredentials": _KEYS,
        "passwordCredentials": _PASSWORDS,
        "preferredSingleSignOnMode": _WORD,
        "preferredTokenSigningKeyThumbprint": Whole(normal=thumbprint),
        "samlSingleSignOnSettings": Properties(listed={"relayState": _URL}),
        "isDisabled": Whole(normal=false_unless_set),
    }
)

_APPLICATION = Properties(
    listed={
        "displayName": _EXACT,
        "identifierUris": values(identifier),
        "tags": values(exactly),
        "keyCredentials": _KEYS,
        "passwordCredentials": _PASSWORDS,
        "samlMetadataUrl": _URL,
        "groupMembershipClaims": _WORD,
        "web": Properties(
            listed={
                "homePageUrl": _URL,
                "logoutUrl": _URL,
                "redirectUris": values(url),
                # Which URIs there are stands in redirectUris; here, which of them is the default.
                "redirectUriSettings": Members(
                    key=lambda element: _plain(url(text(element, "uri"))),
                    each=Properties(listed={"uri": VOLATILE}),
                    presence=False,
                ),
            }
        ),
    }
)

_PERSON = Through(
    view=views.what_both_say,
    form=Properties(
        listed={
            "userPrincipalName": _WORD,
            "mail": Whole(normal=mail),
            "displayName": VOLATILE,
            "createdDateTime": VOLATILE,
            "externalUserStateChangeDateTime": VOLATILE,
        }
    ),
)

_POLICIES = objects(
    "id",
    displayName=_EXACT,
    definition=Whole(normal=definition),
    isOrganizationDefault=Whole(normal=false_unless_set),
    appliesTo=_IDS_ALONE,
)

_JOBS = objects(
    "id",
    status=Properties(
        listed={
            "countSuccessiveCompleteFailures": VOLATILE,
            "lastExecution": VOLATILE,
            "lastSuccessfulExecution": VOLATILE,
            "lastSuccessfulExecutionWithExports": VOLATILE,
            "steadyStateFirstAchievedTime": VOLATILE,
            "steadyStateLastAchievedTime": VOLATILE,
            "progress": VOLATILE,
            "synchronizedEntryCountByType": VOLATILE,
            "quarantine": Properties(
                listed={
                    "currentBegan": VOLATILE,
                    "nextAttempt": VOLATILE,
                    "seriesBegan": VOLATILE,
                    "seriesCount": VOLATILE,
                    "error": VOLATILE,
                }
            ),
        }
    ),
)

_RECIPIENT = Properties(
    listed={"displayName": VOLATILE, "accountEnabled": VOLATILE, "userType": VOLATILE}  # told as a user's
)

_DOCUMENT = Properties(listed={"certificates": _CERTIFICATES}, whole_when_null=True)

_METADATA = Through(
    view=views.metadata, form=Properties(listed={"document": _DOCUMENT, "status": VOLATILE}, optional=True)
)

_DECLARATION = Through(
    view=views.declaration,
    form=Properties(
        listed={
            "checkedOn": VOLATILE,
            "checkedBy": VOLATILE,
            "certificates": _CERTIFICATES,
            "metadataFile": Properties(listed={"document": _DOCUMENT}, optional=True),
        },
        optional=True,
    ),
)

PEOPLE = "users"
"""The section that people are told under, wherever they were read."""

SECTIONS: Mapping[str, SectionForm] = MappingProxyType(
    {
        "servicePrincipals": SectionForm(
            prefix="servicePrincipal",
            object="servicePrincipal",
            form=Through(view=views.without_copied_passwords, form=_SERVICE_PRINCIPAL),
        ),
        "applications": SectionForm(prefix="application", object="application", form=_APPLICATION),
        "owners": SectionForm(prefix="servicePrincipal.owners", object="servicePrincipal", form=_IDS_ALONE),
        "applicationOwners": SectionForm(prefix="application.owners", object="application", form=_IDS_ALONE),
        "appRoleAssignedTo": SectionForm(
            prefix="servicePrincipal.appRoleAssignedTo",
            object="servicePrincipal",
            form=Members(key=by("principalId", "appRoleId"), each=VOLATILE),
        ),
        "appRoleAssignments": SectionForm(
            prefix="servicePrincipal.appRoleAssignments",
            object="servicePrincipal",
            form=Members(key=by("resourceId", "appRoleId"), each=VOLATILE),
        ),
        "oauth2PermissionGrants": SectionForm(
            prefix="servicePrincipal.oauth2PermissionGrants",
            object="servicePrincipal",
            form=objects(
                "resourceId",
                "consentType",
                "principalId",
                id=VOLATILE,
                resourceDisplayName=VOLATILE,
                scope=Through(view=views.scopes, form=values(exactly)),
            ),
        ),
        "federatedIdentityCredentials": SectionForm(
            prefix="application.federatedIdentityCredentials",
            object="application",
            form=objects("id", name=_EXACT, issuer=_EXACT, subject=_EXACT, audiences=values(exactly)),
        ),
        "groups": SectionForm(
            prefix="group",
            object="group",
            form=Properties(listed={"displayName": _EXACT, "groupTypes": values(exactly)}),
        ),
        "groupMembers": SectionForm(prefix="group.members", object="group", form=_IDS_ALONE),
        PEOPLE: SectionForm(prefix="user", object="user", form=_PERSON),
        "notificationRecipients": SectionForm(
            prefix="notificationRecipient", object="notificationRecipient", form=_RECIPIENT
        ),
        "testUser": SectionForm(
            prefix="testUser",
            object="user",
            form=Through(view=views.identity_alone, form=Whole(normal=by_letters)),
        ),
        "claimsMappingPolicies": SectionForm(
            prefix="claimsMappingPolicies", object="tenant", form=_POLICIES, member="claimsMappingPolicy"
        ),
        "tokenIssuancePolicies": SectionForm(
            prefix="tokenIssuancePolicies", object="tenant", form=_POLICIES, member="tokenIssuancePolicy"
        ),
        "claimsPolicy": SectionForm(
            prefix="claimsPolicy", object="servicePrincipal", form=Properties(listed={"id": VOLATILE})
        ),
        "conditionalAccessPolicies": SectionForm(
            prefix="conditionalAccessPolicies",
            object="tenant",
            form=objects("id", displayName=_EXACT, createdDateTime=VOLATILE, modifiedDateTime=VOLATILE),
            member="conditionalAccessPolicy",
        ),
        "synchronizationJobs": SectionForm(
            prefix="synchronizationJobs",
            object="servicePrincipal",
            form=_JOBS,
            member="synchronizationJob",
        ),
        "organization": SectionForm(
            prefix="organization",
            object="organization",
            form=Properties(
                listed={
                    "displayName": _EXACT,
                    "verifiedDomains": objects("name", name=VOLATILE),
                }
            ),
        ),
        "applicationTemplates": SectionForm(prefix="applicationTemplates", object="profile", form=_IDS_ALONE),
        "serviceProvider": SectionForm(prefix="serviceProvider", object="serviceProvider", form=_DECLARATION),
        "federationMetadata": SectionForm(
            prefix="federationMetadata",
            object="servicePrincipal",
            form=_METADATA,
            follows=("keyCredentials", "servicePrincipal.preferredTokenSigningKeyThumbprint"),
        ),
        "sharedIdentity": SectionForm(
            prefix="servicePrincipal.sharedIdentity",
            object="servicePrincipal",
            form=_IDS_ALONE,
            follows=("servicePrincipal.servicePrincipalNames", "servicePrincipal.replyUrls"),
            of_others=True,
        ),
        # How applications were found; which came or went is told as such.
        "matches": SectionForm(prefix="matches", object="profile", form=VOLATILE),
        # Counters.
        "signIns": SectionForm(prefix="signIns", object="servicePrincipal", form=VOLATILE),
        "enabledMemberCount": SectionForm(prefix="enabledMemberCount", object="tenant", form=VOLATILE),
        # A test of its day: the next one differs by its nature.
        "capturedResponse": SectionForm(prefix="capturedResponse", object="servicePrincipal", form=VOLATILE),
        # How it was collected, and what happened meanwhile.
        "directoryAudits": SectionForm(prefix="directoryAudits", object="tenant", form=VOLATILE),
        "rereads": SectionForm(prefix="rereads", object="tenant", form=VOLATILE),
    }
)

_OBJECT_OF = {
    Per.TENANT: "tenant",
    Per.SERVICE_PRINCIPAL: "servicePrincipal",
    Per.OBJECT: "directoryObject",
    Per.PROFILE: "profile",
}

RENAMED: Mapping[str, str] = MappingProxyType({"servicePrincipal.keyCredentials": "keyCredentials"})
"""Properties with a name of their own: the signing certificates are what everybody asks for."""


def form_of(section: Section) -> SectionForm:
    """How a section is compared; one that nobody listed by what its collector says of it."""
    return SECTIONS.get(section.name) or SectionForm(
        prefix=section.mount or section.name, object=_OBJECT_OF[section.per]
    )
