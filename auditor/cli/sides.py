"""The two sides of a comparison: a run of the store, the approved baseline, or a snapshot file."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.errors import UsageError
from auditor.model.snapshot import Snapshot

if TYPE_CHECKING:
    from auditor.drift.last_seen import LastSeen
    from auditor.history import History, RunEntry

_log = logging.getLogger("auditor")

BASELINE = "baseline"
LAST = "last"

_MOST_LOGS = 100
"""So many runs between the two sides are asked who changed what; older ones are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A snapshot, and which run made it."""

    snapshot: Snapshot
    run: RunEntry | None = None
    approved: bool = False
    seen: LastSeen | None = None
    """The snapshot completed by earlier ones, where the store chose it."""

    @property
    def run_id(self) -> str | None:
        """None for a file."""
        return None if self.run is None else self.run.run_id


@contextmanager
def sides(
    from_: str | None, to: str | None, *, config: Path, rules: Path | None, tenant: str | None
) -> Iterator[tuple[Side, Side]]:
    """What `--from` and `--to` name. Without names: the last two complete runs of the tenant.

    Raises UsageError, and CannotRunError when what they name cannot be read.
    """
    files = {name: file_named(name) for name in (from_, to) if name is not None}
    before, after = (files.get(name) if name is not None else None for name in (from_, to))
    if before is not None and after is not None:
        yield before, after
        return
    from auditor.cli.kept import opened

    with opened(config, rules) as (_, history):
        store = Store(history)
        if after is None:
            names = [to, from_] if before is None else [to]
            after = store.side(to or LAST, store.tenant_of(tenant, names, before))
        if before is None:
            of = after.snapshot.tenant.id
            before = store.before(after, of) if from_ is None else store.side(from_, of)
        yield store.with_logs(before, after), after


def file_named(name: str) -> Side | None:
    """The snapshot file of that name; None for the name of a run. Raises UsageError for no snapshot."""
    from auditor.cli.evaluate import read_file

    file = Path(name)
    if name in (BASELINE, LAST) or not (file.exists() or file.suffix or len(file.parts) > 1):
        return None
    return Side(snapshot=read_file(file)[0])


@dataclass(frozen=True, slots=True, kw_only=False)
class Store:
    """Finds sides in the store."""

    history: History

    def tenant_of(self, tenant: str | None, names: Iterable[str | None], other: Side | None = None) -> str:
        """The tenant that is meant: the one given, that of the other side or of a named run, else the only.

        Raises UsageError.
        """
        if tenant is not None:
            return tenant
        if other is not None:
            return other.snapshot.tenant.id
        for name in names:
            if name is not None and name not in (BASELINE, LAST):
                return self.history.run(name).tenant_id
        return self.only_tenant()

    def only_tenant(self) -> str:
        """The tenant of the store. Raises UsageError when it holds several, or none."""
        known = {run.tenant_id: run.name for run in self.history.runs()}
        if len(known) > 1:
            named = ", ".join(sorted(known.values()))
            raise UsageError(
                f"the store {self.history.name} holds {len(known)} tenants", remedy=f"Give --tenant: {named}."
            )
        if not known:
            raise UsageError(f"the store {self.history.name} holds no run", remedy="Scan first.")
        return next(iter(known))

    def side(self, name: str, tenant: str) -> Side:
        """A run by name, or the approved one. Raises UsageError and CannotRunError."""
        if name == BASELINE:
            approval = self.history.baseline(tenant)
            if approval is None:
                raise UsageError(
                    f"nothing was approved for {tenant}", remedy="Say `auditor baseline approve RUN ...`."
                )
            run = self.history.run(str(approval.run))
            return Side(snapshot=self.history.snapshot(str(run.number)), run=run, approved=True)
        if name == LAST:
            last = self.history.last(tenant)
            if last is None:
                raise UsageError(f"{tenant} has no complete run", remedy="Scan first.")
            run = last
        else:
            run = self.history.run(name)
        return Side(snapshot=self.history.snapshot(str(run.number)), run=run)

    def with_logs(self, before: Side, after: Side) -> Side:
        """`before` with the runs up to `after`: who changed what in that time stands in their logs."""
        from auditor.drift.last_seen import LastSeen
        from auditor.history import DamagedRunError, State

        start, end = before.snapshot.started_at, after.snapshot.started_at
        seen = before.seen or LastSeen(snapshot=before.snapshot)
        runs = self.history.runs(after.snapshot.tenant.id)
        between = [run for run in runs if run.state is State.COMPLETE and start < run.started_at < end]
        found: list[Snapshot] = []
        for run in between[:_MOST_LOGS]:
            try:
                found.append(self.history.snapshot(str(run.number)))
            except DamagedRunError as error:
                _log.warning("%s; what its log says is not known", error.message)
        return replace(before, seen=replace(seen, between=(*found, *seen.between)))

    def before(self, after: Side, tenant: str) -> Side:
        """The last complete run before `after` that can be read; one that is damaged is passed over."""
        from auditor.cli.last_seen import earlier_snapshots
        from auditor.drift.last_seen import last_seen
        from auditor.history import DamagedRunError, State

        for run in self.history.runs(tenant):
            is_earlier = (
                run.started_at < after.snapshot.started_at
                if after.run is None
                else run.number < after.run.number
            )
            if run.state is State.COMPLETE and is_earlier:
                try:
                    snapshot = self.history.snapshot(str(run.number))
                    earlier = earlier_snapshots(self.history, tenant, snapshot, run.run_id)
                    return Side(snapshot=snapshot, run=run, seen=last_seen(snapshot, earlier))
                except DamagedRunError as error:
                    _log.warning("%s; comparing with an earlier one", error.message)
        raise UsageError(
            f"{tenant} has no complete run before that one",
            remedy="Scan again, or name a run or a snapshot file with --from.",
        )
