"""App registrations and service principals, as the gallery, the portal and Microsoft make them."""

from __future__ import annotations

import base64
import hashlib

from auditor.emulator.certificates import APPLICATION_SUBJECT, KeyPair, self_signed
from auditor.emulator.directory import CUSTOM_TEMPLATE, MICROSOFT_TENANT, SigningKeys, Tenant, object_id
from auditor.emulator.drafts import ApplicationDraft, CertificateDraft, TemplateDraft
from auditor.emulator.people import principal
from auditor.emulator.requests import Json, Object

USER_ROLE = "18d14569-c3bd-439b-9a66-3a2aee01d14f"
"""The role "User" that gallery applications come with."""

_ACCESS_ROLE = "b9632174-c057-4f7e-951b-be3adc52bfe6"  # msiam_access
_NO_ROLE = "00000000-0000-0000-0000-000000000000"

_TAGS: dict[str, list[Json]] = {
    "gallery": [
        "WindowsAzureActiveDirectoryIntegratedApp",
        "WindowsAzureActiveDirectoryGalleryApplicationPrimaryV1",
    ],
    "custom": [
        "WindowsAzureActiveDirectoryIntegratedApp",
        "WindowsAzureActiveDirectoryCustomSingleSignOnApplication",
    ],
    "oidc": ["WindowsAzureActiveDirectoryIntegratedApp"],
    "multi-tenant": ["WindowsAzureActiveDirectoryIntegratedApp"],
    "first-party": [],
    "managed-identity": [],
    "agent-identity": [],
}
_TYPES = {"managed-identity": "ManagedIdentity", "agent-identity": "ServiceIdentity"}
_NOT_REGISTERED_HERE = ("first-party", "multi-tenant", "managed-identity", "agent-identity")


def template_id(template: TemplateDraft) -> str:
    """The gallery's id of the template; the same in every tenant unless the scene says another."""
    return template.id or object_id("template", template.name)


def app_id(tenant: Tenant, draft: ApplicationDraft) -> str:
    """The application (client) id."""
    return draft.app_id or tenant.id_of("app", draft.name)


def add_application(tenant: Tenant, draft: ApplicationDraft) -> Object:
    """Adds the service principal, and the registration when it belongs to this tenant."""
    keys = _Credentials(tenant, draft)
    service_principal = tenant.add(
        "servicePrincipals",
        _service_principal(tenant, draft, keys),
        kind="agentIdentity" if draft.kind == "agent-identity" else "servicePrincipal",
    )
    for name in draft.owners:
        tenant.relate(service_principal, "owners", principal(tenant, name))
    for name in draft.assigned:
        tenant.relate(
            service_principal, "appRoleAssignedTo", _assignment(tenant, draft, service_principal, name)
        )
    if draft.kind not in _NOT_REGISTERED_HERE:
        registration = tenant.add("applications", _registration(tenant, draft, keys), kind="application")
        for name in draft.registration_owners:
            tenant.relate(registration, "owners", principal(tenant, name))
        for credential in draft.federated_credentials:
            item: Object = {
                "id": tenant.id_of("federated", draft.name, credential.name),
                "name": credential.name,
                "issuer": credential.issuer,
                "subject": credential.subject,
                "audiences": ["api://AzureADTokenExchange"],
                "description": None,
            }
            tenant.relate(registration, "federatedIdentityCredentials", item)
    if keys.signing:
        tenant.signing[app_id(tenant, draft)] = keys.for_metadata(tenant, draft.metadata)
    return service_principal


