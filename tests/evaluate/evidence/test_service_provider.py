"""What the service provider was told, which certificates it has by that, and where the rollover stands."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace

import pytest

from auditor.model.gap import Reason
from auditor.model.node import Json, Node
from tests.evaluate import snapshots
from tests.evaluate.evidence.reading import evidence, sections, the_gap, value
from tests.evaluate.snapshots import APP_ID, gap, key_entries, metadata, own, service_principal
from tests.saml.federation import (
    ENTITY_ID,
    LOGIN_URL,
    TENANT,
    Signer,
    active,
    attacker,
    entity,
    inactive,
    listing,
    sign,
    signer,
    tenant_wide,
)

THUMBPRINT, OTHER = active().certificate.thumbprint, inactive().certificate.thumbprint
LOGIN = "https://login.microsoftonline.com"
DOCUMENT = "federationmetadata/2007-06/federationmetadata.xml"
METADATA_URL = f"{LOGIN}/{TENANT}/{DOCUMENT}?appid={APP_ID}"
OLD = signer(serial=3, starts=-1500, ends=-405)

Changes = dict[tuple[str, str], Node]


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def declared(way: str, **values: Node) -> Changes:
    """A declaration, checked twenty-two days before AT."""
    common: dict[str, Node] = {"configuredBy": way, "checkedOn": "2026-11-01", "checkedBy": "Ada"}
    return own("serviceProvider", {**common, **values})


def by_url(url: str = METADATA_URL) -> Changes:
    return declared("metadata-url", metadataUrl=url)


def by_file(data: bytes) -> Changes:
    return declared("metadata-file", metadataFile={"document": base64_of(data)})


def listed(*signers: Signer) -> bytes:
    """The metadata that lists these, signed by the first."""
    return sign(listing(*signers), signers[0])


def by_hand(*signers: Signer, **values: Node) -> Changes:
    told: dict[str, Node] = {
        "signInPageUrl": LOGIN_URL,
        "signInBinding": None,
        "signOutPageUrl": LOGIN_URL,
        "signOutBinding": None,
        "entityId": ENTITY_ID,
        "certificates": [one.text for one in signers or (active(),)],
    }
    return declared("manual", **{**told, **values})


def keys(*signers: Signer) -> Changes:
    """The certificates that Entra lists, of which the first is active."""
    entries: list[Json] = []
    for number, one in enumerate(signers):
        entries += key_entries(one, name=str(number))
    preferred = signers[0].certificate.thumbprint
    properties = service_principal(keyCredentials=entries, preferredTokenSigningKeyThumbprint=preferred)
    return {**own("servicePrincipals", properties), **own("federationMetadata", metadata(*signers))}


def held(changes: Changes) -> dict[Json, Json]:
    """Thumbprint to atServiceProvider, of all certificates."""
    found = value(evidence(changes), "certificates.all[].[thumbprint, atServiceProvider]")
    assert isinstance(found, list)
    return {one[0]: one[1] for one in found if isinstance(one, list)}


def state(changes: Changes) -> tuple[Json, Json]:
    tree = evidence(changes)
    return value(tree, "certificates.rollover.state"), value(tree, "certificates.rollover.safe")


class TestTheWays:
    def test_by_the_metadata_url_it_has_what_the_live_document_lists(self) -> None:
        changes = {**keys(active(), inactive()), **by_url()}
        assert held(changes) == {THUMBPRINT: True, OTHER: True}
        tree = evidence(changes)
        assert sections(tree, "certificates.active[0].atServiceProvider") == {
            "serviceProvider",
            "federationMetadata",
            "servicePrincipals",
        }
        assert value(tree, "serviceProvider.metadataUrl.problem") is None
        assert value(tree, "serviceProvider.[signIn, signOut, entityId, metadataFile]") == [None] * 4

    @pytest.mark.parametrize(
        ("url", "shared"),
        [
            (f"{LOGIN}/{TENANT}/{DOCUMENT}", True),
            (METADATA_URL.replace(APP_ID, snapshots.SERVICE_PRINCIPAL), None),
            (f"{LOGIN}/{TENANT}/{DOCUMENT}?appid=00000000-0000-4000-8000-000000000002", False),
            (METADATA_URL.replace(TENANT, "00000000-0000-4000-8000-000000000002"), False),
        ],
    )
    def test_by_a_wrong_metadata_url_it_has_none_of_them_where_that_is_certain(
        self, url: str, shared: bool | None
    ) -> None:
        tree = evidence(by_url(url))
        if shared is None:
            assert "is not known" in the_gap(tree, "certificates.active[0].atServiceProvider").detail
        else:
            assert value(tree, "serviceProvider.sharedKeys") is shared
            assert value(tree, "certificates.active[0].atServiceProvider") is False
            assert sections(tree, "serviceProvider.sharedKeys") == {"serviceProvider"}

    def test_by_a_file_it_has_what_the_file_lists(self) -> None:
        changes = {**keys(active(), inactive()), **by_file(listed(active(), OLD))}
        assert held(changes) == {THUMBPRINT: True, OTHER: False, OLD.certificate.thumbprint: True}
        tree = evidence(changes)
        assert value(tree, "serviceProvider.metadataFile") == {
            "problem": None,
            "entityId": ENTITY_ID,
            "singleSignOnUrls": [LOGIN_URL],
            "singleLogoutUrls": [LOGIN_URL],
        }
        assert value(tree, "certificates.onlyAtServiceProvider") == [OLD.certificate.thumbprint]
        (left,) = value(tree, "certificates.all[?status == 'absent'].[thumbprint, inMetadata, validity]")  # type: ignore[misc]
        assert left == [OLD.certificate.thumbprint, False, "expired"]

    def test_a_file_that_was_saved_without_appid(self) -> None:
        tree = evidence(by_file(listed(tenant_wide())))
        assert value(tree, "serviceProvider.sharedKeys") is True
        assert value(tree, "certificates.active[0].atServiceProvider") is False

    @pytest.mark.parametrize(
        ("data", "problem"),
        [
            (b"<html></html>", "it describes no identity provider"),
            (b"", "the document is not well-formed XML"),
            (sign(entity("<Organization/>"), active()), "it describes no identity provider"),
            (listed(active()).replace(b"/saml2", b"/saml3"), "it was altered after it was signed"),
        ],
    )
    def test_a_file_that_is_not_to_be_relied_on(self, data: bytes, problem: str) -> None:
        assert str(value(evidence(by_file(data)), "serviceProvider.metadataFile.problem")).startswith(problem)

    @pytest.mark.parametrize("data", [b"<html></html>", b"", sign(entity("<Organization/>"), active())])
    def test_a_file_that_nobody_can_have_used_tells_nothing(self, data: bytes) -> None:
        tree = evidence(by_file(data))
        assert the_gap(tree, "certificates.active[0].atServiceProvider").reason is Reason.UNREADABLE
        assert the_gap(tree, "certificates.rollover").reason is Reason.UNREADABLE

    def test_a_file_without_a_signature_is_believed(self) -> None:
        tree = evidence(by_file(listing(active()).encode()))
        assert value(tree, "serviceProvider.metadataFile.problem") is None
        assert value(tree, "certificates.active[0].atServiceProvider") is True

    def test_by_hand_it_has_the_certificates_of_the_file(self) -> None:
        changes = {**keys(active(), inactive()), **by_hand(active(), attacker())}
        assert held(changes) == {THUMBPRINT: True, OTHER: False, attacker().certificate.thumbprint: True}
        tree = evidence(changes)
        for name in ("signIn", "signOut", "entityId"):
            assert value(tree, f"serviceProvider.{name}.problem") is None
        assert value(tree, "serviceProvider.metadataUrl") is None

    def test_what_was_not_said_by_hand_is_not_declared(self) -> None:
        tree = evidence(by_hand(signOutPageUrl=None, certificates=None))
        for path in ("serviceProvider.signOut", "serviceProvider.certificates"):
            assert the_gap(tree, path).reason is Reason.NOT_DECLARED
        assert value(tree, "serviceProvider.entityId.problem") is None
        assert the_gap(tree, "certificates.rollover.state").reason is Reason.NOT_DECLARED

    def test_a_file_that_is_no_certificate_cannot_be_read(self) -> None:
        tree = evidence(by_hand(certificates=[base64_of(b"not a certificate")]))
        assert "is none" in the_gap(tree, "certificates.active[0].atServiceProvider").detail

    def test_the_binding_of_the_sign_out_url_counts(self) -> None:
        tree = evidence(by_hand(signOutBinding="HTTP-POST"))
        assert "HTTP-Redirect only" in str(value(tree, "serviceProvider.signOut.problem"))


class TestNothingDeclared:
    def test_it_is_a_gap_for_what_a_profile_matches(self) -> None:
        said = gap("serviceProvider")
        tree = evidence(own("serviceProvider", replace(said, reason=Reason.NOT_DECLARED)))
        for path in ("serviceProvider", "serviceProvider.signIn", "certificates.active[0].atServiceProvider"):
            assert the_gap(tree, path).reason is Reason.NOT_DECLARED
        assert value(tree, "certificates.rollover.state") == "none"
        assert the_gap(tree, "certificates.rollover.safe").reason is Reason.NOT_DECLARED

    def test_it_is_null_where_nobody_is_asked(self) -> None:
        tree = evidence(own("serviceProvider", None))
        assert value(tree, "serviceProvider") is None
        assert the_gap(tree, "certificates.active[0].atServiceProvider").reason is Reason.NOT_DECLARED

    def test_a_collection_that_did_not_ask_knows_nothing(self) -> None:
        tree = evidence(snapshots.without(snapshots.snapshot(), "serviceProvider"))
        assert the_gap(tree, "serviceProvider").reason is Reason.NOT_DECLARED


class TestAge:
    def test_it_counts_from_the_day_somebody_looked(self) -> None:
        assert value(evidence(by_url()), "serviceProvider.ageDays") == 22

    def test_without_a_day_there_is_none(self) -> None:
        tree = evidence(declared("metadata-url", metadataUrl=METADATA_URL, checkedOn=None))
        assert the_gap(tree, "serviceProvider.ageDays").reason is Reason.NOT_DECLARED


class TestDomains:
    URL = f"{LOGIN}/contoso.com/{DOCUMENT}?appid={APP_ID}"

    def test_a_verified_domain_names_the_tenant(self) -> None:
        tree = evidence(by_url(self.URL))
        assert value(tree, "serviceProvider.metadataUrl.problem") is None
        assert value(tree, "certificates.active[0].atServiceProvider") is True

    def test_whether_a_domain_is_verified_has_to_be_read(self) -> None:
        found = snapshots.unread(snapshots.snapshot(by_url(self.URL)), "organization", "tenant")
        for path in ("serviceProvider.metadataUrl.problem", "certificates.active[0].atServiceProvider"):
            assert the_gap(evidence(found), path).section == "organization"

    def test_the_id_needs_no_domains(self) -> None:
        found = snapshots.unread(snapshots.snapshot(by_url()), "organization", "tenant")
        assert value(evidence(found), "certificates.active[0].atServiceProvider") is True


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (by_url(), ("none", True)),
        ({**keys(active(), inactive()), **by_hand()}, ("prepared", True)),
        ({**keys(active(), inactive()), **by_url()}, ("ready", True)),
        ({**keys(active(), inactive()), **by_hand(active(), inactive())}, ("ready", True)),
        ({**keys(active(), inactive()), **by_hand(inactive())}, ("ready", False)),
        ({**keys(OLD, active()), **by_hand(OLD)}, ("switched-early", False)),
        ({**keys(OLD, active()), **by_hand(active())}, ("switched-early", True)),
        ({**keys(OLD), **by_hand(OLD)}, ("none", False)),
        ({**keys(active(), OLD), **by_hand(OLD)}, ("behind", False)),
        (by_hand(attacker()), ("behind", False)),
        (by_file(listed(tenant_wide())), ("behind", False)),
        (by_url(f"{LOGIN}/{TENANT}/{DOCUMENT}"), ("behind", False)),
        ({**keys(active(), OLD), **by_hand()}, ("finishing", True)),
        (by_hand(active(), OLD), ("finishing", True)),
    ],
)
def test_where_the_rollover_stands(changes: Changes, expected: tuple[str, bool]) -> None:
    assert state(changes) == expected


def test_without_an_active_certificate_nobody_knows() -> None:
    tree = evidence(
        {**own("servicePrincipals", service_principal(preferredTokenSigningKeyThumbprint=None)), **by_url()}
    )
    assert value(tree, "certificates.rollover") is None


def test_without_any_certificate_nothing_changes() -> None:
    none: Mapping[tuple[str, str], Node] = own("servicePrincipals", service_principal(keyCredentials=[]))
    assert value(evidence(none), "certificates.rollover.state") == "none"


def test_a_certificate_is_found_again_though_its_key_is_hidden_and_its_name_made_by_recipe() -> None:
    entries = key_entries(active(), key=False, identifier="bm90IGEgdGh1bWJwcmludA==")
    properties = service_principal(keyCredentials=entries)
    tree = evidence({**own("servicePrincipals", properties), **by_hand(active())})
    assert the_gap(tree, "certificates.all[].atServiceProvider").reason is not Reason.NOT_DECLARED
