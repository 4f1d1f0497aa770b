"""The service provider's side, through the commands: declared in three ways, judged, printed to be pasted."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import yaml

from auditor.cli.emulator import write_configuration
from auditor.emulator import Emulator, Fault, load_scene
from auditor.emulator.metadata import Metadata
from auditor.model.snapshot import read_snapshot
from auditor.model.wire import to_json
from auditor.saml.certificate import from_der
from tests.conftest import Runner
from tests.e2e.conftest import Scan, Scanned, Tenant
from tests.saml import sign_on
from tests.saml.federation import Signer, attacker

LOGIN = "https://login.microsoftonline.com"
DOCUMENT = "federationmetadata/2007-06/federationmetadata.xml"
TODAY = datetime.now(UTC).date()
OURS = {
    "service-provider-metadata-url",
    "service-provider-metadata-current",
    "service-provider-sign-in-url",
    "service-provider-sign-out-url",
    "service-provider-entity-id",
    "service-provider-certificate",
    "service-provider-recently-confirmed",
    "service-provider-knows-next-certificate",
    "active-certificate-at-service-provider",
    "no-expired-certificate-left",
    "rollover-ready",
}
SCENE = """
organization: {name: Contoso}
gallery:
  - name: GoToMeeting
    identifier: https://authentication.logmeininc.com/saml/sp
    reply_url: https://authentication.logmeininc.com/saml/acs
    relay_state: https://global.gotomeeting.com
