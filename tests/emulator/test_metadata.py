"""Federation metadata: the shape of Entra's documents, the right keys, and what can be wrong with one."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from lxml import etree
from signxml.exceptions import InvalidDigest
from signxml.verifier import SignatureConfiguration, XMLVerifier

from auditor.emulator.certificates import APPLICATION_SUBJECT, TENANT_SUBJECT
from auditor.emulator.drafts import ApplicationDraft, CertificateDraft, TenantDraft
from auditor.emulator.metadata import VARIANTS
from auditor.emulator.scene import scene_of
from tests.emulator.conftest import Serve
from tests.emulator.speaking import Speaker

MD = "{urn:oasis:names:tc:SAML:2.0:metadata}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
BOM = b"\xef\xbb\xbf"


def certificates(element: etree._Element) -> list[x509.Certificate]:
    texts = [found.text or "" for found in element.iter(f"{DS}X509Certificate")]
    return [x509.load_der_x509_certificate(base64.b64decode(text, validate=True)) for text in texts]


def signer(document: bytes) -> x509.Certificate:
    (found,) = certificates(etree.fromstring(document)[0])
    return found


def verified(document: bytes) -> etree._Element:
    """The signed root, after the verification that a service provider makes."""
    certificate = signer(document)
    within = min(max(datetime.now(UTC), certificate.not_valid_before_utc), certificate.not_valid_after_utc)
    result = XMLVerifier().verify(
        document,
        x509_cert=certificate,
        id_attribute="ID",
        expect_config=SignatureConfiguration(location="./", verification_time=within),
    )
    assert not isinstance(result, list)
    assert result.signed_xml is not None
    return result.signed_xml


def thumbprint(certificate: x509.Certificate) -> str:
    """As Entra shows it."""
    return certificate.fingerprint(SHA1()).hex().upper()


def listed(document: bytes) -> list[x509.Certificate]:
    """The certificates of the identity provider's role; the other two roles list the same."""
    roles = [role for role in etree.fromstring(document) if role.tag != f"{DS}Signature"]
    assert [etree.QName(role).localname for role in roles] == [
        "RoleDescriptor",
        "RoleDescriptor",
        "IDPSSODescriptor",
    ]
    assert certificates(roles[0]) == certificates(roles[1]) == certificates(roles[2])
    return certificates(roles[2])


def common_name(certificate: x509.Certificate) -> str:
    return certificate.subject.rfc4514_string().removeprefix("CN=")


def served(serve: Serve, *applications: ApplicationDraft) -> Speaker:
    return serve(scene_of("metadata", TenantDraft(applications=list(applications))))


def test_the_documents_shape_is_entras(demo: Speaker) -> None:
    document = demo.metadata("GoToMeeting")
    root = etree.fromstring(document)
    tenant = demo.emulator.tenant_id
    assert document.startswith(BOM + b"<?xml")
    assert root.get("entityID") == f"https://sts.windows.net/{tenant}/"
    signature = root[0]
    assert signature.tag == f"{DS}Signature"
    (reference,) = signature.iter(f"{DS}Reference")
    assert reference.get("URI") == f"#{root.get('ID')}"
    assert [found.get("Algorithm") for found in signature.iter(f"{DS}Transform")] == [
        "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
        "http://www.w3.org/2001/10/xml-exc-c14n#",
    ]
    locations = {
        (etree.QName(found).localname, (found.get("Binding") or "").rpartition("-")[2], found.get("Location"))
        for found in root.iter(f"{MD}SingleSignOnService", f"{MD}SingleLogoutService")
    }
    saml = f"https://login.microsoftonline.com/{tenant}/saml2"
    assert locations == {
        ("SingleSignOnService", "Redirect", saml),
        ("SingleSignOnService", "POST", saml),
        ("SingleLogoutService", "Redirect", saml),
    }


def test_it_is_signed_by_the_active_certificate_and_lists_all(demo: Speaker) -> None:
    document = demo.metadata("GoToMeeting")
    active = demo.service_principal("GoToMeeting")["preferredTokenSigningKeyThumbprint"].upper()
    assert verified(document).get("entityID") == etree.fromstring(document).get("entityID")
    assert thumbprint(signer(document)) == active
    assert active in [thumbprint(found) for found in listed(document)]
    assert len(listed(document)) == 2


def test_when_the_active_certificate_is_expired_the_valid_one_signs(demo: Speaker) -> None:
    document = demo.metadata("GoToWebinar")
    assert signer(document).not_valid_after_utc > datetime.now(UTC)
    active = demo.service_principal("GoToWebinar")["preferredTokenSigningKeyThumbprint"]
    assert thumbprint(signer(document)) != active


