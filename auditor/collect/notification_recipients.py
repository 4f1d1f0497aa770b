"""Who gets the mails about expiring certificates: users, groups and contacts by address.

`GET /users?$filter=...` (user-list, User.Read.All), `GET /groups?$filter=...` (group-list,
GroupMember.Read.All), `GET /contacts?$filter=...` (orgcontact-list, OrgContact.Read.All). `eq` on `mail` and
`userPrincipalName`, and within `any` on `proxyAddresses` and `otherMails`, is documented without
ConsistencyLevel ("Advanced query capabilities on directory objects"), so that the answer does not lag behind
the directory.

Only addresses in a verified domain of the tenant are looked up: of others Entra knows nothing. Deleted
objects are not found, as it should be. An address belongs to one recipient: a hit is an answer even if
another collection could not be read, a miss is one only if all three were.
Null: see `people`; null for an address means that nobody has it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from auditor.collect.collector import Collector, Context, Origin, normalise
from auditor.collect.people import PERMISSION, user
from auditor.graph.answer import Answer, Refusal
from auditor.graph.question import Builder, literal
from auditor.model.gap import Gap, Reason
from auditor.model.node import Json, Node, Request
from auditor.model.snapshot import Per, Record

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation
    from msgraph.graph_service_client import GraphServiceClient


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """A collection in which an address may be found."""

    kind: str
    permission: str
    builder: Callable[[GraphServiceClient], Builder]
    select: tuple[str, ...]
    other_addresses: tuple[str, ...] = ()
    """Lists of plain addresses, besides `mail` and `proxyAddresses`."""
    names: tuple[str, ...] = ("mail",)
    """Properties that hold one address. Where mail is kept outside of Entra, the user name stands for it."""

    def filter(self, address: str) -> str:
        """What finds the address here. The prefix of the primary proxy address is upper case."""
        clauses = [
            *(f"{name} eq {literal(address)}" for name in self.names),
            *(f"proxyAddresses/any(p:p eq {literal(prefix + address)})" for prefix in ("SMTP:", "smtp:")),
            *(f"{name}/any(a:a eq {literal(address)})" for name in self.other_addresses),
        ]
        return " or ".join(clauses)


DIRECTORIES = (
    Directory(
        kind="user",
        permission=PERMISSION,
        builder=lambda sdk: sdk.users,
        select=(
            "id",
            "displayName",
            "userPrincipalName",
            "mail",
            "accountEnabled",
            "userType",
            "assignedLicenses",
        ),
        other_addresses=("otherMails",),
        names=("mail", "userPrincipalName"),
    ),
    Directory(
        kind="group",
        permission="GroupMember.Read.All",
        builder=lambda sdk: sdk.groups,
        select=("id", "displayName", "mail"),
    ),
    Directory(
        kind="orgContact",
        permission="OrgContact.Read.All",
        builder=lambda sdk: sdk.contacts,
        select=("id", "displayName", "mail"),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filtered:
    """A request builder with a filter of its own, for a batch in which every item has another one."""

    builder: Builder
    filter: str

    def to_get_request_information(self) -> RequestInformation:
        """The GET request."""
        information = self.builder.to_get_request_information()
        information.query_parameters["%24filter"] = self.filter
        return information


@dataclass(slots=True, kw_only=True)
class Search:
    """What is known about one address so far."""

    address: str
    found: Node = None
    requests: list[Request] = field(default_factory=list)
    refusals: list[tuple[Directory, Refusal]] = field(default_factory=list)

    def take(self, directory: Directory, outcome: Answer | Refusal) -> None:
        """Notes what a collection said."""
        if isinstance(outcome, Answer) and outcome.objects:
            self.found = _recipient(directory, outcome, self.address)
            self.requests = [outcome.request]  # the verdict does not rest on who else was asked
            return
        self.requests.append(outcome.request)
        if isinstance(outcome, Refusal):
            self.refusals.append((directory, outcome))

    @property
    def record(self) -> Record:
        """The recipient; null if all collections were read and none has it; else why that is not known."""
        value = self._gap() if self.found is None and self.refusals else self.found
        return Record(value=value, requests=tuple(self.requests))

    def _gap(self) -> Gap:
        denied = [pair for pair in self.refusals if pair[1].reason is Reason.PERMISSION]
        _, refusal = (denied or self.refusals)[0]
        permission = " and ".join(directory.permission for directory, _ in denied)
        return refusal.gap(section=COLLECTOR.section, subject=self.address, permission=permission)


async def run(context: Context) -> Mapping[str, Record]:
    """A recipient, or null, for each address in a verified domain; addresses in lower case."""
    addresses = _addresses(context)
    domains = _verified_domains(context)
    if isinstance(domains, Gap):
        gap = replace(domains, section=COLLECTOR.section)
        return {address: Record(value=replace(gap, subject=address)) for address in addresses}
    searches = [Search(address=one) for one in addresses if one.rpartition("@")[2] in domains]
    for directory in DIRECTORIES:
        open_ = [search for search in searches if search.found is None]
        builder = directory.builder(context.graph.sdk)
        builders = [Filtered(builder=builder, filter=directory.filter(search.address)) for search in open_]
        outcomes = await context.graph.list_many(builders, select=directory.select)
        for search, outcome in zip(open_, outcomes, strict=True):
            search.take(directory, outcome)
    return {search.address: search.record for search in searches}


def _addresses(context: Context) -> list[str]:
    found: set[str] = set()
    for subject in context.service_principal_ids:
        principal = context.value("servicePrincipals", subject)
        listed = principal.get("notificationEmailAddresses") if isinstance(principal, Mapping) else None
        for address in listed if isinstance(listed, Sequence) else ():
            if isinstance(address, str):
                found.add(address.lower())
    return sorted(found)


def _verified_domains(context: Context) -> frozenset[str] | Gap:
    organization = context.value("organization")
    domains = organization.get("verifiedDomains") if isinstance(organization, Mapping) else organization
    if isinstance(domains, Gap):
        return domains
    names = [item.get("name") for item in domains if isinstance(item, Mapping)]  # type: ignore[union-attr]
    return frozenset(name.lower() for name in names if isinstance(name, str))


def _recipient(directory: Directory, answer: Answer, address: str) -> dict[str, Node]:
    """The object that has the address, by preference as its `mail`."""
    item = min(
        answer.objects,
        key=lambda item: (str(item.get("mail")).lower() != address, str(item.get("id"))),
    )
    origin = Origin(section=COLLECTOR.section, subject=address, request=answer.request)
    if directory.kind != "user":
        known = normalise(item, select=("id", "displayName"), null_means={}, origin=origin)
        return {**known, "type": directory.kind, "accountEnabled": None, "userType": None, "licensed": False}
    origin = replace(origin, permission=PERMISSION)
    known = user(item, select=("id", "displayName", "accountEnabled", "userType"), origin=origin)
    return {**known, "type": directory.kind, "licensed": _licensed(item, origin)}


def _licensed(item: Mapping[str, Json], origin: Origin) -> Node:
    """Whether the user holds any licence: all that is kept of `assignedLicenses`.

    Null is an empty list where the rest of the user was shown; where it was not, null hides it.
    """
    shown = isinstance(item.get("accountEnabled"), bool)
    licences = normalise(
        item,
        select=("assignedLicenses",),
        null_means={"assignedLicenses": "no licence"} if shown else {},
        origin=origin,
        sets={"assignedLicenses"},
    )["assignedLicenses"]
    return licences if isinstance(licences, Gap) else bool(licences)


COLLECTOR = Collector(
    section="notificationRecipients",
    per=Per.OBJECT,
    mount=None,
    title="Recipients of certificate notifications",
    permissions=tuple(directory.permission for directory in DIRECTORIES),
    after=("organization", "servicePrincipals"),
    run=run,
)
