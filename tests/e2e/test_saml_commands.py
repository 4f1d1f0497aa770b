"""`metadata check` and `response check` with expected values from a live tenant."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from auditor.emulator import Fault, Question
from auditor.saml.certificate import from_der
from tests.conftest import Runner
from tests.e2e.conftest import Tenant
from tests.saml.federation import Signer, attacker
from tests.saml.sign_on import (
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


def _captured(tenant: Tenant, app_id: str, *, by: Signer | None = None) -> bytes:
    """The response of a sign-on of the test user, a moment ago."""
    keys = tenant.emulator.tenant.signing[app_id].signer
    now = datetime.now(UTC)
    end = (now + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    issuer = f"https://sts.windows.net/{tenant.emulator.tenant_id}/"
    said = assertion(
        issuer=issuer,
        about=subject(TEST_USER, data=f'NotOnOrAfter="{end}" Recipient="{REPLY_URL}"'),
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
