"""Federation metadata: only what a certificate of the application vouches for, and gaps where nobody can."""

from __future__ import annotations

import base64

import pytest

from auditor.model.gap import Reason
from auditor.model.node import Node
from tests.evaluate.evidence.reading import evidence, sections, the_gap, value
from tests.evaluate.snapshots import gap, key_entries, metadata, own, service_principal
from tests.saml.federation import (
    ENTITY_ID,
    LOGIN_URL,
    RSA_SHA1,
    active,
    attacker,
    entity,
    inactive,
    sign,
    tenant_wide,
)

ALL = ("signature", "problem", "signer", "entityId", "singleSignOnUrls", "singleLogoutUrls", "certificates")


def document(data: bytes) -> dict[tuple[str, str], Node]:
    """The bytes as the answer to the request for metadata."""
    return own("federationMetadata", {"document": base64.b64encode(data).decode()})


def test_a_verified_document_is_read() -> None:
    tree = evidence(own("federationMetadata", metadata(active(), inactive())))
    assert value(tree, "metadata.[available, signature, problem]") == [True, "valid", None]
    assert value(tree, "metadata.signer") == active().certificate.thumbprint
    assert value(tree, "metadata.entityId") == ENTITY_ID
    assert value(tree, "metadata.[singleSignOnUrls, singleLogoutUrls]") == [[LOGIN_URL], [LOGIN_URL]]
    listed = {active().certificate.thumbprint, inactive().certificate.thumbprint}
    assert value(tree, "metadata.certificates[].thumbprint") == sorted(listed)


def test_availability_follows_from_the_document_alone() -> None:
    tree = evidence()
    assert sections(tree, "metadata.available") == {"federationMetadata"}
    for name in ALL:
        assert sections(tree, f"metadata.{name}") == {"federationMetadata", "servicePrincipals"}


def test_a_thumbprint_in_graph_is_enough_to_verify() -> None:
    keys = key_entries(active(), key=False)
    tree = evidence(own("servicePrincipals", service_principal(keyCredentials=keys)))
    assert value(tree, "metadata.signature") == "valid"


@pytest.mark.parametrize(
    ("data", "signature"),
    [
        (sign(entity(), active()).replace(b"POST", b"GET"), "invalid"),
        (entity().encode(), "absent"),
        (sign(entity(), attacker()), "foreign"),
        (sign(entity(), tenant_wide()), "foreign"),
        (sign(entity(), active(), method=RSA_SHA1), "refused"),
        (b"<!DOCTYPE a><a/>", "refused"),
    ],
    ids=["altered", "unsigned", "somebody else's", "tenant-wide", "SHA-1", "DTD"],
)
def test_what_cannot_be_trusted_is_named_and_not_read(data: bytes, signature: str) -> None:
    tree = evidence(document(data))
    assert value(tree, "metadata.[available, signature]") == [True, signature]
    problem = value(tree, "metadata.problem")
    assert isinstance(problem, str)
    for name in ("entityId", "singleSignOnUrls", "singleLogoutUrls", "certificates"):
        assert problem in the_gap(tree, f"metadata.{name}").detail


def test_no_document_is_an_answer_about_availability_alone() -> None:
    tree = evidence(own("federationMetadata", {"document": None, "status": 404}))
    assert value(tree, "metadata.available") is False
    assert {the_gap(tree, f"metadata.{name}").reason for name in ALL} == {Reason.NOT_FOUND}


@pytest.mark.parametrize(
    "data", [b"", b"<html>", sign(entity(), active())[:-1]], ids=["empty", "page", "cut off"]
)
def test_a_body_that_is_no_xml_is_no_answer_at_all(data: bytes) -> None:
    assert the_gap(evidence(document(data)), "metadata").reason is Reason.UNREADABLE


@pytest.mark.parametrize("written", ["not base64!", 7])
def test_a_record_that_is_not_what_it_should_be_is_a_gap(written: Node) -> None:
    tree = evidence(own("federationMetadata", {"document": written}))
    assert the_gap(tree, "metadata").reason is Reason.UNREADABLE


def test_a_refused_document_is_its_gap() -> None:
    refused = gap("federationMetadata")
    assert the_gap(evidence(own("federationMetadata", refused)), "metadata") == refused


def test_without_the_key_credentials_only_availability_is_known() -> None:
    hidden = gap("servicePrincipals")
    tree = evidence(own("servicePrincipals", service_principal(keyCredentials=hidden)))
    assert value(tree, "metadata.available") is True
    assert {the_gap(tree, f"metadata.{name}") for name in ALL} == {hidden}


def test_without_a_signing_certificate_there_is_nothing_to_verify_with() -> None:
    tree = evidence(own("servicePrincipals", service_principal(keyCredentials=[])))
    assert the_gap(tree, "metadata.signature").reason is Reason.NOT_OBSERVABLE


def test_a_certificate_that_graph_does_not_show_may_be_the_signer() -> None:
    keys = [*key_entries(active()), *key_entries(inactive(), name="2", identifier="bm90IGtub3du", key=False)]
    changed = own("servicePrincipals", service_principal(keyCredentials=keys))
    tree = evidence({**changed, **document(sign(entity(), inactive()))})
    assert the_gap(tree, "metadata.signature").section == "servicePrincipals"
    assert value(evidence(changed), "metadata.signature") == "valid"
    assert value(evidence({**changed, **document(entity().encode())}), "metadata.signature") == "absent"
