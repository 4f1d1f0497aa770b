"""`metadata check` and `response check` with expected values from a live tenant."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from auditor.bundled import bundled
from auditor.emulator import Fault, Question
from auditor.saml.certificate import from_der
from tests.conftest import Runner
from tests.e2e.conftest import Tenant
from tests.saml.federation import Signer, attacker
from tests.saml.sign_on import (
    EMAIL,
    assertion,
    audience_restriction,
    conditions,
    response,
    signed_assertion,
    subject,
)

REPLY_URL = "https://authentication.logmeininc.com/saml/acs"
AUDIENCE = "https://authentication.logmeininc.com/saml/sp"
TEST_USER = "edsger@contoso.com"


@pytest.fixture
def app_id(tenant: Tenant) -> str:
    """Of the tenant's GoToMeeting."""
    return next(iter(tenant.emulator.tenant.signing))


def _download(tenant: Tenant, query: str) -> bytes:
    path = f"{tenant.emulator.tenant_id}/federationmetadata/2007-06/federationmetadata.xml"
    answer = requests.get(
        f"{tenant.emulator.url}/{path}{query}", verify=str(tenant.emulator.ca_file), timeout=10
    )
    assert answer.status_code == 200
    return answer.content


def test_metadata_that_was_downloaded_is_accepted(
    auditor: Runner, tenant: Tenant, app_id: str, tmp_path: Path
) -> None:
    file = tmp_path / "metadata.xml"
    file.write_bytes(_download(tenant, f"?appid={app_id}"))
    result = auditor("metadata", "check", file, "--config", tenant.file, "--application", "gotomeeting")
    assert (result.code, result.stdout.splitlines()[0]) == (0, f"{file}: accept")


def test_metadata_is_fetched_from_the_configured_endpoint(
    auditor: Runner, tenant: Tenant, app_id: str
) -> None:
    path = f"{tenant.emulator.tenant_id}/federationmetadata/2007-06/federationmetadata.xml?appid={app_id}"
    url = f"{tenant.emulator.url}/{path}"
    result = auditor("metadata", "check", url, "--config", tenant.file, "--application", "gotomeeting")
    assert (result.code, result.stdout.splitlines()[0]) == (0, f"{url}: accept")


def test_metadata_that_was_saved_without_appid_is_rejected_as_such(
    auditor: Runner, tenant: Tenant, app_id: str, tmp_path: Path
) -> None:
    file = tmp_path / "metadata.xml"
    file.write_bytes(_download(tenant, ""))
    options = ("--config", tenant.file, "--application", "gotomeeting", "--format", "json")
    result = auditor("metadata", "check", file, *options)
    [finding] = json.loads(result.stdout)["findings"]
    assert (result.code, finding["code"]) == (10, "saved-without-appid")
    assert f"?appid={app_id}" in finding["message"]


def test_an_unknown_application_is_a_usage_error(auditor: Runner, tenant: Tenant, tmp_path: Path) -> None:
    file = tmp_path / "metadata.xml"
    file.write_bytes(b"")
    result = auditor("metadata", "check", file, "--config", tenant.file, "--application", "gotomeating")
    assert result.code == 2
    assert "gotomeating" in result.stderr


def test_certificates_that_cannot_be_read_are_not_done_without(
    auditor: Runner, tenant: Tenant, tmp_path: Path
) -> None:
    def reads_keys(question: Question) -> bool:
        return "keyCredentials" in question.url and "/servicePrincipals" in question.url

    tenant.emulator.faults.add(Fault(match=reads_keys, status=403))
    file = tmp_path / "metadata.xml"
    file.write_bytes(b"")
    result = auditor("metadata", "check", file, "--config", tenant.file, "--application", "gotomeeting")
    assert (result.code, result.stdout) == (1, "")
    assert "certificates could not be read" in result.stderr
    assert "Application.Read.All" in result.stderr


