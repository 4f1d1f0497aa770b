"""What administrators do to a running tenant between two nights, and what the directory audit log says of it.

An administrator changes the tenant as the portal would, and leaves the entries that Entra is known to leave.
One that is not `logged` leaves none: as if the log had lost them, or did not reach back so far. `log` writes
an entry and changes nothing: whoever believes it is misled.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from auditor.emulator.applications import USER_ROLE, assignment_id
from auditor.emulator.audit_log import Activity, Modified, Touched, add_entry, initiator, newest_first
from auditor.emulator.certificates import APPLICATION_SUBJECT, self_signed
from auditor.emulator.directory import Tenant, timestamp
from auditor.emulator.people import principal
from auditor.emulator.requests import Json, Object

NAMES = {
    "accountEnabled": "AccountEnabled",
    "appRoleAssignmentRequired": "AppRoleAssignmentRequired",
    "displayName": "DisplayName",
    "identifierUris": "AppIdentifierUri",
    "keyCredentials": "KeyDescription",
    "preferredSingleSignOnMode": "PreferredSingleSignOnMode",
    "replyUrls": "AppAddress",
    "servicePrincipalNames": "ServicePrincipalName",
    "tags": "Tags",
}
"""Graph's properties as the log spells them; all others begin with a capital letter."""

APPLICATIONS, USERS, GROUPS, POLICIES = (
    "ApplicationManagement",
    "UserManagement",
    "GroupManagement",
    "Policy",
)


