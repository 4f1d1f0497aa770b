"""Signing certificates: each once, whatever Graph shows of it, and what the metadata adds."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime, timedelta

import pytest

from auditor.model.configuration import Thresholds
from auditor.model.gap import Reason
from auditor.model.node import Json, Node
from tests.evaluate import snapshots
from tests.evaluate.evidence.reading import evidence, sections, the_gap, value
from tests.evaluate.snapshots import gap, key_entries, metadata, own, password_entry, service_principal
from tests.saml.federation import AT, Signer, active, inactive, signer, tenant_wide

THUMBPRINT = active().certificate.thumbprint
OTHER = inactive().certificate.thumbprint


def with_keys(*entries: Json, **properties: Node) -> dict[tuple[str, str], Node]:
    """The service principal with these key credentials."""
    return own("servicePrincipals", service_principal(keyCredentials=list(entries), **properties))


def rollover(*, key: bool = True) -> dict[tuple[str, str], Node]:
    """Two certificates, the second inactive, both in the metadata."""
    entries = [*key_entries(active(), key=key), *key_entries(inactive(), name="2", key=key)]
    passwords: Node = [password_entry(active()), password_entry(inactive(), name="2")]
    changed = with_keys(*entries, passwordCredentials=passwords)
    return {**changed, **own("federationMetadata", metadata(active(), inactive()))}


def by_recipe(one: Signer) -> str:
    """`customKeyIdentifier` as Microsoft's recipe for uploaded certificates makes it."""
    digits = one.certificate.thumbprint.encode()
    return base64.b64encode(hashlib.sha256(digits).digest()).decode()


def test_a_certificate_in_three_entries_is_one() -> None:
    tree = evidence()
    assert value(tree, "certificates.all[].thumbprint") == [THUMBPRINT]
    assert value(tree, "certificates.active[].keyIds") == [["sign-1", "verify-1"]]
    assert value(tree, "certificates.others") == []


def test_the_facts_are_those_of_the_certificate_and_of_the_key_credential() -> None:
    tree = evidence()
    facts = {
        "thumbprint": THUMBPRINT,
        "sha256": active().certificate.sha256,
        "subject": "CN=Microsoft Azure Federated SSO Certificate",
        "notBefore": active().certificate.not_before,
        "notAfter": active().certificate.not_after,
        "daysLeft": 730,
        "status": "active",
        "validity": "valid",
        "inMetadata": True,
        "keyType": "RSA",
        "keySize": 2048,
        "signatureAlgorithm": "sha256",
        "thresholdsCrossed": 0,
    }
    assert {name: value(tree, f"certificates.active[0].{name}") for name in facts} == facts
    assert the_gap(tree, "certificates.active[0].atServiceProvider").reason is Reason.NOT_DECLARED


def test_a_rollover_shows_an_active_and_an_inactive_certificate() -> None:
    tree = evidence(rollover())
    assert value(tree, "certificates.active[].thumbprint") == [THUMBPRINT]
    assert value(tree, "certificates.others[].[thumbprint, status, inMetadata]") == [
        [OTHER, "inactive", True]
    ]


@pytest.mark.parametrize(
    "identifier",
    [None, by_recipe(active()), "anything", "YW55dGhpbmc="],
    ids=["thumbprint", "recipe", "text", "base64"],
)
def test_entries_belong_together_by_their_identifier_whatever_it_is(identifier: str | None) -> None:
    tree = evidence(with_keys(*key_entries(active(), identifier=identifier)))
    assert value(tree, "certificates.all[].[thumbprint, status]") == [[THUMBPRINT, "active"]]


@pytest.mark.parametrize(
    "written",
    [THUMBPRINT, THUMBPRINT.lower(), f" {THUMBPRINT} "],
    ids=["upper case", "lower case", "between spaces"],
)
def test_the_preferred_thumbprint_is_compared_without_regard_to_case(written: str) -> None:
    tree = evidence(own("servicePrincipals", service_principal(preferredTokenSigningKeyThumbprint=written)))
    assert value(tree, "certificates.active[].thumbprint") == [THUMBPRINT]


@pytest.mark.parametrize("preferred", [None, "", OTHER], ids=["null", "empty", "of another"])
def test_none_is_active_when_the_preferred_thumbprint_names_none(preferred: str | None) -> None:
    tree = evidence(own("servicePrincipals", service_principal(preferredTokenSigningKeyThumbprint=preferred)))
    assert value(tree, "certificates.active") == []
    assert value(tree, "certificates.others[].[thumbprint, status]") == [[THUMBPRINT, "inactive"]]


