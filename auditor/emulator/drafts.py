"""What a scene says, as mutable values: named faults change them, then the directory is built from them.

Field names are the keys of the scene file. Days are whole or broken numbers relative to the present of the
tenant: negative lies in the past. People, groups and applications are referred to by name; users by user
principal name as well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

SAML_KINDS = ("gallery", "custom")
AS_USER_NAME = "as user name"


@dataclass(kw_only=True)
class OrganizationDraft:
    """The tenant itself."""

    name: str = "Contoso"
    id: str | None = None
    domains: list[str] = field(default_factory=lambda: ["contoso.com", "contoso.onmicrosoft.com"])
    """The first is the default; the one below onmicrosoft.com is the initial."""
    licence: str = "P2"
    """free | P1 | P2"""
    cloud: str = "global"


@dataclass(kw_only=True)
class OptionsDraft:
    """How the tenant answers: small pages, what the documentation leaves open, limits."""

    page_size: int = 0
    """Items on a page of a list, logs left out; 0: as many as documented."""
    log_page_size: int = 0
    """The same for sign-ins and audits, which are limited to five requests in ten seconds."""
    log_empty_pages: bool = False
    """Whether sign-ins and audits, too, begin with a page that is empty and has a next link."""
    empty_pages: bool = False
    """Every list, logs left out, begins with a page that is empty and has a next link."""
    repeated_items: bool = False
    """Every further page of a list, logs left out, begins with the last item of the one before."""
    list_returns_keys: bool = False
    """Whether `$select=keyCredentials` on a list gives the keys' values: Microsoft's pages disagree."""
    sign_on_mode_filter: bool = False
    """Whether `$filter` on preferredSingleSignOnMode is answered, which is documented nowhere."""
    claims_policy_readable: bool = True
    """Whether Policy.Read.All opens claimsPolicy, as in practice; documented is a write permission."""
    logs_need_directory_read: bool = True
    """Whether audit and sign-in logs need Directory.Read.All besides AuditLog.Read.All, as documented."""
    throttling: bool = False
    """Whether the documented limits are kept: 429 beyond them."""
    token_lifetime: int = 3599
    """Seconds."""
    null_lists: bool = False
    """Whether lists without elements are null, which Graph's clients have to expect of it."""
    unknown_properties: bool = True
    """Whether answers hold properties and values that no released client knows (Graph's types are open)."""


@dataclass(kw_only=True)
class ClientDraft:
    """The application whose credential the auditor uses."""

    name: str = "SAML application auditor"
    permissions: list[str] | None = None
    """Application permissions held; None: every read permission the auditor can use."""
    secret_expired: bool = False
    certificate_expired: bool = False


@dataclass(kw_only=True)
class UserDraft:
    """A member or a guest."""

    name: str
    upn: str
    mail: str | None = AS_USER_NAME
    other_addresses: list[str] = field(default_factory=list)
    """Further proxy addresses."""
    type: str = "Member"
    enabled: bool = True
    licensed: bool = True
    invitation: str | None = None
    """PendingAcceptance | Accepted, for guests."""
    invited: float = -30
    """Days: when the invitation's state last changed."""
    created: float = -400


@dataclass(kw_only=True)
class GroupDraft:
    """A security group, assigned or dynamic."""

    name: str
    members: list[str] = field(default_factory=list)
    everyone: bool = False
    """All enabled members of the organization are direct members."""
    rule: str | None = None
    """Makes the group dynamic."""
    mail: str | None = None
    security: bool = True
    hides_members: bool = False
    """Only who holds Member.Read.Hidden sees them."""


@dataclass(kw_only=True)
class ContactDraft:
    """An organizational contact."""

    name: str
    mail: str


@dataclass(kw_only=True)
class TemplateDraft:
    """An application of the gallery, and how its instances are configured when nothing else is said."""

    name: str
    id: str | None = None
    identifier: str | None = None
    reply_url: str | None = None
    relay_state: str | None = None
    sign_on_url: str | None = None


