"""`scan --metrics FILE`: written whole, by scans that were made and by scans that failed."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from auditor.emulator import Fault
from tests.conftest import Runner
from tests.e2e.conftest import Scan, Tenant

FILE = Path("metrics") / "auditor.prom"
Figures = dict[tuple[str, str], float]


def figures() -> Figures:
    """Values by metric and tenant; several lines of one metric are added up."""
    found: Figures = {}
    for family in text_string_to_metric_families(FILE.read_text()):
        for sample in family.samples:
            key = sample.name, sample.labels["tenant"]
            found[key] = found.get(key, 0.0) + sample.value
    return found


def test_a_scan_that_was_made(tenant: Tenant, scan: Scan) -> None:
    scanned = scan(tenant, "--metrics", FILE)
    name = tenant.read()["tenants"][0]["id"]
    said = figures()
    assert scanned.report is not None, scanned.result.stderr
    assert said["auditor_last_attempt_success", name] == 1
    assert said["auditor_last_attempt_exit_code", name] == scanned.result.code
    assert said["auditor_graph_throttled", name] == 0
    sent = [entry for entry in tenant.emulator.log if not entry.via_batch and "/v1.0/" in entry.url]
    beta = [entry for entry in tenant.emulator.log if not entry.via_batch and "/beta/" in entry.url]
    assert said["auditor_graph_requests", name] == len([e for e in sent if "/oauth2/" not in e.url]) + len(
        beta
    )
    assert FILE.stat().st_mode & 0o777 == 0o644, "the collector is another user"
    assert [path.name for path in FILE.parent.iterdir()] == [FILE.name]


def test_throttling_is_counted(tenant: Tenant, scan: Scan) -> None:
    tenant.emulator.faults.add(
        Fault(match=lambda question: "/owners" in question.path, status=429, retry_after="0.1", times=1)
    )
    scanned = scan(tenant, "--metrics", FILE)
    assert scanned.report is not None
    name = tenant.read()["tenants"][0]["id"]
    assert figures()["auditor_graph_throttled", name] >= 1
    assert figures()["auditor_graph_waited_seconds", name] > 0


def test_a_night_that_failed_keeps_what_the_last_one_said(tenant: Tenant, scan: Scan) -> None:
    scan(tenant, "--metrics", FILE)
    name = tenant.read()["tenants"][0]["id"]
    before = figures()
    (tenant.file.parent / "client-secret").write_text("not-the-secret")
    assert scan(tenant, "--metrics", FILE).result.code == 1
    after = figures()
    assert after["auditor_last_attempt_success", name] == 0
    assert after["auditor_last_attempt_exit_code", name] == 1
    assert after["auditor_graph_requests", name] == 0
    for metric in ("auditor_last_success_timestamp_seconds", "auditor_findings", "auditor_coverage_ratio"):
        assert after[metric, name] == before[metric, name]


def test_a_first_night_that_failed(tenant: Tenant, scan: Scan) -> None:
    (tenant.file.parent / "client-secret").write_text("not-the-secret")
    assert scan(tenant, "--metrics", FILE).result.code == 1
    name = tenant.read()["tenants"][0]["id"]
    assert figures()["auditor_last_attempt_success", name] == 0
    assert ("auditor_last_success_timestamp_seconds", name) not in figures()


def test_a_configuration_that_does_not_load(tenant: Tenant, auditor: Runner) -> None:
    tenant.file.write_text("tenants: 1\n")
    assert auditor("scan", "--config", tenant.file, "--metrics", FILE).code == 2
    assert figures()["auditor_last_attempt_success", ""] == 0
    assert figures()["auditor_last_attempt_exit_code", ""] == 2


def test_a_configuration_that_no_longer_loads(tenant: Tenant, scan: Scan) -> None:
    scan(tenant, "--metrics", FILE)
    name = tenant.read()["tenants"][0]["id"]
    tenant.file.write_text("tenants: 1\n")
    assert scan(tenant, "--metrics", FILE).result.code == 2
    assert figures()["auditor_last_attempt_success", name] == 0
    assert figures()["auditor_last_success_timestamp_seconds", name] > 0


def test_a_damaged_file_is_replaced(tenant: Tenant, scan: Scan) -> None:
    FILE.parent.mkdir()
    FILE.write_bytes(b'auditor_findings{tenant="\xff')
    scanned = scan(tenant, "--metrics", FILE)
    assert scanned.report is not None
    assert "earlier figures cannot be read" in scanned.result.stderr
    assert figures()


def test_a_place_that_cannot_be_written(tenant: Tenant, scan: Scan) -> None:
    Path("metrics").write_text("a file where the folder belongs")
    scanned = scan(tenant, "--metrics", FILE)
    assert scanned.result.code == 1
    assert "--metrics" in scanned.result.stderr
    assert tenant.emulator.log == []


@pytest.mark.parametrize("format_name", ["prometheus", "prometheus,json"])
def test_the_format_of_the_same_name(format_name: str, tenant: Tenant, auditor: Runner) -> None:
    auditor("scan", "--config", tenant.file, "--format", format_name)
    content = (Path("out") / "metrics.prom").read_text()
    assert list(text_string_to_metric_families(content))
    assert (Path("out") / "metrics.prom").stat().st_mode & 0o777 == 0o600