users: [{name: Ada Lovelace, upn: ada@contoso.com}]
applications:
  - name: GoToMeeting
    template: GoToMeeting
    assigned: [ada@contoso.com]
    certificates: CERTIFICATES
  - {name: Wiki, kind: custom, identifiers: [https://wiki.example.com], reply_urls: [https://wiki.example.com/acs]}
configuration: [{profile: gotomeeting, product: GoToMeeting}]
"""
ONE = "[{}]"
ROLLOVER = "[{not_before: -1000, not_after: 50}, {not_before: -5, not_after: 1000, active: false}]"
EXPIRED_BESIDE_VALID = "[{not_before: -1100, not_after: -5}, {not_before: -9, not_after: 900, active: false}]"
LEFTOVER = "[{}, {not_before: -1500, not_after: -400, active: false}]"


class Company:
    """A tenant with one GoToMeeting; what its service provider was told is for the test to say."""

    def __init__(self, emulator: Emulator, folder: Path) -> None:
        self.tenant = Tenant(emulator, write_configuration(emulator, folder))
        self.folder = folder
        self.id = emulator.tenant_id
        (self.app_id,) = (
            str(one["appId"])
            for one in emulator.tenant.sets["servicePrincipals"].values()
            if one["displayName"] == "GoToMeeting"
        )
        self.keys = emulator.tenant.signing[self.app_id].listed

    @property
    def metadata_url(self) -> str:
        return f"{LOGIN}/{self.id}/{DOCUMENT}?appid={self.app_id}"

    def declare(self, **values: Any) -> None:
        """Rewrites the configuration; with a day and a person unless they are given."""
        seen = {"checked_on": str(TODAY - timedelta(days=3)), "checked_by": "Ada"}
        entry = {"profile": "gotomeeting", "product": "GoToMeeting", "service_provider": {**seen, **values}}
        self.tenant.configure(applications=[entry])

    def by_hand(self, *keys: int, **values: Any) -> None:
        """Declares what is right, and these of the certificates."""
        from cryptography.hazmat.primitives.serialization import Encoding

        pem = b"".join(self.keys[key].certificate.public_bytes(Encoding.PEM) for key in keys or (0,))
        (self.folder / "gotomeeting.cer").write_bytes(pem)
        told = {
            "sign_in_page_url": f"{LOGIN}/{self.id}/saml2",
            "sign_out_page_url": f"{LOGIN}/{self.id}/saml2",
            "entity_id": f"https://sts.windows.net/{self.id}/",
            "certificate_file": "gotomeeting.cer",
        }
        self.declare(configured_by="manual", **{**told, **values})


def company(tmp_path: Path, certificates: str) -> Iterator[Company]:
    file = tmp_path / "scene.yaml"
    file.write_text(SCENE.replace("CERTIFICATES", certificates))
    with Emulator(load_scene(file)) as emulator:
        yield Company(emulator, tmp_path / "company")


@pytest.fixture
def sound(tmp_path: Path) -> Iterator[Company]:
    yield from company(tmp_path, ONE)


def ours(scanned: Scanned, status: str) -> set[str]:
    """Our rules that say so about GoToMeeting."""
    assert scanned.report is not None, scanned.result.stderr
    return {
        finding["ruleId"]
        for finding in scanned.report["findings"]
        if finding["status"] == status
        and finding["ruleId"] in OURS
        and finding["application"]["displayName"] == "GoToMeeting"
    }


def message(scanned: Scanned, rule: str) -> str:
    assert scanned.report is not None
    (found,) = (f["message"] for f in scanned.report["findings"] if f["ruleId"] == rule)
    return str(found)


def gotomeeting(scanned: Scanned) -> dict[str, Any]:
    assert scanned.report is not None
    (found,) = (a for a in scanned.report["applications"] if a["displayName"] == "GoToMeeting")
    return dict(found)


def test_what_is_right_passes_in_each_way(sound: Company, scan: Scan) -> None:
    everywhere = {"active-certificate-at-service-provider", "service-provider-recently-confirmed"}
    sound.declare(configured_by="metadata-url", metadata_url=sound.metadata_url)
    by_url = scan(sound.tenant)
    assert ours(by_url, "pass") == everywhere | {"service-provider-metadata-url"}
    saved = sound.folder / "gotomeeting.xml"
    saved.write_bytes(Metadata(sound.tenant.emulator.tenant).document(sound.app_id) or b"")
    sound.declare(configured_by="metadata-file", metadata_file="gotomeeting.xml")
    by_file = scan(sound.tenant)
    assert ours(by_file, "pass") == everywhere | {
        "service-provider-metadata-current",
        "no-expired-certificate-left",
    }
    sound.by_hand()
    by_hand = scan(sound.tenant)
    assert ours(by_hand, "pass") == everywhere | {
        "service-provider-sign-in-url",
        "service-provider-sign-out-url",
        "service-provider-entity-id",
        "service-provider-certificate",
        "no-expired-certificate-left",
    }
    for scanned in (by_url, by_file, by_hand):
        assert ours(scanned, "fail") | ours(scanned, "not-evaluated") == set()
        assert gotomeeting(scanned)["rollover"] == "none"
        assert [one["atServiceProvider"] for one in gotomeeting(scanned)["certificates"]] == [True]


def test_nothing_declared_is_not_judged_and_says_how_to_declare_it(sound: Company, scan: Scan) -> None:
    scanned = scan(sound.tenant, "--all-applications")
    assert ours(scanned, "not-evaluated") == OURS
    said = message_of(scanned, "service-provider-metadata-url", "GoToMeeting")
    for way in ("metadata-url", "metadata-file", "manual"):
        assert way in said
    assert scanned.report is not None
    (gap,) = [gap for gap in scanned.report["coverage"]["gaps"] if gap["section"] == "serviceProvider"]
    assert gap["reason"] == "not-declared"
    wiki = [
        finding
        for finding in scanned.report["findings"]
        if finding["ruleId"] in OURS and finding["application"]["displayName"] == "Wiki"
    ]
    assert {finding["status"] for finding in wiki} == {"not-applicable"}
    assert {finding["ruleId"] for finding in wiki} == OURS


def message_of(scanned: Scanned, rule: str, name: str) -> str:
    assert scanned.report is not None
    (found,) = (
        finding["message"]
        for finding in scanned.report["findings"]
        if finding["ruleId"] == rule and finding["application"]["displayName"] == name
    )
    return str(found)


def test_an_accepted_blind_spot_is_no_exit_code_3(sound: Company, scan: Scan) -> None:
    accepted = [
        {"section": "serviceProvider", "reason": "x", "owner": "y", "expires": str(TODAY + timedelta(days=9))}
    ]
    sound.tenant.configure(accepted_gaps=accepted)
    scanned = scan(sound.tenant, "--fail-on", "critical")
    assert scanned.report is not None
    (gap,) = [gap for gap in scanned.report["coverage"]["gaps"] if gap["section"] == "serviceProvider"]
    assert gap["accepted"] is True


@pytest.mark.parametrize(
    ("values", "rule", "said"),
    [
        (
            {"entity_id": "https://sts.windows.net/{id}"},
            "service-provider-entity-id",
            "lacks the slash at its end",
        ),
        (
            {"sign_in_page_url": LOGIN + "/00000000-0000-4000-8000-000000000002/saml2"},
            "service-provider-sign-in-url",
            "belongs to another tenant; Entra's is https://login.microsoftonline.com/{id}/saml2.",
        ),
        (
            {"sign_out_page_url": LOGIN + "/{id}/logout"},
            "service-provider-sign-out-url",
            "does not lead to /saml2",
        ),
        (
            {"checked_on": str(TODAY - timedelta(days=181))},
            "service-provider-recently-confirmed",
            "181 days ago; 180 are allowed.",
        ),
    ],
)
def test_each_fault_by_hand_is_found_under_its_rule_and_no_other(
    sound: Company, scan: Scan, values: dict[str, str], rule: str, said: str
) -> None:
    sound.by_hand(**{key: value.replace("{id}", sound.id) for key, value in values.items()})
    scanned = scan(sound.tenant)
    assert ours(scanned, "fail") == {rule}
    assert said.replace("{id}", sound.id) in message(scanned, rule)
    (finding,) = (f for f in scanned.report["findings"] if f["ruleId"] == rule)  # type: ignore[index]
    assert {entry["source"] for entry in finding["evidence"]} >= {"FILE configuration"}


def test_other_spellings_pass_with_a_remark(sound: Company, scan: Scan) -> None:
    sound.by_hand(
        sign_in_page_url="https://login.windows.net/contoso.com/SAML2",
        sign_out_page_url=f"{LOGIN}/common/wsfederation?wa=wsignout1.0",
    )
    scanned = scan(sound.tenant)
    assert ours(scanned, "fail") == set()
    said = message(scanned, "service-provider-sign-in-url")
    assert "an older name of login.microsoftonline.com" in said
    assert "names the tenant by its domain contoso.com" in said
    assert "WS-Federation" in message(scanned, "service-provider-sign-out-url")


@pytest.mark.parametrize(
    ("query", "said"),
    [("", "lacks appid"), ("?appid=00000000-0000-4000-8000-000000000002", "which is another application's")],
)
def test_a_metadata_url_without_or_with_a_wrong_appid(
    sound: Company, scan: Scan, query: str, said: str
) -> None:
    sound.declare(configured_by="metadata-url", metadata_url=f"{LOGIN}/{sound.id}/{DOCUMENT}{query}")
    scanned = scan(sound.tenant)
    assert ours(scanned, "fail") == {
        "service-provider-metadata-url",
        "active-certificate-at-service-provider",
        "rollover-ready",
    }
    assert said in message(scanned, "service-provider-metadata-url")
    assert gotomeeting(scanned)["rollover"] == "behind"
    assert [one["atServiceProvider"] for one in gotomeeting(scanned)["certificates"]] == [False]


@pytest.mark.parametrize(
    ("certificates", "keys", "rollover", "failing"),
    [
        (ROLLOVER, (0,), "prepared", {"service-provider-knows-next-certificate", "rollover-ready"}),
        (ROLLOVER, (0, 1), "ready", set()),
        (
            ROLLOVER,
            (1,),
            "ready",
            {"active-certificate-at-service-provider", "service-provider-certificate", "rollover-ready"},
        ),
        (
            EXPIRED_BESIDE_VALID,
            (0,),
            "switched-early",
            {
                "rollover-ready",
                "service-provider-certificate",
                "service-provider-knows-next-certificate",
                "no-expired-certificate-left",
            },
        ),
        (LEFTOVER, (0,), "finishing", set()),
        (LEFTOVER, (0, 1), "finishing", {"no-expired-certificate-left"}),
        (
            LEFTOVER,
            (1,),
            "behind",
            {
                "active-certificate-at-service-provider",
                "service-provider-certificate",
                "rollover-ready",
                "no-expired-certificate-left",
            },
        ),
    ],
)
def test_the_certificates_life(
    tmp_path: Path, scan: Scan, certificates: str, keys: tuple[int, ...], rollover: str, failing: set[str]
) -> None:
    for found in company(tmp_path, certificates):
        found.by_hand(*keys)
        scanned = scan(found.tenant)
        assert gotomeeting(scanned)["rollover"] == rollover
        assert ours(scanned, "fail") == failing
        held = {one["thumbprint"]: one["atServiceProvider"] for one in gotomeeting(scanned)["certificates"]}
        assert held == {key.thumbprint: number in keys for number, key in enumerate(found.keys)}
        if rollover == "prepared":
            end = found.keys[0].not_after
            sentence = (
                f"Sign-in breaks on {end.day} {end:%B} {end:%H:%M} UTC unless the new certificate is "
                "uploaded at GoToMeeting first; then make it active."
            )
            assert gotomeeting(scanned)["rolloverSentence"].startswith(sentence)


def test_a_snapshot_carries_the_files_and_names_no_folder(
    sound: Company, auditor: Runner, tmp_path: Path
) -> None:
    sound.by_hand()
    assert auditor("collect", "--config", sound.tenant.file, "--snapshot", "s.json.gz").code == 0
    (sound.folder / "gotomeeting.cer").unlink()
    auditor("evaluate", "s.json.gz", "--out", "out", "--format", "json")
    report = json.loads((tmp_path / "out/report.json").read_text())
    (status,) = (f["status"] for f in report["findings"] if f["ruleId"] == "service-provider-certificate")
    assert status == "pass"
    assert str(tmp_path) not in read_snapshot((tmp_path / "s.json.gz").read_bytes()).to_bytes().decode()


def test_of_a_declared_file_only_certificates_are_kept(
    sound: Company, auditor: Runner, tmp_path: Path
) -> None:
    sound.by_hand()
    (sound.folder / "gotomeeting.cer").write_bytes(sound.keys[0].pem())
    assert auditor("collect", "--config", sound.tenant.file, "--snapshot", "s.json.gz").code == 0
    found = read_snapshot((tmp_path / "s.json.gz").read_bytes()).sections["serviceProvider"].records
    (record,) = (one.value for one in found.values())
    assert isinstance(record, dict)
    assert record["certificates"] == [base64.b64encode(sound.keys[0].der).decode()]
    assert "PRIVATE" in sound.keys[0].pem().decode()


@pytest.mark.parametrize(
    ("content", "section", "status"),
    [
        (b"PRIVATE KEY", {"certificate_file": "odd", "configured_by": "manual"}, "not-evaluated"),
        (b"x" * 1_000_001, {"certificate_file": "odd", "configured_by": "manual"}, "not-evaluated"),
        (b"x" * 1_000_001, {"metadata_file": "odd", "configured_by": "metadata-file"}, "not-evaluated"),
        (b"PRIVATE KEY", {"metadata_file": "odd", "configured_by": "metadata-file"}, "fail"),
    ],
)
def test_a_file_that_is_something_else(
    sound: Company, scan: Scan, auditor: Runner, content: bytes, section: dict[str, str], status: str
) -> None:
    (sound.folder / "odd").write_bytes(content)
    sound.declare(**section)
    scanned = scan(sound.tenant)
    rule = (
        "service-provider-certificate"
        if "certificate_file" in section
        else "service-provider-metadata-current"
    )
    assert rule in ours(scanned, status)
    assert "active-certificate-at-service-provider" in ours(scanned, "not-evaluated")
    auditor("collect", "--config", sound.tenant.file, "--snapshot", "s.json.gz")
    assert b"PRIVATE KEY" not in read_snapshot(Path("s.json.gz").read_bytes()).to_bytes()


def test_a_declaration_about_several_applications_is_about_none(tmp_path: Path, scan: Scan) -> None:
    second = SCENE.replace(
        "  - {name: Wiki",
        "  - {name: GoToMeeting 2, template: GoToMeeting,\n"
        "     identifiers: ['https://authentication.logmeininc.com/saml/sp#2']}\n  - {name: Wiki",
    )
    file = tmp_path / "scene.yaml"
    file.write_text(second.replace("CERTIFICATES", ONE))
    with Emulator(load_scene(file)) as emulator:
        found = Company(emulator, tmp_path / "company")
        found.declare(configured_by="metadata-url", metadata_url=found.metadata_url)
        scanned = scan(found.tenant)
        assert ours(scanned, "not-evaluated") == OURS
        said = message_of(scanned, "service-provider-metadata-url", "GoToMeeting 2")
        assert "means 2 applications (GoToMeeting, GoToMeeting 2): give each its own, with match" in said


def test_a_missing_file_is_told_at_its_line(sound: Company, auditor: Runner) -> None:
    sound.by_hand(certificate_file="gone.cer")
    result = auditor("scan", "--config", sound.tenant.file)
    assert result.code == 2
    assert "certificate_file: there is no file gone.cer" in result.stderr
    lines = sound.tenant.file.read_text().splitlines()
    number = next(number for number, line in enumerate(lines, 1) if "gone.cer" in line)
    assert f"{sound.tenant.file}:{number}:" in result.stderr


class TestCapturedResponse:
    """The response of a test sign-on, named in the configuration."""

    AUDIENCE = "https://authentication.logmeininc.com/saml/sp"
    REPLY_URL = "https://authentication.logmeininc.com/saml/acs"

    def capture(
        self,
        company: Company,
        name_id: str = "ada@contoso.com",
        *,
        by: Signer | None = None,
        **options: str,
    ) -> None:
        """Names a response in the configuration, signed by the active certificate unless `by` says."""
        issuer = f"https://sts.windows.net/{company.id}/"
        data = f'NotOnOrAfter="{sign_on.moment(5)}" Recipient="{self.REPLY_URL}"'
        xml = sign_on.response(
            sign_on.assertion(
                issuer=issuer,
                about=sign_on.subject(name_id, data=data),
                under=sign_on.conditions(sign_on.audience_restriction(self.AUDIENCE)),
                user="ada@contoso.com",
            ),
            issuer=issuer,
            destination=self.REPLY_URL,
        )
        key = company.keys[0]
        signer = by or Signer(key.key, from_der(key.der))
        form = urlencode({"SAMLResponse": base64.b64encode(sign_on.signed_assertion(xml, signer))})
        (company.folder / "form.txt").write_text(form)
        entry = {
            "profile": "gotomeeting",
            "product": "GoToMeeting",
            "captured_response": {"file": "form.txt", "captured_on": "2026-11-23", **options},
        }
        company.tenant.configure(applications=[entry])

    def judged(self, company: Company, scan: Scan, *rules: str) -> list[tuple[str, str]]:
        """Status and message, for the time four days after the sign-on."""
        scanned = scan(company.tenant, "--at", "2026-11-27T02:00:00Z")
        assert scanned.report is not None
        found = {f["ruleId"]: (f["status"], f["message"]) for f in scanned.report["findings"]}
        return [found[rule] for rule in rules]

    def test_a_sound_one_is_accepted_with_its_age(self, sound: Company, scan: Scan) -> None:
        self.capture(sound)
        (accepted, name_id) = self.judged(sound, scan, "captured-response-accepted", "name-id-is-user-name")
        assert accepted[0] == name_id[0] == "pass"
        assert "4 days ago" in accepted[1]
        assert sound.keys[0].thumbprint in accepted[1]
        assert "which is active in Entra" in accepted[1]

    def test_a_strangers_is_refused_and_shows_nothing(self, sound: Company, scan: Scan) -> None:
        self.capture(sound, "mallory@attacker.example", by=attacker())
        accepted, name_id = self.judged(sound, scan, "captured-response-accepted", "name-id-is-user-name")
        assert accepted[0] == "fail"
        assert "which Entra does not list for this application" in accepted[1]
        assert name_id[0] == "pass"

    def test_it_tells_where_the_policies_cannot_be_read(self, sound: Company, scan: Scan) -> None:
        self.capture(sound)
        sound.tenant.emulator.faults.add(Fault(match=lambda q: "/policies/" in q.path, status=403))
        ((status, said),) = self.judged(sound, scan, "name-id-is-user-name")
        assert status == "pass"
        assert "as the response captured on 2026-11-23 shows" in said

    def test_nobody_is_named_in_the_files_of_a_scan(
        self, sound: Company, auditor: Runner, tmp_path: Path
    ) -> None:
        self.capture(sound, "4711-of-a-person")
        auditor("collect", "--config", sound.tenant.file, "--snapshot", "s.json.gz")
        record = read_snapshot((tmp_path / "s.json.gz").read_bytes()).sections["capturedResponse"].records
        written = json.dumps([to_json(one) for one in record.values()])
        assert "2026-11-23" in written
        assert "4711" not in written
        assert "ada" not in written.lower()

    def test_who_it_is_stands_in_them_where_that_is_asked_for(self, sound: Company, scan: Scan) -> None:
        self.capture(sound, personal_data="keep")
        ((status, said), (named, _)) = self.judged(
            sound, scan, "captured-response-accepted", "name-id-is-user-name"
        )
        assert status == named == "pass"
        assert "Its name ID is ada@contoso.com." in said
        self.capture(sound, personal_data="masked")
        ((status, said), (named, _)) = self.judged(
            sound, scan, "captured-response-accepted", "name-id-is-user-name"
        )
        assert status == named == "pass"
        assert "Its name ID is (masked)." in said

    def test_a_snapshot_does_not_tell_the_machines_folders(
        self, sound: Company, auditor: Runner, tmp_path: Path
    ) -> None:
        self.capture(sound)
        configuration = sound.tenant.read()
        (entry,) = configuration["applications"]
        entry["captured_response"]["file"] = str(sound.folder.resolve() / "form.txt")
        entry["service_provider"] = {
            "configured_by": "metadata-file",
            "metadata_file": str(sound.folder.resolve() / "form.txt"),
        }
        sound.tenant.configure(applications=[entry])
        assert auditor("collect", "--config", sound.tenant.file, "--snapshot", "s.json.gz").code == 0
        written = gzip.decompress((tmp_path / "s.json.gz").read_bytes()).decode()
        assert "form.txt" in written
        assert str(sound.folder.resolve()) not in written

    def test_a_stranger_is_not_named_however_much_may_be_kept(
        self, sound: Company, auditor: Runner, tmp_path: Path
    ) -> None:
        self.capture(sound, "mallory@attacker.example", by=attacker(), personal_data="keep")
        auditor("scan", "--config", sound.tenant.file, "--out", tmp_path / "out")
        report = (tmp_path / "out" / "report.json").read_text()
        assert "which Entra does not list for this application" in report
        assert "mallory" not in report

    def test_none_is_asked_for(self, sound: Company, scan: Scan) -> None:
        ((status, said),) = self.judged(sound, scan, "captured-response-accepted")
        assert status == "not-applicable"
        assert "captured_response" in said


class TestToPaste:
    def values(self, company: Company) -> list[str]:
        return [
            company.metadata_url,
            f"{LOGIN}/{company.id}/saml2",
            f"https://sts.windows.net/{company.id}/",
        ]

    def test_without_a_network_where_the_configuration_says_enough(
        self, sound: Company, auditor: Runner
    ) -> None:
        entry = {"profile": "gotomeeting", "product": "GoToMeeting", "match": {"app_id": sound.app_id}}
        sound.tenant.configure(applications=[entry])
        result = auditor("profiles", "show", "gotomeeting", "--config", sound.tenant.file)
        assert result.code == 0
        assert all(value in result.stdout.split() for value in self.values(sound))
        assert sound.tenant.emulator.log == []

    def test_looked_up_where_it_does_not(self, sound: Company, auditor: Runner) -> None:
        sound.tenant.configure(tenant={"id": "contoso.com"})
        result = auditor(
            "profiles", "show", "gotomeeting", "--config", sound.tenant.file, "--application", "GoToMeeting"
        )
        assert result.code == 0, result.stderr
        assert all(value in result.stdout.split() for value in self.values(sound))

    def test_what_they_are_is_what_passes(self, sound: Company, auditor: Runner, scan: Scan) -> None:
        result = auditor("profiles", "show", "gotomeeting", "--config", sound.tenant.file)
        printed = {
            line[:25].strip(): line[25:].strip() for line in result.stdout.splitlines() if "https://" in line
        }
        sound.by_hand(
            sign_in_page_url=printed["Sign-in page URL"],
            sign_out_page_url=printed["Sign-out page URL"],
            entity_id=printed["Entity ID"],
        )
        assert ours(scan(sound.tenant), "fail") == set()
        sound.declare(configured_by="metadata-url", metadata_url=printed["Metadata URL"])
        assert ours(scan(sound.tenant), "fail") == set()

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--application", "GoToMeeting"], "--application needs --config"),
            (["--config", "auditor.yaml", "--application", "Nothing"], "no application that is looked at"),
        ],
    )
    def test_what_is_wrong(self, sound: Company, auditor: Runner, arguments: list[str], said: str) -> None:
        given = [sound.tenant.file if one == "auditor.yaml" else one for one in arguments]
        result = auditor("profiles", "show", "gotomeeting", *given)
        assert result.code == 2
        assert said in result.stderr

    def test_what_is_missing_is_said_when_nobody_answers(self, sound: Company, auditor: Runner) -> None:
        configuration = yaml.safe_load(sound.tenant.file.read_text())
        configuration["tenants"][0]["endpoints"].update(
            graph="https://127.0.0.1:9", login="https://127.0.0.1:9"
        )
        sound.tenant.file.write_text(yaml.safe_dump(configuration))
        result = auditor("profiles", "show", "gotomeeting", "--config", sound.tenant.file)
        assert result.code == 1
        assert "match: {app_id: ...}" in result.stderr