@dataclass(kw_only=True)
class CertificateDraft:
    """A key pair of an application, of which Graph shows Sign, Verify and password entries."""

    not_before: float = -30
    not_after: float = 1065
    active: bool = True
    key_size: int = 2048
    sha1: bool = False
    """Self-signed with SHA-1."""
    purpose: str = "signing"
    """signing | encryption"""
    custom_key_identifier: str = "thumbprint"
    """thumbprint | sha256: what the field holds, after addTokenSigningCertificate or the manual upload."""
    lower_case: bool = False
    """The preferred thumbprint is written in lower case."""
    in_metadata: bool = True
    private_part: bool = True
    """False: a Verify key alone, without its Sign twin and password."""


@dataclass(kw_only=True)
class JobDraft:
    """A provisioning job."""

    template: str = "gotomeeting"
    status: str = "Active"
    quarantine: str | None = None
    """The reason, while in quarantine."""
    complete_failures: int = 0
    last_success: float | None = -0.1
    """Days; None: never."""


@dataclass(kw_only=True)
class SignInsDraft:
    """A series of sign-ins of one user with one outcome; code 0 is success."""

    code: int = 0
    count: int = 1
    last: float = -1
    """Days: the newest; the others lie an hour apart before it."""
    user: str | None = None


@dataclass(kw_only=True)
class DelegatedDraft:
    """A delegated permission that was consented to."""

    scope: str = "User.Read"
    resource: str = "Microsoft Graph"
    user: str | None = None
    """Consented for this user alone; None: for all."""


@dataclass(kw_only=True)
class PermissionDraft:
    """An application permission that was granted."""

    role: str
    resource: str = "Microsoft Graph"


@dataclass(kw_only=True)
class SecretDraft:
    """A client secret."""

    name: str = "Secret"
    where: str = "servicePrincipal"
    """servicePrincipal | application"""
    not_after: float = 300


@dataclass(kw_only=True)
class FederatedCredentialDraft:
    """A federated identity credential of the registration."""

    name: str
    subject: str = "repo:contoso/tools:ref:refs/heads/main"
    issuer: str = "https://token.actions.githubusercontent.com"


@dataclass(kw_only=True)
class ClaimsPolicyDraft:
    """The custom claims policy of one application, as the portal's claims page writes it."""

    name_id: str = "user.userprincipalname"
    """`source.attribute`, as the portal shows it."""
    audience_override: str | None = None
    application_id_in_issuer: bool = False


@dataclass(kw_only=True)
class ServiceProviderDraft:
    """What its service provider was told, declared in the configuration."""

    configured_by: str = "metadata-url"
    """metadata-url | metadata-file | manual"""
    certificates: list[int] | None = None
    """Numbers, from 0, of the certificates that it has; None: by hand the one Entra signs with, else all."""
    shared_keys: bool = False
    """Whether it was given the metadata without appid, or a key that the applications of the tenant share."""
    checked: float | None = -20
    """Days: when somebody last looked."""
    checked_by: str | None = None
    instead: dict[str, str] = field(default_factory=dict)
    """Keys of the declaration to other values, in which {tenant} and {app} stand for the ids."""


