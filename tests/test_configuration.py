"""auditor.yaml: what loads, and what is refused with which sentence at which place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from auditor.bundled import bundled
from auditor.configuration import Known, load_configuration
from auditor.errors import DocumentError, Mark
from auditor.model.cloud import CLOUDS
from auditor.model.configuration import (
    Allow,
    ApplicationConfiguration,
    Credential,
    Match,
    RuleOverride,
    Thresholds,
)
from auditor.model.profile import Profile
from auditor.model.rule import Severity

GOTOMEETING = Profile(
    id="gotomeeting",
    display_name="GoToMeeting",
    template_names=("GoToMeeting",),
    identifiers=(),
    display_names=(),
    products=("GoToMeeting", "GoToTraining"),
    initiated_by="idp",
    expected={},
    sources={},
    steps=(),
    mark=Mark(Path("gotomeeting.yaml"), 1, 1),
)
KNOWN = Known(
    rules=("owner-present", "no-guests-assigned"),
    profiles=(GOTOMEETING,),
    sections=("claimsPolicy", "signIns"),
)
SECRET = "hunter2-correct-horse"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "auditor.yaml"


def refused(file: Path, text: str) -> str:
    """The error in one line, the file's folder left out."""
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DocumentError) as error:
        load_configuration(file, known=KNOWN)
    assert error.value.exit_code == 2
    return str(error.value).replace(f"{file}:", "")


def entry(text: str) -> str:
    """A configuration whose one application says this, on the second line from column 39 on."""
    return f"tenants: [{{id: a}}]\napplications: [{{profile: gotomeeting, {text}}}]"


def test_everything_that_can_be_said(file: Path) -> None:
    file.write_text(
        """
tenants:
  - id: contoso.onmicrosoft.com
    cloud: usgov
    endpoints: {graph: "https://127.0.0.1:8443/", login: "https://[::1]:8443", ca_file: ca.pem}
    credential:
      type: client-certificate
      client_id: 0a0b
      client_secret: file:secret.txt
      certificate_path: client.pem
      certificate_password: env:PASSWORD
      token_file: /var/run/token
    environment: test
  - id: 9d0e0000-0000-4000-8000-000000000000
    applications: [{match: {display_name: Wiki}}]
applications:
  - profile: gotomeeting
    product: GoToMeeting
    match: {app_id: a, object_id: b}
    name_id: User.Mail
    guests: allowed
    allow: {reply_urls: [u], permissions: [User.Read.All], groups: [Everybody]}
    test_user: britta.simon@contoso.com
rules:
  owner-present: {enabled: true}
  no-guests-assigned: {severity: low, enabled: false, reason: guests are the business}
thresholds: {certificate_expiry_days: [7, 90], broad_group_percent: 40}
accepted_gaps:
  - {section: claimsPolicy, reason: needs a write permission, owner: iam@contoso.com, expires: 2027-06-30}
history: sqlite:///auditor.db
"""
    )
    configuration = load_configuration(file, known=KNOWN)
    first, second = configuration.tenants
    assert (first.id, first.cloud, first.environment) == ("contoso.onmicrosoft.com", "usgov", "test")
    assert (first.endpoints.graph, first.endpoints.login) == ("https://127.0.0.1:8443", "https://[::1]:8443")
    assert first.endpoints.ca_file == file.parent / "ca.pem"
    assert first.credential == Credential(
        type="client-certificate",
        client_id="0a0b",
        client_secret=f"file:{file.parent / 'secret.txt'}",
        certificate_path=file.parent / "client.pem",
        certificate_password="env:PASSWORD",
        token_file=Path("/var/run/token"),
    )
    assert first.applications == (
        ApplicationConfiguration(
            profile="gotomeeting",
            product="GoToMeeting",
            match=Match(app_id="a", object_id="b"),
            name_id="user.mail",
            guests="allowed",
            allow=Allow(reply_urls=("u",), permissions=("User.Read.All",), groups=("Everybody",)),
            test_user="britta.simon@contoso.com",
        ),
    )
    assert second.applications == (ApplicationConfiguration(match=Match(display_name="Wiki")),)
    assert configuration.rules == {
        "owner-present": RuleOverride(enabled=True),
        "no-guests-assigned": RuleOverride(
            severity=Severity.LOW, enabled=False, reason="guests are the business"
        ),
    }
    assert configuration.thresholds == Thresholds(certificate_expiry_days=(90, 7), broad_group_percent=40)
    assert [gap.section for gap in configuration.accepted_gaps] == ["claimsPolicy"]
    assert configuration.history == "sqlite:///auditor.db"


