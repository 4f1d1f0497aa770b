"""Puts sections of the snapshot, and what is derived from them, where they belong in the evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from auditor.evaluate.evidence.reading import Source
from auditor.model.node import Node, Read
from auditor.model.snapshot import TENANT, Per, Snapshot

AS_READ = {
    "servicePrincipal": "servicePrincipals",
    "application": "applications",
    "synchronization": "synchronizationJobs",
}
"""Roots that are a section as it was read; a collection without that section leaves a gap there."""


def mounted(
    snapshot: Snapshot, roots: Mapping[str, Node], service_principal_id: str | None = None
) -> dict[str, Node]:
    """`roots` with the sections that name their own place: those of the tenant and of the application.

    A section comes before those that belong below it. Where it has no record for the application, nothing is
    put: reading an absent key is a gap.
    """
    tree = dict(roots)
    subjects = {Per.TENANT: TENANT}
    if service_principal_id is not None:
        subjects[Per.SERVICE_PRINCIPAL] = service_principal_id
        for root, section in AS_READ.items():
            tree[root] = _as_read(snapshot, section, service_principal_id)
    places = sorted(
        (section.mount.count("."), section.mount, section.name, subjects[section.per])
        for section in snapshot.sections.values()
        if section.mount is not None and section.per in subjects
    )
    for _, place, section, subject in places:
        if snapshot.record(section, subject) is not None:
            put(tree, place, _as_read(snapshot, section, subject))
    return tree


def _as_read(snapshot: Snapshot, section: str, subject: str) -> Node:
    source = Source.of(snapshot, section, subject)
    return source.read(source.value)


def put(roots: dict[str, Node], place: str, node: Node) -> None:
    """Puts `node` at a dotted path. Below a gap and below null there is nothing, and nothing is put."""
    root, *below = place.split(".")
    roots[root] = _grafted(roots.get(root, {}), below, node)


def _grafted(tree: Node, path: Sequence[str], node: Node) -> Node:
    if not path:
        return node
    if isinstance(tree, Read):
        return Read(_grafted(tree.value, path, node), tree.requests)
    if isinstance(tree, Mapping):
        return {**tree, path[0]: _grafted(tree.get(path[0], {}), path[1:], node)}
    return tree
