"""Credentials that trust another identity provider."""

from __future__ import annotations

from auditor.collect.federated_identity_credentials import COLLECTOR
from auditor.emulator.drafts import FederatedCredentialDraft
from auditor.model.gap import Reason
from auditor.model.node import Node
from tests.collect.reading import ONE_A_PAGE, Reading, Serving, application, at, company, gap


def read(tenant: Reading) -> Node:
    sp = tenant.id("servicePrincipal", "App")
    return tenant.value(COLLECTOR, sp, {"applications": {sp: {"id": tenant.id("application", "App")}}})


def test_lists_every_credential(reading: Serving) -> None:
    credentials = [FederatedCredentialDraft(name=name) for name in ("main", "release")]
    tenant = reading(company(application(federated_credentials=credentials), options=ONE_A_PAGE))
    found = read(tenant)
    assert isinstance(found, list)
    assert sorted(item["name"] for item in found) == ["main", "release"]
    assert at(found, 0, "issuer") == "https://token.actions.githubusercontent.com"
    assert at(found, 0, "audiences") == ["api://AzureADTokenExchange"]
    assert at(found, 0, "description") is None


def test_audiences_are_a_set_and_a_null_subject_is_hidden(reading: Serving) -> None:
    tenant = reading(company())
    credential = {"id": "1", "name": "n", "issuer": "i", "subject": None, "audiences": ["b", "a"]}
    tenant.answer("/federatedIdentityCredentials", {**credential, "description": "d"})
    found = read(tenant)
    assert at(found, 0, "audiences") == ["a", "b"]
    assert gap(at(found, 0, "subject")).reason is Reason.UNREADABLE


def test_a_registration_in_another_tenant_has_no_record(reading: Serving) -> None:
    tenant = reading(company())
    sp = tenant.id("servicePrincipal", "App")
    assert tenant.records(COLLECTOR, {"applications": {sp: None}}) == {}
