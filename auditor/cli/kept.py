"""A scan that is kept: begun in the store, compared with the last complete run, recorded as one whole."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.cli.audit import Audit
from auditor.cli.outcome import with_drift
from auditor.errors import AuditorError, CannotRunError, UsageError
from auditor.model.configuration import Configuration, Judgement
from auditor.model.rule import Severity
from auditor.model.snapshot import MatchedBy, Snapshot, Target, TenantIdentity
from auditor.model.wire import from_json, to_json
from auditor.secret import is_reference, mask, masked_from_now_on, resolve

if TYPE_CHECKING:
    from auditor.cli.alerts import Alerts
    from auditor.drift.findings import Again
    from auditor.evaluate import RulePack
    from auditor.history import History, RunLock, Told
    from auditor.model.report import Report, TrendPoint, Undelivered

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
    before: tuple[Report, Snapshot] | None = None
    """The last complete run of what the configuration calls so."""
    alerts: Alerts | None = None

    @property
    def last(self) -> Snapshot | None:
        """What the last complete run saw."""
        return self.before and self.before[1]

    def compared(
        self,
        audit: Audit,
        snapshot: Snapshot,
        *,
        pack: RulePack,
        judgement: Judgement,
        fail_on: Severity,
    ) -> Audit:
        """The audit with what became of its findings since the last complete run, what changed, the trend."""
        from auditor.cli.drifted import drift_between, waived
        from auditor.drift.findings import compare_findings

        if self.history is None:
            return audit
        before = self.before
        if before is None or before[1].tenant.id != snapshot.tenant.id:  # it went by another name then
            before = last_complete(self.history, snapshot.tenant.id)
        report = compare_findings(
            audit.report,
            before and before[0],
            narrowed=snapshot.entries is not None,
            again=_judged_again(before, audit.report, snapshot, pack, judgement) if before else (),
        )
        drift = None
        if before is not None:
            runs = (before[0].run.id, report.run.id)
            found = drift_between(before[1], snapshot, runs=runs, pack=pack, judgement=judgement)
            drift, waivers = waived(found, report, judgement, narrowed=snapshot.entries is not None)
            report = replace(report, drift=drift, waivers=waivers)
        return replace(
            audit,
            report=replace(report, trend=self._trend(report, snapshot)),
            code=with_drift(audit.code, drift, fail_on=fail_on),
        )

    def _trend(self, report: Report, snapshot: Snapshot) -> tuple[TrendPoint, ...]:
        """The numbers of the last runs and of this one; none for a run of single applications."""
        from auditor.model.report import TrendPoint

        if self.history is None or snapshot.entries is not None:
            return ()
        now = TrendPoint(
            run_id=report.run.id,
            evaluated_at=report.run.evaluated_at,
            rules_digest=report.run.rules.digest,
            summary=report.summary,
        )
        return (*self.history.trend(snapshot.tenant.id, most=_TREND_RUNS - 1), now)

    def complete(self, audit: Audit, snapshot: Snapshot) -> None:
        """Keeps what was seen and said, and what of it is to be told."""
        if self.history is not None and self.lock is not None:
            before = self.before and self.before[0]
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
        lock = history.begin(name, datetime.now(UTC))
        with _kept_as_failed(history, lock, name, alerts):
            yield Run(history=history, lock=lock, before=last_complete(history, name), alerts=alerts)
    except KeyboardInterrupt:
        with _or_seen_as_died():
            history.interrupted(at=datetime.now(UTC))
        raise


@contextmanager
def _kept_as_failed(history: History, lock: RunLock, name: str, alerts: Alerts | None) -> Iterator[None]:
    try:
        yield
    except AuditorError as error:
        with _or_seen_as_died():
            told: tuple[Told, ...] = ()
            if alerts is not None:
                last = history.last(lock.tenant)
                tenant = TenantIdentity(id=lock.tenant, display_name=None, domain=name)
                told = alerts.of_failure(error, tenant, last_run=last.run_id if last else None)
            history.fail(lock, message=mask(error.message), at=datetime.now(UTC), told=told)
        if alerts is not None:
            with _or_seen_as_died():
                alerts.deliver(history, lock.tenant)
        raise


@contextmanager
def _or_seen_as_died() -> Iterator[None]:
    """Within: a run is marked. What cannot be marked will be seen to have died."""
    try:
        yield
    except CannotRunError as error:
        _log.debug("the run could not be marked as failed: %s", error.message)


def last_complete(history: History, tenant: str) -> tuple[Report, Snapshot] | None:
    """The last complete run that can be read, of a tenant by id or name.

    A damaged one must not end all nights to come.
    """
    from auditor.history import DamagedRunError, State

    for run in history.runs(tenant):
        if run.state is State.COMPLETE:
            try:
                return history.report(str(run.number)), history.snapshot(str(run.number))
            except DamagedRunError as error:
                _log.warning("%s; comparing with an earlier one", error.message)
    return None


def _judged_again(
    before: tuple[Report, Snapshot], after: Report, snapshot: Snapshot, pack: RulePack, judgement: Judgement
) -> Sequence[Again]:
    """The last snapshot under the rules of now: at its own time where the rules changed, and at this time."""
    from auditor.drift.findings import Again, Judged
    from auditor.evaluate import evaluate
    from auditor.model.finding import Cause

    report, earlier = before
    then, now = (datetime.fromisoformat(each.run.evaluated_at) for each in (report, after))
    changed = (
        report.run.rules.digest != after.run.rules.digest
        or report.run.auditor_version != after.run.auditor_version
        or earlier.configuration != to_json(judgement)
    )
    as_now = _retargeted(earlier, snapshot, judgement) if changed else earlier
    times = [(Cause.RULES, then)] if changed else []
    found: list[Again] = []
    for cause, at in [*times, (Cause.TIME, now)]:
        evaluation = evaluate(as_now, pack=pack, judgement=judgement, at=at)
        judged = Judged(
            findings=[verdict.finding for verdict in evaluation.verdicts],
            applications=evaluation.applications,
        )
        found.append(Again(cause=cause, judged=judged))
    return found


def _retargeted(earlier: Snapshot, snapshot: Snapshot, judgement: Judgement) -> Snapshot:
    """The earlier snapshot as if it had been collected under the configuration of now.

    A target that is still one counts as what it counts as now: a new profile may match it. Those that the
    configuration no longer covers are left out.
    """
    from auditor.cli.evaluate import rejudged

    moved = rejudged(earlier, from_json(earlier.configuration, Judgement), judgement)
    now = {target.service_principal_id: target for target in snapshot.targets}
    of_all = any(target.matched_by is MatchedBy.ALL_APPLICATIONS for target in snapshot.targets)
    targets: list[Target] = []
    for was, target in zip(earlier.targets, moved.targets, strict=True):
        same = now.get(target.service_principal_id)
        if same is not None:
            targets.append(replace(target, application=same.application, profile=same.profile))
        elif target.application is not None or (was.application is None and of_all):
            targets.append(target)
    return replace(moved, targets=tuple(targets))
