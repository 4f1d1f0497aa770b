"""What the application may do: in the name of users (`servicePrincipal.delegatedScopes`), and in its own
(`servicePrincipal.applicationPermissions`).

What a resource and its permissions are called was asked for separately: only the names rest on that.
"""

from __future__ import annotations

from auditor.evaluate.evidence.material import Material
from auditor.evaluate.evidence.reading import Item, Source, derive
from auditor.model.gap import Gap
from auditor.model.node import Node, Read

ALL_PRINCIPALS = "AllPrincipals"
DEFAULT_ACCESS_ID = "00000000-0000-0000-0000-000000000000"
"""The role of an assignment that grants nothing by itself."""


def delegated_scopes(material: Material) -> Node:
    """Each scope of each resource once; consent for everybody outweighs that of single users."""
    grants = material.own("oauth2PermissionGrants")
    scopes = derive(lambda: _scopes(grants))
    if isinstance(scopes, Gap):
        return scopes
    return _without_names(scopes, grants)


def application_permissions(material: Material) -> Node:
    """Each application permission that was granted; assignments without a role are none."""
    assignments = material.own("appRoleAssignments")
    permissions = derive(lambda: [_permission(item) for item in assignments.items() if _has_role(item)])
    return permissions if isinstance(permissions, Gap) else _without_names(permissions, assignments)


def _has_role(assignment: Item) -> bool:
    return assignment.text("appRoleId") != DEFAULT_ACCESS_ID


def _permission(assignment: Item) -> Node:
    return {
        "id": assignment.text("id"),
        "permission": _called(assignment, "permission"),
        "resource": assignment.node("resourceDisplayName"),
    }


def _without_names(value: Node, source: Source) -> Node:
    """The value, resting on the requests of the record except those that were made for names."""
    by_resource = source.requests_by_id({item.text("resourceId") for item in source.items()})
    of_names = {request for requests in by_resource.values() for request in requests}
    return Read(value, tuple(request for request in source.requests if request not in of_names))


def _scopes(grants: Source) -> Node:
    found: dict[str, Node] = {}
    for grant in sorted(grants.items(), key=_for_everybody_first):
        resource_id = grant.text("resourceId")
        for scope in (grant.optional_text("scope") or "").split():
            identity = f"{resource_id}/{scope}"
            found.setdefault(
                identity,
                {
                    "id": identity,
                    "scope": scope,
                    "resource": _called(grant, "resourceDisplayName"),
                    "consentType": grant.text("consentType"),
                },
            )
    return [found[identity] for identity in sorted(found)]


def _called(item: Item, name: str) -> Node:
    """A name that was asked of the resource; the resource's id where it has none."""
    resource_id = item.text("resourceId")
    found = item.node(name) or resource_id
    requests = item.source.requests_by_id({resource_id}).get(resource_id, ())
    return found if isinstance(found, Gap) else Read(found, tuple(requests))


def _for_everybody_first(grant: Item) -> tuple[bool, str]:
    return grant.text("consentType") != ALL_PRINCIPALS, grant.text("id")