@dataclass(kw_only=True)
class Administrator:
    """Who changes the tenant. Methods give the entries that they wrote, which may be tampered with."""

    tenant: Tenant
    by: str
    """A user by user principal name or name; else an application's name."""
    at: datetime
    """When it is done, UTC."""
    ip_address: str = "203.0.113.25"
    logged: bool = True

    # What is configured

    def set_property(self, application: str, name: str, value: Json) -> list[Object]:
        """Sets a property of the service principal, in Graph's spelling and form."""
        item = self.service_principal(application)
        old, item[name] = item.get(name), value
        return self._updated("Update service principal", item, name, old, value)

    def set_registered(self, application: str, name: str, value: Json) -> list[Object]:
        """Sets a property of the app registration."""
        item = self.registration(application)
        old, item[name] = item.get(name), value
        return self._updated("Update application", item, name, old, value)

    def set_reply_urls(self, application: str, urls: Sequence[str]) -> list[Object]:
        """Of the registration and, as Entra passes it on, of the service principal: one operation."""
        registration = self.registration(application)
        web = registration["web"]
        assert isinstance(web, dict)
        old = web["redirectUris"]
        web |= {
            "redirectUris": list(urls),
            "redirectUriSettings": [{"uri": it, "index": None} for it in urls],
        }
        first = self._updated("Update application", registration, "replyUrls", old, list(urls))
        return _one_operation(first, self.set_property(application, "replyUrls", list(urls)))

    def set_identifiers(self, application: str, identifiers: Sequence[str]) -> list[Object]:
        """Of the registration and of the service principal: one operation."""
        item = self.service_principal(application)
        first = self.set_registered(application, "identifierUris", list(identifiers))
        names: list[Json] = [*identifiers, item["appId"]]
        return _one_operation(first, self.set_property(application, "servicePrincipalNames", names))

    def set_relay_state(self, application: str, relay_state: str) -> list[Object]:
        """The relay state that SAML responses carry."""
        settings = self.service_principal(application)["samlSingleSignOnSettings"]
        kept = settings if isinstance(settings, dict) else {}
        value: Json = {**kept, "relayState": relay_state}
        return self.set_property(application, "samlSingleSignOnSettings", value)

    def add_certificate(self, application: str, *, active: bool = True) -> list[Object]:
        """A new signing certificate for three years, made active at once."""
        item = self.service_principal(application)
        keys, passwords = item["keyCredentials"], item["passwordCredentials"]
        assert isinstance(keys, list)
        assert isinstance(passwords, list)
        signing = self.tenant.signing[str(item["appId"])]
        end = self.at.replace(year=self.at.year + 3, day=min(self.at.day, 28))
        pair = self_signed(
            f"{self.tenant.id}/{application}",
            kind="application",
            position=len(signing.listed) + 10,
            subject=APPLICATION_SUBJECT,
            not_before=self.at,
            not_after=end,
        )
        identifier = base64.b64encode(bytes.fromhex(pair.thumbprint)).decode()
        common: Object = {
            "customKeyIdentifier": identifier,
            "displayName": f"CN={APPLICATION_SUBJECT}",
            "endDateTime": timestamp(end),
            "startDateTime": timestamp(self.at),
        }
        ids = [self.tenant.id_of("key", application, pair.thumbprint, usage) for usage in ("Sign", "Verify")]
        key = base64.b64encode(pair.der).decode()
        old = list(keys)
        keys += [
            {**common, "key": key, "keyId": ids[0], "type": "X509CertAndPassword", "usage": "Sign"},
            {**common, "key": key, "keyId": ids[1], "type": "AsymmetricX509Cert", "usage": "Verify"},
        ]
        passwords.append({**common, "keyId": ids[0], "hint": None, "secretText": None})
        signing.listed.append(pair)
        written = self._updated("Add service principal credentials", item, "keyCredentials", old, keys)
        if active:
            signing.signer = pair
            written += self.set_property(application, "preferredTokenSigningKeyThumbprint", pair.thumbprint)
        return written

    # Who may use it, and who owns it

    def assign(self, application: str, who: str) -> list[Object]:
        """Assigns a user or a group to the application."""
        item, person = self.service_principal(application), principal(self.tenant, who)
        assignment: Object = {
            "id": assignment_id(
                self.tenant, "assignment", application, str(person["id"]), timestamp(self.at)
            ),
            "deletedDateTime": None,
            "appRoleId": USER_ROLE,
            "createdDateTime": timestamp(self.at).replace("Z", ".1234567Z"),
            "principalDisplayName": person["displayName"],
            "principalId": person["id"],
            "principalType": "Group" if "group" in str(person["@odata.type"]) else "User",
            "resourceDisplayName": item["displayName"],
            "resourceId": item["id"],
        }
        self.tenant.relate(item, "appRoleAssignedTo", assignment)
        return self._assignment("Add app role assignment", item, person, added=True)

    def unassign(self, application: str, who: str) -> list[Object]:
        """Takes the assignment away."""
        item, person = self.service_principal(application), principal(self.tenant, who)
        related = self.tenant.related[str(item["id"]), "appRoleAssignedTo"]
        related[:] = [it for it in related if it["principalId"] != person["id"]]
        return self._assignment("Remove app role assignment", item, person, added=False)

    def add_member(self, group: str, who: str) -> list[Object]:
        """Adds a user to a group."""
        owner, person = principal(self.tenant, group), principal(self.tenant, who)
        self.tenant.relate(owner, "members", person)
        return self._relation("Add member to group", GROUPS, person, owner, "Group", added=True)

    def remove_member(self, group: str, who: str) -> list[Object]:
        """Takes a user out of a group."""
        owner, person = principal(self.tenant, group), principal(self.tenant, who)
        self._unrelate(owner, "members", person)
        return self._relation("Remove member from group", GROUPS, person, owner, "Group", added=False)

    def add_owner(self, application: str, who: str) -> list[Object]:
        """Makes somebody an owner of the service principal."""
        item, person = self.service_principal(application), principal(self.tenant, who)
        self.tenant.relate(item, "owners", person)
        name = "Add owner to service principal"
        return self._relation(name, APPLICATIONS, person, item, "ServicePrincipal", added=True)

    def remove_owner(self, application: str, who: str) -> list[Object]:
        """Takes the ownership of the service principal away."""
        item, person = self.service_principal(application), principal(self.tenant, who)
        self._unrelate(item, "owners", person)
        name = "Remove owner from service principal"
        return self._relation(name, APPLICATIONS, person, item, "ServicePrincipal", added=False)

    def disable_user(self, who: str) -> list[Object]:
        """Disables an account."""
        person = principal(self.tenant, who)
        person["accountEnabled"] = False
        modified = [*_modified("AccountEnabled", True, False), *_included("AccountEnabled")]
        return self._wrote("Disable account", USERS, [Touched(item=person, modified=modified)])

    # Policies

    def set_policy(self, collection: str, name: str, property: str, value: Json) -> list[Object]:
        """Sets a property of a policy: `claimsMappingPolicies`, `tokenIssuancePolicies`,
        `conditionalAccessPolicies`."""
        (item,) = (it for it in self.tenant.sets[collection].values() if it["displayName"] == name)
        before = dict(item)
        item[property] = value
        if collection != "conditionalAccessPolicies":
            modified = _modified("PolicyDetail", before["definition"], item["definition"])
            return self._wrote("Update policy", POLICIES, [Touched(item=item, modified=modified)])
        shown = [{key: it for key, it in each.items() if key != "@odata.type"} for each in (before, item)]
        modified = [Modified(name="ConditionalAccessPolicy", old=shown[0], new=shown[1])]
        touched = [Touched(item=item, modified=modified)]
        return self._wrote(
            "Update conditional access policy", POLICIES, touched, service="Conditional Access"
        )

    def apply_policy(self, collection: str, name: str, application: str) -> list[Object]:
        """Assigns a claims mapping or token issuance policy to the service principal."""
        (item,) = (it for it in self.tenant.sets[collection].values() if it["displayName"] == name)
        owner = self.service_principal(application)
        self.tenant.relate(item, "appliesTo", owner)
        targets = [Touched(item=owner), Touched(item=item)]
        return self._wrote("Add policy to service principal", APPLICATIONS, targets, operation="Assign")

    # The log alone

    def log(
        self, activity: str, target: str, *modified: Modified, result: str = "success", kind: str = ""
    ) -> list[Object]:
        """An entry about an application, a user or a group, although nothing of the kind was done."""
        item = self.tenant.names.get(target.lower()) or self.service_principal(target)
        category = kind or APPLICATIONS
        return self._wrote(activity, category, [Touched(item=item, modified=modified)], result=result)

    def service_principal(self, application: str) -> Object:
        """By the application's name in the scene."""
        return self.tenant.objects[self.tenant.id_of("servicePrincipal", application)]

    def registration(self, application: str) -> Object:
        """By the application's name in the scene."""
        return self.tenant.objects[self.tenant.id_of("application", application)]

    def _unrelate(self, owner: Object, relation: str, item: Object) -> None:
        related = self.tenant.related[str(owner["id"]), relation]
        related[:] = [it for it in related if it["id"] != item["id"]]

    def _updated(self, activity: str, item: Object, name: str, old: Json, new: Json) -> list[Object]:
        spelled = NAMES.get(name, name[:1].upper() + name[1:])
        modified = [
            *_modified(spelled, _logged(name, old), _logged(name, new)),
            *_included(spelled),
            *_target_names(item),
        ]
        return self._wrote(activity, APPLICATIONS, [Touched(item=item, modified=modified)])

    def _assignment(self, activity: str, item: Object, person: Object, *, added: bool) -> list[Object]:
        is_group = "group" in str(person["@odata.type"])
        kind, category = ("Group", GROUPS) if is_group else ("User", USERS)
        wording = {
            ("User", True): " grant to user",
            ("User", False): " from user",
            ("Group", True): " to group",
            ("Group", False): " from group",
        }[kind, added]
        facts: dict[str, Json] = {
            "AppRole.Id": USER_ROLE,
            "AppRole.Value": "",
            "AppRole.DisplayName": "User",
            f"{kind}.ObjectID": person["id"],
        }
        if not is_group:
            facts["User.UPN"] = person["userPrincipalName"]
        modified = [_fact(name, value, added) for name, value in facts.items()]
        targets = [
            Touched(item=item, modified=[*modified, *_target_names(item)]),
            Touched(item=person),
        ]
        return self._wrote(f"{activity}{wording}", category, targets, operation=_operation(added))

    def _relation(
        self, activity: str, category: str, person: Object, owner: Object, kind: str, *, added: bool
    ) -> list[Object]:
        modified = [
            _fact(f"{kind}.ObjectID", owner["id"], added),
            _fact(f"{kind}.DisplayName", owner["displayName"], added),
        ]
        targets = [Touched(item=person, modified=modified), Touched(item=owner)]
        return self._wrote(activity, category, targets, operation=_operation(added))

    def _wrote(
        self,
        name: str,
        category: str,
        targets: Sequence[Touched],
        *,
        operation: str = "Update",
        service: str = "Core Directory",
        result: str = "success",
    ) -> list[Object]:
        if not self.logged:
            return []
        activity = Activity(
            name=name,
            category=category,
            targets=targets,
            operation=operation,
            service=service,
            result=result,
        )
        by = initiator(self.tenant, self.by, self.ip_address)
        entry = add_entry(self.tenant, activity, by=by, at=self.at)
        log = self.tenant.sets["directoryAudits"]
        self.tenant.sets["directoryAudits"] = newest_first(log.values(), "activityDateTime")
        return [entry]


