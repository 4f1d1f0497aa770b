"""Which application permissions open which endpoint, as the pages of the Graph reference list them."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission that is needed, and the higher ones that serve as well."""

    least: str
    higher: frozenset[str]

    def is_held(self, held: Set[str]) -> bool:
        """Whether `held` contains it or a higher one."""
        return self.least in held or not self.higher.isdisjoint(held)


@dataclass(frozen=True, slots=True)
class Requirement:
    """All scopes that an endpoint needs; none: any valid token."""

    scopes: tuple[Scope, ...] = ()
    code: str = "Authorization_RequestDenied"
    message: str = "Insufficient privileges to complete the operation."

    def is_met(self, held: Set[str]) -> bool:
        """Whether a token with these roles may ask."""
        return all(scope.is_held(held) for scope in self.scopes)

    @property
    def least(self) -> str | None:
        """The least-privileged permissions, joined by `and`."""
        return " and ".join(scope.least for scope in self.scopes) or None


_DIRECTORY = frozenset({"Directory.Read.All", "Directory.ReadWrite.All"})

APPLICATION = Scope(
    "Application.Read.All",
    _DIRECTORY | {"Application.ReadWrite.All", "Application.ReadWrite.OwnedBy"},
)
DIRECTORY = Scope("Directory.Read.All", frozenset({"Directory.ReadWrite.All"}))
USER = Scope("User.Read.All", _DIRECTORY | {"User.ReadWrite.All"})
GROUP = Scope(
    "GroupMember.Read.All",
    _DIRECTORY | {"Group.Read.All", "Group.ReadWrite.All", "GroupMember.ReadWrite.All"},
)
CONTACT = Scope("OrgContact.Read.All", _DIRECTORY)
POLICY = Scope("Policy.Read.All", frozenset())
AUDIT = Scope("AuditLog.Read.All", frozenset())

NOTHING = Requirement()
APPLICATIONS = Requirement((APPLICATION,))
ORGANIZATION = Requirement(
    (Scope("Organization.Read.All", _DIRECTORY | {"Organization.ReadWrite.All"}),),
)
USERS = Requirement((USER,))
GROUPS = Requirement((GROUP,))
CONTACTS = Requirement((CONTACT,))
GRANTS = Requirement(
    (
        Scope(
            "Directory.Read.All",
            frozenset({"Directory.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"}),
        ),
    )
)
BY_IDS = Requirement((DIRECTORY,))
FEDERATED = Requirement(
    (
        Scope(
            "Application.Read.All",
            frozenset({"Application.ReadWrite.All", "Application.ReadWrite.OwnedBy", "Directory.Read.All"}),
        ),
    )
)
POLICIES = Requirement((Scope("Policy.Read.All", frozenset({"Policy.ReadWrite.ApplicationConfiguration"})),))
CLAIMS_POLICY = Requirement(
    (
        Scope(
            "Policy.ReadWrite.ApplicationConfiguration",
            frozenset({"Policy.Read.ApplicationConfiguration"}),
        ),
    )
)
CLAIMS_POLICY_IN_PRACTICE = Requirement(
    (
        Scope(
            "Policy.Read.All",
            frozenset({"Policy.ReadWrite.ApplicationConfiguration", "Policy.Read.ApplicationConfiguration"}),
        ),
    )
)
SYNCHRONIZATION = Requirement(
    (
        Scope(
            "Synchronization.Read.All",
            frozenset({"Synchronization.ReadWrite.All", "Application.ReadWrite.OwnedBy"}),
        ),
    )
)
CONDITIONAL_ACCESS = Requirement(
    (POLICY,),
    code="AccessDenied",
    message="You cannot perform the requested operation, required scopes are missing in the token.",
)
_LOG_CODE = "Authentication_MSGraphPermissionMissing"
_LOG_MESSAGE = (
    "The principal does not have required Microsoft Graph permission(s): AuditLog.Read.All to call this API."
    " For more information about Microsoft Graph permissions, please visit"
    " https://docs.microsoft.com/graph/permissions-overview."
)
LOGS = Requirement((AUDIT,), code=_LOG_CODE, message=_LOG_MESSAGE)
LOGS_AS_DOCUMENTED = Requirement((AUDIT, DIRECTORY), code=_LOG_CODE, message=_LOG_MESSAGE)

VISIBLE = {
    "#microsoft.graph.user": USER,
    "#microsoft.graph.group": GROUP,
    "#microsoft.graph.orgContact": CONTACT,
    "#microsoft.graph.servicePrincipal": APPLICATION,
    "#microsoft.graph.agentIdentity": APPLICATION,
    "#microsoft.graph.application": APPLICATION,
}
"""What it takes to see the properties of a related object; without it, only its type and id are shown."""
