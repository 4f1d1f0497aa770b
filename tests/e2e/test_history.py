"""Nights through the commands: what is kept, what is new, what goes wrong with the store."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from auditor.emulator import Fault
from tests.conftest import Runner, Start
from tests.e2e.conftest import Scan, Scanned, Tenant
from tests.history.conftest import cluster as cluster  # the fixture
from tests.history.postgresql import Cluster

STORE = "sqlite:///auditor.db"
RULE = "notification-email-present"


@pytest.fixture
def kept(tenant: Tenant) -> Tenant:
    """The smallest tenant, its runs kept in auditor.db beside auditor.yaml."""
    tenant.configure(history=STORE)
    return tenant


@contextmanager
def changed(tenant: Tenant) -> Iterator[None]:
    """While it lasts, nobody is told before the tenant's signing certificate expires."""
    principals = tenant.emulator.tenant.sets["servicePrincipals"].values()
    (principal,) = (each for each in principals if each.get("notificationEmailAddresses"))
    addresses = principal["notificationEmailAddresses"]
    principal["notificationEmailAddresses"] = []
    try:
        yield
    finally:
        principal["notificationEmailAddresses"] = addresses


def states(scanned: Scanned, rule: str) -> list[tuple[str, str | None, str | None]]:
    assert scanned.report is not None, scanned.result.stderr
    return [
        (finding["status"], finding["baselineState"], finding["baselineCause"])
        for finding in scanned.report["findings"]
        if finding["ruleId"] == rule
    ]


def one_clear_line(scanned: Scanned, *words: str) -> None:
    assert scanned.result.code == 1, scanned.result.stderr
    assert scanned.report is None
    lines = scanned.result.stderr.splitlines()
    assert len(lines) == 2, scanned.result.stderr
    for word in words:
        assert word in scanned.result.stderr


def test_four_nights(kept: Tenant, scan: Scan, auditor: Runner) -> None:
    first = scan(kept)
    assert "this version keeps none" not in first.result.stderr
    assert first.report is not None
    since = first.report["run"]["evaluatedAt"]
    assert {(f["baselineState"], f["firstSeenAt"]) for f in first.report["findings"]} == {("new", since)}
    assert first.report["comparison"] is None

    with changed(kept):
        second = scan(kept)
        assert states(second, RULE) == [("fail", "new", "tenant")]
        assert second.report is not None
        others = [f for f in second.report["findings"] if f["ruleId"] != RULE]
        assert {f["baselineState"] for f in others} <= {"unchanged", "updated"}
        assert {f["baselineState"] for f in others if f["status"] == "fail"} == {"unchanged"}
        assert "1 new: GoToMeeting:" in second.result.stderr
        third = scan(kept)
        assert states(third, RULE) == [("fail", "unchanged", None)]
        assert "Nothing changed since" in third.result.stderr

    fourth = scan(kept)
    assert fourth.report is not None
    (solved,) = fourth.report["comparison"]["absent"]
    assert (solved["ruleId"], solved["cause"]) == (RULE, "tenant")
    assert solved["firstSeenAt"] == second.report["run"]["evaluatedAt"]
    assert "1 solved: GoToMeeting:" in fourth.result.stderr

    trend = fourth.report["trend"]
    assert [point["evaluatedAt"] for point in trend] == [
        scanned.report["run"]["evaluatedAt"] for scanned in (first, second, third, fourth) if scanned.report
    ]
    assert trend[1]["summary"]["fail"] == trend[0]["summary"]["fail"] + 1
    assert first.report["trend"] == trend[:1]

    listed = json.loads(auditor("history", "list", "--config", kept.file, "--format", "json").stdout)
    assert [(run["number"], run["state"]) for run in listed] == [(n, "complete") for n in (4, 3, 2, 1)]
    assert listed[0]["runId"] == fourth.report["run"]["id"]
    shown = auditor("history", "show", "last", "--config", kept.file, "--format", "json")
    assert shown.stdout.encode() == Path("out/report.json").read_bytes()
    assert "1 solved" in auditor("history", "show", "4", "--config", kept.file).stdout
    story = auditor("explain", solved["fingerprint"], "--run", "3", "--config", kept.file).stdout
    assert f"First seen {solved['firstSeenAt']}." in story
    story = auditor("explain", solved["fingerprint"], "--run", "last", "--config", kept.file).stdout
    assert "it is solved, because something changed" in " ".join(story.split())
    assert "servicePrincipal.notificationEmailAddresses" in story.partition("Since when, and what changed")[2]


def test_what_could_not_be_read_tonight(kept: Tenant, scan: Scan) -> None:
    with changed(kept):
        scan(kept)
    kept.emulator.faults.add(Fault(match=lambda question: "/servicePrincipals/" in question.url, status=403))
    unread = scan(kept)
    kept.emulator.faults.clear()
    assert unread.report is not None
    assert RULE in {finding["ruleId"] for finding in unread.report["comparison"]["unknown"]}
    assert unread.report["comparison"]["absent"] == []
    assert {s for _, s, _ in states(unread, RULE)} == {None}
    with changed(kept):
        assert states(scan(kept), RULE) == [("fail", "unchanged", None)]


