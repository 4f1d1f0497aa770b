"""The demo's tenant: several applications with several faults each, beside near-misses and on small pages."""

from __future__ import annotations

import json
from pathlib import Path

from auditor.cli.emulator import write_configuration
from auditor.emulator import Emulator, load_scene
from auditor.emulator.defects import DEFECTS
from tests.conftest import Runner

OFF_BY_DEFAULT = {"owner-present", "recently-used"}
ABOUT_ENTRA = {rule for defect in DEFECTS.values() for rule in (defect.rule, *defect.also)}
"""What the service providers were told is declared, and judged by rules with tests of their own."""


def test_each_application_of_the_demo_has_its_own_faults_and_no_others(
    auditor: Runner, tmp_path: Path
) -> None:
    """Nothing is mixed up between them, and none of the near-misses is reported."""
    scene = load_scene("demo")
    with Emulator(scene) as emulator:
        configuration = write_configuration(emulator, tmp_path / "tenant")
        result = auditor(
            "scan", "--config", configuration, "--all-applications", "--format", "json", "--out", "out"
        )
        assert emulator.writes == 0
    assert result.code == 10, result.stderr
    report = json.loads((tmp_path / "out" / "report.json").read_bytes())
    found: dict[str, set[str]] = {item["displayName"]: set() for item in report["applications"]}
    for finding in report["findings"]:
        if finding["status"] == "fail" and finding["ruleId"] in ABOUT_ENTRA:
            found[finding["application"]["displayName"]].add(finding["ruleId"])
    seeded = {
        application.name: {
            rule for fault in application.faults for rule in (DEFECTS[fault].rule, *DEFECTS[fault].also)
        }
        for application in scene.draft.applications
    }
    of_the_profile = {"sign-on-mode-is-saml"}
    for name, rules in found.items():
        judged = seeded[name] if name.startswith("GoTo") else seeded[name] - of_the_profile
        assert rules == judged - OFF_BY_DEFAULT, name
    assert found.keys() == {
        "GoToMeeting",
        "GoToTraining",
        "GoToWebinar",
        "GoToAssist",
        "Salesforce",
        "ServiceNow",
        "Atlassian Cloud",
        "Contoso Wiki",
        "Cisco Webex",
    }
