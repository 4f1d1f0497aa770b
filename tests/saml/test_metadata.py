"""What a scan reads from the metadata that Entra answered."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditor.saml.door import MAX_BYTES, open_document
from auditor.saml.metadata import ReadingState, read_entity, read_metadata
from auditor.saml.signature import Pins
from tests.saml.federation import (
    ENTITY_ID,
    LOGIN_URL,
    RSA_SHA1,
    active,
    attacker,
    entity,
    inactive,
    listing,
    sign,
    tenant_wide,
)

SAMPLES = Path(__file__).resolve().parents[3] / "shared" / "samples" / "metadata"
PINS = Pins(certificates=(active().certificate,))


def test_values_come_from_the_verified_document() -> None:
    reading = read_metadata(b"\xef\xbb\xbf" + sign(listing(active(), inactive()), active()), pins=PINS)
    assert reading.signature is ReadingState.VALID
    assert (reading.problem, reading.problem_code) == (None, None)
    assert reading.signer == active().certificate
    assert reading.entity_id == ENTITY_ID
    assert reading.single_sign_on_urls == (LOGIN_URL,)
    assert reading.single_logout_urls == (LOGIN_URL,)
    assert reading.certificates == (active().certificate, inactive().certificate)


def test_a_thumbprint_is_pin_enough() -> None:
    pins = Pins(thumbprints=frozenset({active().certificate.thumbprint}))
    reading = read_metadata(sign(entity(), active()), pins=pins)
    assert (reading.signature, reading.signer) == (ReadingState.VALID, active().certificate)


@pytest.mark.parametrize(
    ("data", "state", "code"),
    [
        (b"", ReadingState.NOT_XML, "not-well-formed"),
        (sign(entity(), active())[:-1], ReadingState.NOT_XML, "not-well-formed"),
        (b"<!doctype html><p>", ReadingState.NOT_XML, "not-well-formed"),
        (b"<!DOCTYPE html><p>", ReadingState.NOT_XML, "html"),
        (b"<!DOCTYPE a><a/>", ReadingState.REFUSED, "dtd"),
        (b" " * (MAX_BYTES + 1), ReadingState.REFUSED, "too-large"),
        (b"<html/>", ReadingState.REFUSED, "not-an-entity-descriptor"),
        (entity().encode(), ReadingState.ABSENT, "signature-absent"),
        (sign(entity(), active()).replace(b"POST", b"GET"), ReadingState.INVALID, "signature-broken"),
        (sign(entity(), active()).replace(b"><", b">\n<"), ReadingState.INVALID, "reformatted"),
        (sign(entity(), active(), method=RSA_SHA1), ReadingState.REFUSED, "sha1"),
        (sign(entity(), active(), references=""), ReadingState.REFUSED, "reference-count"),
        (sign(listing(attacker()), attacker()), ReadingState.FOREIGN, "signer-not-pinned"),
        (sign(listing(tenant_wide()), tenant_wide()), ReadingState.FOREIGN, "saved-without-appid"),
        (
            sign(listing(tenant_wide()), tenant_wide()).replace(b"><", b">\n<"),
            ReadingState.INVALID,
            "saved-without-appid",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_trusted_yields_no_values(data: bytes, state: ReadingState, code: str) -> None:
    reading = read_metadata(data, pins=PINS)
    assert (reading.signature, reading.problem_code) == (state, code)
    assert reading.problem
    assert (reading.entity_id, reading.single_sign_on_urls, reading.certificates) == (None, None, None)


def test_without_pins_nothing_is_said_about_the_signer() -> None:
    assert read_metadata(sign(entity(), active()), pins=Pins()).signature is ReadingState.UNPINNED
    bare = sign(entity(), active(), key_info="")
    assert read_metadata(bare, pins=Pins()).signature is ReadingState.UNPINNED


def test_without_pins_a_broken_signature_is_still_broken() -> None:
    altered = sign(entity(), active()).replace(b"HTTP-POST", b"HTTP-GET")
    assert read_metadata(altered, pins=Pins()).signature is ReadingState.INVALID


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the published documents are not here")
@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("azure-app-cedda796.xml", ReadingState.VALID),
        ("azure-tenant-8b966979.xml", ReadingState.VALID),
        ("azure-common-2017.xml", ReadingState.VALID),
        ("adfs-v2-msidlab.xml", ReadingState.VALID),
        ("azure-app-c3da75cd-reformatted.xml", ReadingState.INVALID),
        ("azure-tenant-8b966979-bad-22799.xml", ReadingState.INVALID),
    ],
)
def test_published_documents_are_judged_rightly(name: str, state: ReadingState) -> None:
    data = (SAMPLES / name).read_bytes()
    listed = read_entity(open_document(data).root).certificates
    assert read_metadata(data, pins=Pins(certificates=listed)).signature is state
    assert read_metadata(data, pins=PINS).signature is not ReadingState.VALID
