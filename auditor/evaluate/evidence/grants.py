"""`servicePrincipal.delegatedScopes`: what the application may do in the name of users."""

from __future__ import annotations

from auditor.evaluate.evidence.material import Material
from auditor.evaluate.evidence.reading import Item, Source, derive
from auditor.model.gap import Gap
from auditor.model.node import Node, Read

ALL_PRINCIPALS = "AllPrincipals"


def delegated_scopes(material: Material) -> Node:
    """Each scope of each resource once; consent for everybody outweighs that of single users."""
    grants = material.own("oauth2PermissionGrants")
    scopes = derive(lambda: _scopes(grants))
    if isinstance(scopes, Gap):
        return scopes
    by_resource = grants.requests_by_id({item.text("resourceId") for item in grants.items()})
    of_names = {request for requests in by_resource.values() for request in requests}
    return Read(scopes, tuple(request for request in grants.requests if request not in of_names))


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
                    "resource": _name(grant, resource_id),
                    "consentType": grant.text("consentType"),
                },
            )
    return [found[identity] for identity in sorted(found)]


def _name(grant: Item, resource_id: str) -> Node:
    name = grant.node("resourceDisplayName") or resource_id
    requests = grant.source.requests_by_id({resource_id}).get(resource_id, ())
    return name if isinstance(name, Gap) else Read(name, tuple(requests))


def _for_everybody_first(grant: Item) -> tuple[bool, str]:
    return grant.text("consentType") != ALL_PRINCIPALS, grant.text("id")
