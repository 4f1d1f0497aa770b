"""Users, groups and contacts of the tenant."""

from __future__ import annotations

from auditor.emulator.directory import Tenant, object_id
from auditor.emulator.drafts import AS_USER_NAME, ContactDraft, GroupDraft, TenantDraft, UserDraft
from auditor.emulator.requests import Json, Object

_E5 = "06ebc4ee-1bb5-47dd-8120-11324bc54e06"  # SPE_E5, "Product names and service plan identifiers"


def add_people(tenant: Tenant, draft: TenantDraft) -> None:
    """Adds everybody, then the memberships, which may name groups that come later."""
    for user in draft.users:
        _name(tenant, tenant.add("users", _user(tenant, user), kind="user"), user.upn, user.name)
    for contact in draft.contacts:
        _name(tenant, tenant.add("contacts", _contact(tenant, contact), kind="orgContact"), contact.name)
    for group in draft.groups:
        _name(tenant, tenant.add("groups", _group(tenant, group), kind="group"), group.name)
    for group in draft.groups:
        owner = tenant.id_of("group", group.name)
        for member in _members(tenant, draft, group):
            tenant.relate(owner, "members", member)


def principal(tenant: Tenant, name: str) -> Object:
    """The user, group or contact of that name (users by user principal name too). Raises KeyError."""
    return tenant.names[name.lower()]


def _name(tenant: Tenant, item: Object, *names: str) -> None:
    for name in names:
        tenant.names.setdefault(name.lower(), item)


def _members(tenant: Tenant, draft: TenantDraft, group: GroupDraft) -> list[Object]:
    members = [principal(tenant, name) for name in group.members]
    if group.everyone:
        members += [
            tenant.objects[tenant.id_of("user", user.upn)]
            for user in draft.users
            if user.enabled and user.type == "Member"
        ]
    return list({str(member["id"]): member for member in members}.values())


def _user(tenant: Tenant, draft: UserDraft) -> Object:
    guest = draft.type == "Guest"
    mail: Json = draft.upn if draft.mail == AS_USER_NAME else draft.mail
    given, _, family = draft.name.partition(" ")
    addresses: list[Json] = [f"SMTP:{mail}"] if mail else []
    addresses += [f"smtp:{address}" for address in draft.other_addresses]
    licence: list[Json] = [{"skuId": _E5, "disabledPlans": []}] if draft.licensed else []
    return {
        "id": tenant.id_of("user", draft.upn),
        "accountEnabled": draft.enabled,
        "ageGroup": None,
        "assignedLicenses": licence,
        "businessPhones": [],
        "city": None,
        "companyName": None,
        "createdDateTime": tenant.time(draft.created),
        "creationType": "Invitation" if guest else None,
        "department": None,
        "displayName": draft.name,
        "employeeId": None,
        "externalUserState": draft.invitation,
        "externalUserStateChangeDateTime": tenant.time(draft.invited) if draft.invitation else None,
        "givenName": given,
        "identities": [
            {
                "signInType": "userPrincipalName",
                "issuer": tenant.domains[-1],
                "issuerAssignedId": draft.upn,
            }
        ],
        "jobTitle": None,
        "mail": mail,
        "mailNickname": draft.upn.split("@")[0].replace("#", ""),
        "mobilePhone": None,
        "officeLocation": None,
        "onPremisesSyncEnabled": None,
        "otherMails": [mail] if guest and mail else [],
        "preferredLanguage": None,
        "proxyAddresses": addresses,
        "securityIdentifier": "S-1-12-1-" + str(int(object_id(draft.upn)[:8], 16)),
        "surname": family or None,
        "usageLocation": "DE",
        "userPrincipalName": draft.upn,
        "userType": draft.type,
    }


def _group(tenant: Tenant, draft: GroupDraft) -> Object:
    mail_nickname = draft.name.replace(" ", "").lower()
    return {
        "id": tenant.id_of("group", draft.name),
        "classification": None,
        "createdDateTime": tenant.time(-500),
        "description": None,
        "displayName": draft.name,
        "groupTypes": ["DynamicMembership"] if draft.rule else [],
        "isAssignableToRole": None,
        "mail": draft.mail,
        "mailEnabled": draft.mail is not None,
        "mailNickname": mail_nickname,
        "membershipRule": draft.rule,
        "membershipRuleProcessingState": "On" if draft.rule else None,
        "onPremisesSyncEnabled": None,
        "proxyAddresses": [f"SMTP:{draft.mail}"] if draft.mail else [],
        "renewedDateTime": tenant.time(-500),
        "securityEnabled": draft.security,
        "visibility": "HiddenMembership" if draft.hides_members else None,
    }


def _contact(tenant: Tenant, draft: ContactDraft) -> Object:
    given, _, family = draft.name.partition(" ")
    return {
        "id": tenant.id_of("contact", draft.name),
        "addresses": [],
        "companyName": None,
        "department": None,
        "displayName": draft.name,
        "givenName": given,
        "jobTitle": None,
        "mail": draft.mail,
        "mailNickname": draft.mail.split("@")[0],
        "onPremisesSyncEnabled": None,
        "phones": [],
        "proxyAddresses": [f"SMTP:{draft.mail}"],
        "surname": family or None,
    }
