"""`--redact` through the commands: nobody is named in anything that is written, and nothing else changes."""

from __future__ import annotations

import gzip
import json
import re
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from auditor.cli.emulator import write_configuration
from auditor.emulator import Emulator, Scene, load_scene
from auditor.emulator.generate import generated_scene
from auditor.report import formats
from tests.conftest import Runner
from tests.e2e.conftest import Tenant
from tests.proof.signers import identity

FORMATS = ",".join(name for name in formats() if name != "pdf")  # which a browser makes of html

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def company(tmp_path: Path) -> Iterator[Tenant]:
    """The demo's tenant, with people in every place of the configuration; its runs are kept."""
    scene = Scene("company", deepcopy(load_scene("demo").draft))
    with Emulator(scene) as emulator:
        tenant = Tenant(emulator, write_configuration(emulator, tmp_path / "tenant"))
        applications = tenant.read()["applications"]
        applications[0]["test_user"] = "Margaret@contoso.com"
        (tenant.file.parent / "waivers.yaml").write_text(
            "- {rule: notification-email-reachable, application: GoToTraining, owner: Frances Allen,\n"
            "   subject: leaver.gototraining@contoso.com,\n"
            "   reason: Hedy Lamarr gets them, expires: 2027-06-30}\n"
        )
        identity("Evidence").write(tenant.file.parent, "signer")
        tenant.configure(
            history="sqlite:///auditor.db",
            applications=applications,
            waivers="waivers.yaml",
            accepted_gaps=[
                {"section": "claimsPolicy", "reason": "ask lynn@contoso.com or Ada Lovelace",
                 "owner": "Barbara Liskov", "expires": "2027-06-30"}
            ],
            rules={"owner-present": {"enabled": False, "reason": "Jean Bartik said so"}},
            evidence={"certificate_file": "signer.pem", "key": "file:signer.key"},
        )  # fmt: skip
        yield tenant


def people_of(tenant: Tenant) -> list[str]:
    """Names and addresses of everybody in the tenant, in lower case."""
    found: set[str] = set()
    for name in ("users", "contacts", "groups"):
        for item in tenant.emulator.tenant.sets[name].values():
            found.update(str(item.get(key) or "") for key in ("userPrincipalName", "mail"))
            if name != "groups":
                found.add(str(item["displayName"]))
    return sorted(each.lower() for each in found if each)


def texts_below(folder: Path) -> Iterator[tuple[str, str]]:
    """Every file, and what is packed into it."""
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        yield from unpacked(file.name, file.read_bytes())


def unpacked(name: str, data: bytes) -> Iterator[tuple[str, str]]:
    """The text of a file, or of those within. Rules are the program's, and their examples name people."""
    if zipfile.is_zipfile(BytesIO(data)):
        with zipfile.ZipFile(BytesIO(data)) as archive:
            for member in (each for each in archive.namelist() if not each.startswith("rules/")):
                yield from unpacked(f"{name}/{member}", archive.read(member))
    else:
        data = gzip.decompress(data) if name.endswith(".gz") else data
        yield name, data.decode(errors="replace").lower()


def named(text: str, people: list[str]) -> list[str]:
    """Who is named in a text, which may be wrapped."""
    unwrapped = re.sub(r"\s+", " ", text)
    found = [each for each in people if each in unwrapped]
    return [each for each in found if re.search(rf"(?<!\w){re.escape(each)}(?!\w)", unwrapped)]


def verdicts(report: Any) -> list[tuple[Any, ...]]:
    """What was found, by fingerprint unless that is made of an address."""
    return sorted(
        (
            "" if finding["subject"]["kind"] == "notificationEmail" else finding["fingerprint"],
            finding["ruleId"],
            finding["status"],
            finding["severity"],
            str((finding["application"] or {}).get("appId")),
            str(finding["baselineState"]),
        )
        for finding in report["findings"]
    )


def read(file: str) -> Any:
    return json.loads(Path(file).read_bytes())


