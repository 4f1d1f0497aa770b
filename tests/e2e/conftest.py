"""An embedded tenant with the configuration that reaches it, for tests of whole commands."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pytest
import yaml

from auditor.cli.emulator import write_configuration
from auditor.emulator import Emulator, load_scene
from tests.conftest import Result, Runner


@dataclass(frozen=True)
class Tenant:
    """A running tenant, and auditor.yaml for it in a folder of its own."""

    emulator: Emulator
    file: Path

    def read(self) -> Any:
        """What auditor.yaml says."""
        return yaml.safe_load(self.file.read_text())

    def configure(self, **changes: Any) -> None:
        """Rewrites auditor.yaml: top-level keys as given, those of the tenant under `tenant`."""
        configuration = self.read()
        configuration["tenants"][0].update(changes.pop("tenant", {}))
        configuration.update(changes)
        self.file.write_text(json.dumps(configuration))  # which is YAML too, without anchors

    def asked(self, part: str) -> list[str]:
        """The requests so far whose URL contains `part`."""
        return [request.key for request in self.emulator.log if part in request.url]


@pytest.fixture(scope="session")
def smallest() -> Iterator[Emulator]:
    """The smallest tenant that every collector reads something in."""
    with Emulator(load_scene("smallest")) as emulator:
        yield emulator


@pytest.fixture
def tenant(smallest: Emulator, tmp_path: Path) -> Iterator[Tenant]:
    """The smallest tenant without faults, its log empty."""
    smallest.faults.clear()
    smallest.log.clear()
    yield Tenant(smallest, write_configuration(smallest, tmp_path / "tenant"))
    assert smallest.writes == 0


@dataclass(frozen=True)
class Scanned:
    """What a scan left behind."""

    result: Result
    report: dict[str, Any] | None
    """report.json, if there is one."""

    @property
    def by_rule(self) -> dict[str, set[str]]:
        """Statuses by rule id."""
        assert self.report is not None, self.result.stderr
        statuses: dict[str, set[str]] = {}
        for finding in self.report["findings"]:
            statuses.setdefault(finding["ruleId"], set()).add(finding["status"])
        return statuses


class Scan(Protocol):
    """Scans a tenant into `out`, with further arguments."""

    def __call__(self, tenant: Tenant, *arguments: object) -> Scanned: ...


@pytest.fixture
def scan(auditor: Runner, tmp_path: Path) -> Scan:
    def run(tenant: Tenant, *arguments: object) -> Scanned:
        result = auditor("scan", "--config", tenant.file, "--format", "json", "--out", "out", *arguments)
        file = tmp_path / "out" / "report.json"
        return Scanned(result, json.loads(file.read_bytes()) if file.exists() else None)

    return run