def test_the_path_is_read_without_regard_to_case(demo: Speaker) -> None:
    url = f"{demo.emulator.url}/contoso.com/FederationMetadata/2007-06/FederationMetadata.xml"
    assert demo.http.get(url).status_code == 200


def test_without_an_application_the_tenants_keys_are_listed(demo: Speaker) -> None:
    found = listed(demo.metadata())
    assert {common_name(certificate) for certificate in found} == {TENANT_SUBJECT}
    assert verified(demo.metadata()) is not None
    assert signer(demo.metadata()) in found
    assert signer(demo.metadata()) != found[0]


def test_an_application_without_a_certificate_has_the_tenants_document(demo: Speaker) -> None:
    assert {common_name(found) for found in listed(demo.metadata("Zoom"))} == {TENANT_SUBJECT}
    assert {common_name(found) for found in listed(demo.metadata("Salesforce"))} == {APPLICATION_SUBJECT}


def test_no_two_certificates_that_could_sign_a_document_share_a_key(demo: Speaker) -> None:
    tenant = demo.emulator.tenant
    for keys in tenant.signing.values():
        pairs = {pair.thumbprint: pair for pair in (*keys.listed, keys.signer, *tenant.tenant_keys)}.values()
        assert len({pair.key.public_key().public_numbers().n for pair in pairs}) == len(pairs)


def test_an_unknown_application_is_refused(demo: Speaker) -> None:
    url = f"{demo.emulator.url}/contoso.com/federationmetadata/2007-06/federationmetadata.xml?appid=1"
    answer = demo.http.get(url)
    assert (answer.status_code, answer.json()["error_codes"]) == (400, [700016])


@pytest.mark.parametrize("variant", ["broken signature", "foreign signature", "unsigned", "another tenant"])
def test_faults_of_the_signature_are_what_they_are_called(serve: Serve, variant: str) -> None:
    speaker = served(serve, ApplicationDraft(name="App", kind="custom", metadata=variant))
    document = speaker.metadata("App")
    root = etree.fromstring(document)
    own = speaker.service_principal("App")["preferredTokenSigningKeyThumbprint"]
    entity = f"https://sts.windows.net/{speaker.emulator.tenant_id}/"
    if variant == "unsigned":
        assert not list(root.iter(f"{DS}Signature"))
        assert len(root) == 3
        return
    if variant == "broken signature":
        with pytest.raises(InvalidDigest):
            verified(document)
    else:
        assert verified(document) is not None
    is_own = thumbprint(signer(document)) == own
    assert is_own is (variant != "foreign signature")
    assert (root.get("entityID") == entity) is (variant != "another tenant")


@pytest.mark.parametrize(
    ("variant", "begins", "least"),
    [
        ("not xml", b"<!DOCTYPE html>", 10),
        ("dtd", b"<!DOCTYPE x [<!ENTITY", 5000),
        ("oversized", BOM, 5_000_000),
    ],
)
def test_other_faults_are_what_they_are_called(serve: Serve, variant: str, begins: bytes, least: int) -> None:
    speaker = served(serve, ApplicationDraft(name="App", kind="custom", metadata=variant))
    document = speaker.metadata("App")
    assert document.startswith(begins)
    assert len(document) >= least


def test_a_missing_document_is_404(serve: Serve) -> None:
    speaker = served(serve, ApplicationDraft(name="App", kind="custom", metadata="missing"))
    url = f"{speaker.emulator.url}/contoso.com/federationmetadata/2007-06/federationmetadata.xml?appid="
    assert speaker.http.get(url + speaker.service_principal("App")["appId"]).status_code == 404


def test_a_certificate_may_be_left_out(serve: Serve) -> None:
    shown, hidden = CertificateDraft(active=False), CertificateDraft(in_metadata=False, not_after=500)
    speaker = served(serve, ApplicationDraft(name="App", kind="custom", certificates=[shown, hidden]))
    (found,) = listed(speaker.metadata("App"))
    assert found.not_valid_after_utc > datetime.now(UTC)
    assert signer(speaker.metadata("App")) != found


def test_every_variant_is_tried_here() -> None:
    tried = {"broken signature", "foreign signature", "unsigned", "another tenant"}
    tried |= {"not xml", "dtd", "oversized", "missing", "as documented"}
    assert tried == VARIANTS.keys()
