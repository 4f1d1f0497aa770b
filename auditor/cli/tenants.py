"""Several tenants: each is a run of its own, and one that cannot be read does not stop the next."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.cli import console
from auditor.cli.alerts import alerts_of, told_when_it_cannot_open
from auditor.cli.audit import (
    ReportOptions,
    reports_written_beside,
    suggest_split,
    tell,
    write_reports,
)
from auditor.cli.bundle import Bundler
from auditor.cli.files import check_writable, write_files
from auditor.cli.judging import Audit, judge
from auditor.cli.kept import begun, existing_store_of, last_complete, store_of
from auditor.cli.metrics import Metrics
from auditor.cli.outcome import ExitCode, of_several
from auditor.cli.redacting import Case, RedactedCase, Redactor
from auditor.errors import CannotRunError, NoSuchApplicationError, UsageError
from auditor.model.configuration import Configuration, TenantConfiguration
from auditor.model.snapshot import Snapshot

if TYPE_CHECKING:
    from auditor.cli.alerts import Alerts
    from auditor.evaluate import RulePack
    from auditor.graph.traffic import Traffic
    from auditor.history import History
    from auditor.model.report import Undelivered

_log = logging.getLogger("auditor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which applications to look at, and how long one request may be throttled."""

    applications: tuple[str, ...] = ()
    """Names given with `--application`; empty: all of the configuration."""
    all: bool = False
    max_wait: int = 300
    """Seconds."""


def scan_tenants(
    configuration: Configuration,
    *,
    pack: RulePack,
    selection: Selection,
    reports: ReportOptions,
    at: datetime | None,
    metrics: Metrics | None = None,
    bundler: Bundler | None = None,
    redactor: Redactor | None = None,
) -> ExitCode:
    """Scans each tenant; gives the exit code of all of them.

    `bundler` makes a bundle of each run; `redactor` makes what is written fit to leave: history and alerts
    stay inside and name people.
    """
    check_writable(reports.out)

    def scan(tenant: TenantConfiguration) -> ExitCode:
        with console.about(tenant.id), figures.attempt(tenant.id, names) as attempt:
            _log.debug("scanning %s", tenant.id, extra={"event": "scan-started"})
            audit = scanning.audit(tenant, attempt.traffic)
            attempt.done(audit.report, audit.code)
        return audit.code

    names = [tenant.id for tenant in configuration.tenants]
    figures = metrics or Metrics(None)
    with alerts_of(configuration) as alerts, ExitStack() as stack:
        with told_when_it_cannot_open(alerts, names):
            history = stack.enter_context(store_of(configuration))
        scanning = _Scanning(
            configuration=configuration,
            pack=pack,
            selection=selection,
            reports=reports,
            at=at,
            history=history,
            alerts=alerts,
            bundler=bundler,
            redactor=redactor,
            places=_Places(configuration),
        )
        return _each(configuration, scan)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scanning:
    """A scan of one tenant after the other."""

    configuration: Configuration
    pack: RulePack
    selection: Selection
    reports: ReportOptions
    at: datetime | None
    history: History | None
    alerts: Alerts | None
    bundler: Bundler | None
    redactor: Redactor | None
    places: _Places

    def audit(self, tenant: TenantConfiguration, traffic: Traffic) -> Audit:
        """Reads, judges, keeps and tells one tenant; `traffic` counts what it takes."""
        configuration, reports = self.configuration, self.reports
        judgement = configuration.judgement(tenant)
        with begun(self.history, tenant.id, self.alerts) as run:
            snapshot = collect_tenant(
                tenant,
                configuration,
                pack=self.pack,
                selection=self.selection,
                compared=self.history is not None,
                last=run.last,
                traffic=traffic,
            )
            folder = self.places.of(snapshot)
            place = reports.out / folder
            case = Case(snapshot=snapshot, judgement=judgement, compared_with=run.comparison_input(snapshot))
            audit = self._judged(case)
            redacted = self.redactor.redacted(case) if self.redactor else RedactedCase(case=case)
            shown = self._judged(redacted.case) if self.redactor else audit
            with reports_written_beside(
                shown.report, place, reports.formats, split=reports.split, drift=shown.report.drift
            ) as files:
                run.complete(audit, snapshot)
        late = run.delivered(snapshot.tenant.id)
        late = redacted.undelivered(late)
        shown = _told_late(shown, late, place, reports) if late else shown
        if self.bundler is not None:
            place = self.bundler.file.parent / folder
            if not self.bundler.write(shown.report, redacted, tenant, place=place, history=self.history):
                shown = replace(shown, code=ExitCode.CANNOT_RUN)
        tell(shown, files)
        suggest_split(files, split=reports.split)
        return shown

    def _judged(self, case: Case) -> Audit:
        return judge(
            case.snapshot,
            pack=self.pack,
            judgement=case.judgement,
            at=self.at,
            fail_on=self.reports.fail_on,
            compared_with=case.compared_with,
        )


