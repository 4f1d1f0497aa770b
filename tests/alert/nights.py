"""Nights of a tenant that breaks and mends, in processes that are killed at random points.

    python -m tests.alert.nights STORE SINK NIGHTS SEED

Forks, so that many deaths cost little. Each night is scanned until its run is complete, as a timer would;
what comes of a night is known beforehand (`failing`), so whoever listens can say what it must have heard.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from auditor.alert.channel import Channel, Outcome
from auditor.alert.delivery import deliver
from auditor.alert.webhook import Webhook
from auditor.cli.alerts import Alerts
from auditor.drift.findings import compare_findings
from auditor.history import Letter, open_history
from auditor.model.configuration import ChannelKind, Configuration, Destination, EventKind, Route
from auditor.model.finding import Finding, Status
from auditor.model.report import Report
from tests.history.sample import report_of, sample_snapshot
from tests.report.sample import TENANT_ID

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


def expected(nights: int, seed: int) -> set[tuple[str, str, int]]:
    """Every event of the nights: its kind, the fingerprint, the night."""
    told = set()
    before: set[int] = set()
    for night in range(nights):
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


class Deadly:
    """A channel that kills the process at its `number`th event, before or after that is sent."""

    of_run = False

    def __init__(self, channel: Channel, *, number: int, after: bool) -> None:
        self._channel = channel
        self._left = number
        self._after = after

    def send(self, letters: Sequence[Letter]) -> Outcome:
        self._left -= 1
        if self._left == 0 and not self._after:
            os.kill(os.getpid(), signal.SIGKILL)
        outcome = self._channel.send(letters)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    def close(self) -> None:
        self._channel.close()


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


def dying(alerts: Alerts, *, after: bool) -> Alerts:
    """The same channel; the process ends at its first event."""
    deadly = {id: Deadly(channel, number=1, after=after) for id, channel in alerts.channels.items()}
    return replace(alerts, channels=deadly)


def main(url: str, sink: str, nights: int, seed: int) -> None:
    """All nights; says how many scans were killed.

    Every night dies in its own way at first: at any time, before or after its first event was sent, or not.
    """
    chance = random.Random(seed + 1)
    alerts = alerts_to(sink)
    took = 0.5
    killed = 0
    for night in range(nights):
        way = ("any time", "after an event", "before an event", "not at all")[night % 4]
        while not is_complete(url, night):
            told = dying(alerts, after=way == "after an event") if way.endswith("an event") else alerts
            began = time.monotonic()
            child = in_a_process(url, told, night, seed)
            if way == "any time":
                time.sleep(chance.uniform(0, took))
                os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            killed += os.WIFSIGNALED(status)
            if way == "not at all":
                took = time.monotonic() - began
            way = chance.choice(["any time", "not at all"])
    while is_left(url):
        os.waitpid(in_a_process(url, alerts, nights - 1, seed), 0)
    sys.stdout.write(f"{killed} killed\n")


def is_left(url: str) -> bool:
    with open_history(url) as history:
        return history.outbox.waiting(TENANT_ID, at=datetime.now(UTC) + timedelta(minutes=1)) != []


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