def _one_operation(*written: Sequence[Object]) -> list[Object]:
    """Entries that share the correlation id of the first."""
    entries = [entry for some in written for entry in some]
    for entry in entries:
        entry["correlationId"] = entries[0]["correlationId"]
    return entries


def _logged(name: str, value: Json) -> Json:
    """A value in the log's form: always a list, reply URLs and keys described."""
    listed = _as_list(value)
    if name == "replyUrls":
        return [
            {
                "AddressType": 0,
                "Address": url,
                "ReplyAddressClientType": 1,
                "ReplyAddressIndex": None,
                "IsReplyAddressDefault": False,
            }
            for url in listed
        ]
    if name == "keyCredentials":
        return [
            f"[KeyIdentifier={key['keyId']},KeyType={key['type']},KeyUsage={key['usage']},"
            f"DisplayName={key['displayName']}]"
            for key in listed
            if isinstance(key, dict)
        ]
    return listed


def _as_list(value: Json) -> list[Json]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _modified(name: str, old: Json, new: Json) -> list[Modified]:
    return [Modified(name=name, old=_as_list(old), new=_as_list(new))]


def _included(name: str) -> list[Modified]:
    return [Modified(name="Included Updated Properties", new=name)]


def _target_names(item: Object) -> list[Modified]:
    names = item.get("servicePrincipalNames")
    if not isinstance(names, list):
        return []
    return [Modified(name="TargetId.ServicePrincipalNames", new=";".join(map(str, names)))]


def _fact(name: str, value: Json, added: bool) -> Modified:
    """The other end of a relation: new where it was made, old where it was taken away."""
    return Modified(name=name, new=value) if added else Modified(name=name, old=value)


def _operation(added: bool) -> str:
    return "Assign" if added else "Unassign"
