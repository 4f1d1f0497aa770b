"""The endpoints of Graph that the emulator has: what opens each, and where its answer comes from."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from auditor.emulator import permissions as need
from auditor.emulator import resources as resource
from auditor.emulator.directory import Tenant
from auditor.emulator.permissions import Requirement
from auditor.emulator.requests import Object
from auditor.emulator.resources import Resource

_BY_KEY = re.compile(r"(\w+)\((\w+)='([^']*)'\)$")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)


class NotFound(Exception):
    """There is no such object."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.message = (
            f"Resource '{key}' does not exist or one of its queried reference-property objects are"
            " not present."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a path leads: the objects, and whether they are a collection."""

    items: list[Object]
    is_many: bool
    context: str


Source = Callable[[Tenant, str], Target]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One endpoint. `{}` in the path stands for a key."""

    path: str
    requirement: Requirement
    resource: Resource
    source: Source
    beta_only: bool = False
    is_available: Callable[[Tenant], bool] = lambda tenant: True


def _everything(collection: str) -> Source:
    def read(tenant: Tenant, key: str) -> Target:
        return Target(items=list(tenant.sets[collection].values()), is_many=True, context=collection)

    return read


def _single(collection: str) -> Source:
    def read(tenant: Tenant, key: str) -> Target:
        return Target(items=[entity(tenant, collection, key)], is_many=False, context=collection)

    return read


def _related(collection: str, relation: str, context: str) -> Source:
    def read(tenant: Tenant, key: str) -> Target:
        owner = entity(tenant, collection, key)
        items = tenant.related[str(owner["id"]), relation]
        return Target(items=list(items), is_many=True, context=context)

    return read


def _related_one(collection: str, relation: str, context: str) -> Source:
    """One of the related things, by its own id: the key is both ids, with a slash between."""

    def read(tenant: Tenant, key: str) -> Target:
        owner, _, wanted = key.partition("/")
        for item in tenant.related[str(entity(tenant, collection, owner)["id"]), relation]:
            if item["id"] == wanted:  # ids of assignments tell upper from lower case
                return Target(items=[item], is_many=False, context=context)
        raise NotFound(wanted)

    return read


def _transitive_members(tenant: Tenant, key: str) -> Target:
    found: dict[str, Object] = {}
    waiting = [entity(tenant, "groups", key)]
    while waiting:
        for member in tenant.related[str(waiting.pop()["id"]), "members"]:
            if str(member["id"]) not in found:
                found[str(member["id"])] = member
                waiting.append(member)
    return Target(items=list(found.values()), is_many=True, context="directoryObjects")


def _claims_policy(tenant: Tenant, key: str) -> Target:
    owner = entity(tenant, "servicePrincipals", key)
    policy = tenant.single.get((str(owner["id"]), "claimsPolicy"))
    if policy is None:
        raise NotFound("claimsPolicy")
    return Target(items=[policy], is_many=False, context="claimsPolicy")


def entity(tenant: Tenant, collection: str, key: str) -> Object:
    """The object by id, by `appId='...'`, or (users) by user principal name. Raises NotFound."""
    found: Object | None
    if key.startswith("appId="):
        found = tenant.by_app_id.get((collection, key.removeprefix("appId=").lower()))
        shown = f"{collection}(appId='{key.removeprefix('appId=')}')"
    else:
        found = tenant.sets[collection].get(key.lower()) or tenant.sets[collection].get(key)
        shown = key
        if found is None and collection == "users" and not _GUID.match(key):
            by_name = tenant.names.get(key.lower())
            found = (
                by_name
                if by_name and str(by_name.get("userPrincipalName", "")).lower() == key.lower()
                else None
            )
    if found is None:
        raise NotFound(shown)
    return found


def steps(path: str) -> list[str]:
    """The segments of a path; `things(appId='x')` becomes two, like `things/appId=x`."""
    found: list[str] = []
    for segment in path.strip("/").split("/"):
        by_key = _BY_KEY.match(segment)
        found += [by_key[1], f"{by_key[2]}={by_key[3]}"] if by_key else [segment]
    return found


_SP = "servicePrincipals"
_APP = "applications"


def _has_logs(tenant: Tenant) -> bool:
    return tenant.cloud.has_logs


def _has_claims_policy(tenant: Tenant) -> bool:
    return tenant.cloud.has_claims_policy


def _collection(path: str, requirement: Requirement, kind: Resource, name: str = "") -> list[Route]:
    name = name or path
    return [
        Route(path=path, requirement=requirement, resource=kind, source=_everything(name)),
        Route(path=f"{path}/{{}}", requirement=requirement, resource=kind, source=_single(name)),
    ]


