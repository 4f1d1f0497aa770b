"""Facts of certificates, and the many ways in which Graph names one."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from hypothesis import example, given
from hypothesis import strategies as st

from auditor.saml.certificate import (
    CertificateError,
    from_base64,
    from_der,
    from_file,
    identifies,
    normalise_thumbprint,
    thumbprint_of_identifier,
)
from tests.saml.federation import AT, active, signer, tenant_wide

DER = active().certificate.der
TEXT = active().text
THUMBPRINT = hashlib.sha1(DER).hexdigest().upper()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _altered(at: int, byte: int) -> bytes:
    place = at % len(DER)
    return DER[:place] + bytes([byte % 256]) + DER[place + 1 :]


def test_the_facts_are_those_of_the_certificate() -> None:
    certificate = from_der(DER)
    assert certificate.thumbprint == THUMBPRINT
    assert certificate.sha256 == hashlib.sha256(DER).hexdigest().upper()
    assert certificate.subject == "CN=Microsoft Azure Federated SSO Certificate"
    assert certificate.not_before == "2025-11-23T02:00:00Z"
    assert certificate.not_after == "2028-11-22T02:00:00Z"
    assert (certificate.key_type, certificate.key_size) == ("RSA", 2048)
    assert certificate.signature_algorithm == "sha256"
    assert certificate.self_signed
    assert not certificate.tenant_wide
    assert certificate.weaknesses() == ()
    assert certificate.load().public_bytes(serialization.Encoding.DER) == DER


def test_a_key_of_the_tenant_is_known_by_its_name() -> None:
    assert tenant_wide().certificate.tenant_wide


def test_weaknesses_are_named() -> None:
    assert "1024 bits" in signer(serial=7, bits=1024).certificate.weaknesses()[0]
    assert "EC, not RSA" in signer(curve=True).certificate.weaknesses()[0]
    assert "SHA1" in signer(serial=8, sha1=True).certificate.weaknesses()[0]


@pytest.mark.parametrize(
    ("at", "validity", "days_left"),
    [
        (AT - timedelta(days=365, seconds=1), "not-yet-valid", 1095),
        (AT - timedelta(days=365), "valid", 1095),
        (AT, "valid", 730),
        (AT + timedelta(seconds=1), "valid", 729),
        (AT + timedelta(days=730), "valid", 0),
        (AT + timedelta(days=730, seconds=1), "expired", -1),
        (AT + timedelta(days=732), "expired", -2),
    ],
)
def test_days_left_are_whole_days_rounded_down(at: datetime, validity: str, days_left: int) -> None:
    certificate = active().certificate
    assert certificate.validity(at) == validity
    assert certificate.days_left(at) == days_left


def test_a_certificate_without_end_is_read() -> None:
    key = active().key
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "endless")])
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(1950, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )
    certificate = from_der(built.public_bytes(serialization.Encoding.DER))
    assert certificate.not_after == "9999-12-31T23:59:59Z"
    assert certificate.validity(AT) == "valid"


def test_a_serial_number_of_zero_is_read_without_a_warning() -> None:
    changed = DER.replace(b"\x02\x01\x01", b"\x02\x01\x00", 1)
    assert changed != DER
    assert from_der(changed).subject == active().certificate.subject


def test_base64_may_be_wrapped() -> None:
    wrapped = "\r\n\t ".join(TEXT[start : start + 60] for start in range(0, len(TEXT), 60))
    assert from_base64(f"\n{wrapped}\n") == from_der(DER)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("not base64!", "not base64"),
        (f"{TEXT[:20]}*{TEXT[20:]}", "not base64"),
        (f"{TEXT[:20]}\u00a0{TEXT[20:]}", "not base64"),
        (TEXT[:-1] if TEXT.endswith("=") else f"{TEXT}A", "not base64"),
        ("AAAA", "not an X.509 certificate"),
        (_base64(DER[:-1]), "not an X.509 certificate"),
        (_base64(DER + b"\x00"), "1 bytes stand behind"),
        (_base64(DER + DER), f"{len(DER)} bytes stand behind"),
        (_base64(b"\x30" + bytes(70_000)), "longer than"),
        (_base64(b"\x30\xff"), "not an X.509 certificate"),
    ],
)
def test_what_is_no_certificate_is_refused(text: str, problem: str) -> None:
    with pytest.raises(CertificateError, match=problem):
        from_base64(text)


def test_files_hold_certificates_in_several_forms() -> None:
    assert from_file(DER) == (active().certificate,)
    assert from_file(active().pem) == (active().certificate,)
    assert from_file(b"\xef\xbb\xbf" + TEXT.encode()) == (active().certificate,)
    both = b"Bag Attributes\n" + active().pem + tenant_wide().pem
    assert from_file(both) == (active().certificate, tenant_wide().certificate)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"-----BEGIN CERTIFICATE-----", b"{}"])
def test_files_that_hold_none_are_refused(data: bytes) -> None:
    with pytest.raises(CertificateError):
        from_file(data)


@pytest.mark.parametrize(
    "identifier",
    [
        _base64(bytes.fromhex(THUMBPRINT)),
        _base64(bytes.fromhex(THUMBPRINT)).rstrip("="),
        base64.urlsafe_b64encode(bytes.fromhex(THUMBPRINT)).decode(),
        THUMBPRINT,
        THUMBPRINT.lower(),
        _base64(THUMBPRINT.encode()),
        _base64(THUMBPRINT.lower().encode()),
        _base64(hashlib.sha256(THUMBPRINT.encode()).digest()),
        _base64(hashlib.sha256(THUMBPRINT.lower().encode()).digest()),
        hashlib.sha256(THUMBPRINT.encode()).hexdigest(),
        hashlib.sha256(THUMBPRINT.encode()).hexdigest().upper(),
    ],
    ids=range(11),
)
def test_every_form_of_the_identifier_names_its_certificate(identifier: str) -> None:
    assert identifies(identifier, active().certificate)
    assert not identifies(identifier, tenant_wide().certificate)


@pytest.mark.parametrize(
    "identifier", ["", "Contoso 2026", "AAAA", "****", THUMBPRINT[:-1], "é"], ids=range(6)
)
def test_other_identifiers_name_no_certificate(identifier: str) -> None:
    assert not identifies(identifier, active().certificate)
    assert thumbprint_of_identifier(identifier) is None


def test_the_thumbprint_is_read_from_the_identifier_where_it_holds_it() -> None:
    assert thumbprint_of_identifier(_base64(bytes.fromhex(THUMBPRINT))) == THUMBPRINT
    assert thumbprint_of_identifier(THUMBPRINT.lower()) == THUMBPRINT
    assert thumbprint_of_identifier(_base64(THUMBPRINT.encode())) == THUMBPRINT
    assert thumbprint_of_identifier(_base64(hashlib.sha256(THUMBPRINT.encode()).digest())) is None


def test_thumbprints_are_normalised() -> None:
    spaced = "\u200e" + " ".join(THUMBPRINT[n : n + 2] for n in range(0, 40, 2)).lower()
    assert normalise_thumbprint(spaced) == THUMBPRINT
    assert normalise_thumbprint(":".join(THUMBPRINT[n : n + 2] for n in range(0, 40, 2))) == THUMBPRINT
    assert normalise_thumbprint(THUMBPRINT[1:]) is None
    assert normalise_thumbprint("G" * 40) is None


@given(
    st.binary(max_size=400) | st.builds(lambda at, byte: _altered(at, byte), st.integers(0), st.integers())
)
@example(data=_altered(12, 1))  # the version
def test_any_bytes_are_a_certificate_or_refused(data: bytes) -> None:
    try:
        certificate = from_der(data)
    except CertificateError:
        return
    assert certificate.der == data
    certificate.weaknesses()
    certificate.days_left(AT)


@given(st.text())
def test_any_text_is_an_identifier_of_something_or_nothing(text: str) -> None:
    identifies(text, active().certificate)
    found = thumbprint_of_identifier(text)
    assert found is None or normalise_thumbprint(found) == found
