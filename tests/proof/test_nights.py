"""Bundles through the commands: made, verified by openssl and by `auditor verify`, chained."""

from __future__ import annotations

import json
import stat
import zipfile
from pathlib import Path

import pytest

from auditor.cli.emulator import write_configuration
from auditor.emulator import Emulator
from tests.conftest import Runner
from tests.proof.conftest import Nights, configure, openssl
from tests.proof.signers import ec_key, identity, rsa_key


def unpacked(bundle: Path, folder: Path) -> Path:
    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(folder)
    return folder


def test_a_bundle_holds_what_the_report_follows_from(nights: Nights) -> None:
    bundle = nights.bundle(2)
    assert stat.S_IMODE(bundle.stat().st_mode) == 0o600
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
        manifest = json.loads(archive.read("manifest.json"))
        comparison = json.loads(archive.read("comparison.json"))
        assert archive.read("report.json") == (nights.folder / "out2" / "report.json").read_bytes()
        assert archive.read("drift.json") == (nights.folder / "out2" / "drift.json").read_bytes()
        assert archive.read("report.html") == (nights.folder / "out2" / "report.html").read_bytes()
    assert names == sorted(names)
    assert {"snapshot.json.gz", "configuration.json", "waivers.json", "manifest.p7s"} < set(names)
    assert "rules/profiles/gotomeeting.yaml" in names
    assert set(manifest["members"]) == {*names} - {"manifest.json", "manifest.p7s"}
    first = json.loads((nights.folder / "out1" / "report.json").read_bytes())
    assert comparison["previous"]["run"] == first["run"]
    assert {each["fingerprint"]: each["firstSeenAt"] for each in comparison["previous"]["findings"]} == {
        each["fingerprint"]: each["firstSeenAt"] for each in first["findings"]
    }
    assert manifest["previousManifest"]["runId"] == first["run"]["id"]


def test_no_bundle_holds_a_secret(nights: Nights) -> None:
    key = (nights.folder / "signer.key").read_bytes()
    data = nights.bundle(1).read_bytes()
    assert key.splitlines()[1] not in data
    assert str(nights.folder).encode() not in data


def test_openssl_accepts_it(nights: Nights, tmp_path: Path) -> None:
    folder = unpacked(nights.bundle(1), tmp_path)
    words = (
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "manifest.p7s",
        "-content",
        "manifest.json",
    )
    assert openssl(folder, *words, "-CAfile", nights.pem("authority"), "-out", "verified").returncode == 0
    assert openssl(folder, *words, "-CAfile", nights.pem("stranger"), "-out", "verified").returncode != 0
    (folder / "manifest.json").write_bytes((folder / "manifest.json").read_bytes() + b" ")
    assert openssl(folder, *words, "-CAfile", nights.pem("authority"), "-out", "verified").returncode != 0


@pytest.mark.parametrize("whom", ["--certificate signer", "--ca authority", "--ca signer"])
def test_it_is_fine_for_who_knows_the_signer(nights: Nights, auditor: Runner, whom: str) -> None:
    option, name = whom.split()
    result = auditor("verify", nights.bundle(1), option, nights.pem(name))
    assert result.code == 0, result.stdout
    assert result.stdout.startswith(f"{nights.bundle(1)}: fine\n")
    assert "its report came out byte for byte" in result.stdout


def test_who_knows_nobody_is_told_what_to_give(nights: Nights, auditor: Runner) -> None:
    result = auditor("verify", nights.bundle(1))
    assert result.code == 3
    assert "unknown  whether CN=Evidence" in result.stdout
    assert "--certificate" in result.stdout


def test_a_chain_of_three_nights(nights: Nights, auditor: Runner) -> None:
    chain = ("--previous", nights.bundle(2), "--previous", nights.bundle(1))
    result = auditor("verify", nights.bundle(3), "--ca", nights.pem("authority"), *chain)
    assert result.code == 0, result.stdout
    assert f"{nights.bundle(2)} is the bundle before it" in result.stdout
    assert f"{nights.bundle(1)} is the bundle before that" in result.stdout


def test_a_night_that_is_left_out_breaks_the_chain(nights: Nights, auditor: Runner) -> None:
    words = ("--ca", nights.pem("authority"), "--format", "json")
    result = auditor("verify", nights.bundle(3), "--previous", nights.bundle(1), *words)
    assert result.code == 10
    document = json.loads(result.stdout)
    assert document["verdict"] == "refused"
    assert [problem["kind"] for problem in document["problems"]] == ["chain-broken"]
    assert f"{nights.bundle(1)}: the chain is broken: run" in document["problems"][0]["message"]


def test_the_first_night_has_none_before_it(nights: Nights, auditor: Runner) -> None:
    words = ("--ca", nights.pem("authority"))
    result = auditor("verify", nights.bundle(1), "--previous", nights.bundle(2), *words)
    assert result.code == 10
    assert "says that no bundle came before it" in result.stdout


def test_its_json_says_the_same(nights: Nights, auditor: Runner) -> None:
    result = auditor("verify", nights.bundle(2), "--ca", nights.pem("authority"), "--format", "json")
    document = json.loads(result.stdout)
    assert (result.code, document["verdict"], document["problems"]) == (0, "fine", [])
    assert any("byte for byte" in sentence for sentence in document["right"])