def _captured(tenant: Tenant, app_id: str, *, by: Signer | None = None, name_id_format: str = EMAIL) -> bytes:
    """The response of a sign-on of the test user, a moment ago."""
    keys = tenant.emulator.tenant.signing[app_id].signer
    now = datetime.now(UTC)
    end = (now + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    issuer = f"https://sts.windows.net/{tenant.emulator.tenant_id}/"
    said = assertion(
        issuer=issuer,
        about=subject(
            TEST_USER,
            name_id_format=name_id_format,
            data=f'NotOnOrAfter="{end}" Recipient="{REPLY_URL}"',
        ),
        under=conditions(audience_restriction(AUDIENCE), attributes=f'NotOnOrAfter="{end}"'),
    )
    xml = response(said, issuer=issuer, destination=REPLY_URL, request=None)
    return signed_assertion(xml, by or Signer(keys.key, from_der(keys.der)))


def test_a_captured_response_is_compared_with_tenant_and_profile(
    auditor: Runner, tenant: Tenant, app_id: str, tmp_path: Path
) -> None:
    file = tmp_path / "response.xml"
    options = ("--config", tenant.file, "--application", "gotomeeting", "--format", "json")

    file.write_bytes(_captured(tenant, app_id))
    result = auditor("response", "check", file, *options)
    answer = json.loads(result.stdout)
    assert (result.code, answer["nameId"], answer["signerStatus"]) == (0, TEST_USER, "active")
    assert [finding["code"] for finding in answer["findings"]] == ["relay-state-not-seen"]

    result = auditor("response", "check", file, *options, "--name-id", "ada@contoso.com")
    assert (result.code, json.loads(result.stdout)["findings"][-1]["code"]) == (3, "name-id")

    file.write_bytes(_captured(tenant, app_id, by=attacker()))
    result = auditor("response", "check", file, *options)
    assert (result.code, json.loads(result.stdout)["nameId"]) == (10, None)


PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"


@pytest.mark.parametrize(
    ("said", "right", "wrong"),
    [
        ({"exactly": PERSISTENT}, PERSISTENT, EMAIL),
        ({"one_of": [PERSISTENT, EMAIL]}, EMAIL, TRANSIENT),
        ({"one_of": {"GoToMeeting": PERSISTENT, "GoToWebinar": EMAIL}}, PERSISTENT, EMAIL),
        ({"matches": "urn:oasis:names:tc:SAML:2.0:nameid-format:<format>"}, TRANSIENT, EMAIL),
        ({"blank": True}, UNSPECIFIED, EMAIL),
        ({"any": True}, TRANSIENT, None),
    ],
    ids=["exactly", "one-of", "of-the-product", "matches", "blank", "any"],
)
def test_the_name_id_format_is_compared_with_the_profiles(
    auditor: Runner,
    tenant: Tenant,
    app_id: str,
    tmp_path: Path,
    said: dict[str, Any],
    right: str,
    wrong: str | None,
) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(bundled("rules"), rules)
    profile = rules / "profiles" / "gotomeeting.yaml"
    stated = yaml.safe_load(profile.read_text())
    stated["expected"]["name_id_format"] = {**said, "document": "tutorial-2017", "step": "1"}
    profile.write_text(yaml.safe_dump(stated, sort_keys=False))
    file = tmp_path / "response.xml"
    options = ("--config", tenant.file, "--application", "gotomeeting", "--rules", rules, "--format", "json")
    for name_id_format, code in ((right, 0), (wrong, 3)):
        if name_id_format is not None:
            file.write_bytes(_captured(tenant, app_id, name_id_format=name_id_format))
            result = auditor("response", "check", file, *options)
            found = {finding["code"] for finding in json.loads(result.stdout)["findings"]}
            assert (result.code, "name-id-format" in found) == (code, code == 3)


def test_what_the_profile_leaves_open_is_taken_from_the_tenant(
    auditor: Runner, tenant: Tenant, app_id: str, tmp_path: Path
) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(bundled("rules"), rules)
    profile = rules / "profiles" / "gotomeeting.yaml"
    stated = yaml.safe_load(profile.read_text())
    for name in ("identifier", "reply_url"):
        stated["expected"][name] = {"any": True, "document": "tutorial-2017", "step": "1"}
    profile.write_text(yaml.safe_dump(stated, sort_keys=False))
    file = tmp_path / "response.xml"
    file.write_bytes(_captured(tenant, app_id))
    options = ("--config", tenant.file, "--application", "gotomeeting", "--rules", rules)
    assert auditor("response", "check", file, *options).code == 0
