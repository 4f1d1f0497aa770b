"""The alerts of a scan: what of a run is to be told, its delivery, and the heartbeat around all of it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from auditor.cli.outcome import ExitCode
from auditor.errors import AuditorError, CannotRunError, NoSuchApplicationError
from auditor.model.configuration import Configuration, EventKind
from auditor.model.report import Undelivered
from auditor.model.snapshot import TenantIdentity
from auditor.secret import mask

if TYPE_CHECKING:
    from auditor.alert.channel import Channel
    from auditor.alert.heartbeat import Beat, Heartbeat
    from auditor.history import History, Letter, Told
    from auditor.model.event import Event
    from auditor.model.report import Report
    from auditor.model.snapshot import Snapshot

_log = logging.getLogger("auditor")


@contextmanager
def alerts_of(configuration: Configuration) -> Iterator[Alerts | None]:
    """The open channels of a configuration; None when it has no alerts.

    Raises UsageError for a reference without a value, before anything is asked of a tenant.
    """
    if not configuration.alerts:
        yield None
        return
    from auditor.alert.delivery import open_channel

    with ExitStack() as stack:
        channels: dict[str, Channel] = {}
        for route in configuration.alerts:
            if route.to.id not in channels:
                channel = open_channel(route.to, write=click.echo)
                channels[route.to.id] = stack.enter_context(closing(channel))
        yield Alerts(configuration=configuration, channels=channels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """Routes and their channels, by the id of the destination."""

    configuration: Configuration
    channels: Mapping[str, Channel]

    def of_run(self, report: Report, before: Report | None, snapshot: Snapshot) -> tuple[Told, ...]:
        """What a complete run has to tell, and to whom."""
        from auditor.alert.events import events_of
        from auditor.alert.routing import Routing, tags_of
        from auditor.history import Told

        url = self._report_url(report.run.tenant.id, report.run.id)
        routing = Routing(self.configuration.alerts, applications=report.applications, tags=tags_of(snapshot))
        events = events_of(report, before, report_url=url)
        return tuple(Told(event=event, channels=routing.channels(event)) for event in events)

    def of_failure(
        self, error: AuditorError, tenant: TenantIdentity, *, last_run: str | None
    ) -> tuple[Told, ...]:
        """What a run has to tell that came to no report."""
        from auditor.alert.events import failed
        from auditor.alert.routing import Routing
        from auditor.history import Told

        if isinstance(error, NoSuchApplicationError):  # somebody at a terminal mistyped a name
            return ()
        event = failed(
            tenant,
            message=mask(error.message),
            last_run=last_run,
            at=datetime.now(UTC),
            report_url=None,
        )
        return (Told(event=event, channels=Routing(self.configuration.alerts).channels(event)),)

    def tell_without_store(self, error: AuditorError, name: str) -> None:
        """Tells directly of a scan that failed because of the store itself.

        Nobody can know then what was told before: every such scan tells it, with the same key all day.
        """
        tenant = TenantIdentity(id=name.lower(), display_name=None, domain=name)
        for told in self.of_failure(error, tenant, last_run=None):
            for id in told.channels:
                reason = self.channels[id].send([letter_of(told.event, id)]).reason
                if reason is not None:
                    _log.error("%s was not told: %s: %s", self._names[id], told.event.text, reason)

    def deliver(self, history: History, tenant: str) -> tuple[Undelivered, ...]:
        """Tells what waits, of this run and of earlier ones; gives what still does, which is said."""
        from auditor.alert.delivery import deliver

        outbox = history.outbox
        dropped = outbox.drop_all_but(list(self.channels), tenant)
        if dropped:
            _log.warning("%d alerts were given up: their channels are no longer configured", dropped)
        deliver(outbox, tenant, self.channels)
        names = self._names
        letters = outbox.waiting(tenant, at=datetime.now(UTC))
        # One that was not tried waits behind one that was, whose reason is its own.
        reasons = {letter.channel: letter.reason for letter in letters if letter.reason}
        waiting = tuple(
            Undelivered(
                id=letter.key,
                event=EventKind(letter.kind),
                to=names.get(letter.channel, letter.channel),
                text=json.loads(letter.body)["text"],
                at=letter.at,
                attempts=letter.attempts,
                reason=letter.reason or reasons.get(letter.channel) or "there was no time left",
            )
            for letter in letters
        )
        _complain(waiting)
        return waiting

    @property
    def _names(self) -> Mapping[str, str]:
        return {route.to.id: route.to.name for route in self.configuration.alerts}

    def _report_url(self, tenant: str, run: str) -> str | None:
        url = self.configuration.report_url
        return None if url is None else url.replace("{tenant}", tenant).replace("{run}", run)


@contextmanager
def told_when_it_cannot_open(alerts: Alerts | None, names: Sequence[str]) -> Iterator[None]:
    """Within, the store is opened: without it, failed scans are told directly."""
    try:
        yield
    except CannotRunError as error:
        if alerts is not None:
            for name in names:
                alerts.tell_without_store(error, name)
        raise


def letter_of(event: Event, channel: str) -> Letter:
    """An event that did not come from the store."""
    from auditor.history import Letter

    return Letter(
        number=0,
        channel=channel,
        key=event.id,
        kind=event.event.value,
        run=0,
        at=event.at,
        body=event.body(),
        attempts=1,
        in_doubt=False,
        reason=None,
    )


def _complain(waiting: tuple[Undelivered, ...]) -> None:
    """One line per channel: which alerts, the first of them by name."""
    by_channel: dict[str, list[Undelivered]] = {}
    for each in waiting:
        by_channel.setdefault(each.to, []).append(each)
    for name, late in by_channel.items():
        further = f" (and {len(late) - 1} more)" if len(late) > 1 else ""
        _log.error(
            "%s was not told%s: %s: %s",
            name,
            further,
            late[0].text,
            late[0].reason,
            extra={"remedy": "The next scan tries again. See `auditor alert test`."},
        )


def with_heartbeat(configuration: Configuration, work: Callable[[], ExitCode]) -> ExitCode:
    """Does the work between two pings. A ping that fails is said, and changes nothing.

    Raises UsageError when the reference to the URL has no value.
    """
    if configuration.heartbeat is None:
        return work()
    from auditor.alert.heartbeat import Beat, Heartbeat

    heart = Heartbeat(configuration.heartbeat)
    _ping(heart, Beat.START)
    code = ExitCode.CANNOT_RUN
    try:
        code = work()
    finally:
        _ping(heart, Beat.FAILURE if code in (ExitCode.CANNOT_RUN, ExitCode.USAGE) else Beat.SUCCESS)
    return code


def _ping(heart: Heartbeat, beat: Beat) -> None:
    said = heart.ping(beat)
    if said is not None:
        _log.warning("the heartbeat was not heard (%s): %s", beat.name.lower(), said)
