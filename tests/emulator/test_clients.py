"""Microsoft's own clients work with it unmodified, but for where they send requests and whom they trust."""

from __future__ import annotations

import asyncio
import json
import ssl
from typing import Any

import httpx
import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import CertificateCredential, ClientSecretCredential

from tests.emulator.speaking import SCOPE, Speaker


def options(speaker: Speaker) -> dict[str, Any]:
    return {
        "authority": speaker.emulator.url,
        "disable_instance_discovery": True,
        "transport": RequestsTransport(connection_verify=str(speaker.emulator.ca_file)),
        "retry_total": 0,
    }


def test_azure_identity_gets_a_token_for_a_secret(demo: Speaker) -> None:
    emulator = demo.emulator
    with ClientSecretCredential(
        emulator.tenant_id, emulator.client_id, emulator.client_secret, **options(demo)
    ) as credential:
        token = credential.get_token(SCOPE).token
    demo._token = token
    assert demo.ask("/v1.0/organization").status_code == 200


def test_azure_identity_gets_a_token_for_a_certificate(demo: Speaker) -> None:
    emulator = demo.emulator
    file = str(emulator.certificate_file)
    with CertificateCredential("contoso.com", emulator.client_id, file, **options(demo)) as credential:
        assert credential.get_token(SCOPE).token
    assert emulator.certificate_file.stat().st_mode & 0o077 == 0


def test_azure_identity_says_which_code_refused_it(demo: Speaker) -> None:
    with (
        ClientSecretCredential(
            demo.emulator.tenant_id, demo.emulator.client_id, "wrong", **options(demo)
        ) as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS7000215"),
    ):
        credential.get_token(SCOPE)


@pytest.mark.filterwarnings("ignore:This class is deprecated:DeprecationWarning")
def test_msgraph_sdk_reads_typed_and_raw(demo: Speaker) -> None:
    from kiota_abstractions.authentication import AccessTokenProvider, AllowedHostsValidator
    from kiota_abstractions.authentication import BaseBearerTokenAuthenticationProvider as Bearer
    from msgraph.graph_request_adapter import GraphRequestAdapter
    from msgraph.graph_service_client import GraphServiceClient

    class Given(AccessTokenProvider):
        async def get_authorization_token(
            self, uri: str, additional_authentication_context: Any = None
        ) -> str:
            return demo.token

        def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
            return AllowedHostsValidator(["127.0.0.1"])

    async def read() -> tuple[Any, Any, Any]:
        tls = ssl.create_default_context(cafile=demo.emulator.ca_file)
        async with httpx.AsyncClient(verify=tls) as http:
            adapter = GraphRequestAdapter(Bearer(Given()), client=http)
            adapter.base_url = demo.emulator.url + "/v1.0"
            client = GraphServiceClient(request_adapter=adapter)
            one = await client.service_principals.by_service_principal_id(
                demo.id("servicePrincipal", "GoToMeeting")
            ).get()
            policies = await client.identity.conditional_access.policies.get()
            request = client.users.to_get_request_information()
            raw = await adapter.send_primitive_async(request, "bytes", {})
            return one, policies, raw

    one, policies, raw = asyncio.run(read())
    assert one.display_name == "GoToMeeting"
    assert one.saml_single_sign_on_settings.relay_state == "https://global.gotomeeting.com"
    assert policies.odata_next_link.startswith(demo.emulator.url)
    assert json.loads(raw)["value"] == []
