"""The names of the clouds."""

from __future__ import annotations

import pytest

from auditor.model.cloud import CLOUDS, Cloud

TENANT = "8D2F1C3A-5B7E-4C19-9A40-1E6F0B2D7C55"
APPLICATION = "C6B1A7DE-90F4-4E0B-8D35-77A2B1C0E9F1"


def test_the_global_cloud_writes_what_its_documents_say() -> None:
    cloud = CLOUDS["global"]
    tenant = TENANT.lower()
    assert cloud.confirmed
    assert cloud.entity_id(TENANT) == f"https://sts.windows.net/{tenant}/"
    assert cloud.sign_in_url(TENANT) == f"https://login.microsoftonline.com/{tenant}/saml2"
    assert cloud.sign_out_url(TENANT) == f"https://login.microsoftonline.com/{tenant}/saml2"
    document = f"https://login.microsoftonline.com/{tenant}/federationmetadata/2007-06/federationmetadata.xml"
    assert cloud.metadata_url(TENANT) == document
    assert cloud.metadata_url(TENANT, APPLICATION) == f"{document}?appid={APPLICATION.lower()}"
    assert cloud.token_scope == "https://graph.microsoft.com/.default"
    assert cloud.login_hosts == ("login.microsoftonline.com", "login.windows.net")


def test_national_clouds_are_marked_as_unconfirmed() -> None:
    assert {name for name, cloud in CLOUDS.items() if not cloud.confirmed} == {"usgov", "usgov-dod", "china"}


@pytest.mark.parametrize("cloud", CLOUDS.values(), ids=lambda cloud: cloud.name)
def test_no_cloud_shares_its_graph_host(cloud: Cloud) -> None:
    assert CLOUDS[cloud.name] is cloud
    assert [other.name for other in CLOUDS.values() if other.graph_host == cloud.graph_host] == [cloud.name]
    assert cloud.authority == f"https://{cloud.login_host}"
