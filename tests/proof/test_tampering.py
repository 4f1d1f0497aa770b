"""Whatever is done to a bundle is named, and ends with 10."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditor.proof.archive import read_archive, write_archive
from auditor.proof.problem import RefusedError
from auditor.proof.signature import read_signature
from auditor.proof.trust import Trusted
from auditor.proof.verification import Reader, examine
from tests.conftest import Runner
from tests.proof.conftest import Nights
from tests.proof.tampering import WAYS, Honest


def files_of(bundle: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="session")
def honest(nights: Nights) -> Honest:
    return Honest(
        data=nights.bundle(2).read_bytes(),
        files=files_of(nights.bundle(2)),
        earlier=files_of(nights.bundle(1)),
        later=files_of(nights.bundle(3)),
        signer=nights.signer,
        authority=nights.authority,
        stranger=nights.stranger,
    )


def test_there_are_fifty_ways() -> None:
    assert len(WAYS) >= 50


@pytest.mark.parametrize("name", list(WAYS))
def test_tampering_is_named(
    name: str, honest: Honest, nights: Nights, auditor: Runner, tmp_path: Path
) -> None:
    tamper, kind, message = WAYS[name]
    file = tmp_path / "tampered.zip"
    file.write_bytes(tamper(honest))
    words = ["--ca", nights.pem("authority"), "--format", "json"]
    if kind == "chain-broken":
        words += ["--previous", nights.bundle(1)]
    result = auditor("verify", file, *words)
    assert result.code == 10, result.stderr
    document = json.loads(result.stdout)
    assert document["verdict"] == "refused"
    assert (kind, True) in [(each["kind"], message in each["message"]) for each in document["problems"]], (
        document["problems"]
    )


def test_an_honest_bundle_made_anew_is_the_same(honest: Honest) -> None:
    assert write_archive(dict(sorted(honest.files.items(), reverse=True))) == honest.data


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_byte_can_be_another(data: st.DataObject, honest: Honest) -> None:
    index = data.draw(st.integers(0, len(honest.data) - 1))
    flipped = bytearray(honest.data)
    flipped[index] ^= data.draw(st.integers(1, 255))
    trusted = Trusted(authorities=[honest.authority.certificate])
    assert examine(bytes(flipped), Reader(trusted=trusted)).problems


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_byte_of_the_signature_can_be_another(data: st.DataObject, honest: Honest) -> None:
    signature = bytearray(honest.files["manifest.p7s"])
    signature[data.draw(st.integers(0, len(signature) - 1))] ^= data.draw(st.integers(1, 255))
    manifest = honest.files["manifest.json"]
    try:
        found = read_signature(bytes(signature), manifest)
    except RefusedError:
        return
    assert found.signer != honest.signer.certificate  # its digest is in the manifest, which is signed


NAMES = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=8)


@given(files=st.dictionaries(NAMES, st.binary(max_size=40), max_size=5))
def test_what_is_written_is_read(files: dict[str, bytes]) -> None:
    archive = write_archive(files)
    assert archive == write_archive(files)
    if len({name.casefold() for name in files}) == len(files):
        assert {**read_archive(archive).members} == files
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_nothing_else_is_a_bundle(data: bytes) -> None:
    assert examine(b"PK\x03\x04" + data, Reader()).problems


def test_what_is_no_bundle(auditor: Runner, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")
    result = auditor("verify", "notes.txt")
    assert (result.code, "notes.txt is no bundle" in result.stderr) == (2, True)
    assert auditor("verify", "nothing.zip").code == 2