def test_a_rule_that_is_switched_on_is_no_change_of_the_tenant(kept: Tenant, scan: Scan) -> None:
    kept.configure(rules={RULE: {"enabled": False, "reason": "not yet"}})
    with changed(kept):
        scan(kept)
        kept.configure(rules={})
        scanned = scan(kept)
        assert states(scanned, RULE) == [("fail", "new", "rules")]
        assert "1 new by other rules or another configuration, not in the tenant" in scanned.result.stderr
        kept.configure(rules={RULE: {"enabled": False, "reason": "not any more"}})
        report = scan(kept).report
    assert report is not None
    assert [(f["ruleId"], f["cause"]) for f in report["comparison"]["absent"]] == [(RULE, "rules")]


def test_time_that_passes_is_no_change_of_the_tenant(kept: Tenant, scan: Scan) -> None:
    scan(kept)
    later = scan(kept, "--at", "2040-01-01")
    assert later.report is not None
    new = [f for f in later.report["findings"] if f["status"] == "fail" and f["baselineState"] == "new"]
    assert "signing-certificate-not-expired" in {finding["ruleId"] for finding in new}
    assert {finding["baselineCause"] for finding in new} == {"time"}


def test_prune_and_stale(kept: Tenant, scan: Scan, auditor: Runner) -> None:
    history = ("--config", kept.file)
    none = auditor("history", "stale", *history)
    assert (none.code, "there is no store" in none.stdout) == (10, True)
    assert auditor("history", "list", *history).code == 1
    assert not (kept.file.parent / "auditor.db").exists()
    scan(kept)
    scan(kept)
    assert auditor("history", "stale", *history, "--max-age", "26h").code == 0
    assert auditor("history", "prune", *history).code == 2
    pruned = auditor("history", "prune", "--keep", "1", *history)
    assert (pruned.code, "1 runs deleted" in pruned.stderr) == (0, True), pruned.stderr
    assert len(auditor("history", "list", *history).stdout.splitlines()) == 1
    _set(kept, "finished_at", "2026-01-01T00:00:00Z")
    stale = auditor("history", "stale", *history, "--max-age", "2d")
    assert (stale.code, "ended at 2026-01-01T00:00:00Z" in stale.stdout) == (10, True)
    _set(kept, "finished_at", "2099-01-01T00:00:00Z")
    ahead = auditor("history", "stale", *history)
    assert (ahead.code, "a clock is wrong" in ahead.stdout) == (10, True)
    assert auditor("history", "stale", *history, "--max-age", "soon").code == 2


def _set(tenant: Tenant, column: str, value: str) -> None:
    with sqlite3.connect(tenant.file.parent / "auditor.db") as store:
        store.execute(f"UPDATE auditor_run SET {column} = ?", (value,))
    store.close()


def test_a_scan_that_fails_is_kept_with_the_reason(kept: Tenant, scan: Scan, auditor: Runner) -> None:
    (kept.file.parent / "client-secret").write_text("not-the-secret")
    assert scan(kept).result.code == 1
    listed = auditor("history", "list", "--config", kept.file).stdout
    assert "failed" in listed
    assert "the client secret is wrong" in listed
    shown = auditor("history", "show", "1", "--config", kept.file, "--format", "json")
    assert (shown.code, shown.stdout) == (2, "")
    assert "not-the-secret" not in _bytes(kept)


def test_no_secret_and_no_token_is_in_the_store(kept: Tenant, scan: Scan) -> None:
    scan(kept)
    content = _bytes(kept)
    assert kept.emulator.client_secret not in content
    assert "eyJ" not in content


def _bytes(tenant: Tenant) -> str:
    """All text of the store, its parts unpacked."""
    import zlib

    with sqlite3.connect(tenant.file.parent / "auditor.db") as store:
        texts = [str(row) for row in store.execute("SELECT * FROM auditor_run")]
        for (data,) in store.execute(
            "SELECT data FROM auditor_content UNION ALL SELECT times FROM auditor_part"
        ):
            texts.append(zlib.decompress(data).decode())
    store.close()
    return "\n".join(texts)


def test_killed_in_the_middle_it_is_seen_to_have_died(
    kept: Tenant, scan: Scan, auditor: Runner, auditor_process: Start
) -> None:
    scan(kept)
    kept.emulator.faults.add(Fault(match=lambda question: True, delay=0.3))
    process = auditor_process("scan", "--config", kept.file, "--out", "killed")
    _until_running(kept)
    refused = auditor("scan", "--config", kept.file)
    assert refused.code == 1
    assert "is being scanned: run 2 began at" in refused.stderr
    assert f"(process {process.pid} on " in refused.stderr
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=120)
    assert process.returncode == -signal.SIGKILL
    kept.emulator.faults.clear()
    assert "died" in auditor("history", "list", "--config", kept.file).stdout.splitlines()[0]
    assert scan(kept).report is not None
    listed = json.loads(auditor("history", "list", "--config", kept.file, "--format", "json").stdout)
    assert [run["state"] for run in listed] == ["complete", "died", "complete"]


