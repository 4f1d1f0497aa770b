"""Timestamps of a local authority, and bundles of another version of the program."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.cli.emulator import write_configuration
from auditor.emulator import Emulator
from auditor.model.report import Run
from auditor.model.wire import to_json
from auditor.proof.archive import write_archive
from auditor.proof.authority import ask
from auditor.proof.problem import RefusedError
from auditor.proof.timestamp import read_timestamp
from tests.conftest import Result, Runner
from tests.proof.authority import Authority, serving
from tests.proof.conftest import Nights, configure, openssl
from tests.proof.tampering import Honest, edited
from tests.proof.test_tampering import files_of
from tests.proof.test_tampering import honest as honest  # the fixture


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    with serving(tmp_path_factory.mktemp("time") / "authority") as authority:
        yield authority


def stamped(
    url: str, nights: Nights, emulator: Emulator, auditor: Runner, folder: Path
) -> tuple[Result, Path]:
    """A bundle of the first night's snapshot, made with that authority."""
    file = write_configuration(emulator, folder)
    nights.signer.write(folder, "signer")
    evidence = {"certificate_file": "signer.pem", "key": "file:signer.key", "timestamp_url": url}
    configure(file, evidence=evidence)
    snapshot, bundle = folder / "snapshot.json.gz", folder / "bundle.zip"
    snapshot.write_bytes(files_of(nights.bundle(1))["snapshot.json.gz"])
    words = ("--config", file, "--format", "json", "--bundle", bundle)
    return auditor("evaluate", snapshot, *words), bundle


def test_a_timestamp(
    authority: Authority, nights: Nights, emulator: Emulator, auditor: Runner, tmp_path: Path
) -> None:
    authority.answer = None
    made, bundle = stamped(authority.url, nights, emulator, auditor, tmp_path)
    assert made.code in (3, 10), made.stderr
    known = ("--ca", nights.pem("authority"))
    fine = auditor("verify", bundle, *known, "--timestamp-ca", authority.pem)
    assert fine.code == 0, fine.stdout
    assert "the signature was there at 20" in fine.stdout
    unknown = auditor("verify", bundle, *known)
    assert unknown.code == 3
    assert "give the authority's root with --timestamp-ca" in unknown.stdout
    foreign = auditor("verify", bundle, *known, "--timestamp-ca", nights.pem("authority"))
    assert foreign.code == 10
    assert "manifest.tsr is not valid: the authority that was given did not make it" in foreign.stdout

    with zipfile.ZipFile(bundle) as archive:
        archive.extractall(tmp_path / "unpacked")
    words = ("ts", "-verify", "-data", "manifest.p7s", "-in", "manifest.tsr", "-CAfile", authority.pem)
    assert openssl(tmp_path / "unpacked", *words).returncode == 0

    files = files_of(bundle)
    for name, message in (("taken out", "is missing"), ("of another", "it is about something else")):
        other = dict(files)
        if name == "taken out":
            del other["manifest.tsr"]
        else:
            other["manifest.p7s"] = nights.signer.signer.sign(files["manifest.json"] + b" ")
        bundle.write_bytes(write_archive(other))
        refused = auditor("verify", bundle, *known, "--timestamp-ca", authority.pem)
        assert (refused.code, message in refused.stdout) == (10, True), refused.stdout


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((503, b""), "the authority answered with HTTP 503"),
        ((200, b"<html>Welcome</html>"), "the answer is no timestamp"),
        ((200, bytes.fromhex("30053003020102")), "it was refused: status 2"),
        (None, "the authority could not be reached"),
    ],
    ids=["unavailable", "a page", "refused", "unreachable"],
)
def test_no_timestamp_is_said(
    answer: tuple[int, bytes] | None,
    message: str,
    authority: Authority,
    nights: Nights,
    emulator: Emulator,
    auditor: Runner,
    tmp_path: Path,
) -> None:
    authority.answer = answer
    url = authority.url if answer else "http://127.0.0.1:9/"  # discard: nobody listens
    made, bundle = stamped(url, nights, emulator, auditor, tmp_path)
    assert made.code == 1
    assert f"bundle.zip has no timestamp: {message}" in made.stderr
    assert auditor("verify", bundle, "--ca", nights.pem("authority")).code == 0
    assert json.loads(files_of(bundle)["manifest.json"])["timestampAuthority"] is None


def of_version(honest: Honest, version: str, status: bytes = b"fail") -> bytes:
    """The bundle as if another version had made it; its first failure has that status."""
    run: Run = replace(honest.manifest.run, auditor_version=version)
    report = json.loads(honest.files["report.json"])
    report["run"] = to_json(run)
    content = json.dumps(report, sort_keys=True).encode()
    if status != b"fail":
        content = edited(content, b'"status": "fail"', b'"status": "' + status + b'"')
    return honest.resigned({"report.json": content}, run=run)


def test_another_version_of_the_program(
    honest: Honest, nights: Nights, auditor: Runner, tmp_path: Path
) -> None:
    file = tmp_path / "bundle.zip"
    file.write_bytes(of_version(honest, "0.0.9"))
    result = auditor("verify", file, "--ca", nights.pem("authority"))
    assert result.code == 0, result.stdout
    assert "made by 0.0.9: not compared byte for byte; statuses and severities of all" in result.stdout
    file.write_bytes(of_version(honest, "0.0.9", b"pass"))
    result = auditor("verify", file, "--ca", nights.pem("authority"))
    assert result.code == 10
    assert "1 findings of report.json are judged otherwise by version" in result.stdout
    assert "judged again fail" in result.stdout


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_byte_of_a_timestamp_can_be_another(data: st.DataObject, authority: Authority) -> None:
    authority.answer = None
    token = bytearray(_stamp(authority.url))
    token[data.draw(st.integers(0, len(token) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(RefusedError):
        read_timestamp(bytes(token), b"signature", [authority.root.certificate])


@cache
def _stamp(url: str) -> bytes:
    return ask(url, b"signature")
