"""What can go wrong before the first question: one clear line each, and what to do."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificate

from auditor.emulator import Emulator, Fault, Question
from auditor.emulator.certificates import self_signed
from auditor.emulator.drafts import ClientDraft
from auditor.emulator.scene import scene_of
from auditor.errors import AuditorError, CannotRunError, UsageError
from auditor.graph.connection import Connection
from auditor.graph.token import Token, claims_of, held_permissions
from auditor.model.configuration import Credential
from auditor.secret import mask
from tests.graph.conftest import SECRET, Door, small


async def nothing(connection: Connection) -> str:
    return connection.tenant_id


def error(door: Door, kind: type[AuditorError] = CannotRunError, **options: Any) -> AuditorError:
    """The error of trying to connect; it is one line, has a remedy, and shows no secret."""
    with pytest.raises(kind) as raised:
        door.open(nothing, **options)
    found = raised.value
    assert found.message.count("\n") == 0
    assert found.remedy
    assert door.emulator.client_secret not in str(found)
    return found


def on_login(path: str, **what: Any) -> Fault:
    return Fault(match=lambda question: question.path.endswith(path), **what)


def test_a_domain_is_resolved_to_the_tenants_id(door: Door) -> None:
    assert door.open(nothing, id="contoso.com") == door.emulator.tenant_id


def test_an_id_is_taken_in_any_case(door: Door) -> None:
    assert door.open(nothing, id=door.emulator.tenant_id.upper()) == door.emulator.tenant_id


def test_unknown_tenant(door: Door) -> None:
    found = error(door, id="fabrikam.com")
    assert found.message == "looking up the tenant fabrikam.com: there is no such tenant (AADSTS90002)"


@pytest.mark.parametrize("answer", [b"<html>", b"{}", b"[]", b'{"token_endpoint": 1}'])
def test_a_host_that_is_no_login_host(door: Door, answer: bytes) -> None:
    door.emulator.faults.add(on_login("openid-configuration", body=answer))
    assert "did not answer with an OpenID configuration" in error(door).message


def test_an_openid_configuration_without_the_tenant(door: Door) -> None:
    door.emulator.faults.add(on_login("openid-configuration", body=b'{"token_endpoint": "https://x"}'))
    assert "does not name the tenant" in error(door, id="contoso.com").message


def test_wrong_secret(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDITOR_TEST_SECRET", "not the secret at all")
    found = error(door)
    assert found.message == "signing in to Microsoft Entra: the client secret is wrong (AADSTS7000215)"
    assert "not the secret at all" not in str(found)


def test_unknown_client(door: Door) -> None:
    credential = replace(door.tenant.credential, client_id="11111111-1111-4111-8111-111111111111")
    assert "AADSTS700016" in error(door, credential=credential).message


def test_wrong_clock(door: Door) -> None:
    found = error(door, clock=lambda: datetime.now(UTC) + timedelta(minutes=95))
    assert found.message == "the clock of this machine is 1 hour fast"
    found = error(door, clock=lambda: datetime.now(UTC) - timedelta(minutes=11, seconds=5))
    assert found.message == "the clock of this machine is 11 minutes slow"


def test_a_clock_that_is_a_little_off_is_good_enough(door: Door) -> None:
    assert door.open(nothing, clock=lambda: datetime.now(UTC) + timedelta(minutes=9))


@pytest.mark.parametrize("endpoint", ["openid-configuration", "/token"])
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 403},
        {"status": 404},
        {"status": 429, "retry_after": 3600},
        {"status": 429},
        {"status": 500},
        {"truncate": True},
        {"drop": True},
        {"empty": True},
    ],
    ids=str,
)
def test_a_login_that_fails_ends_the_audit(door: Door, endpoint: str, fault: Mapping[str, Any]) -> None:
    door.emulator.faults.add(on_login(endpoint, **fault))
    error(door)
    assert not any(request.url.startswith(("/v1.0", "/beta")) for request in door.emulator.log)


def test_a_throttled_login_is_waited_for(door: Door) -> None:
    door.emulator.faults.add(on_login("/token", status=429, retry_after=1, times=1))
    assert door.open(nothing, max_wait=5)
    assert door.waits == [("the login host asks to wait", 1.0)]


def test_no_network(door: Door) -> None:
    closed = replace(door.tenant.endpoints, login="https://127.0.0.1:9")
    assert "127.0.0.1:9 cannot be reached: " in error(door, endpoints=closed).message


def test_graph_that_cannot_be_reached(door: Door) -> None:
    closed = replace(door.tenant.endpoints, graph="https://127.0.0.1:9")

    async def ask(connection: Connection) -> None:
        for _ in range(3):
            await connection.graph.get(connection.graph.sdk.users.by_user_id("x"))

    with pytest.raises(CannotRunError, match=r"127\.0\.0\.1:9 cannot be reached: "):
        door.open(ask, endpoints=closed)


def test_tls_failure(door: Door) -> None:
    untrusted = replace(door.tenant.endpoints, ca_file=None)
    found = error(door, endpoints=untrusted)
    assert "TLS to 127.0.0.1" in found.message
    assert "SSL_CERT_FILE" in found.remedy


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_roots_of_the_environment_are_trusted(
    door: Door, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, str(door.emulator.ca_file))

    async def ask(connection: Connection) -> object:
        return await connection.graph.list(connection.graph.sdk.organization, select=("id",))

    assert door.open(ask, endpoints=replace(door.tenant.endpoints, ca_file=None))


def test_roots_that_are_not_there(door: Door, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    assert "SSL_CERT_FILE" in error(door).message


def test_a_ca_file_that_is_none(door: Door, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    endpoints = replace(door.tenant.endpoints, ca_file=tmp_path / "ca.pem")
    assert "ca.pem" in error(door, UsageError, endpoints=endpoints).message


def test_a_token_of_another_tenant_is_not_used(door: Door) -> None:
    claims = base64.urlsafe_b64encode(json.dumps({"tid": "another"}).encode()).decode().rstrip("=")
    body = {"token_type": "Bearer", "expires_in": 3599, "access_token": f"x.{claims}.x"}
    door.emulator.faults.add(on_login("/token", body=body))
    assert "for the tenant another" in error(door).message


def test_no_request_leaves_for_another_host(door: Door) -> None:
    found = json.dumps({"token_endpoint": "https://login.example.com/token", "authorization_endpoint": "x"})
    door.emulator.faults.add(on_login("openid-configuration", body=found.encode()))
    assert "login.example.com" in error(door).message


def test_endpoints_that_the_documents_name_by_the_clouds_host_are_asked_where_requests_go(
    door: Door,
) -> None:
    url = f"https://login.microsoftonline.com/{door.emulator.tenant_id}/oauth2/v2.0"
    found = {"token_endpoint": f"{url}/token", "authorization_endpoint": f"{url}/authorize"}
    door.emulator.faults.add(on_login("openid-configuration", body=json.dumps(found).encode()))
    assert door.open(nothing) == door.emulator.tenant_id


def test_the_scope_follows_the_cloud_not_the_endpoint(door: Door) -> None:
    bodies: list[bytes] = []

    def look(question: Question) -> bool:
        if question.path.endswith("/token"):
            bodies.append(question.body)
        return False

    door.emulator.faults.add(Fault(match=look))
    door.open(nothing)
    assert b"graph.microsoft.com%2F.default" in bodies[0]


def test_no_credential_at_all(door: Door) -> None:
    assert "AZURE_CLIENT_SECRET" in error(door, credential=Credential()).remedy


def test_the_variables_of_azure_identity_serve(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_ID", door.emulator.client_id)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", door.emulator.client_secret)
    monkeypatch.setenv("AZURE_TENANT_ID", "ignored.example.com")
    assert door.open(nothing, credential=Credential())


def test_a_secret_without_a_client(door: Door) -> None:
    credential = Credential(type="client-secret", client_secret=SECRET)
    assert "client_id" in error(door, UsageError, credential=credential).message


def certificate(door: Door, path: Path | None = None, password: str | None = None) -> Credential:
    return Credential(
        type="client-certificate",
        client_id=door.emulator.client_id,
        certificate_path=path or door.emulator.certificate_file,
        certificate_password=password,
    )


def test_client_certificate(door: Door) -> None:
    assert door.open(nothing, credential=certificate(door))


def test_client_certificate_of_the_environment(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_CLIENT_ID", door.emulator.client_id)
    monkeypatch.setenv("AZURE_CLIENT_CERTIFICATE_PATH", str(door.emulator.certificate_file))
    assert door.open(nothing, credential=Credential())


def test_client_certificate_with_password(
    door: Door, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pem = door.emulator.certificate_file.read_bytes()
    key, own = load_pem_private_key(pem, None), load_pem_x509_certificate(pem)
    assert isinstance(key, RSAPrivateKey)
    encryption = BestAvailableEncryption(b"opens it")
    file = tmp_path / "client.pfx"
    file.write_bytes(pkcs12.serialize_key_and_certificates(b"client", key, own, None, encryption))
    monkeypatch.setenv("AUDITOR_TEST_PASSWORD", "opens it")
    assert door.open(nothing, credential=certificate(door, file, "env:AUDITOR_TEST_PASSWORD"))
    monkeypatch.setenv("AUDITOR_TEST_PASSWORD", "does not")
    found = error(door, credential=certificate(door, file, "env:AUDITOR_TEST_PASSWORD"))
    assert "client.pfx" in found.message
    assert "does not" not in str(found)


def test_client_certificate_that_is_not_registered(door: Door, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    foreign = tmp_path / "foreign.pem"
    foreign.write_bytes(_pair(now - timedelta(days=1), now + timedelta(days=1)))
    found = error(door, credential=certificate(door, foreign))
    assert "AADSTS700027" in found.message


@pytest.mark.parametrize(
    ("begins", "ends", "sentence"), [(-9, -2, "expired on 2"), (2, 9, "is not valid before 2")]
)
def test_client_certificate_out_of_date(
    door: Door, tmp_path: Path, begins: int, ends: int, sentence: str
) -> None:
    now = datetime.now(UTC)
    old = tmp_path / "old.pem"
    old.write_bytes(_pair(now + timedelta(days=begins), now + timedelta(days=ends)))
    assert sentence in error(door, credential=certificate(door, old)).message
    assert door.asked("/token") == 0


@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN NOTHING-----"])
def test_client_certificate_that_is_none(door: Door, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "client.pem"
    if content is not None:
        file.write_bytes(content)
    assert "client.pem" in error(door, credential=certificate(door, file)).message


def _pair(begins: datetime, ends: datetime) -> bytes:
    return self_signed("foreign", kind="foreign", subject="foreign", not_before=begins, not_after=ends).pem()


def test_a_federated_token_that_is_none(door: Door, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("no token")
    credential = Credential(type="workload-identity", client_id=door.emulator.client_id, token_file=file)
    assert "AADSTS" in error(door, credential=credential).message


def test_azure_cli_that_is_not_there(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert "azure-cli is not available here" in error(door, credential=Credential(type="azure-cli")).message


def test_an_expired_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    draft = small()
    draft.client = ClientDraft(secret_expired=True)
    with Emulator(scene_of("expired", draft)) as emulator:
        monkeypatch.setenv("AUDITOR_TEST_SECRET", emulator.client_secret)
        assert "AADSTS7000222" in error(Door(emulator)).message


def test_a_short_lived_token_is_renewed_when_its_time_is_nearly_over_not_for_every_request() -> None:
    fetched: list[str | None] = []

    async def fetch(claims: str | None) -> AccessToken:
        fetched.append(claims)
        return AccessToken(str(len(fetched)), int(time.time()) + 3)

    async def run() -> list[str]:
        token = Token(scope="s", fetch=fetch)
        at_once = [(await token.get_token()).token for _ in range(4)]
        await asyncio.sleep(2.5)
        return [*at_once, (await token.get_token()).token]

    assert asyncio.run(run()) == ["1", "1", "1", "1", "2"]
    assert fetched == [None, None]


def test_claims_that_graph_asks_for_are_passed_on_at_once() -> None:
    fetched: list[str | None] = []

    async def fetch(claims: str | None) -> AccessToken:
        fetched.append(claims)
        return AccessToken("x", int(time.time()) + 3600)

    async def run() -> None:
        token = Token(scope="s", fetch=fetch)
        await token.get_token()
        await token.get_token(claims="{}")

    asyncio.run(run())
    assert fetched == [None, "{}"]


def test_the_permissions_of_a_token() -> None:
    def token(claims: object) -> str:
        return f"h.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip('=')}.s"

    assert held_permissions(token({"roles": ["A.Read.All", 1], "scp": "B.Read C.Read"})) == {
        "A.Read.All",
        "B.Read",
        "C.Read",
    }
    assert held_permissions(token({})) == held_permissions(token([])) == held_permissions("opaque") == set()
    assert claims_of("a.%%%.c") == claims_of("a.e30.c") == {}


def test_a_token_is_masked_from_the_moment_it_is_there(door: Door) -> None:
    tokens: list[str] = []

    def look(question: Question) -> bool:
        tokens.append(question.headers.get("authorization", ""))
        return False

    door.emulator.faults.add(Fault(match=look))

    async def ask(connection: Connection) -> object:
        return await connection.graph.list(connection.graph.sdk.organization, select=("id",))

    door.open(ask)
    (sent,) = {token for token in tokens if token}
    assert mask(sent) == "Bearer ***"