def test_interrupted_it_says_so(kept: Tenant, auditor: Runner, auditor_process: Start) -> None:
    kept.emulator.faults.add(Fault(match=lambda question: True, delay=0.3))
    process = auditor_process("scan", "--config", kept.file)
    _until_running(kept)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=120)
    kept.emulator.faults.clear()
    assert "failed    -             " in auditor("history", "list", "--config", kept.file).stdout
    assert "interrupted" in auditor("history", "list", "--config", kept.file).stdout


def _until_running(tenant: Tenant) -> None:
    """Waits until a scan has begun its run."""
    for _ in range(300):
        with closing(sqlite3.connect(tenant.file.parent / "auditor.db")) as store, suppress(sqlite3.Error):
            if store.execute("SELECT 1 FROM auditor_run WHERE state = 'running'").fetchall():
                return
        time.sleep(0.1)
    raise AssertionError("the scan did not begin")


def test_a_locked_store(kept: Tenant, scan: Scan) -> None:
    scan(kept)
    Path("out/report.json").unlink()
    other = sqlite3.connect(kept.file.parent / "auditor.db")
    other.execute("BEGIN IMMEDIATE")
    one_clear_line(scan(kept), "auditor.db is locked by another program")
    other.close()


def test_what_is_no_store_and_what_is_a_newer_one(kept: Tenant, scan: Scan) -> None:
    store = kept.file.parent / "auditor.db"
    store.write_text("dear diary, " * 400)
    one_clear_line(scan(kept), "auditor.db is no SQLite database")
    store.unlink()
    scan(kept)
    Path("out/report.json").unlink()
    with sqlite3.connect(store) as raw:
        raw.execute("UPDATE auditor_schema SET version_num = '0999'")
    raw.close()
    one_clear_line(scan(kept), "is of a newer version of this program", "Run the version that wrote it")


_MOUNTED = (
    "mount -t tmpfs -o size={size}k none store && {before}"
    " exec {python} -m auditor scan --config auditor.yaml"
)


@pytest.mark.parametrize(
    ("size", "before", "said"),
    [
        (8000, "true;", None),
        (160, "true;", "is on a full disk"),
        (8, "head -c 100000 /dev/zero > store/ballast 2>/dev/null;", "store/auditor.db"),
        (800, "mount -o remount,ro store;", "Read-only file system"),
    ],
)
def test_a_disk_that_is_full_or_read_only(
    kept: Tenant, tmp_path: Path, size: int, before: str, said: str | None
) -> None:
    """In a mount namespace of its own, where the folder of the store is a file system of that size."""
    if subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not mount a file system")
    folder = kept.file.parent
    (folder / "store").mkdir()
    kept.configure(history="sqlite:///store/auditor.db")
    command = _MOUNTED.format(size=size, before=before, python=sys.executable)
    done = subprocess.run(
        ["unshare", "-m", "sh", "-c", command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent)},
    )
    if said is None:
        assert (folder / "out" / "report.json").exists(), done.stderr
        return
    assert done.returncode == 1, done.stderr
    assert len(done.stderr.splitlines()) == 2, done.stderr
    assert said in done.stderr
    assert not (folder / "out" / "report.json").exists()


def test_postgresql(tenant: Tenant, scan: Scan, cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    url = cluster.database().replace("auditor@", "auditor:correct-horse@")
    monkeypatch.setenv("AUDITOR_HISTORY", url)
    tenant.configure(history="env:AUDITOR_HISTORY")
    assert scan(tenant).report is not None
    second = scan(tenant, "--verbose")
    assert second.report is not None
    assert second.report["comparison"]["new"] == 0
    assert "correct-horse" not in second.result.stderr
    Path("out/report.json").unlink()
    cluster.stop("immediate")
    try:
        gone = scan(tenant)
    finally:
        cluster.start()
    one_clear_line(gone, "the store postgresql:///audit_")
    assert "correct-horse" not in gone.result.stderr
    assert scan(tenant).report is not None


@pytest.mark.parametrize("url", ["mysql://db/audit", "auditor.db", "postgresql://a:b-secret@db/audit"])
def test_a_history_that_is_none(tenant: Tenant, auditor: Runner, url: str) -> None:
    tenant.configure(history=url)
    result = auditor("scan", "--config", tenant.file)
    assert result.code == 2
    assert f"{tenant.file}:1:" in result.stderr
    assert "b-secret" not in result.stderr


def test_history_commands_without_a_history(tenant: Tenant, auditor: Runner) -> None:
    result = auditor("history", "list", "--config", tenant.file)
    assert result.code == 2
    assert "names no history" in result.stderr
