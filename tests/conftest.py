"""What the tests share: a clean environment, the program as a function and as a process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, settings

from auditor.cli import main

# A busy machine is no defect: neither a time limit per example nor a health check on their making. In CI
# hypothesis does the same by itself, with the same examples each time.
if settings.get_current_profile_name() != "ci":
    settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("unhurried")

_OF_THE_USER = ("AZURE_", "AUDITOR_", "_AUDITOR_", "MSI_", "IDENTITY_")
_OF_THE_SHELL = (
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "ALL_PROXY",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
)


@dataclass(frozen=True, slots=True)
class Result:
    """How a run of the program ended."""

    code: int
    stdout: str
    stderr: str


class Runner(Protocol):
    """Runs the program with these arguments."""

    def __call__(self, *arguments: object) -> Result: ...


@pytest.fixture(autouse=True)
def clean_environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine's credentials, proxies, roots or colours; the package index stays reachable."""
    if request.node.get_closest_marker("network"):
        return
    for name in os.environ:
        if name.startswith(_OF_THE_USER) or name.upper() in _OF_THE_SHELL:
            monkeypatch.delenv(name)


@pytest.fixture
def auditor(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """The program in this process, in an empty working directory (`tmp_path`)."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> Result:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Result(code, said.out, said.err)

    return run


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def auditor_process(tmp_path: Path) -> Start:
    """Starts the program as a process of its own, in `tmp_path`."""

    def start(*arguments: object, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "auditor", *(str(argument) for argument in arguments)],
            cwd=tmp_path,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start