@dataclass(kw_only=True)
class ApplicationDraft:
    """A service principal, with its registration where that belongs to this tenant."""

    name: str
    kind: str = "gallery"
    """gallery | custom | oidc | first-party | multi-tenant | managed-identity | agent-identity"""
    template: str | None = None
    app_id: str | None = None
    identifiers: list[str] | None = None
    """None: the template's."""
    reply_urls: list[str] | None = None
    default_reply_url: str | None = None
    registration_reply_urls: list[str] | None = None
    """Where the app registration lists others; None: the same."""
    relay_state: str | None = None
    sign_on_url: str | None = None
    logout_url: str | None = None
    sign_on_mode: str | None = None
    certificates: list[CertificateDraft] | None = None
    """None: one that is active, for SAML."""
    preferred_thumbprint: str | None = None
    """In place of the active certificate's; "none": null."""
    notification_emails: list[str] = field(default_factory=list)
    assignment_required: bool = True
    enabled: bool = True
    deactivated: bool = False
    hidden: bool = False
    template_id: str | None = None
    """In place of the template's; "none": null."""
    assigned: list[str] = field(default_factory=list)
    owners: list[str] = field(default_factory=list)
    registration_owners: list[str] = field(default_factory=list)
    claims_mapping_policy: str | None = None
    token_issuance_policy: str | None = None
    claims_policy: ClaimsPolicyDraft | None = None
    provisioning: list[JobDraft] = field(default_factory=list)
    sign_ins: list[SignInsDraft] = field(default_factory=list)
    delegated: list[DelegatedDraft] = field(default_factory=list)
    permissions: list[PermissionDraft] = field(default_factory=list)
    secrets: list[SecretDraft] = field(default_factory=list)
    federated_credentials: list[FederatedCredentialDraft] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    metadata: str = "as documented"
    """What the federation metadata document of the application is instead: see `metadata.VARIANTS`."""
    service_provider: ServiceProviderDraft | None = None
    """What its service provider was told, declared in the configuration; None: nobody declared it."""
    faults: list[str] = field(default_factory=list)

    @property
    def is_saml(self) -> bool:
        """Whether it was set up for SAML."""
        return self.kind in SAML_KINDS


@dataclass(kw_only=True)
class PolicyDraft:
    """A claims mapping or token issuance policy."""

    name: str
    definition: str
    """JSON text, as Graph holds it."""
    organization_default: bool = False


@dataclass(kw_only=True)
class PoliciesDraft:
    """The policies that applications name."""

    claims_mapping: list[PolicyDraft] = field(default_factory=list)
    token_issuance: list[PolicyDraft] = field(default_factory=list)


@dataclass(kw_only=True)
class ConditionalAccessDraft:
    """A Conditional Access policy."""

    name: str
    state: str = "enabled"
    """enabled | disabled | enabledForReportingButNotEnforced"""
    applications: list[str] = field(default_factory=lambda: ["All"])
    """Names of applications, or Graph's words All, Office365, None."""
    exclude_applications: list[str] = field(default_factory=list)
    application_filter: str | None = None
    """A rule over custom security attributes, mode include."""
    users: list[str] = field(default_factory=lambda: ["All"])
    exclude_users: list[str] = field(default_factory=list)
    controls: list[str] = field(default_factory=lambda: ["mfa"])
    operator: str = "OR"
    authentication_strength: str | None = None


@dataclass(kw_only=True)
class AuditDraft:
    """An entry of the directory audit about an application."""

    activity: str
    application: str
    by: str
    """A user, or an application's name."""
    days: float = -1
    changes: dict[str, list[str | None]] = field(default_factory=dict)
    """Property to [old, new]."""


@dataclass(kw_only=True)
class TenantDraft:
    """The whole scene."""

    title: str = ""
    organization: OrganizationDraft = field(default_factory=OrganizationDraft)
    options: OptionsDraft = field(default_factory=OptionsDraft)
    client: ClientDraft = field(default_factory=ClientDraft)
    gallery: list[TemplateDraft] = field(default_factory=list)
    users: list[UserDraft] = field(default_factory=list)
    groups: list[GroupDraft] = field(default_factory=list)
    contacts: list[ContactDraft] = field(default_factory=list)
    applications: list[ApplicationDraft] = field(default_factory=list)
    policies: PoliciesDraft = field(default_factory=PoliciesDraft)
    conditional_access: list[ConditionalAccessDraft] = field(default_factory=list)
    audit: list[AuditDraft] = field(default_factory=list)
    configuration: list[dict[str, Any]] = field(default_factory=list)
    """The `applications` of the auditor's configuration, for a scan of this scene."""
    environment: str = "production"