def _service_principal(tenant: Tenant, draft: ApplicationDraft, keys: _Credentials) -> Object:
    own = draft.kind not in _NOT_REGISTERED_HERE
    settings: Object | None = None
    if draft.relay_state and draft.relay_state != "none":
        settings = {"relayState": draft.relay_state}
        if tenant.options.unknown_properties:
            settings["signOnHint"] = "evolvedValue"
    tags = [*_TAGS[draft.kind], *draft.tags, *(["HideApp"] if draft.hidden else [])]
    sign_on_mode = draft.sign_on_mode or ("saml" if draft.is_saml else None)
    return {
        "id": tenant.id_of("servicePrincipal", draft.name),
        "accountEnabled": draft.enabled,
        "addIns": [],
        "alternativeNames": [],
        "appDescription": None,
        "appDisplayName": draft.name,
        "appId": app_id(tenant, draft),
        "applicationTemplateId": _template(draft),
        "appOwnerOrganizationId": _owner_organization(tenant, draft),
        "appRoleAssignmentRequired": draft.assignment_required,
        "appRoles": _roles() if draft.is_saml else [],
        "createdByAppId": None,
        "createdDateTime": tenant.time(-390),
        "deletedDateTime": None,
        "description": None,
        "disabledByMicrosoftStatus": None,
        "displayName": draft.name,
        "homepage": None,
        "info": {"logoUrl": None, "marketingUrl": None, "privacyStatementUrl": None, "supportUrl": None},
        "isDisabled": draft.deactivated or None,
        "keyCredentials": keys.keys,
        "loginUrl": draft.sign_on_url,
        "logoutUrl": draft.logout_url,
        "notes": None,
        "notificationEmailAddresses": list(draft.notification_emails),
        "oauth2PermissionScopes": [],
        "passwordCredentials": keys.passwords("servicePrincipal"),
        "preferredSingleSignOnMode": None if sign_on_mode == "none" else sign_on_mode,
        "preferredTokenSigningKeyThumbprint": keys.preferred(draft.preferred_thumbprint),
        "replyUrls": list(draft.reply_urls or ()),
        "resourceSpecificApplicationPermissions": [],
        "samlSingleSignOnSettings": settings,
        "servicePrincipalNames": [*(draft.identifiers or ()), app_id(tenant, draft)],
        "servicePrincipalType": _TYPES.get(draft.kind, "Application"),
        "signInAudience": "AzureADMyOrg" if own else "AzureADMultipleOrgs",
        "tags": tags,
        "tokenEncryptionKeyId": keys.encryption_key_id,
        "verifiedPublisher": {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
    }


def _registration(tenant: Tenant, draft: ApplicationDraft, keys: _Credentials) -> Object:
    urls = draft.registration_reply_urls
    if urls is None:
        urls = draft.reply_urls or []
    settings: list[Json] = [
        {"uri": url, "index": 0 if url == draft.default_reply_url else None} for url in urls
    ]
    return {
        "id": tenant.id_of("application", draft.name),
        "addIns": [],
        "api": {"acceptMappedClaims": None, "knownClientApplications": [], "oauth2PermissionScopes": []},
        "appId": app_id(tenant, draft),
        "applicationTemplateId": _template(draft),
        "appRoles": _roles() if draft.is_saml else [],
        "createdDateTime": tenant.time(-390),
        "deletedDateTime": None,
        "description": None,
        "disabledByMicrosoftStatus": None,
        "displayName": draft.name,
        "groupMembershipClaims": "SecurityGroup" if draft.is_saml else None,
        "identifierUris": list(draft.identifiers or ()),
        "info": {"logoUrl": None, "marketingUrl": None, "privacyStatementUrl": None, "supportUrl": None},
        "isDisabled": draft.deactivated or None,
        "isDeviceOnlyAuthSupported": None,
        "isFallbackPublicClient": None,
        "keyCredentials": keys.encryption_keys,
        "notes": None,
        "optionalClaims": None,
        "passwordCredentials": keys.passwords("application"),
        "publicClient": {"redirectUris": []},
        "publisherDomain": tenant.domains[0],
        "requestSignatureVerification": None,
        "requiredResourceAccess": [],
        "samlMetadataUrl": None,
        "serviceManagementReference": None,
        "servicePrincipalLockConfiguration": None,
        "signInAudience": "AzureADMyOrg",
        "spa": {"redirectUris": []},
        "tags": [*_TAGS[draft.kind], *draft.tags],
        "tokenEncryptionKeyId": keys.encryption_key_id,
        "uniqueName": None,
        "verifiedPublisher": {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
        "web": {
            "homePageUrl": None,
            "implicitGrantSettings": {
                "enableAccessTokenIssuance": False,
                "enableIdTokenIssuance": draft.is_saml,
            },
            "logoutUrl": draft.logout_url,
            "redirectUris": list(urls),
            "redirectUriSettings": settings,
        },
    }


def _template(draft: ApplicationDraft) -> str | None:
    if draft.template_id is not None:
        return None if draft.template_id == "none" else draft.template_id
    return CUSTOM_TEMPLATE if draft.kind == "custom" else None


def _owner_organization(tenant: Tenant, draft: ApplicationDraft) -> str:
    if draft.kind in ("first-party", "managed-identity"):
        return MICROSOFT_TENANT
    return object_id("publisher", draft.name) if draft.kind == "multi-tenant" else tenant.id


def _roles() -> list[Json]:
    names = ((USER_ROLE, "User", None), (_ACCESS_ROLE, "msiam_access", None))
    return [
        {
            "allowedMemberTypes": ["User"],
            "description": name,
            "displayName": name,
            "id": role,
            "isEnabled": True,
            "origin": "Application",
            "value": value,
        }
        for role, name, value in names
    ]


def _assignment(tenant: Tenant, draft: ApplicationDraft, service_principal: Object, name: str) -> Object:
    who = principal(tenant, name)
    kind = {"#microsoft.graph.user": "User", "#microsoft.graph.group": "Group"}
    # Assignments carry fractions of a second to seven digits, one more than most parsers expect.
    created = tenant.time(-60).replace("Z", ".1234567Z")
    return {
        "id": assignment_id(tenant, "assignment", draft.name, str(who["id"])),
        "deletedDateTime": None,
        "appRoleId": USER_ROLE if draft.is_saml else _NO_ROLE,
        "createdDateTime": created,
        "principalDisplayName": who["displayName"],
        "principalId": who["id"],
        "principalType": kind.get(str(who["@odata.type"]), "ServicePrincipal"),
        "resourceDisplayName": draft.name,
        "resourceId": service_principal["id"],
    }


def assignment_id(tenant: Tenant, *names: str) -> str:
    """Ids of assignments and grants are no GUIDs: base64 without padding, by letter."""
    digest = hashlib.sha256(tenant.id_of(*names).encode()).digest()
    return base64.urlsafe_b64encode(digest[:32]).decode().rstrip("=")


class _Credentials:
    """Certificates and secrets of one application, in Graph's shape."""

    def __init__(self, tenant: Tenant, draft: ApplicationDraft) -> None:
        self.keys: list[Json] = []
        self.encryption_keys: list[Json] = []
        self.encryption_key_id: str | None = None
        self.signing: list[tuple[CertificateDraft, KeyPair]] = []
        self._passwords: dict[str, list[Json]] = {"servicePrincipal": [], "application": []}
        for number, certificate in enumerate(draft.certificates or ()):
            self._add(tenant, draft, certificate, number)
        for secret in draft.secrets:
            self._passwords[secret.where].append(
                {
                    "customKeyIdentifier": None,
                    "displayName": secret.name,
                    "endDateTime": tenant.time(secret.not_after),
                    "hint": "Q~8",
                    "keyId": tenant.id_of("secret", draft.name, secret.where, secret.name),
                    "secretText": None,
                    "startDateTime": tenant.time(-100),
                }
            )

    def passwords(self, where: str) -> list[Json]:
        """`passwordCredentials` of the service principal or of the application."""
        return self._passwords[where]

    def preferred(self, instead: str | None) -> str | None:
        """`preferredTokenSigningKeyThumbprint`."""
        if instead is not None:
            return None if instead == "none" else instead
        for draft, pair in self.signing:
            if draft.active:
                return pair.thumbprint.lower() if draft.lower_case else pair.thumbprint
        return None

    def for_metadata(self, tenant: Tenant, variant: str) -> SigningKeys:
        """Signed by the active certificate; when that one is expired and another is valid, by the other."""
        pairs = [pair for _, pair in self.signing]
        active = next((pair for draft, pair in self.signing if draft.active), pairs[0])
        valid = [pair for pair in pairs if pair.is_valid(tenant.present)]
        signer = active if active in valid or not valid else valid[0]
        listed = [pair for draft, pair in self.signing if draft.in_metadata]
        return SigningKeys(listed=listed, signer=signer, variant=variant)

    def _add(
        self, tenant: Tenant, draft: ApplicationDraft, certificate: CertificateDraft, number: int
    ) -> None:
        pair = self_signed(
            f"{tenant.id}/{draft.name}",
            kind="application",
            position=number,
            subject=APPLICATION_SUBJECT if certificate.purpose == "signing" else f"{draft.name} encryption",
            not_before=tenant.at(certificate.not_before),
            not_after=tenant.at(certificate.not_after),
            key_size=certificate.key_size,
            sha1=certificate.sha1,
        )
        common: Object = {
            "customKeyIdentifier": _custom_key_identifier(certificate, pair),
            "displayName": f"CN={APPLICATION_SUBJECT}",
            "endDateTime": tenant.time(certificate.not_after),
            "startDateTime": tenant.time(certificate.not_before),
        }
        key = base64.b64encode(pair.der).decode()
        ids = [tenant.id_of("key", draft.name, str(number), usage) for usage in ("Sign", "Verify", "Encrypt")]
        verify: Object = {
            **common,
            "key": key,
            "keyId": ids[1],
            "type": "AsymmetricX509Cert",
            "usage": "Verify",
        }
        if certificate.purpose == "encryption":
            encrypt: Object = {**verify, "keyId": ids[2], "usage": "Encrypt"}
            self.keys.append(encrypt)
            self.encryption_keys.append(encrypt)
            self.encryption_key_id = ids[2] if certificate.active else self.encryption_key_id
        elif not certificate.private_part:
            self.keys.append(verify)
        else:
            self.keys += [
                {**common, "key": key, "keyId": ids[0], "type": "X509CertAndPassword", "usage": "Sign"},
                verify,
            ]
            self._passwords["servicePrincipal"].append(
                {**common, "keyId": ids[0], "hint": None, "secretText": None}
            )
            self.signing.append((certificate, pair))


def _custom_key_identifier(certificate: CertificateDraft, pair: KeyPair) -> str:
    """addTokenSigningCertificate stores the thumbprint's bytes; the manual upload, a hash of its text."""
    if certificate.custom_key_identifier == "sha256":
        return base64.b64encode(hashlib.sha256(pair.thumbprint.encode()).digest()).decode()
    return base64.b64encode(bytes.fromhex(pair.thumbprint)).decode()
