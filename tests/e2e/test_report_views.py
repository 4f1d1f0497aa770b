"""What report.html tells about a real scan: pages by application, and the night after."""

from __future__ import annotations

from pathlib import Path

from tests.conftest import Runner
from tests.e2e.conftest import Tenant


def test_two_nights_in_pages_by_application(tenant: Tenant, auditor: Runner) -> None:
    tenant.configure(history="sqlite:///auditor.db")
    arguments = ("scan", "--config", tenant.file, "--split", "--format", "html,json", "--out", "out")
    first = auditor(*arguments)
    assert first.code in (0, 3, 10), first.stderr
    index = Path("out/report.html")
    assert "This is the first run that is kept" in index.read_text(encoding="utf-8")
    principals = tenant.emulator.tenant.sets["servicePrincipals"].values()
    (principal,) = (each for each in principals if each.get("notificationEmailAddresses"))
    addresses = principal["notificationEmailAddresses"]
    principal["notificationEmailAddresses"] = []
    try:
        second = auditor(*arguments)
    finally:
        principal["notificationEmailAddresses"] = addresses
    assert second.code in (3, 10, 11), second.stderr
    told = index.read_text(encoding="utf-8")
    assert 'id="since-new"' in told
    assert "Failures by severity in the last 2 runs" in told
    (page,) = Path("out/applications").iterdir()
    assert "What changed since the last run" in page.read_text(encoding="utf-8")
    assert "notificationEmailAddresses" in page.read_text(encoding="utf-8")
