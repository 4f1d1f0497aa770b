"""Fifty nights of a tenant that breaks and mends, in processes that are killed at random points.

    python -m tests.alert.nights STORE SINK SEED

Forks, so that many deaths cost little. Each night is scanned until its run is complete, as a timer would;
what comes of a night is known beforehand (`failing`), so whoever listens can say what it must have heard.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.alert.delivery import deliver
from auditor.alert.webhook import Webhook
from auditor.cli.alerts import Alerts
from auditor.drift.findings import compare_findings
from auditor.history import State, open_history
from auditor.model.configuration import ChannelKind, Configuration, Destination, EventKind, Route
from auditor.model.finding import Finding, Status
from auditor.model.report import Report
from tests.history.sample import report_of, sample_snapshot
from tests.report.sample import TENANT_ID

NIGHTS = 50
_SUBJECTS = 8


def failing(night: int, seed: int) -> set[int]:
    """Which of the subjects fail in a night; most nights one or two are others than the night before."""
    known: set[int] = set()
    moves = random.Random(seed)
    for _ in range(night + 1):
        known ^= set(moves.sample(range(_SUBJECTS), moves.choice([0, 1, 1, 2])))
    return known


def fingerprint(subject: int) -> str:
    return f"{subject:032x}"


def expected(seed: int) -> set[tuple[str, str, int]]:
    """Every event of the nights: its kind, the fingerprint, the night."""
    told = set()
    before: set[int] = set()
    for night in range(NIGHTS):
        now = failing(night, seed)
        told |= {("new", fingerprint(each), night) for each in now - before}
        told |= {("solved", fingerprint(each), night) for each in before - now}
        before = now
    return told


def night_report(night: int, seed: int) -> Report:
    """What the scan of that night says: nothing but these subjects, each judged."""
    report = report_of(sample_snapshot(night))
    sample = next(f for f in report.findings if f.status is Status.FAIL)
    bad = failing(night, seed)

    def finding(subject: int) -> Finding:
        status = Status.FAIL if subject in bad else Status.PASS
        return replace(sample, fingerprint=fingerprint(subject), status=status)

    coverage = replace(report.coverage, gaps=())
    findings = tuple(finding(subject) for subject in range(_SUBJECTS))
    return replace(report, findings=findings, applications=(), coverage=coverage, waivers=())


def alerts_to(sink: str) -> Alerts:
    """Everything, to one webhook."""
    to = Destination(kind=ChannelKind.WEBHOOK, written=sink, address=sink, timeout=20)
    routes = (Route(to=to, on=tuple(EventKind)),)
    channel = Webhook(sink, hmac_key=None, ca_file=None, timeout=20)
    return Alerts(
        configuration=Configuration(file=Path("auditor.yaml"), tenants=(), alerts=routes),
        channels={to.id: channel},
    )


def scan(url: str, alerts: Alerts, night: int, seed: int) -> None:
    """One scan, without the reading of a tenant."""
    snapshot = sample_snapshot(night)
    with open_history(url) as history:
        lock = history.begin(TENANT_ID, datetime.now(UTC))
        last = history.last(TENANT_ID)
        before = None if last is None else history.report(str(last.number))
        report = compare_findings(night_report(night, seed), before)
        told = alerts.of_run(report, before, snapshot)
        history.complete(lock, snapshot=snapshot, report=report, at=datetime.now(UTC), told=told)
        deliver(history.outbox, TENANT_ID, alerts.channels, waits=())


def in_a_process(url: str, alerts: Alerts, night: int, seed: int) -> int:
    child = os.fork()
    if child == 0:
        try:
            scan(url, alerts, night, seed)
            os._exit(0)
        finally:
            os._exit(1)
    return child


def is_complete(url: str, night: int) -> bool:
    with open_history(url) as history:
        newest = history.last(TENANT_ID)
        return newest is not None and newest.run_id == report_of(sample_snapshot(night)).run.id


def main(url: str, sink: str, seed: int) -> None:
    """All nights; says how many scans were killed."""
    chance = random.Random(seed + 1)
    alerts = alerts_to(sink)
    began = time.monotonic()
    os.waitpid(in_a_process(url, alerts, 0, seed), 0)
    took = time.monotonic() - began
    killed = 0
    for night in range(NIGHTS):
        while not is_complete(url, night):
            child = in_a_process(url, alerts, night, seed)
            if chance.random() < 0.7:
                time.sleep(chance.uniform(0, 1.2 * took))
                os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            killed += os.WIFSIGNALED(status)
    _, status = os.waitpid(in_a_process(url, alerts, NIGHTS - 1, seed), 0)  # what is left is told
    with open_history(url) as history:
        assert status == 0
        assert history.outbox.waiting(TENANT_ID, at=datetime.now(UTC) + timedelta(minutes=1)) == []
        died = [run for run in history.runs() if run.state is State.DIED]
    sys.stdout.write(f"{killed} killed, {len(died)} before they were complete\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