def test_the_tenant_of_the_environment_serves_only_when_the_file_names_none(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AZURE_TENANT_ID", "from.environment")
    file.write_text("tenants: [{}]")
    assert load_configuration(file, known=KNOWN).tenants[0].id == "from.environment"
    file.write_text("tenants: [{id: from.file}]")
    assert load_configuration(file, known=KNOWN).tenants[0].id == "from.file"
    monkeypatch.delenv("AZURE_TENANT_ID")
    assert "no 'id', and AZURE_TENANT_ID is not set" in refused(file, "tenants: [{}]")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tenants: [{id: a, clod: global}]", "1:19: unknown key 'clod'; did you mean 'cloud'?"),
        ("tenants:\n  - id: a\n    id: b", "3:5: duplicate key 'id'"),
        ("tenants: [{id: 3}]", "1:16: id must be a text, not the number 3"),
        ("tenants: []", "1:10: tenants needs at least 1 item"),
        ("rules: {}", "1:1: the document lacks 'tenants'"),
        (
            "tenants: [{id: a}]\napplications: [{profile: gotometing}]",
            "2:26: unknown profile 'gotometing'; did you mean 'gotomeeting'?",
        ),
        (
            "tenants: [{id: a}]\napplications: [{profile: gotomeeting, product: GoToTrainig}]",
            "2:48: unknown product of gotomeeting 'GoToTrainig'; did you mean 'GoToTraining'?",
        ),
        ("tenants: [{id: a, applications: [{profile: x}]}]", "1:44: unknown profile 'x'"),
        (
            "tenants: [{id: a}]\napplications: [{match: {app_id: b}, product: c}]",
            "a product needs the profile",
        ),
        ("tenants: [{id: a}]\napplications: [{guests: allowed}]", "2:16: the application has neither"),
        (
            "tenants: [{id: a}]\nrules: {owner-presnt: {enabled: true}}",
            "2:9: unknown rule 'owner-presnt'; did you mean 'owner-present'?",
        ),
        (
            "tenants: [{id: a}]\nrules: {owner-present: {enabled: false}}",
            "2:9: owner-present is switched off without",
        ),
        (
            "tenants: [{id: a}]\nrules: {owner-present: {enabled: false, reason: ' '}}",
            "2:9: owner-present is switched off without",
        ),
        (
            "tenants: [{}]\naccepted_gaps: [{section: signins, owner: o, reason: r, expires: 2027-01-01}]",
            "2:27: unknown section 'signins'; did you mean 'signIns'?",
        ),
        (
            "tenants: [{}]\naccepted_gaps: [{section: signIns, reason: r, owner: o, expires: 2027-02-30}]",
            "2:66: expires: 2027-02-30 is no day of the calendar",
        ),
        (
            "tenants: [{id: a, endpoints: {graph: 'http://127.0.0.1'}}]",
            "1:38: graph: 'http://127.0.0.1' is not",
        ),
        (
            "tenants: [{id: a, endpoints: {graph: 'https://h/v1.0'}}]",
            "graph: 'https://h/v1.0' is not of the form",
        ),
        ("tenants: [{id: ../../etc}]", "1:16: id: '../../etc' is not of the form"),
        ("tenants: [{id: a.example}, {id: A.example}]", "1:28: the tenant A.example stands here twice"),
        (
            "tenants: [{id: a}]\nthresholds: {sign_in_window_days: 90}",
            "sign_in_window_days must be at most 30",
        ),
        ("tenants: [{id: a}]\nwaivers: nowhere.yaml", "2:10: waivers: there is no file"),
        (
            "tenants: [{id: a}]\nalerts: [{to: {stdout: true}}]",
            "2:1: alerts need a history: without one nobody knows what was told already",
        ),
        (
            "tenants: [{id: a, applications: [{profile: gotomeeting, service_provider: 3}]}]",
            "1:75: service_provider must be a mapping, not the number 3",
        ),
        (
            entry("service_provider: {configured_by: by-hand}"),
            "2:73: configured_by",
        ),
        (
            entry("service_provider: {configured_by: manual, metadata_url: x}"),
            "2:81: metadata_url belongs to configured_by: metadata-url, not to manual",
        ),
        (
            entry("service_provider: {configured_by: metadata-url, metadata_url: x, entity_id: y}"),
            "2:104: entity_id belongs to configured_by: manual, not to metadata-url",
        ),
        (
            entry("service_provider: {configured_by: metadata-file}"),
            "2:58: configured_by: metadata-file without metadata_file says nothing",
        ),
        (
            entry("service_provider: {configured_by: manual, entity_id: x, sign_in_binding: HTTP-POST}"),
            "2:95: sign_in_binding needs its sign_in_page_url",
        ),
        (
            entry("service_provider: {configured_by: metadata-file, metadata_file: no/such.xml}"),
            "2:103: metadata_file: there is no file no/such.xml",
        ),
        (
            entry("service_provider: {configured_by: manual, certificate_file: .}"),
            "2:99: certificate_file: there is no file .",
        ),
        (
            entry("service_provider: {configured_by: manual, entity_id: x, checked_on: 2026-13-01}"),
            "2:107: checked_on: 2026-13-01 is no day of the calendar",
        ),
        (
            entry("captured_response: {file: auditor.yaml, captured_on: 2026-02-30}"),
            "2:92: captured_on: 2026-02-30 is no day of the calendar",
        ),
        (
            entry("captured_response: {file: gone.har, captured_on: 2026-02-20}"),
            "2:65: file: there is no file gone.har",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(file: Path, text: str, told: str) -> None:
    assert told in refused(file, text)


@pytest.mark.parametrize(
    "text",
    [
        f"tenants: [{{id: a, credential: {{client_secret: {SECRET}}}}}]",
        f"tenants: [{{id: a, credential: {{certificate_password: {SECRET}}}}}]",
        f"tenants: [{{id: a, credential: {SECRET}}}]",
        f"tenants: [{{id: a, credential: {{client_secret: [{SECRET}]}}}}]",
        f"tenants: [{{id: a, credential: {{clientsecret: {SECRET}}}}}]",
        f"tenants: [{{id: a, credential: {{client_secret: 'env: {SECRET}'}}}}]",
        f"tenants: [{{id: a}}]\nhistory: postgresql://auditor:{SECRET}@db/audit",
        f"tenants: [{{id: a}}]\nhistory: 'postgresql://auditor:{SECRET}@[db/audit'",
        f"tenants: [{{id: a}}]\nhistory: postgresql://db/audit?user=auditor&password={SECRET}",
        f"tenants: [{{id: a, endpoints: {{graph: 'https://auditor:{SECRET}@127.0.0.1:8443'}}}}]",
        f"tenants: [{{id: a, endpoints: 'https://auditor:{SECRET}@127.0.0.1:8443'}}]",
        f"tenants: [{{id: a}}]\nheartbeat: https://hc.example/{SECRET}",
        f"tenants: [{{id: a}}]\nalerts: [{SECRET}]",
        f"tenants: [{{id: a}}]\nalerts: {SECRET}",
    ],
)
def test_a_literal_secret_is_refused_and_not_repeated(file: Path, text: str) -> None:
    assert SECRET not in refused(file, text)


def test_a_file_that_is_not_there(file: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read"):
        load_configuration(file, known=KNOWN)


def test_the_schema_knows_the_clouds_and_severities_of_the_program() -> None:
    schema = json.loads((bundled("reports") / "schema" / "configuration.schema.json").read_bytes())
    assert schema["$defs"]["tenant"]["properties"]["cloud"]["enum"] == list(CLOUDS)
    severities = schema["$defs"]["ruleOverride"]["properties"]["severity"]["enum"]
    assert severities == [severity.value for severity in Severity]
