"""A scan that is kept: begun in the store, compared with the last complete run, recorded as one whole."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.cli.judging import Audit
from auditor.cli.last_seen import earlier_snapshots
from auditor.errors import AuditorError, CannotRunError, UsageError
from auditor.model.comparison_input import ComparisonInput, EarlierRun
from auditor.model.configuration import Configuration
from auditor.model.snapshot import Snapshot, TenantIdentity
from auditor.secret import is_reference, mask, masked_from_now_on, resolve

if TYPE_CHECKING:
    from auditor.cli.alerts import Alerts
    from auditor.history import History, RunLock, Told
    from auditor.model.report import Undelivered

_TREND_RUNS = 60
"""Runs that a report draws its trend from."""

_log = logging.getLogger("auditor")


@contextmanager
def store_of(configuration: Configuration, *, create: bool = True) -> Iterator[History | None]:
    """The store of the configuration while it lasts, or None when it names none.

    What may be secret in its URL is masked from now on.
    """
    if configuration.history is None:
        yield None
        return
    from auditor.history import open_history, password_of

    secret = is_reference(configuration.history)
    url = resolve(configuration.history) if secret else configuration.history
    password = password_of(url)
    if password:
        masked_from_now_on(password)
    with open_history(url, folder=configuration.file.parent, create=create) as history:
        yield history


@contextmanager
def existing_store_of(configuration: Configuration) -> Iterator[History | None]:
    """The same, but a store that is not there yet is none."""
    if configuration.history is None:
        yield None
        return
    from auditor.history import StoreMissingError

    with ExitStack() as stack:
        try:
            history = stack.enter_context(store_of(configuration, create=False))
        except StoreMissingError:
            history = None
        yield history


@contextmanager
def opened(config: Path, rules: Path | None) -> Iterator[tuple[Configuration, History]]:
    """The configuration of `--config` and its store, for commands that read it. Raises UsageError."""
    from auditor.cli.audit import load_configuration_for, load_rules

    configuration = load_configuration_for(config, load_rules(rules))
    with store_of(configuration, create=False) as history:
        if history is None:
            raise UsageError(
                f"{config} names no history", remedy="Add `history: sqlite:///auditor.db`, then scan."
            )
        yield configuration, history


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of one tenant; without a history nothing of it is kept and nothing compared."""

    history: History | None
    lock: RunLock | None
    before: EarlierRun | None = None
    """The last complete run of what the configuration calls so."""
    alerts: Alerts | None = None

    @property
    def last(self) -> Snapshot | None:
        """What the last complete run saw."""
        return self.before.snapshot if self.before else None

    def comparison_input(self, snapshot: Snapshot) -> ComparisonInput | None:
        """What this run is compared with; None without a history."""
        if self.history is None:
            return None
        before = self.before
        if before is None or before.snapshot.tenant.id != snapshot.tenant.id:  # it went by another name then
            before = last_complete(self.history, snapshot.tenant.id)
        trend = self.history.trend(snapshot.tenant.id, most=_TREND_RUNS - 1)
        if before is not None:
            tenant, run_id = before.snapshot.tenant.id, before.report.run.id
            earlier = earlier_snapshots(self.history, tenant, before.snapshot, run_id)
            before = replace(before, earlier=earlier)
        return ComparisonInput(before=before, trend=tuple(trend))

    def complete(self, audit: Audit, snapshot: Snapshot) -> None:
        """Keeps what was seen and said, and what of it is to be told."""
        if self.history is not None and self.lock is not None:
            before = self.before.report if self.before else None
            told = self.alerts.of_run(audit.report, before, snapshot) if self.alerts else ()
            self.history.complete(
                self.lock, snapshot=snapshot, report=audit.report, at=datetime.now(UTC), told=told
            )

    def delivered(self, tenant: str) -> tuple[Undelivered, ...]:
        """Tells what is to be told; gives what could not be."""
        if self.history is None or self.alerts is None:
            return ()
        return self.alerts.deliver(self.history, tenant)


@contextmanager
def begun(history: History | None, name: str, alerts: Alerts | None = None) -> Iterator[Run]:
    """A run of the tenant that the configuration calls `name`; one that raises is kept and told as failed."""
    if history is None:
        yield Run(history=None, lock=None)
        return
    try:
        lock = _lock(history, name, alerts)
        with _kept_as_failed(history, lock, name, alerts):
            yield Run(history=history, lock=lock, before=last_complete(history, name), alerts=alerts)
    except KeyboardInterrupt:
        with _or_seen_as_died():
            history.interrupted(at=datetime.now(UTC))
        raise


def _lock(history: History, name: str, alerts: Alerts | None) -> RunLock:
    from auditor.history import StoreUnavailableError

    try:
        return history.begin(name, datetime.now(UTC))
    except StoreUnavailableError as error:
        if alerts is not None:
            alerts.tell_without_store(error, name)
        raise


@contextmanager
def _kept_as_failed(history: History, lock: RunLock, name: str, alerts: Alerts | None) -> Iterator[None]:
    try:
        yield
    except AuditorError as error:
        kept = _failed(history, lock, name, alerts, error)
        if alerts is not None:
            with _or_seen_as_died():
                alerts.deliver(history, lock.tenant)
            if not kept:
                alerts.tell_without_store(error, name)
        raise


def _failed(history: History, lock: RunLock, name: str, alerts: Alerts | None, error: AuditorError) -> bool:
    """Whether the run could be marked as failed, and what there is to tell of that be kept."""
    try:
        told: tuple[Told, ...] = ()
        if alerts is not None:
            last = history.last(lock.tenant)
            tenant = TenantIdentity(id=lock.tenant, display_name=None, domain=name)
            told = alerts.of_failure(error, tenant, last_run=last.run_id if last else None)
        history.fail(lock, message=mask(error.message), at=datetime.now(UTC), told=told)
    except CannotRunError as worse:
        _log.debug("the run could not be marked as failed: %s", worse.message)
        return False
    return True


@contextmanager
def _or_seen_as_died() -> Iterator[None]:
    """Within: a run is marked. What cannot be marked will be seen to have died."""
    try:
        yield
    except CannotRunError as error:
        _log.debug("the run could not be marked as failed: %s", error.message)


def last_complete(history: History, tenant: str) -> EarlierRun | None:
    """The last complete run that can be read, of a tenant by id or name.

    A damaged one must not end all nights to come.
    """
    from auditor.history import DamagedRunError, State

    for run in history.runs(tenant):
        if run.state is State.COMPLETE:
            try:
                number = str(run.number)
                return EarlierRun(report=history.report(number), snapshot=history.snapshot(number))
            except DamagedRunError as error:
                _log.warning("%s; comparing with an earlier one", error.message)
    return None