def test_an_expired_certificate(nights: Nights, auditor: Runner) -> None:
    later = ("--at", "2099-01-01")
    result = auditor("verify", nights.bundle(1), "--certificate", nights.pem("signer"), *later)
    assert result.code == 10
    assert "was not valid at 2099-01-01T00:00:00Z: it expired at" in result.stdout


def test_without_a_history_there_is_no_chain(
    nights: Nights, emulator: Emulator, auditor: Runner, tmp_path: Path
) -> None:
    snapshot, bundle = tmp_path / "snapshot.json.gz", tmp_path / "evaluated.zip"
    assert auditor("collect", "--config", nights.configuration, "--snapshot", snapshot).code == 0
    words = ("--config", nights.configuration, "--at", "2027-01-01")
    result = auditor("evaluate", snapshot, *words, "--bundle", bundle, "--format", "csv")
    assert bundle.exists(), result.stderr
    with zipfile.ZipFile(bundle) as archive:
        assert json.loads(archive.read("manifest.json"))["previousManifest"] is None
        assert {"report.csv", "report.json"} < set(archive.namelist())
        assert "report.html" not in archive.namelist()
    assert auditor("verify", bundle, "--certificate", nights.pem("signer")).code == 0
    refused = auditor("evaluate", snapshot, "--bundle", bundle)
    assert (refused.code, "only a configuration says with what" in refused.stderr) == (2, True)


@pytest.fixture
def configuration(emulator: Emulator, tmp_path: Path) -> Path:
    """auditor.yaml without a history, in a folder of its own."""
    return write_configuration(emulator, tmp_path)


@pytest.mark.parametrize("kind", ["rsa-3072", "p-384", "encrypted", "with its chain"])
def test_kinds_of_keys(
    kind: str, nights: Nights, configuration: Path, auditor: Runner, tmp_path: Path
) -> None:
    from cryptography.hazmat.primitives.asymmetric import ec

    middle = identity("Middle", by=nights.authority, authority=True)
    match kind:
        case "rsa-3072":
            signer = identity("Other", by=nights.authority, key=rsa_key(3072))
        case "p-384":
            signer = identity("Other", by=nights.authority, key=ec_key(ec.SECP384R1()))
        case "encrypted":
            signer = identity("Other", by=nights.authority)
        case _:
            issued = identity("Other", by=middle)
            signer = type(issued)(issued.certificate, issued.key, above=(middle.certificate,))
    password = b"open sesame" if kind == "encrypted" else None
    signer.write(tmp_path, "other", password)
    (tmp_path / "password").write_text("open sesame\n")
    evidence = {"certificate_file": "other.pem", "key": "file:other.key"}
    configure(configuration, evidence={**evidence, **({"key_password": "file:password"} if password else {})})
    snapshot = tmp_path / "snapshot.json.gz"
    with zipfile.ZipFile(nights.bundle(1)) as archive:
        snapshot.write_bytes(archive.read("snapshot.json.gz"))
    bundle = tmp_path / "bundle.zip"
    made = auditor("evaluate", snapshot, "--config", configuration, "--format", "json", "--bundle", bundle)
    assert bundle.exists(), made.stderr
    verified = auditor("verify", bundle, "--ca", nights.pem("authority"))
    assert verified.code == 0, verified.stdout
    folder = unpacked(bundle, tmp_path / "unpacked")
    words = (
        "cms",
        "-verify",
        "-binary",
        "-inform",
        "DER",
        "-in",
        "manifest.p7s",
        "-content",
        "manifest.json",
    )
    assert openssl(folder, *words, "-CAfile", nights.pem("authority"), "-out", "verified").returncode == 0


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("no evidence", "a bundle is signed, and"),
        ("another key", "the key of evidence is not that of the certificate"),
        ("expired", "nobody would believe a signature with the certificate of evidence: it expired"),
        ("not for signing", "its key usage does not allow signatures"),
        ("short", "its RSA key has 1024 bits"),
        ("no key", "it is no private key in PEM, or its password is not right"),
        ("no certificate", "holds no certificate"),
    ],
)
def test_what_nobody_would_believe_is_not_begun(
    what: str, message: str, nights: Nights, configuration: Path, auditor: Runner, tmp_path: Path
) -> None:
    match what:
        case "expired":
            signer = identity("Other", days=(-30, -1))
        case "not for signing":
            signer = identity("Other", signs=False)
        case "short":
            signer = identity("Other", key=rsa_key(1024))
        case _:
            signer = identity("Other")
    signer.write(tmp_path, "other")
    if what == "another key":
        nights.stranger.write(tmp_path, "stranger")
        (tmp_path / "stranger.key").rename(tmp_path / "other.key")
    if what == "no key":
        (tmp_path / "other.key").write_text("nothing")
    if what == "no certificate":
        (tmp_path / "other.pem").write_text("nothing")
    evidence = {"certificate_file": "other.pem", "key": "file:other.key"}
    configure(configuration, **({} if what == "no evidence" else {"evidence": evidence}))
    result = auditor("scan", "--config", configuration, "--bundle", "bundle.zip")
    assert result.code == 2, result.stderr
    assert message in result.stderr
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "bundle.zip").exists()


def test_a_key_in_the_configuration_is_refused_and_not_repeated(configuration: Path, auditor: Runner) -> None:
    configure(configuration, evidence={"certificate_file": "other.pem", "key": "hunter2-correct-horse"})
    result = auditor("scan", "--config", configuration, "--bundle", "bundle.zip")
    assert result.code == 2
    assert "key must be a reference" in result.stderr
    assert "hunter2" not in result.stderr
