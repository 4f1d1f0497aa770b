"""Bundles signed by a key that stays on its token."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from auditor.cli.emulator import write_configuration
from auditor.emulator import Emulator
from tests.conftest import Runner
from tests.proof.conftest import Nights, configure, openssl
from tests.proof.signers import ec_key, identity, rsa_key
from tests.proof.tokens import NoSoftHSM, Token

PIN = Token.pin


@pytest.fixture(scope="module")
def token(nights: Nights, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Token]:
    """With the keys `rsa`, `p-256` and `p-384`, whose certificates lie beside it."""
    folder = tmp_path_factory.mktemp("token")
    try:
        token = Token(folder)
    except NoSoftHSM as reason:
        if os.environ.get("CI"):
            pytest.fail(str(reason))
        pytest.skip(str(reason))
    for label, key in (("rsa", rsa_key()), ("p-256", ec_key()), ("p-384", ec_key(ec.SECP384R1()))):
        identity("Token", by=nights.authority, key=key).write(folder, label)
        token.take(label, folder / f"{label}.key")
        (folder / f"{label}.key").unlink()
        (folder / f"{label}.pem").rename(nights.folder / f"token-{label}.pem")
    with pytest.MonkeyPatch.context() as patch:  # the library reads it once per process
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        yield token


@pytest.fixture
def evidence(nights: Nights, token: Token, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Of the configuration, with the key `rsa`."""
    monkeypatch.setenv("TOKEN_PIN", PIN)
    place = {"module": token.module, "token": "audit", "key_label": "rsa", "pin": "env:TOKEN_PIN"}
    return {"certificate_file": str(nights.pem("token-rsa")), "pkcs11": place}


@pytest.fixture
def configuration(emulator: Emulator, tmp_path: Path) -> Path:
    return write_configuration(emulator, tmp_path)


@pytest.mark.parametrize("kind", ["rsa", "p-256", "p-384"])
def test_a_token_signs(
    kind: str, nights: Nights, evidence: dict[str, Any], configuration: Path, auditor: Runner, tmp_path: Path
) -> None:
    evidence["certificate_file"] = str(nights.pem(f"token-{kind}"))
    evidence["pkcs11"] |= {"key_label": kind}
    if kind == "p-256":
        del evidence["pkcs11"]["key_label"]
        evidence["pkcs11"] |= {"key_id": "02"}
    configure(configuration, evidence=evidence)
    with zipfile.ZipFile(nights.bundle(1)) as archive:
        archive.extract("snapshot.json.gz", tmp_path)
    words = ("--config", configuration, "--format", "json", "--bundle", tmp_path / "bundle.zip")
    made = auditor("evaluate", tmp_path / "snapshot.json.gz", *words)
    assert made.code in (3, 10), made.stderr
    assert PIN not in made.stdout + made.stderr
    verified = auditor("verify", tmp_path / "bundle.zip", "--ca", nights.pem("authority"))
    assert verified.code == 0, verified.stdout
    with zipfile.ZipFile(tmp_path / "bundle.zip") as archive:
        archive.extractall(tmp_path / "unpacked")
    form = ("cms", "-verify", "-binary", "-inform", "DER", "-in", "manifest.p7s", "-content", "manifest.json")
    authority = ("-CAfile", nights.pem("authority"))
    assert openssl(tmp_path / "unpacked", *form, *authority, "-out", "verified").returncode == 0


@pytest.mark.parametrize(
    ("change", "message", "remedy"),
    [
        ({"module": "/nowhere/lib.so"}, "library /nowhere/lib.so cannot be loaded", "Name as module"),
        ({"token": "other"}, "knows no token other", "It knows: audit"),
        ({"key_label": "other"}, "has no private key other", "p-256 (id 02), p-384 (id 03), rsa (id 01)"),
        ({"key_label": "p-256"}, "the key p-256 on the token audit is not that of the certificate", "key_id"),
        ({"pin": "env:WRONG_PIN"}, "the token audit does not take the PIN of evidence", "It was tried once"),
        ({"key_label": None}, "does not say which key of the token", "Add key_label or key_id"),
        ({"module": "lib.so"}, "module", "/usr/lib/softhsm/libsofthsm2.so"),
        ({"pin": PIN}, "pin must be a reference", "env:NAME"),
    ],
    ids=["module", "token", "key", "another key", "pin", "no key", "relative module", "pin itself"],
)
def test_what_is_wrong_is_said_before_the_scan(
    change: dict[str, Any],
    message: str,
    remedy: str,
    evidence: dict[str, Any],
    configuration: Path,
    auditor: Runner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WRONG_PIN", "wrong-12345")
    place = {**evidence["pkcs11"], **change}
    evidence["pkcs11"] = {key: value for key, value in place.items() if value is not None}
    configure(configuration, evidence=evidence)
    result = auditor("scan", "--config", configuration, "--bundle", tmp_path / "bundle.zip")
    assert result.code == 2, result.stderr
    assert message in result.stderr
    assert remedy in result.stderr
    assert PIN not in result.stderr
    assert "wrong-12345" not in result.stderr
    assert not (tmp_path / "bundle.zip").exists()


def test_another_key_of_the_same_kind_is_not_that_of_the_certificate(
    nights: Nights, evidence: dict[str, Any], configuration: Path, auditor: Runner, tmp_path: Path
) -> None:
    evidence["certificate_file"] = str(nights.pem("signer"))
    configure(configuration, evidence=evidence)
    result = auditor("scan", "--config", configuration, "--bundle", tmp_path / "bundle.zip")
    assert (result.code, "is not that of the certificate" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("key", "message"),
    [("key", "evidence names both key and pkcs11"), ("key_password", "key_password is of a key in a file")],
)
def test_a_file_or_a_token_not_both(
    key: str, message: str, evidence: dict[str, Any], configuration: Path, auditor: Runner
) -> None:
    configure(configuration, evidence={**evidence, key: "env:KEY"})
    result = auditor("scan", "--config", configuration, "--bundle", "bundle.zip")
    assert (result.code, message in result.stderr) == (2, True), result.stderr
