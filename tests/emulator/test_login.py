"""Tokens and their refusals, as the login host is documented to give them."""

from __future__ import annotations

import base64
import hashlib
import time
import uuid
from datetime import timedelta
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from auditor.emulator import Emulator, Fault, Scene, load_scene
from auditor.emulator.drafts import ClientDraft, OptionsDraft, OrganizationDraft, TenantDraft
from auditor.emulator.scene import scene_of
from auditor.errors import CannotRunError
from tests.emulator.conftest import Serve
from tests.emulator.speaking import Speaker

ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def refusal(answer: requests.Response) -> tuple[int, str, int]:
    """Status, OAuth error and AADSTS code; the rest of the body is as documented."""
    body = answer.json()
    (code,) = body["error_codes"]
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    for part in (body["trace_id"], body["correlation_id"], body["timestamp"]):
        assert part in body["error_description"]
    assert body["error_uri"] == f"https://login.microsoftonline.com/error?code={code}"
    return answer.status_code, body["error"], code


def test_a_token_names_the_cloud_and_carries_the_permissions(demo: Speaker) -> None:
    claims = jwt.decode(demo.token, options={"verify_signature": False})
    assert claims["aud"] == "https://graph.microsoft.com"
    assert claims["iss"] == f"https://sts.windows.net/{demo.emulator.tenant_id}/"
    assert claims["tid"] == demo.emulator.tenant_id
    assert claims["appid"] == demo.emulator.client_id
    assert "Application.Read.All" in claims["roles"]
    assert "127.0.0.1" not in str(claims)


def test_the_token_is_signed_with_a_published_key(demo: Speaker) -> None:
    keys = demo.http.get(f"{demo.emulator.url}/{demo.emulator.tenant_id}/discovery/v2.0/keys").json()
    key = jwt.PyJWKSet.from_dict(keys)[jwt.get_unverified_header(demo.token)["kid"]]
    assert jwt.decode(demo.token, key, audience="https://graph.microsoft.com")


@pytest.mark.parametrize("name", ["contoso.com", "CONTOSO.onmicrosoft.com"])
def test_the_tenant_answers_to_its_verified_domains(demo: Speaker, name: str) -> None:
    assert demo.ask_for_token(tenant=name, client_secret=demo.emulator.client_secret).status_code == 200


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
        ({}, (401, "invalid_client", 7000218)),
        ({"client_secret": "x", "client_id": str(uuid.UUID(int=7))}, (400, "unauthorized_client", 700016)),
        ({"client_secret": "x", "tenant": "fabrikam.com"}, (400, "invalid_request", 90002)),
        ({"client_secret": "x", "scope": ""}, (400, "invalid_scope", 70011)),
        ({"client_secret": "x", "scope": "User.Read"}, (400, "invalid_scope", 1002012)),
        (
            {"client_secret": "x", "scope": "https://graph.microsoft.us/.default"},
            (400, "invalid_resource", 500011),
        ),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", 70003)),
        ({"client_assertion_type": ASSERTION, "client_assertion": "x"}, (400, "invalid_request", 50027)),
    ],
)
def test_refusals_carry_the_documented_code(
    demo: Speaker, form: dict[str, str], expected: tuple[int, str, int]
) -> None:
    assert refusal(demo.ask_for_token(**form)) == expected


def test_an_expired_secret_is_told_apart_from_a_wrong_one(serve: Serve) -> None:
    speaker = serve(scene_of("x", TenantDraft(client=ClientDraft(secret_expired=True))))
    answer = speaker.ask_for_token(client_secret=speaker.emulator.client_secret)
    assert refusal(answer) == (401, "invalid_client", 7000222)


def assertion(
    speaker: Speaker, *, key: Any = None, header: str = "x5t#S256", **claims: Any
) -> dict[str, str]:
    """A client assertion as azure-identity makes it, with `claims` changed."""
    pair = speaker.emulator.tenant.clients[speaker.emulator.client_id].certificate
    digest = "SHA256" if header == "x5t#S256" else "SHA1"
    thumbprint = base64.urlsafe_b64encode(hashlib.new(digest, pair.der).digest()).decode().rstrip("=")
    now = int(time.time())
    content = {
        "aud": f"{speaker.emulator.url}/{speaker.emulator.tenant_id}/oauth2/v2.0/token",
        "iss": speaker.emulator.client_id,
        "sub": speaker.emulator.client_id,
        "jti": str(uuid.uuid4()),
        "nbf": now,
        "exp": now + 600,
        **claims,
    }
    algorithm = "PS256" if header == "x5t#S256" else "RS256"
    token = jwt.encode(content, key or pair.key, algorithm=algorithm, headers={header: thumbprint})
    return {"client_assertion_type": ASSERTION, "client_assertion": token}


@pytest.mark.parametrize("header", ["x5t", "x5t#S256"])
def test_an_assertion_signed_with_the_registered_certificate_is_taken(demo: Speaker, header: str) -> None:
    answer = demo.ask_for_token(**assertion(demo, header=header))
    assert answer.status_code == 200
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert claims["appidacr"] == "2"


