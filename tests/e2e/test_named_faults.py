"""Every fault that a scene can name is found under its rule, and nothing is found where nothing is wrong.

A company in order, one fault at a time; all rules on, also those that are off by default.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.bundled import bundled
from auditor.cli.emulator import write_configuration
from auditor.emulator import Emulator, load_scene
from auditor.emulator.defects import DEFECTS
from auditor.evaluate.evidence.sections import sections_of
from auditor.evaluate.loader import load_pack
from tests.conftest import Runner

IN_ORDER = """
title: A company where nothing is wrong
organization: {name: Contoso}
gallery:
  - name: GoToMeeting
    identifier: https://authentication.logmeininc.com/saml/sp
    reply_url: https://authentication.logmeininc.com/saml/acs
    relay_state: https://global.gotomeeting.com
users:
  - {name: Ada Lovelace, upn: ada@contoso.com}
  - {name: Grace Hopper, upn: grace@contoso.com}
  - {name: Alan Turing, upn: alan@contoso.com}
  - {name: Edsger Dijkstra, upn: edsger@contoso.com}
groups:
  - {name: Meetings, members: [grace@contoso.com]}
  - {name: Identity, mail: identity@contoso.com, members: [alan@contoso.com]}
applications:
  - name: GoToMeeting
    template: GoToMeeting
    notification_emails: [identity@contoso.com]
    assigned: [ada@contoso.com, Meetings]
    owners: [alan@contoso.com]
    registration_owners: [alan@contoso.com]
    delegated: [{scope: User.Read}]
    sign_ins: [{code: 0, count: 20, user: ada@contoso.com}]
conditional_access:
  - {name: Require MFA for all, applications: [All], controls: [mfa]}
configuration:
  - {profile: gotomeeting, product: GoToMeeting}
"""

UNREADABLE = {"metadata-oversized", "metadata-not-xml"}
"""What comes back says nothing about the metadata, so that nothing may be said of it."""

PACK = load_pack(bundled("rules"))
ABOUT_SERVICE_PROVIDER = {rule.id for rule in PACK.rules if "serviceProvider" in sections_of(rule)}
"""Not evaluated here: nobody declared what the service provider was told."""
ALL_ON = {rule.id: {"enabled": True} for rule in PACK.rules if not rule.enabled}


@pytest.fixture
def emulate(tmp_path: Path) -> Iterator[Any]:
    """Starts the company with these faults of its application."""
    running: list[Emulator] = []

    def start(*faults: str) -> tuple[Emulator, Path]:
        scene = yaml.safe_load(IN_ORDER)
        scene["applications"][0]["faults"] = list(faults)
        file = tmp_path / "scene.yaml"
        file.write_text(json.dumps(scene))
        emulator = Emulator(load_scene(file))
        running.append(emulator)
        emulator.__enter__()
        configuration = write_configuration(emulator, tmp_path / "tenant")
        document = yaml.safe_load(configuration.read_text())
        document["rules"] = ALL_ON
        configuration.write_text(json.dumps(document))
        return emulator, configuration

    yield start
    for emulator in running:
        emulator.stop()


def verdicts(auditor: Runner, configuration: Path, tmp_path: Path) -> dict[str, set[str]]:
    """Rule ids by status, over all findings of a scan."""
    result = auditor(
        "scan", "--config", configuration, "--all-applications", "--format", "json", "--out", "out"
    )
    assert result.code in (0, 3, 10), result.stderr
    found: dict[str, set[str]] = {}
    for finding in json.loads((tmp_path / "out" / "report.json").read_bytes())["findings"]:
        found.setdefault(finding["status"], set()).add(finding["ruleId"])
    return found


def test_nothing_is_wrong_where_nothing_is_wrong(emulate: Any, auditor: Runner, tmp_path: Path) -> None:
    emulator, configuration = emulate()
    found = verdicts(auditor, configuration, tmp_path)
    assert found.get("fail", set()) == set()
    assert found.get("not-evaluated", set()) <= ABOUT_SERVICE_PROVIDER
    assert emulator.writes == 0


@pytest.mark.parametrize("name", sorted(DEFECTS))
def test_a_named_fault_is_found_under_its_rule_and_nothing_else(
    name: str, emulate: Any, auditor: Runner, tmp_path: Path
) -> None:
    defect = DEFECTS[name]
    _, configuration = emulate(name)
    found = verdicts(auditor, configuration, tmp_path)
    status = "not-evaluated" if name in UNREADABLE else "fail"
    assert defect.rule in found.get(status, set())
    assert found.get("fail", set()) <= {defect.rule, *defect.also}


def test_every_rule_about_entra_has_a_named_fault() -> None:
    captured = {"captured-response-accepted"}  # judges a file of the administrator's
    about_entra = {rule.id for rule in PACK.rules} - ABOUT_SERVICE_PROVIDER - captured
    assert about_entra <= {rule for d in DEFECTS.values() for rule in (d.rule, *d.also)}