@pytest.mark.parametrize(
    "entry",
    [{"usage": "Encrypt"}, {"usage": "Verify", "keyId": "encryption"}],
    ids=["by usage", "by tokenEncryptionKeyId"],
)
def test_a_certificate_for_encryption_is_none_for_signing(entry: dict[str, Json]) -> None:
    expired = key_entries(signer(serial=7, ends=-1), name="encryption")[1]
    assert isinstance(expired, dict)
    keys = [*key_entries(active()), {**expired, **entry}]
    tree = evidence(with_keys(*keys, tokenEncryptionKeyId="encryption"))
    assert value(tree, "certificates.all[].thumbprint") == [THUMBPRINT]


def test_a_verify_key_alone_signs_nothing() -> None:
    tree = evidence(with_keys(*key_entries(active()), key_entries(inactive(), name="2")[1]))
    assert value(tree, "certificates.others") == []


@pytest.mark.parametrize(
    ("at", "validity", "days", "crossed"),
    [
        (AT - timedelta(days=365, seconds=1), "not-yet-valid", 1095, 0),
        (AT + timedelta(days=669), "valid", 61, 0),
        (AT + timedelta(days=669, seconds=1), "valid", 60, 1),
        (AT + timedelta(days=700), "valid", 30, 2),
        (AT + timedelta(days=725), "valid", 5, 3),
        (AT + timedelta(days=730), "valid", 0, 4),
        (AT + timedelta(days=730, seconds=1), "expired", -1, 4),
    ],
)
def test_validity_days_left_and_thresholds_follow_from_the_time(
    at: datetime, validity: str, days: int, crossed: int
) -> None:
    tree = evidence(at=at)
    names = ("validity", "daysLeft", "thresholdsCrossed")
    assert [value(tree, f"certificates.active[0].{name}") for name in names] == [validity, days, crossed]


def test_thresholds_are_the_configured_ones() -> None:
    judged = snapshots.judgement()
    few = type(judged)(
        applications=judged.applications, thresholds=Thresholds(certificate_expiry_days=(800, 7))
    )
    tree = evidence(judgement=few)
    assert value(tree, "certificates.active[0].thresholdsCrossed") == 1


def test_details_that_graph_hides_come_from_the_metadata() -> None:
    tree = evidence(rollover(key=False))
    for name in ("sha256", "subject", "keyType", "keySize", "signatureAlgorithm"):
        path = f"certificates.active[0].{name}"
        assert value(tree, path) == value(evidence(rollover()), path)
        assert sections(tree, path) == {"servicePrincipals", "federationMetadata"}
    assert sections(tree, "certificates.active[0].daysLeft") == {"servicePrincipals"}


def test_a_certificate_is_known_by_its_thumbprint_whoever_vouches_for_the_metadata() -> None:
    altered = own("federationMetadata", metadata(active(), inactive(), by=tenant_wide()))
    tree = evidence({**rollover(key=False), **altered})
    assert value(tree, "metadata.signature") == "foreign"
    assert value(tree, "certificates.active[0].[thumbprint, keyType, keySize]") == [THUMBPRINT, "RSA", 2048]
    assert the_gap(tree, "certificates.active[0].inMetadata").section == "federationMetadata"


def test_details_that_neither_shows_are_a_gap_while_dates_and_status_are_known() -> None:
    found = snapshots.unread(
        snapshots.snapshot(rollover(key=False)), "federationMetadata", snapshots.SERVICE_PRINCIPAL
    )
    tree = evidence(found)
    assert value(tree, "certificates.active[0].[thumbprint, validity, status]") == [
        THUMBPRINT,
        "valid",
        "active",
    ]
    assert the_gap(tree, "certificates.active[0].keySize").section == "servicePrincipals"
    assert the_gap(tree, "certificates.active[0].inMetadata").section == "federationMetadata"


def test_the_gap_that_hides_the_key_is_the_gap_of_the_details() -> None:
    hidden = gap("servicePrincipals", permission="Application.Read.All")
    keys = [{**entry, "key": hidden} for entry in key_entries(active()) if isinstance(entry, dict)]
    tree = evidence(
        {
            **with_keys(),
            **own("servicePrincipals", service_principal(keyCredentials=keys)),
            **own("federationMetadata", {"document": None}),
        }
    )
    assert the_gap(tree, "certificates.active[0].keySize") == hidden


def test_an_identifier_by_the_recipe_names_the_active_certificate_without_its_key() -> None:
    tree = evidence(with_keys(*key_entries(active(), identifier=by_recipe(active()), key=False)))
    assert value(tree, "certificates.active[].[thumbprint, keySize]") == [[THUMBPRINT, 2048]]


def test_an_identifier_by_the_recipe_is_recognised_in_the_metadata() -> None:
    keys = [
        *key_entries(active()),
        *key_entries(inactive(), name="2", identifier=by_recipe(inactive()), key=False),
    ]
    tree = evidence({**with_keys(*keys), **own("federationMetadata", metadata(active(), inactive()))})
    assert value(tree, "certificates.others[].thumbprint") == [OTHER]
    assert sections(tree, "certificates.others[].status") == {"servicePrincipals", "federationMetadata"}
    assert value(tree, "certificates.all[].status") == ["active", "inactive"]