def test_an_assertion_may_be_addressed_to_the_cloud_itself(demo: Speaker) -> None:
    audience = f"https://login.microsoftonline.com/{demo.emulator.tenant_id}/oauth2/v2.0/token"
    assert demo.ask_for_token(**assertion(demo, aud=audience)).status_code == 200


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"exp": 1_700_000_000}, 700024),
        ({"nbf": 4_000_000_000, "exp": 4_000_000_600}, 700024),
        ({"aud": "https://login.example.com/token"}, 700023),
        ({"sub": "somebody else"}, 700021),
    ],
)
def test_an_assertion_that_claims_something_else_is_refused(
    demo: Speaker, claims: dict[str, Any], code: int
) -> None:
    assert refusal(demo.ask_for_token(**assertion(demo, **claims))) == (401, "invalid_client", code)


def test_an_assertion_signed_with_another_key_is_refused(demo: Speaker) -> None:
    stranger = generate_private_key(public_exponent=65537, key_size=2048)
    assert refusal(demo.ask_for_token(**assertion(demo, key=stranger)))[2] == 700027


def test_an_assertion_signed_with_an_expired_certificate_is_refused(serve: Serve) -> None:
    speaker = serve(scene_of("x", TenantDraft(client=ClientDraft(certificate_expired=True))))
    assert refusal(speaker.ask_for_token(**assertion(speaker)))[2] == 700027


def test_a_server_whose_clock_is_ahead_refuses_assertions(demo: Speaker) -> None:
    demo.emulator.faults.clock_offset = timedelta(hours=2)
    assert refusal(demo.ask_for_token(**assertion(demo)))[2] == 700024


def test_openid_configuration_names_the_cloud_and_leads_back(demo: Speaker) -> None:
    url = f"{demo.emulator.url}/contoso.com/v2.0/.well-known/openid-configuration"
    document = demo.http.get(url).json()
    assert document["issuer"] == f"https://login.microsoftonline.com/{demo.emulator.tenant_id}/v2.0"
    assert document["token_endpoint"] == f"{demo.emulator.url}/contoso.com/oauth2/v2.0/token"


def test_openid_configuration_of_an_unknown_tenant(demo: Speaker) -> None:
    answer = demo.http.get(f"{demo.emulator.url}/fabrikam.com/v2.0/.well-known/openid-configuration")
    assert refusal(answer) == (400, "invalid_request", 90002)


@pytest.fixture
def short_lived() -> Scene:
    return scene_of("short", TenantDraft(options=OptionsDraft(token_lifetime=60)))


def test_graph_refuses_an_expired_token(serve: Serve, short_lived: Scene) -> None:
    speaker = serve(short_lived)
    assert speaker.ask("/v1.0/organization").status_code == 200
    speaker.emulator.faults.clock_offset = timedelta(seconds=61)
    answer = speaker.ask("/v1.0/organization")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
    assert "expired" in answer.json()["error"]["message"]
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    assert answer.headers["Date"] != ""


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x.y.z", "Basic eDp5"])
def test_graph_refuses_what_is_no_token(demo: Speaker, header: str) -> None:
    answer = demo.http.get(demo.emulator.url + "/v1.0/organization", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_graph_refuses_a_token_of_another_tenant(serve: Serve, demo: Speaker) -> None:
    other = serve(scene_of("other", TenantDraft(organization=OrganizationDraft(name="Fabrikam"))))
    answer = other.http.get(
        other.emulator.url + "/v1.0/organization", headers={"Authorization": f"Bearer {demo.token}"}
    )
    assert answer.status_code == 401


def test_national_clouds_have_their_own_names(serve: Serve) -> None:
    draft = TenantDraft(organization=OrganizationDraft(cloud="china"))
    speaker = serve(scene_of("china", draft))
    scope = "https://microsoftgraph.chinacloudapi.cn/.default"
    answer = speaker.ask_for_token(client_secret=speaker.emulator.client_secret, scope=scope)
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert claims["aud"] == "https://microsoftgraph.chinacloudapi.cn"
    assert claims["iss"].startswith("https://sts.chinacloudapi.cn/")


def test_a_port_that_is_taken_is_said_so(demo: Speaker) -> None:
    port = int(demo.emulator.url.rpartition(":")[2])
    with (
        pytest.raises(CannotRunError, match=str(port)) as caught,
        Emulator(load_scene("smallest"), port=port),
    ):
        pass
    assert caught.value.remedy


def test_outside_its_context_it_serves_nothing_and_leaves_nothing() -> None:
    emulator = Emulator(load_scene("smallest"))
    with pytest.raises(RuntimeError):
        _ = emulator.url
    with emulator:
        file = emulator.certificate_file
        assert file.exists()
    assert not file.parent.exists()
    with pytest.raises(RuntimeError):
        _ = emulator.ca_file
    emulator.stop()


def test_a_mistake_of_its_own_is_raised_when_it_stops() -> None:
    emulator = Emulator(load_scene("smallest")).__enter__()
    emulator.faults.add(Fault(match=lambda question: bool(1 // 0)))
    with Speaker(emulator) as speaker:
        assert speaker.http.get(emulator.url + "/v1.0/organization").status_code == 500
    with pytest.raises(RuntimeError, match="itself failed") as caught:
        emulator.stop()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
