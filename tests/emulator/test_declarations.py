"""What the service providers of a scene were told, as the configuration declares it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from auditor.emulator import Emulator, load_scene
from auditor.errors import DocumentError

LOGIN = "https://login.microsoftonline.com"


def scene(
    tmp_path: Path, told: str, *, certificates: str = "[{}]", configuration: str = "[{product: A}]"
) -> Path:
    file = tmp_path / "scene.yaml"
    file.write_text(
        "applications:\n"
        f"  - {{name: A, kind: custom, identifiers: [urn:a], certificates: {certificates},\n"
        f"     service_provider: {told}}}\n"
        f"configuration: {configuration}\n"
    )
    return file


def declared(tmp_path: Path, told: str, **options: str) -> tuple[Emulator, dict[str, Any]]:
    emulator = Emulator(load_scene(scene(tmp_path, told, **options)))
    with emulator:
        (entry,) = emulator.configuration()["applications"]
        found: dict[str, Any] = entry["service_provider"]
        for key in ("metadata_file", "certificate_file"):
            if key in found:
                assert Path(found[key]).read_bytes() == emulator.declared_files[Path(found[key]).name]
    return emulator, found


def test_by_the_metadata_url(tmp_path: Path) -> None:
    emulator, found = declared(tmp_path, "{configured_by: metadata-url, checked: null}")
    (app_id,) = emulator.tenant.signing
    document = f"{LOGIN}/{emulator.tenant_id}/federationmetadata/2007-06/federationmetadata.xml"
    assert found == {"configured_by": "metadata-url", "metadata_url": f"{document}?appid={app_id}"}
    _, shared = declared(tmp_path, "{configured_by: metadata-url, shared_keys: true}")
    assert shared["metadata_url"] == document


def test_by_a_file_and_by_hand_with_the_chosen_certificates(tmp_path: Path) -> None:
    two = "[{}, {active: false}]"
    for way, name in (("metadata-file", "a-metadata.xml"), ("manual", "a.cer")):
        told = f"{{configured_by: {way}, certificates: [1], checked_by: Ada}}"
        emulator, found = declared(tmp_path, told, certificates=two)
        (keys,) = emulator.tenant.signing.values()
        content = b"".join(emulator.declared_files[name].split())
        in_base64 = [b"".join(pair.pem().split(b"-----")[-3].split()) for pair in keys.listed]
        assert [one in content for one in in_base64] == [False, True]
        assert found["checked_by"] == "Ada"


def test_a_value_can_be_another(tmp_path: Path) -> None:
    emulator, found = declared(
        tmp_path, "{configured_by: manual, instead: {entity_id: 'https://sts.windows.net/{tenant}'}}"
    )
    assert found["entity_id"] == f"https://sts.windows.net/{emulator.tenant_id}"
    assert found["sign_in_page_url"] == f"{LOGIN}/{emulator.tenant_id}/saml2"


@pytest.mark.parametrize(
    ("told", "options", "said"),
    [
        ("{}", {"configuration": "[]"}, "nothing in the configuration could declare it"),
        ("{}", {"certificates": "[]"}, "'A' has 0 signing certificates"),
        ("{certificates: [1]}", {}, "'A' has 1 signing certificates"),
        ("{configured_by: by-hand}", {}, "by-hand"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, told: str, options: dict[str, str], said: str) -> None:
    with pytest.raises(DocumentError, match=said):
        load_scene(scene(tmp_path, told, **options))