def test_nobody_is_named_in_any_format_on_the_terminal_or_in_the_log(
    company: Tenant, auditor: Runner
) -> None:
    config = ("--config", company.file)
    first = ("--format", "json", "--redact", "--bundle", "bundles/first.zip", "--out", "first")
    assert auditor("scan", *config, *first).code == 10
    approved = ("--by", "Frances Allen", "--reason", "as Grace Hopper left it")
    assert auditor("baseline", "approve", "last", *config, *approved).code == 0
    ada = company.emulator.administrator("ada@contoso.com", at=datetime.now(UTC))
    ada.assign("GoToMeeting", "lynn@contoso.com")
    ada.add_owner("GoToTraining", "Grace Hopper")
    ada.disable_user("hedy@contoso.com")
    people = people_of(company)
    assert "ada lovelace" in people
    options = ("--redact", "--verbose", "--pseudonyms", "who.json", "--bundle", "bundles/second.zip")
    scanned = auditor("scan", *config, *options, "--format", FORMATS)
    assert scanned.code == 10
    written = [*texts_below(Path("out")), *texts_below(Path("bundles"))]
    for name, text in [*written, ("stderr", scanned.stderr.lower())]:
        assert (name, named(text, people)) == (name, [])
    report = read("out/report.json")
    assert report["run"]["redacted"] is True
    assert "Redacted: pseudonyms" in scanned.stderr
    assert "Redacted: pseudonyms" in Path("out/report.html").read_text()
    assert "#EXT#@contoso.onmicrosoft.com" in Path("out/report.json").read_text()
    actors = {change["attribution"]["actor"]["name"] for change in report["drift"]["changes"]}
    who = read("who.json")
    assert {who[actor] for actor in actors} == {"ada@contoso.com"}
    assert who[report["configuration"]["acceptedGaps"][0]["owner"]] == "Barbara Liskov"

    kept = json.loads(auditor("history", "show", "last", *config, "--format", "json").stdout)
    assert kept["run"]["redacted"] is False
    assert verdicts(kept) == verdicts(report)
    assert named(json.dumps(kept).lower(), people) != []
    for part in ("changes", "access", "unknown"):
        assert len(kept["drift"].get(part, ())) == len(report["drift"].get(part, ()))
    signer = ("--certificate", company.file.parent / "signer.pem")
    verified = auditor("verify", "bundles/second.zip", "--previous", "bundles/first.zip", *signer)
    assert (verified.code, verified.stderr) == (0, ""), verified.stdout
    assert "its report came out byte for byte" in verified.stdout
    assert [waiver["state"] for waiver in kept["waivers"]] == [it["state"] for it in report["waivers"]]


def test_a_redacted_report_stays_redacted_in_every_format(company: Tenant, auditor: Runner) -> None:
    auditor("scan", "--config", company.file, "--redact", "--format", "json")
    assert auditor("report", "render", "out/report.json", "--format", FORMATS, "--out", "again").code == 0
    for name, text in texts_below(Path("again")):
        assert (name, named(text, people_of(company))) == (name, [])
    assert "Redacted: pseudonyms" in Path("again/report.md").read_text()


@pytest.mark.parametrize("scene", ["smallest", "generated"])
def test_verdicts_are_the_same_and_the_same_key_gives_the_same_bytes(
    scene: str, auditor: Runner, tmp_path: Path
) -> None:
    made = generated_scene(applications=30, faults=("guest-assigned", "notification-to-leaver"), every=3)
    with Emulator(load_scene(scene) if scene == "smallest" else made) as emulator:
        tenant = Tenant(emulator, write_configuration(emulator, tmp_path / "tenant"))
        arguments = ("--config", tenant.file, "--snapshot", "tonight.json.gz")
        assert auditor("collect", *arguments).code == 0
    plain = auditor("evaluate", "tonight.json.gz", "--format", "json", "--out", "plain")
    redacted = auditor("evaluate", "tonight.json.gz", "--format", "json", "--redact")
    assert plain.code == redacted.code
    assert verdicts(read("plain/report.json")) == verdicts(read("out/report.json"))
    assert named(Path("out/report.json").read_text().lower(), people_of(tenant)) == []
    auditor("evaluate", "tonight.json.gz", "--format", "json", "--redact", "--out", "again")
    assert Path("again/report.json").read_bytes() == Path("out/report.json").read_bytes()
    Path("redaction.key").unlink()
    auditor("evaluate", "tonight.json.gz", "--format", "json", "--redact", "--out", "other")
    assert Path("other/report.json").read_bytes() != Path("out/report.json").read_bytes()


def test_the_key_is_made_beside_the_configuration_for_its_owner_alone(
    tenant: Tenant, auditor: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    scan = ("scan", "--config", tenant.file, "--format", "json", "--redact")
    said = auditor(*scan).stderr
    key = tenant.file.parent / "redaction.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert key.read_text().strip() not in said
    assert "redaction.key is made" in said
    assert "redaction.key is made" not in auditor(*scan).stderr
    assert sorted(path.name for path in Path("out").iterdir()) == ["report.json"]

    tenant.configure(redaction_key="env:AUDITOR_TEST_KEY")
    monkeypatch.setenv("AUDITOR_TEST_KEY", "short")
    refused = auditor(*scan)
    assert refused.code == 2
    assert "has 5 characters" in refused.stderr
    monkeypatch.setenv("AUDITOR_TEST_KEY", KEY)
    assert auditor(*scan).code != 2
    tenant.configure(redaction_key=KEY)
    refused = auditor(*scan)
    assert refused.code == 2
    assert KEY not in refused.stderr


def test_key_and_names_never_lie_among_what_leaves(tenant: Tenant, auditor: Runner) -> None:
    scan = ("scan", "--config", tenant.file, "--format", "json")
    within = auditor(*scan, "--redact", "--out", tenant.file.parent)
    assert within.code == 2
    assert "among what is to leave" in within.stderr
    assert not (tenant.file.parent / "redaction.key").exists()
    assert auditor(*scan, "--redact", "--pseudonyms", "out/who.json").code == 2
    alone = auditor(*scan, "--pseudonyms", "who.json")
    assert alone.code == 2
    assert "Add --redact" in alone.stderr
