"""`auditor response check`."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from auditor.cli.response import command
from tests.saml.federation import ENTITY_ID, active, attacker, entity, inactive, listing, sign
from tests.saml.sign_on import (
    AUDIENCE,
    EMAIL,
    NAME_CLAIM,
    REPLY_URL,
    USER,
    assertion,
    response,
    signed_assertion,
    subject,
)


@pytest.fixture
def certificate(tmp_path: Path) -> str:
    """The active certificate's file."""
    return _file(tmp_path, "active.pem", active().pem)


def _file(tmp_path: Path, name: str, data: bytes) -> str:
    file = tmp_path / name
    file.write_bytes(data)
    return str(file)


def _arguments(file: str, *further: str) -> list[str]:
    usual = ["--issuer", ENTITY_ID, "--audience", AUDIENCE, "--recipient", REPLY_URL]
    return ["check", file, *usual, "--at", "2026-11-23T02:00:00Z", *further]


def _run(file: str, *further: str) -> tuple[int, str]:
    result = CliRunner().invoke(command, _arguments(file, *further), standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return int(result.return_value or 0), result.stdout


def _json(file: str, *further: str) -> tuple[int, dict[str, Any]]:
    code, output = _run(file, *further, "--format", "json")
    return code, json.loads(output)


def test_the_answer_has_every_field(tmp_path: Path, certificate: str) -> None:
    file = _file(tmp_path, "response.txt", base64.b64encode(signed_assertion()))
    code, answer = _json(file, "--certificate", certificate)
    assert code == 0
    assert answer == {
        "verdict": "accept",
        "signature": "valid",
        "responseSignature": "absent",
        "assertionSignature": "valid",
        "signer": active().certificate.thumbprint,
        "pinned": True,
        "signerStatus": "unknown",
        "entityId": ENTITY_ID,
        "audiences": [AUDIENCE],
        "nameId": USER,
        "nameIdFormat": EMAIL,
        "attributes": {NAME_CLAIM: [USER]},
        "findings": [],
    }


def test_each_verdict_has_its_exit_code(tmp_path: Path, certificate: str) -> None:
    file = _file(tmp_path, "response.xml", signed_assertion())
    assert _json(file, "--certificate", certificate, "--name-id", USER)[0] == 0
    assert _json(file, "--certificate", certificate, "--name-id", "someone@contoso.com")[0] == 3
    assert _json(file, "--certificate", certificate, "--in-response-to", "_other")[0] == 10
    empty = _file(tmp_path, "empty", b"")
    code, answer = _json(empty, "--certificate", certificate)
    assert (code, answer["signature"], answer["nameId"]) == (10, "not-checked", None)
    assert _run(str(tmp_path / "missing"), "--certificate", certificate) == (1, "")


def test_the_active_certificate_is_told_apart(tmp_path: Path, certificate: str) -> None:
    file = _file(tmp_path, "response.xml", signed_assertion())
    thumbprint = active().certificate.thumbprint.lower()
    code, answer = _json(file, "--certificate", certificate, "--active", thumbprint)
    assert (code, answer["signerStatus"]) == (0, "active")
    other = inactive().certificate.thumbprint
    code, answer = _json(file, "--certificate", certificate, "--active", other)
    assert (code, answer["signerStatus"]) == (3, "inactive")


def test_the_clock_skew_is_in_seconds(tmp_path: Path, certificate: str) -> None:
    late = ["--certificate", certificate, "--at", "2026-11-23T02:05:30Z"]
    file = _file(tmp_path, "response.xml", signed_assertion())
    assert _json(file, *late)[0] == 0
    assert _json(file, *late, "--clock-skew", "30")[0] == 0
    assert _json(file, *late, "--clock-skew", "29")[0] == 10


def test_certificates_come_from_metadata_too(tmp_path: Path) -> None:
    file = _file(tmp_path, "response.xml", signed_assertion())
    metadata = _file(tmp_path, "metadata.xml", sign(listing(inactive(), active()), active()))
    assert _json(file, "--metadata", metadata)[0] == 0


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html/>",
        entity().encode(),
        sign(listing(active()), attacker()),
        sign(entity(), active()).replace(b"HTTP-POST", b"HTTP-GET"),
    ],
)
def test_metadata_that_is_not_whole_is_a_usage_error(tmp_path: Path, data: bytes) -> None:
    file = _file(tmp_path, "response.xml", signed_assertion())
    metadata = _file(tmp_path, "metadata.xml", data)
    assert CliRunner().invoke(command, _arguments(file, "--metadata", metadata)).exit_code == 2


def test_somebody_must_vouch_for_the_signature(tmp_path: Path, certificate: str) -> None:
    file = _file(tmp_path, "response.xml", signed_assertion())
    assert CliRunner().invoke(command, _arguments(file)).exit_code == 2
    both = _arguments(file, "--certificate", certificate, "--metadata", certificate)
    assert CliRunner().invoke(command, both).exit_code == 2


def test_the_text_says_who_signed_what(tmp_path: Path, certificate: str) -> None:
    file = _file(tmp_path, "response.xml", signed_assertion())
    code, output = _run(file, "--certificate", certificate, "--active", active().certificate.thumbprint)
    assert code == 0
    assert "  assertion            signature valid\n" in output
    assert f"  signed by            {active().certificate.thumbprint} (active)\n" in output
    assert f"  name ID              {USER} ({EMAIL})" in output


def test_a_value_cannot_make_lines_of_its_own(tmp_path: Path, certificate: str) -> None:
    xml = response(assertion(about=subject("a&#10;b&#x202e;c")))
    file = _file(tmp_path, "response.xml", signed_assertion(xml))
    _, output = _run(file, "--certificate", certificate)
    assert "  name ID              a b‹U+202E›c" in output
