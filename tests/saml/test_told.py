"""What a service provider was told, beside Entra's own: by parts for URLs, by letter for the entity ID."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.cloud import CLOUDS
from auditor.saml.told import (
    IdentityProvider,
    Told,
    entity_id,
    metadata_url,
    names_a_domain,
    sign_in_url,
    sign_out_url,
)
from tests.saml.federation import APPLICATION, ENTITY_ID, TENANT

ENTRA = IdentityProvider(
    cloud=CLOUDS["global"], tenant_id=TENANT, app_id=APPLICATION, domains=("contoso.com", "contoso.de")
)
OTHER = "00000000-0000-4000-8000-000000000002"
LOGIN = "https://login.microsoftonline.com"
OLDER = "https://login.windows.net"
DOCUMENT = "federationmetadata/2007-06/federationmetadata.xml"
SIGN_IN = f"{LOGIN}/{TENANT}/saml2"
METADATA = f"{LOGIN}/{TENANT}/{DOCUMENT}?appid={APPLICATION}"
WS_FEDERATION = "common/wsfederation?wa=wsignout1.0"

OLD_HOST = "it uses login.windows.net"
BY_DOMAIN = "it names the tenant by its domain"


def passes(told: Told, *notes: str) -> bool:
    """Whether it does, with just these notes, of which the beginning is given."""
    assert told.problem is None, told.problem
    assert told.normalised == told.expected
    assert len(told.notes) == len(notes), told.notes
    return all(found.startswith(wanted) for found, wanted in zip(told.notes, notes, strict=True))


def fails(told: Told, problem: str) -> bool:
    """Whether it does not, for a reason that contains this."""
    assert told.problem is not None
    assert problem in told.problem, told.problem
    return told.normalised == told.told


@pytest.mark.parametrize(
    ("url", "notes"),
    [
        (SIGN_IN, ()),
        (f"{LOGIN}:443/{TENANT}/saml2", ()),
        (f"{SIGN_IN}?appid={APPLICATION.upper()}", ("it ends with this application's id",)),
        (f"HTTPS://LOGIN.MicrosoftOnline.com/{TENANT.upper()}/SAML2", ()),
        (f"{OLDER}/{TENANT}/saml2", (OLD_HOST,)),
        (f"{LOGIN}/Contoso.com/saml2", (BY_DOMAIN,)),
        (f"{OLDER}/contoso.de/saml2", (OLD_HOST, BY_DOMAIN)),
        (f"{SIGN_IN}/{APPLICATION}", ("it ends with this application's id",)),
        (f"{SIGN_IN}/{APPLICATION.upper()}", ("it ends with this application's id",)),
    ],
)
def test_a_sign_in_url_that_does(url: str, notes: tuple[str, ...]) -> None:
    assert passes(sign_in_url(url, ENTRA), *notes)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (f"http://login.microsoftonline.com/{TENANT}/saml2", "is not https"),
        (f"{LOGIN}:8443/{TENANT}/saml2", "names port 8443"),
        (f"{LOGIN}/{OTHER}/saml2", "belongs to another tenant"),
        (f"{LOGIN}/fabrikam.com/saml2", "belongs to another tenant"),
        (f"{LOGIN}/common/saml2", "names no tenant, but common"),
        (f"{LOGIN}.evil.example/{TENANT}/saml2", "does not lead to login.microsoftonline.com"),
        (f"https://login.microsoftonline.us/{TENANT}/saml2", "belongs to the cloud usgov"),
        (f"https://login.microsoftonline.com@evil.example/{TENANT}/saml2", "is not a plain URL"),
        (f"{LOGIN}/{TENANT}/wsfed", "does not lead to /saml2"),
        (f"{SIGN_IN}?x=1", "does not lead to /saml2"),
        (f"{SIGN_IN}?appid={OTHER}", f"names the application {OTHER}"),
        (f"{SIGN_IN}?appid={APPLICATION}&appid={OTHER}", "does not lead to /saml2"),
        (f"{SIGN_IN}/{APPLICATION}?x=1", "does not lead to /saml2"),
        (f"{SIGN_IN}#x", "does not lead to /saml2"),
        (f"{SIGN_IN}/{OTHER}", f"names the application {OTHER}"),
        ("", "is not a plain URL"),
        ("the login URL", "is not a plain URL"),
    ],
)
def test_a_sign_in_url_that_does_not(url: str, problem: str) -> None:
    assert fails(sign_in_url(url, ENTRA), problem)


@pytest.mark.parametrize(
    ("url", "notes"),
    [
        (SIGN_IN, ()),
        (f"{OLDER}/contoso.com/SAML2", (OLD_HOST, BY_DOMAIN)),
        (f"{LOGIN}/{WS_FEDERATION}", ("it ends the session at Entra by WS-Federation",)),
        (f"{LOGIN}/Common/WSFederation?WA=wsignout1.0", ("it ends the session at Entra by WS-Federation",)),
        (f"{OLDER}/{WS_FEDERATION}", (OLD_HOST, "it ends the session at Entra by WS-Federation")),
    ],
)
def test_a_sign_out_url_that_does(url: str, notes: tuple[str, ...]) -> None:
    assert passes(sign_out_url(url, ENTRA), *notes)
    assert passes(sign_out_url(url, ENTRA, "HTTP-Redirect"), *notes)


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        (f"{LOGIN}/{OTHER}/saml2", "belongs to another tenant"),
        (f"{SIGN_IN}/{APPLICATION}", "does not lead to /saml2"),
        (f"{LOGIN}/common/wsfederation", "is not the sign-out of WS-Federation"),
        (f"{LOGIN}/common/wsfederation?wa=wsignin1.0", "is not the sign-out of WS-Federation"),
        (f"{LOGIN}/{WS_FEDERATION}&wreply=https://evil.example", "is not the sign-out of WS-Federation"),
        (f"{LOGIN}/{TENANT}/wsfederation?wa=wsignout1.0", "does not lead to /saml2"),
        (f"https://login.microsoftonline.us/{WS_FEDERATION}", "belongs to the cloud usgov"),
        (f"{LOGIN}/common/saml2", "names no tenant"),
    ],
)
def test_a_sign_out_url_that_does_not(url: str, problem: str) -> None:
    assert fails(sign_out_url(url, ENTRA), problem)


def test_entra_signs_out_by_redirect_only() -> None:
    assert fails(sign_out_url(SIGN_IN, ENTRA, "HTTP-POST"), "by HTTP-Redirect only")


@pytest.mark.parametrize(
    ("url", "notes"),
    [
        (METADATA, ()),
        (METADATA.replace("federationmetadata", "FederationMetadata"), ()),
        (f"{LOGIN}/{TENANT}/{DOCUMENT}?AppID={APPLICATION.upper()}", ()),
        (f"{LOGIN}/{TENANT}/{DOCUMENT}?appid={APPLICATION.replace('-', '')}", ()),
        (f"{OLDER}/contoso.com/{DOCUMENT}?appid={APPLICATION}", (OLD_HOST, BY_DOMAIN)),
    ],
)
def test_a_metadata_url_that_does(url: str, notes: tuple[str, ...]) -> None:
    told = metadata_url(url, ENTRA)
    assert passes(told, *notes)
    assert not told.leads_to_shared_keys
    assert not told.leads_elsewhere


@pytest.mark.parametrize(
    ("url", "problem", "shared", "elsewhere"),
    [
        (f"{LOGIN}/{TENANT}/{DOCUMENT}", "lacks appid", True, False),
        (f"{LOGIN}/{TENANT}/{DOCUMENT}?appid=", "lacks appid", True, False),
        (f"{LOGIN}/{TENANT}/{DOCUMENT}?appid={OTHER}", f"has the appid {OTHER}", False, True),
        (f"{METADATA}&appid={OTHER}", f"has the appid {OTHER}", False, True),
        (f"{LOGIN}/{TENANT}/{DOCUMENT}?appid=GoToMeeting", "'GoToMeeting' as appid", False, False),
        (f"{LOGIN}/{OTHER}/{DOCUMENT}?appid={APPLICATION}", "belongs to another tenant", False, True),
        (f"{LOGIN}/common/{DOCUMENT}?appid={APPLICATION}", "names no tenant", False, True),
        (f"{LOGIN}/{TENANT}/metadata.xml?appid={APPLICATION}", "does not lead to", False, False),
        (METADATA.replace("https", "http"), "is not https", False, False),
        ("gotomeeting.xml", "is not a plain URL", False, False),
    ],
)
def test_a_metadata_url_that_does_not(url: str, problem: str, shared: bool, elsewhere: bool) -> None:
    told = metadata_url(url, ENTRA)
    assert fails(told, problem)
    assert (told.leads_to_shared_keys, told.leads_elsewhere) == (shared, elsewhere)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (ENTITY_ID.removesuffix("/"), "lacks the slash at its end"),
        (f" {ENTITY_ID}", "has white space around it"),
        (ENTITY_ID.upper(), "is written with other letters"),
        (ENTITY_ID.replace("https", "http"), "begins with http instead"),
        (f"https://sts.windows.net/{OTHER}/", "does not name this tenant by its id"),
        ("https://sts.windows.net/contoso.com/", "does not name this tenant by its id"),
        (SIGN_IN, "is not Entra's"),
        ("https://authentication.logmeininc.com/saml/sp", "is not Entra's"),
    ],
)
def test_an_entity_id_is_compared_by_letter(text: str, problem: str) -> None:
    assert passes(entity_id(ENTITY_ID, ENTRA))
    assert fails(entity_id(text, ENTRA), problem)


def test_where_no_document_confirms_the_entity_id_another_host_of_microsoft_is_no_fault() -> None:
    china = replace(ENTRA, cloud=CLOUDS["china"])
    assert passes(entity_id(f"https://sts.chinacloudapi.cn/{TENANT}/", china))
    assert passes(entity_id(ENTITY_ID, china), "no public document confirms")
    assert fails(entity_id(f"https://sts.windows.net/{OTHER}/", china), "does not name this tenant")


@pytest.mark.parametrize(
    ("text", "by_domain"),
    [
        (SIGN_IN, False),
        (f"{LOGIN}/contoso.com/saml2", True),
        (f"{LOGIN}/{WS_FEDERATION}", False),
        ("x", False),
    ],
)
def test_only_a_domain_needs_the_verified_domains(text: str, by_domain: bool) -> None:
    assert names_a_domain(text) is by_domain


guids = st.uuids().map(str)
cased = st.sampled_from([str.upper, str.lower, str.title])


@given(tenant=guids, app=guids, spell=cased, host=st.sampled_from([LOGIN, OLDER]))
def test_letters_of_a_url_make_no_difference(tenant: str, app: str, spell: object, host: str) -> None:
    assert callable(spell)
    provider = replace(ENTRA, tenant_id=tenant, app_id=app)
    for compare, path in (
        (sign_in_url, f"/{tenant}/saml2"),
        (sign_out_url, f"/{tenant}/saml2"),
        (metadata_url, f"/{tenant}/{DOCUMENT}?appid={app}"),
    ):
        assert compare(spell(host + path), provider).problem is None


@given(tenant=guids, app=guids)
def test_another_tenant_or_application_never_passes(tenant: str, app: str) -> None:
    if uuid.UUID(tenant) != uuid.UUID(TENANT):
        assert sign_in_url(f"{LOGIN}/{tenant}/saml2", ENTRA).problem
        assert sign_out_url(f"{LOGIN}/{tenant}/saml2", ENTRA).problem
        assert entity_id(f"https://sts.windows.net/{tenant}/", ENTRA).problem
    if uuid.UUID(app) != uuid.UUID(APPLICATION):
        assert metadata_url(f"{LOGIN}/{TENANT}/{DOCUMENT}?appid={app}", ENTRA).problem
        assert sign_in_url(f"{SIGN_IN}/{app}", ENTRA).problem


@given(st.text())
def test_whatever_was_told_is_compared_and_never_raises(text: str) -> None:
    for compare in (sign_in_url, sign_out_url, metadata_url, entity_id):
        told = compare(text, ENTRA)
        assert told.problem is not None
        assert told.normalised == text