def _relation(
    collection: str,
    relation: str,
    requirement: Requirement,
    kind: Resource,
    context: str = "directoryObjects",
) -> Route:
    return Route(
        path=f"{collection}/{{}}/{relation}",
        requirement=requirement,
        resource=kind,
        source=_related(collection, relation, context),
    )


ROUTES: list[Route] = [
    *_collection("organization", need.ORGANIZATION, resource.ORGANIZATION),
    *_collection("applicationTemplates", need.NOTHING, resource.TEMPLATE),
    *_collection(_SP, need.APPLICATIONS, resource.SERVICE_PRINCIPAL),
    _relation(_SP, "owners", need.APPLICATIONS, resource.DIRECTORY_OBJECT),
    _relation(_SP, "appRoleAssignedTo", need.APPLICATIONS, resource.ASSIGNMENT, "appRoleAssignments"),
    *[
        Route(
            path=f"{_SP}/{{}}/{relation}/{{}}",
            requirement=need.APPLICATIONS,
            resource=resource.ASSIGNMENT,
            source=_related_one(_SP, relation, "appRoleAssignments"),
        )
        for relation in ("appRoleAssignedTo", "appRoleAssignments")
    ],
    _relation(_SP, "appRoleAssignments", need.APPLICATIONS, resource.ASSIGNMENT, "appRoleAssignments"),
    _relation(_SP, "oauth2PermissionGrants", need.GRANTS, resource.GRANT, "oauth2PermissionGrants"),
    Route(
        path=f"{_SP}/{{}}/synchronization/jobs",
        requirement=need.SYNCHRONIZATION,
        resource=resource.JOB,
        source=_related(_SP, "synchronization/jobs", "synchronizationJobs"),
        is_available=_has_logs,
    ),
    Route(
        path=f"{_SP}/{{}}/claimsPolicy",
        requirement=need.CLAIMS_POLICY,
        resource=resource.CLAIMS_POLICY,
        source=_claims_policy,
        beta_only=True,
        is_available=_has_claims_policy,
    ),
    *_collection(_APP, need.APPLICATIONS, resource.APPLICATION),
    _relation(_APP, "owners", need.APPLICATIONS, resource.DIRECTORY_OBJECT),
    _relation(
        _APP,
        "federatedIdentityCredentials",
        need.FEDERATED,
        resource.FEDERATED_CREDENTIAL,
        "federatedIdentityCredentials",
    ),
    *_collection("users", need.USERS, resource.USER),
    *_collection("groups", need.GROUPS, resource.GROUP),
    _relation("groups", "members", need.GROUPS, resource.DIRECTORY_OBJECT),
    Route(
        path="groups/{}/transitiveMembers",
        requirement=need.GROUPS,
        resource=resource.DIRECTORY_OBJECT,
        source=_transitive_members,
    ),
    *_collection("contacts", need.CONTACTS, resource.CONTACT),
    *_collection("oauth2PermissionGrants", need.GRANTS, resource.GRANT),
    *_collection("policies/claimsMappingPolicies", need.POLICIES, resource.POLICY, "claimsMappingPolicies"),
    *_collection("policies/tokenIssuancePolicies", need.POLICIES, resource.POLICY, "tokenIssuancePolicies"),
    *[
        Route(
            path=f"policies/{name}/{{}}/appliesTo",
            requirement=need.POLICIES,
            resource=resource.DIRECTORY_OBJECT,
            source=_related(name, "appliesTo", "directoryObjects"),
        )
        for name in ("claimsMappingPolicies", "tokenIssuancePolicies")
    ],
    *_collection(
        "identity/conditionalAccess/policies",
        need.CONDITIONAL_ACCESS,
        resource.CONDITIONAL_ACCESS,
        "conditionalAccessPolicies",
    ),
    *[
        Route(
            path=f"auditLogs/{name}",
            requirement=need.LOGS,
            resource=kind,
            source=_everything(name),
            is_available=_has_logs,
        )
        for name, kind in (("signIns", resource.SIGN_IN), ("directoryAudits", resource.DIRECTORY_AUDIT))
    ],
]

_TABLE = [(route.path.split("/"), route) for route in ROUTES]


def route_of(path: str) -> tuple[Route, str, bool, str] | None:
    """The endpoint of `path` (without the version), the key in it (several: with slashes between), whether it
    ends in /$count, the cast."""
    segments = steps(path)
    counts = segments[-1] == "$count"
    if counts:
        segments.pop()
    cast = segments.pop() if segments and segments[-1].startswith("microsoft.graph.") else ""
    for pattern, route in _TABLE:
        if len(pattern) == len(segments) and all(
            want in ("{}", have) for want, have in zip(pattern, segments, strict=True)
        ):
            keys = (have for want, have in zip(pattern, segments, strict=True) if want == "{}")
            return route, "/".join(keys), counts, cast
    return None
