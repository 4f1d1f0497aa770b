"""Scene files: what is refused, with the line, and what the bundled ones hold."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import typing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from auditor.emulator import bundled_scenes, generated_scene, load_scene
from auditor.emulator.defects import DEFECTS
from auditor.emulator.directory import CUSTOM_TEMPLATE
from auditor.emulator.drafts import TenantDraft
from auditor.errors import DocumentError
from auditor.yaml_document import bundled_schema

PRESENT = datetime(2026, 11, 1, tzinfo=UTC)


def problem(tmp_path: Path, text: str) -> tuple[int, str]:
    """The line and the text of what is wrong with a scene."""
    file = tmp_path / "scene.yaml"
    file.write_text(text)
    with pytest.raises(DocumentError) as caught:
        load_scene(file)
    assert caught.value.remedy
    return caught.value.mark.line, str(caught.value)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("applications:\n- {name: A, kindd: custom}\n", 2, "kindd"),
        ("applications:\n- name: A\n  kind: nice\n", 3, "nice"),
        ("applications:\n- name: A\n  faults:\n  - wrong-reply-ur\n", 4, "wrong-reply-ur"),
        ("users:\n- {name: A}\n", 2, "upn"),
        ("applications:\n- name: A\n  assigned:\n  - Nobody\n", 4, "Nobody"),
        ("applications:\n- name: A\n  template: GoTo\n", 3, "GoTo"),
        ("applications:\n- name: A\n  claims_mapping_policy: P\n", 3, "P"),
        ("applications:\n- name: A\n- name: a\n", 3, "twice"),
        ("groups:\n- name: G\n  members: [x@contoso.com]\n", 3, "x@contoso.com"),
        ("conditional_access:\n- name: C\n  applications: [App]\n", 3, "App"),
        ("applications:\n- name: A\n  permissions:\n  - {role: R, resource: B}\n", 4, "B"),
        ("audit:\n- {activity: Add, application: A, by: me}\n", 2, "A"),
    ],
)
def test_what_leads_nowhere_is_refused_with_its_line(tmp_path: Path, text: str, line: int, said: str) -> None:
    found, message = problem(tmp_path, text)
    assert found == line
    assert said in message


def test_the_nearest_known_fault_is_named(tmp_path: Path) -> None:
    assert "wrong-reply-url" in problem(tmp_path, "applications:\n- {name: A, faults: [wrong-reply-ur]}\n")[1]


def test_an_identifier_belongs_to_one_application(tmp_path: Path) -> None:
    text = "applications:\n- {name: A, identifiers: [https://x]}\n- {name: B, identifiers: [HTTPS://X]}\n"
    line, message = problem(tmp_path, text)
    assert line == 3
    assert "#2" in message
    (tmp_path / "scene.yaml").write_text(text.replace("HTTPS://X", "https://x#2"))
    assert load_scene(tmp_path / "scene.yaml").name == "scene"


def test_identifiers_that_faults_make_collide_are_refused_too(tmp_path: Path) -> None:
    text = (
        "applications:\n- {name: A, faults: [wrong-identifier]}\n- {name: 'A.', faults: [wrong-identifier]}\n"
    )
    assert problem(tmp_path, text)[0] == 3


def test_the_schema_names_what_a_scene_can_hold() -> None:
    schema = typing.cast("dict[str, typing.Any]", bundled_schema("scene"))

    def compare(kind: type, part: dict[str, typing.Any]) -> None:
        names = {field.name: field for field in dataclasses.fields(kind)}
        assert part["properties"].keys() == names.keys(), kind
        needed = {
            name
            for name, field in names.items()
            if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        }
        assert set(part.get("required", ())) == needed, kind
        assert part["additionalProperties"] is False
        for name, hint in typing.get_type_hints(kind).items():
            for inner in (hint, *typing.get_args(hint)):
                if dataclasses.is_dataclass(inner) and isinstance(inner, type):
                    text = json.dumps(part["properties"][name])
                    compare(inner, schema["$defs"][text.rpartition("$defs/")[2].split('"')[0]])

    compare(TenantDraft, schema)


def test_the_schema_names_the_faults() -> None:
    schema = typing.cast("dict[str, typing.Any]", bundled_schema("scene"))
    assert schema["$defs"]["application"]["properties"]["faults"]["items"]["enum"] == list(DEFECTS)


def test_ids_are_the_same_in_every_run() -> None:
    first, second = (load_scene("demo").tenant(present=PRESENT) for _ in range(2))
    assert first.objects.keys() == second.objects.keys()
    assert first.clients.keys() == second.clients.keys()


def test_a_tenant_is_built_anew_each_time() -> None:
    scene = load_scene("demo")
    assert scene.tenant(present=PRESENT).objects.keys() == scene.tenant(present=PRESENT).objects.keys()


def test_the_bundled_scenes_are_named() -> None:
    assert bundled_scenes().keys() == {"demo", "smallest"}


def test_the_demo_holds_its_near_misses() -> None:
    """What must not be reported is there to be reported."""
    tenant = load_scene("demo").tenant(present=PRESENT)

    def found(name: str) -> typing.Any:
        return tenant.objects[tenant.id_of("servicePrincipal", name)]

    meeting = found("GoToMeeting")
    thumbprint = meeting["preferredTokenSigningKeyThumbprint"]
    assert thumbprint == thumbprint.lower() != thumbprint.upper()
    keys = meeting["keyCredentials"]
    now = "2026-11-01T00:00:00Z"
    assert [key["endDateTime"] < now for key in keys if key["usage"] == "Sign"] == [True, False]
    assert [key["endDateTime"] < now for key in keys if key["usage"] == "Encrypt"] == [True]
    assert len({len(key["customKeyIdentifier"]) for key in keys}) == 2  # 20 bytes, and 32
    mailbox = tenant.names["servicedesk@contoso.com"]
    assert (mailbox["accountEnabled"], mailbox["assignedLicenses"]) == (False, [])
    webex = found("Cisco Webex")
    assert webex["preferredSingleSignOnMode"] == "saml"
    assert tenant.id_of("application", "Cisco Webex") not in tenant.objects
    assert found("Contoso Wiki")["applicationTemplateId"] == CUSTOM_TEMPLATE
    assert found("Backup automation")["keyCredentials"][0]["usage"] == "Verify"


def test_many_applications_are_made_fast() -> None:
    scene = generated_scene(applications=300, faults=("weak-key", "guest-assigned"), every=100)
    tenant = scene.tenant(present=PRESENT)
    assert len(tenant.signing) == 300
    sizes = [tenant.signing[app].signer.certificate.public_key().key_size for app in tenant.signing]  # type: ignore[union-attr]
    assert sizes.count(1024) == 1
    guests = [user for user in tenant.sets["users"].values() if user["userType"] == "Guest"]
    assert len(guests) == 1


def test_starting_it_loads_nothing_of_the_client() -> None:
    """A mistake of the client's cannot hide in the tenant it is tested with."""
    code = "import sys, auditor.emulator as e; e.load_scene('demo'); print(*sorted(sys.modules))"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    parts = ("auditor.graph", "auditor.collect", "auditor.saml", "auditor.evaluate", "msgraph", "azure")
    assert not [name for name in loaded if name.startswith(parts)]
