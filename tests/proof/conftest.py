"""Three nights of the smallest tenant, each with its bundle, and those who may sign."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from auditor.cli import main
from auditor.cli.emulator import write_configuration
from auditor.emulator import Emulator, load_scene
from tests.proof.signers import Identity, identity, rsa_key


@dataclass(frozen=True)
class Nights:
    """Bundles of three nights, and who signed them."""

    folder: Path
    configuration: Path
    authority: Identity
    signer: Identity
    """Issued by the authority; a self-made stranger has the same name."""
    stranger: Identity

    def bundle(self, night: int) -> Path:
        return self.folder / f"night{night}.zip"

    def pem(self, name: str) -> Path:
        return self.folder / f"{name}.pem"


def configure(file: Path, **changes: Any) -> None:
    """Changes top-level keys of auditor.yaml; None takes one away."""
    document = yaml.safe_load(file.read_text())
    document.update(changes)
    file.write_text(json.dumps({key: value for key, value in document.items() if value is not None}))


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    with Emulator(load_scene("smallest")) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def nights(emulator: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    folder = tmp_path_factory.mktemp("nights")
    authority = identity("Company root", authority=True)
    signer = identity("Evidence", by=authority, key=rsa_key())
    stranger = identity("Evidence")
    authority.write(folder, "authority")
    signer.write(folder, "signer")
    stranger.write(folder, "stranger")
    file = write_configuration(emulator, folder)
    configure(
        file,
        history="sqlite:///auditor.db",
        evidence={"certificate_file": "signer.pem", "key": "file:signer.key"},
    )
    nights = Nights(folder, file, authority, signer, stranger)
    for night in (1, 2, 3):
        out = ("--out", folder / f"out{night}")
        assert run("scan", "--config", file, "--bundle", nights.bundle(night), *out, "-q") in (3, 10, 11)
    return nights


def openssl(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs openssl in a folder."""
    words = ["openssl", *(str(argument) for argument in arguments)]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
