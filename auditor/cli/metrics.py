"""`--metrics FILE`: figures of each scan for Prometheus' textfile collector, also of one that failed.

The file is replaced as a whole after each tenant. Of a tenant whose scan failed it keeps what the last
complete scan said, as the store does; `auditor_last_success_timestamp_seconds` says how old that is.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.cli.files import check_writable, write_for_all
from auditor.cli.outcome import ExitCode
from auditor.errors import AuditorError, CannotRunError, NoSuchApplicationError

if TYPE_CHECKING:
    from auditor.graph.traffic import Traffic
    from auditor.model.report import Report
    from auditor.report.prometheus import Sample

_log = logging.getLogger("auditor")

_NOBODY = ""
"""The tenant's label when the configuration could not be read and no earlier file names one."""


def _no_traffic() -> Traffic:
    from auditor.graph.traffic import Traffic

    return Traffic()


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One tenant's scan as it goes."""

    tenant: str
    """As the configuration calls it."""
    traffic: Traffic = field(default_factory=_no_traffic)
    report: Report | None = None
    code: int = ExitCode.CANNOT_RUN
    began: float = field(default_factory=time.monotonic)

    def done(self, report: Report, code: ExitCode) -> None:
        """The scan was made, and its reports are in their places."""
        self.report, self.code = report, code


class Metrics:
    """The file that `--metrics` names; without one nothing is written."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._attempted = False

    @contextmanager
    def attempt(self, tenant: str, tenants: Collection[str]) -> Iterator[Attempt]:
        """A scan of `tenant`, one of the configured `tenants`; told in the file however it ends."""
        self._attempted = True
        attempt = Attempt(tenant=tenant)
        try:
            yield attempt
        except NoSuchApplicationError as error:
            if len(tenants) == 1:
                attempt.code = error.exit_code
                self._tell_failure([attempt], tenants)
            raise
        except AuditorError as error:
            attempt.code = error.exit_code
            self._tell_failure([attempt], tenants)
            raise
        except BaseException:  # interrupted, or a defect: the night failed all the same
            self._tell_failure([attempt], tenants)
            raise
        self._tell([attempt], tenants)

    @contextmanager
    def guarding(self) -> Iterator[None]:
        """Around everything: what ends the program before any tenant's turn failed for all of them."""
        if self._file is not None:
            check_writable(self._file.parent)
        try:
            yield
        except AuditorError as error:
            if self._file is not None and not self._attempted:
                tenants = sorted({sample.labels.get("tenant", _NOBODY) for sample in self._earlier()})
                attempts = [Attempt(tenant=tenant, code=error.exit_code) for tenant in tenants or [_NOBODY]]
                self._tell_failure(attempts, tenants or [_NOBODY])
            raise

    def _tell_failure(self, attempts: Collection[Attempt], tenants: Collection[str]) -> None:
        """Like `_tell`; that the file cannot be written must not hide why the scan failed."""
        try:
            self._tell(attempts, tenants)
        except CannotRunError as error:
            _log.error("%s", error.message, extra={"remedy": error.remedy})

    def _tell(self, attempts: Collection[Attempt], tenants: Collection[str]) -> None:
        if self._file is None:
            return
        from auditor.report.prometheus import text

        samples = [sample for sample in self._earlier() if sample.labels.get("tenant") in tenants]
        for attempt in attempts:
            samples = [*_kept(samples, attempt), *_of(attempt)]
        write_for_all(self._file, text(samples))

    def _earlier(self) -> list[Sample]:
        from auditor.report.prometheus import read_samples

        if self._file is None or not self._file.exists():
            return []
        try:
            return read_samples(self._file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            _log.warning("%s: the earlier figures cannot be read: %s", self._file, error)
            return []


def _kept(samples: Collection[Sample], attempt: Attempt) -> list[Sample]:
    """What stays of the earlier file: other tenants', and what the tenant's last complete scan said."""
    of_attempts = ("auditor_last_attempt_", "auditor_graph_")
    return [
        sample
        for sample in samples
        if sample.labels.get("tenant") != attempt.tenant
        or (attempt.report is None and not sample.metric.startswith(of_attempts))
    ]


def _of(attempt: Attempt) -> list[Sample]:
    from auditor.report.prometheus import Sample, samples_of

    figures: dict[str, float] = {
        "auditor_last_attempt_timestamp_seconds": round(datetime.now(UTC).timestamp()),
        "auditor_last_attempt_success": attempt.report is not None,
        "auditor_last_attempt_exit_code": attempt.code,
        "auditor_last_attempt_duration_seconds": round(time.monotonic() - attempt.began, 3),
        "auditor_graph_requests": attempt.traffic.requests,
        "auditor_graph_throttled": attempt.traffic.throttled,
        "auditor_graph_waited_seconds": round(attempt.traffic.waited_seconds, 3),
    }
    labels = {"tenant": attempt.tenant}
    samples = [Sample(metric=name, labels=labels, value=float(value)) for name, value in figures.items()]
    return samples if attempt.report is None else samples + samples_of(attempt.report, tenant=attempt.tenant)
