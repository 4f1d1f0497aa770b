"""Reads a scene file and says where it is wrong; builds the tenant from it."""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import cattrs

from auditor.emulator.activity import add_activity
from auditor.emulator.applications import add_application, template_id
from auditor.emulator.checks import Checks
from auditor.emulator.declarations import add_declarations
from auditor.emulator.defects import DEFECTS
from auditor.emulator.directory import Tenant, object_id
from auditor.emulator.drafts import ApplicationDraft, CertificateDraft, TemplateDraft, TenantDraft
from auditor.emulator.microsoft import READ_PERMISSIONS, add_client, add_gallery, add_graph, add_organization
from auditor.emulator.people import add_people
from auditor.emulator.policies import add_policies
from auditor.yaml_document import bundled_schema, read_yaml

SCENES = Path(__file__).parent / "scenes"

_converter = cattrs.Converter(forbid_extra_keys=True)


@dataclass(frozen=True, slots=True)
class Scene:
    """What is in a tenant, as a file or a program says it."""

    name: str
    draft: TenantDraft
    """Before the named faults are applied."""

    def tenant(self, *, present: datetime, permissions: Collection[str] | None = None) -> Tenant:
        """The tenant at that moment. `permissions` are the client's, in place of what the scene says."""
        draft = completed(self.draft)
        organization = draft.organization
        tenant = Tenant(
            id=organization.id or object_id("tenant", organization.name),
            name=organization.name,
            domains=organization.domains,
            licence=organization.licence,
            cloud_name=organization.cloud,
            options=draft.options,
            environment=draft.environment,
            configuration=draft.configuration,
            present=present,
        )
        add_organization(tenant)
        add_gallery(tenant, draft.gallery)
        add_people(tenant, draft)
        graph = add_graph(tenant)
        for application in draft.applications:
            add_application(tenant, application)
        add_policies(tenant, draft)
        add_activity(tenant, draft)
        add_declarations(tenant, draft)
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
    checks = Checks(document, draft)
    for problem in checks.references():
        raise problem
    for problem in checks.identifiers(completed(draft)):
        raise problem
    return Scene(path.stem, draft)


def completed(draft: TenantDraft) -> TenantDraft:
    """A copy in which every application has its template's values, and then its named faults."""
    draft = deepcopy(draft)
    templates = {template.name: template for template in draft.gallery}
    for application in list(draft.applications):
        _fill_in(application, templates.get(application.template or ""))
        for name in application.faults:
            DEFECTS[name].apply(application, draft)
    return draft


def _fill_in(application: ApplicationDraft, template: TemplateDraft | None) -> None:
    if application.certificates is None:
        application.certificates = [CertificateDraft()] if application.is_saml else []
        if application.kind == "managed-identity":  # has keys of its own, which have nothing to do with SAML
            application.certificates = [CertificateDraft(active=False, private_part=False, not_after=90)]
    if template is not None:
        application.relay_state = application.relay_state or template.relay_state
        application.sign_on_url = application.sign_on_url or template.sign_on_url
        application.template_id = application.template_id or template_id(template)
    if application.identifiers is None:
        application.identifiers = [template.identifier] if template and template.identifier else []
    if application.reply_urls is None:
        application.reply_urls = [template.reply_url] if template and template.reply_url else []


def scene_of(name: str, draft: TenantDraft) -> Scene:
    """A scene made by a program, which is trusted to name only what there is."""
    return Scene(name, draft)
