"""Reads a scene file and says where it is wrong; builds the tenant from it."""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import cattrs

from auditor.emulator.activity import add_activity
from auditor.emulator.applications import add_application
from auditor.emulator.defects import DEFECTS
from auditor.emulator.directory import Tenant, object_id
from auditor.emulator.drafts import TenantDraft
from auditor.emulator.microsoft import READ_PERMISSIONS, add_client, add_gallery, add_graph, add_organization
from auditor.emulator.people import add_people
from auditor.emulator.policies import add_policies
from auditor.errors import DocumentError
from auditor.yaml_document import YamlDocument, bundled_schema, read_yaml

SCENES = Path(__file__).parent / "scenes"

_converter = cattrs.Converter(forbid_extra_keys=True)


@dataclass(frozen=True, slots=True)
class Scene:
    """What is in the tenant, as the file says it, with every reference known to lead somewhere."""

    name: str
    draft: TenantDraft
    """Before the named faults are applied."""

    def tenant(self, *, present: datetime, permissions: Collection[str] | None = None) -> Tenant:
        """The tenant at that moment. `permissions` are held by the client, in place of what the scene says."""
        draft = deepcopy(self.draft)
        apply_defects(draft)
        organization = draft.organization
        tenant = Tenant(
            id=organization.id or object_id("tenant", organization.name),
            name=organization.name,
            domains=organization.domains,
            licence=organization.licence,
            cloud_name=organization.cloud,
            options=draft.options,
            present=present,
        )
        add_organization(tenant)
        add_gallery(tenant, draft.gallery)
        add_people(tenant, draft)
        graph = add_graph(tenant)
        templates = {template.name: template for template in draft.gallery}
        for application in draft.applications:
            add_application(tenant, application, templates.get(application.template or ""))
        add_policies(tenant, draft)
        add_activity(tenant, draft)
        if permissions is None:
            permissions = READ_PERMISSIONS if draft.client.permissions is None else draft.client.permissions
        add_client(tenant, draft.client, graph, frozenset(permissions))
        return tenant


def bundled_scenes() -> dict[str, Path]:
    """The scenes that come with the program, by name."""
    return {file.stem: file for file in sorted(SCENES.glob("*.yaml"))}


def load_scene(file: Path | str) -> Scene:
    """The scene of a file, or the bundled one of that name. Raises DocumentError."""
    path = bundled_scenes().get(str(file), Path(file))
    document = read_yaml(path, bundled_schema("scene"))
    draft = _converter.structure(document.data, TenantDraft)
    for problem in _problems(document, draft):
        raise problem
    return Scene(path.stem, draft)


def _problems(document: YamlDocument, draft: TenantDraft) -> list[DocumentError]:
    return []


def apply_defects(draft: TenantDraft) -> None:
    """Makes the named faults of every application true."""
    for application in list(draft.applications):
        for name in application.faults:
            DEFECTS[name].apply(application, draft)


def scene_of(name: str, draft: TenantDraft) -> Scene:
    """A scene made by a program. Raises DocumentError like `load_scene`; its marks name no line."""
    return Scene(name, draft)