def _told_late(audit: Audit, late: tuple[Undelivered, ...], place: Path, reports: ReportOptions) -> Audit:
    """The audit of which alerts could not be delivered, its reports written anew."""
    report = replace(audit.report, undelivered=late)
    write_reports(report, place, reports.formats, split=reports.split)
    return replace(audit, report=report, code=ExitCode.CANNOT_RUN)


def collect_tenants(
    configuration: Configuration, *, pack: RulePack, selection: Selection, file: Path
) -> ExitCode:
    """Writes the snapshot of each tenant to `file`; of several: into a folder each beside it.

    With a history, the last complete run is looked at as by a scan; nothing is kept.
    """
    check_writable(file.parent)

    def collect(tenant: TenantConfiguration) -> ExitCode:
        last = last_complete(history, tenant.id) if history else None
        snapshot = collect_tenant(
            tenant,
            configuration,
            pack=pack,
            selection=selection,
            compared=configuration.history is not None,
            last=last.snapshot if last else None,
        )
        place = file.parent / places.of(snapshot) / file.name
        write_files({place: snapshot.to_gzip()})
        _log.info("%s: %s, digest %s", place, _size(snapshot), snapshot.digest)
        return ExitCode.CLEAN

    places = _Places(configuration)
    with existing_store_of(configuration) as history:
        return _each(configuration, collect)


class _Places:
    """One tenant: the output directory itself; several: a folder in it per tenant id, none used twice."""

    def __init__(self, configuration: Configuration) -> None:
        self._several = len(configuration.tenants) > 1
        self._taken: set[str] = set()

    def of(self, snapshot: Snapshot) -> Path:
        if not self._several:
            return Path()
        tenant = snapshot.tenant.id.lower()
        if tenant in self._taken:
            raise CannotRunError(
                f"the tenant {tenant} was read already, under another name of the configuration",
                remedy="Keep one of the two entries.",
            )
        self._taken.add(tenant)
        return Path(tenant)


def _each(configuration: Configuration, work: Callable[[TenantConfiguration], ExitCode]) -> ExitCode:
    if len(configuration.tenants) == 1:
        return work(configuration.tenants[0])
    codes: list[ExitCode] = []
    elsewhere: list[NoSuchApplicationError] = []
    for tenant in configuration.tenants:
        try:
            codes.append(work(tenant))
        except NoSuchApplicationError as error:  # fine as long as some tenant has it
            elsewhere.append(error)
            _log.warning("%s: %s", tenant.id, error.message)
        except (CannotRunError, UsageError) as error:
            console.tell(CannotRunError(f"{tenant.id}: {error.message}", remedy=error.remedy))
            codes.append(ExitCode.CANNOT_RUN)
    if not codes:
        raise elsewhere[-1]
    return of_several(codes)


def collect_tenant(
    tenant: TenantConfiguration,
    configuration: Configuration,
    *,
    pack: RulePack,
    selection: Selection,
    compared: bool = False,
    last: Snapshot | None = None,
    traffic: Traffic | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Snapshot:
    """Reads one tenant, with its progress on the terminal.

    `compared`: nights are; `last` is what the last complete run saw; `traffic` counts what it takes; `clock`
    is the machine's unless told otherwise.
    """
    from auditor.cli.progress import watching
    from auditor.collect import collect

    with watching(tenant.id) as progress:
        return asyncio.run(
            collect(
                tenant,
                judgement=configuration.judgement(tenant),
                profiles=pack.profiles,
                names=selection.applications,
                all_applications=selection.all,
                max_wait=selection.max_wait,
                compared=compared,
                last=last,
                progress=progress,
                traffic=traffic,
                clock=clock,
            )
        )


def _size(snapshot: Snapshot) -> str:
    count = len(snapshot.targets)
    return f"{count} application" if count == 1 else f"{count} applications"