def test_without_key_and_thumbprint_a_certificate_is_known_by_its_dates_only() -> None:
    keys = [
        *key_entries(active()),
        *key_entries(inactive(), name="2", identifier="bm8gdGh1bWJwcmludA==", key=False),
    ]
    tree = evidence(with_keys(*keys))
    assert value(tree, "certificates.active[].thumbprint") == [THUMBPRINT]
    assert value(tree, "certificates.others[].[status, validity]") == [["inactive", "valid"]]
    assert the_gap(tree, "certificates.others[0].thumbprint").reason is Reason.UNREADABLE


def test_which_one_is_active_is_a_gap_when_the_preferred_one_may_be_the_unknown_one() -> None:
    keys = key_entries(active(), identifier="bm8gdGh1bWJwcmludA==", key=False)
    tree = evidence(
        {
            **with_keys(*keys, preferredTokenSigningKeyThumbprint=OTHER),
            **own("federationMetadata", {"document": None}),
        }
    )
    assert the_gap(tree, "certificates.active").section == "servicePrincipals"
    assert the_gap(tree, "certificates.others").section == "servicePrincipals"


def test_which_one_is_active_is_a_gap_when_the_preferred_thumbprint_is() -> None:
    hidden = gap("servicePrincipals")
    tree = evidence(own("servicePrincipals", service_principal(preferredTokenSigningKeyThumbprint=hidden)))
    assert the_gap(tree, "certificates.active") == hidden
    assert the_gap(tree, "certificates.all[0].status") == hidden
    assert value(tree, "certificates.all[0].thumbprint") == THUMBPRINT


def test_a_certificate_that_only_the_metadata_lists_is_absent() -> None:
    tree = evidence(own("federationMetadata", metadata(active(), inactive())))
    assert value(tree, "certificates.all[].[thumbprint, status, inMetadata]") == [
        [THUMBPRINT, "active", True],
        [OTHER, "absent", True],
    ]
    assert value(tree, "certificates.others") == []


def test_a_certificate_that_the_metadata_does_not_list_is_not_in_it() -> None:
    tree = evidence({**rollover(), **own("federationMetadata", metadata(active()))})
    assert value(tree, "certificates.others[].inMetadata") == [False]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"document": None, "status": 404}, Reason.NOT_FOUND),
        ({"document": base64.b64encode(b"<html>").decode()}, Reason.UNREADABLE),
        (metadata(active(), by=tenant_wide()), Reason.UNREADABLE),
        (gap("federationMetadata"), Reason.PERMISSION),
    ],
    ids=["none", "no XML", "foreign", "refused"],
)
def test_what_the_metadata_does_not_vouch_for_is_not_taken_from_it(document: Node, reason: Reason) -> None:
    tree = evidence(own("federationMetadata", document))
    assert the_gap(tree, "certificates.active[0].inMetadata").reason is reason
    assert the_gap(tree, "certificates.all[].inMetadata").reason is reason
    assert value(tree, "certificates.active[0].[status, validity, keySize]") == ["active", "valid", 2048]


def test_unread_key_credentials_leave_nothing_to_say() -> None:
    hidden = gap("servicePrincipals")
    tree = evidence(own("servicePrincipals", service_principal(keyCredentials=hidden)))
    assert the_gap(tree, "certificates.active") == hidden
    assert the_gap(tree, "certificates.all") == hidden


def test_a_key_that_is_no_certificate_still_has_a_thumbprint() -> None:
    sign, verify = key_entries(active(), identifier="bm8gdGh1bWJwcmludA==")
    assert isinstance(verify, dict)
    odd = {**verify, "key": base64.b64encode(b"not a certificate").decode()}
    thumbprint = hashlib.sha1(b"not a certificate").hexdigest()
    tree = evidence(with_keys(sign, odd, preferredTokenSigningKeyThumbprint=thumbprint))
    assert value(tree, "certificates.active[].thumbprint") == [thumbprint.upper()]
    assert the_gap(tree, "certificates.active[0].keySize").section == "servicePrincipals"


def test_the_private_half_of_a_key_names_no_certificate() -> None:
    sign, _ = key_entries(active(), identifier="bm8gdGh1bWJwcmludA==")
    assert isinstance(sign, dict)
    tree = evidence(with_keys({**sign, "key": base64.b64encode(b"a PKCS #12 file").decode()}))
    assert the_gap(tree, "certificates.active").section == "servicePrincipals"


def test_dates_that_graph_lacks_are_those_of_the_certificate() -> None:
    keys = [
        {name: part for name, part in entry.items() if name not in ("startDateTime", "endDateTime")}
        for entry in key_entries(active())
        if isinstance(entry, dict)
    ]
    tree = evidence(with_keys(*keys))
    assert value(tree, "certificates.active[0].notAfter") == active().certificate.not_after
