"""The store: runs, what they saw (snapshots) and what they said (reports)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import cattrs
from sqlalchemy import Connection, Row, delete, exists, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from auditor import __version__
from auditor.errors import CannotRunError, UsageError
from auditor.history import outbox
from auditor.history.address import store_url
from auditor.history.database import Database
from auditor.history.manifests import Manifests
from auditor.history.migration import bring_up_to_date
from auditor.history.outbox import Outbox, Told
from auditor.history.parts import Document, Parts, canonical, report_parts, snapshot_parts
from auditor.history.process import this_process
from auditor.history.rows import (
    STALE_AFTER,
    busy,
    entry,
    is_dead,
    mark_died,
    tenant_of,
    timestamp,
    trend_point,
    whole,
)
from auditor.history.run import Approval, Pruned, RunEntry, RunLock, State
from auditor.history.tables import APPROVAL, CONTENT, EVENT, PART, RUN
from auditor.model.node import Json
from auditor.model.report import Report, TrendPoint
from auditor.model.snapshot import Snapshot, SnapshotError, read_snapshot
from auditor.model.wire import from_json, to_json

_SNAPSHOT = "snapshot"
_REPORT = "report"


def open_history(url: str, *, folder: Path = Path(), create: bool = True) -> History:
    """The store of `url`, its schema brought up to date; a relative file lies in `folder`.

    Raises UsageError when the URL is none, CannotRunError when the store cannot be reached or is of a newer
    program, and StoreMissingError (one of the latter) when there is none and `create` is False.
    """
    database = Database(store_url(url, folder=folder), create=create)
    bring_up_to_date(database)
    return History(database)


class DamagedRunError(CannotRunError):
    """One run cannot be read; others may."""


class History:
    """An open store. Everything may raise CannotRunError: a database can go away at any time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    @property
    def name(self) -> str:
        """Where the store is, for messages; without a password."""
        return self._database.name

    @property
    def outbox(self) -> Outbox:
        """What is to be told."""
        return Outbox(self._database)

    @property
    def manifests(self) -> Manifests:
        """Of the bundles that were made."""
        return Manifests(self._database)

    def begin(self, name: str, at: datetime, *, stale_after: timedelta = STALE_AFTER) -> RunLock:
        """Begins a run of the tenant that the configuration calls `name`.

        Raises CannotRunError while another run of it lives. One whose process is certainly gone, or that
        began more than `stale_after` ago (or in the future: a clock was set back), is marked as died.
        """
        with self._database.writing() as connection:
            tenant = tenant_of(connection, name)
            running = select(RUN).where(RUN.c.tenant == tenant, RUN.c.state == State.RUNNING)
            for row in connection.execute(running).all():
                if not is_dead(row, at, stale_after):
                    raise busy(row, name, stale_after)
                mark_died(connection, row)
            values = {
                "tenant": tenant,
                "name": name,
                "state": State.RUNNING,
                "started_at": timestamp(at),
                "process": _this_process(),
                "auditor_version": __version__,
            }
            number = connection.execute(insert(RUN).values(values)).inserted_primary_key
            assert number is not None
            return RunLock(number=number[0], tenant=tenant)

    def complete(
        self,
        lock: RunLock,
        *,
        snapshot: Snapshot,
        report: Report,
        at: datetime,
        told: Sequence[Told] = (),
    ) -> None:
        """Ends the run with what it saw, said and has to tell: all is kept, or CannotRunError raised."""
        with self._database.writing() as connection:
            _store(connection, lock.number, _SNAPSHOT, snapshot_parts(_document(snapshot)))
            _store(connection, lock.number, _REPORT, report_parts(_document(report)))
            tenant = snapshot.tenant.id.lower()
            self._end(
                connection,
                lock,
                state=State.COMPLETE,
                at=at,
                tenant=tenant,
                run_id=report.run.id,
                rules_digest=report.run.rules.digest,
            )
            if tenant != lock.tenant:  # the name is known to be this tenant's from now on
                earlier = (RUN.c.tenant == lock.tenant, RUN.c.state != State.RUNNING)
                connection.execute(update(RUN).where(*earlier).values(tenant=tenant))
                connection.execute(update(EVENT).where(EVENT.c.tenant == lock.tenant).values(tenant=tenant))
            outbox.add(connection, told, tenant=tenant, run=lock.number, at=at)

    def fail(self, lock: RunLock, *, message: str, at: datetime, told: Sequence[Told] = ()) -> None:
        """Ends the run with the reason why it did not come to a report, and what is to be told of that."""
        with self._database.writing() as connection:
            self._end(
                connection,
                lock,
                state=State.FAILED,
                at=at,
                message=message.replace("\0", "\N{REPLACEMENT CHARACTER}"),
            )
            outbox.add(connection, told, tenant=lock.tenant, run=lock.number, at=at)

    def interrupted(self, *, at: datetime) -> None:
        """Ends whatever run of this process has not ended.

        By the process, not by the lock: who is interrupted as `begin` returns holds none yet.
        """
        with self._database.writing() as connection:
            mine = (RUN.c.process == _this_process(), RUN.c.state == State.RUNNING)
            connection.execute(
                update(RUN)
                .where(*mine)
                .values(state=State.FAILED, finished_at=timestamp(at), message="interrupted")
            )

    def _end(
        self, connection: Connection, lock: RunLock, *, state: State, at: datetime, **values: Any
    ) -> None:
        mine = (RUN.c.number == lock.number, RUN.c.state == State.RUNNING)
        ended = connection.execute(
            update(RUN).where(*mine).values(state=state, finished_at=timestamp(at), **values)
        )
        if ended.rowcount != 1:
            raise CannotRunError(
                f"run {lock.number} was taken for dead by a later scan of {lock.tenant}",
                remedy="Nothing was stored. See why this one took so long, then scan again.",
            )

    def runs(self, tenant: str | None = None, *, at: datetime | None = None) -> list[RunEntry]:
        """The runs of one tenant (by id or name) or of all, newest first.

        One that is marked as running and is dead by the rule of `begin` is told as died; nothing is written.
        """
        now = at or datetime.now(UTC)
        with self._database.reading() as connection:
            wanted = select(RUN).order_by(RUN.c.number.desc())
            if tenant is not None:
                wanted = wanted.where(RUN.c.tenant == tenant_of(connection, tenant))
            return [entry(row, now) for row in connection.execute(wanted)]

    def run(self, name: str) -> RunEntry:
        """The run of that number or id (or its beginning, from four digits on), or the `last` complete one.

        Raises UsageError.
        """
        for run in self.runs():
            if name == "last" and run.state is State.COMPLETE:
                return run
            beginning = len(name) >= 4 and run.run_id is not None and run.run_id.startswith(name.lower())
            if name == str(run.number) or beginning:
                return run
        raise UsageError(
            f"there is no run {name!r} in {self.name}", remedy="`auditor history list` shows all."
        )

    def last(self, tenant: str) -> RunEntry | None:
        """The last complete run of a tenant."""
        return next((run for run in self.runs(tenant) if run.state is State.COMPLETE), None)

    def trend(self, tenant: str, *, most: int) -> list[TrendPoint]:
        """The last complete runs of a tenant that looked at all its applications, oldest first."""
        columns = (RUN.c.run_id, RUN.c.rules_digest, RUN.c.report_head, RUN.c.snapshot_head)
        with self._database.reading() as connection:
            mine = (RUN.c.tenant == tenant_of(connection, tenant), RUN.c.state == State.COMPLETE)
            rows = connection.execute(select(*columns).where(*mine).order_by(RUN.c.number.desc()))
            points = (trend_point(row) for row in rows)
            found = list(islice((point for point in points if point is not None), most))
        return found[::-1]

    def snapshot(self, run_id: str) -> Snapshot:
        """What a run saw. `run_id` is whatever `run` takes. Raises UsageError, CannotRunError."""
        run = self.run(run_id)
        try:
            document = self._read(run, _SNAPSHOT)
            digest = hashlib.sha256(canonical(document)).hexdigest()
            return read_snapshot(canonical({**document, "digest": digest}))
        except SnapshotError as error:
            raise self._unreadable(run, _SNAPSHOT) from error

    def report(self, run_id: str) -> Report:
        """What a run said. Raises UsageError, CannotRunError."""
        run = self.run(run_id)
        try:
            return from_json(self._read(run, _REPORT), Report)
        except (cattrs.BaseValidationError, KeyError, TypeError, ValueError) as error:
            raise self._unreadable(run, _REPORT) from error

    def _read(self, run: RunEntry, document: str) -> dict[str, Json]:
        if run.state is not State.COMPLETE:
            raise UsageError(
                f"run {run.number} is {run.state}: it has no {document}",
                remedy="`auditor history list` shows which runs are complete.",
            )
        head = select(RUN.c[f"{document}_head"], RUN.c[f"{document}_digest"]).where(
            RUN.c.number == run.number
        )
        parts = (
            select(PART.c.name, CONTENT.c.data, PART.c.times)
            .join(CONTENT, CONTENT.c.digest == PART.c.content)
            .where(PART.c.run == run.number, PART.c.document == document)
            .order_by(PART.c.position)
        )
        with self._database.reading() as connection:
            row = connection.execute(head).one_or_none()
            found = [(name, data, times) for name, data, times in connection.execute(parts)]
        read = None if row is None else whole(row[0], row[1], found)
        if read is None:
            raise self._unreadable(run, document)
        return read

    def _unreadable(self, run: RunEntry, document: str) -> DamagedRunError:
        return DamagedRunError(
            f"the {document} of run {run.number} cannot be read from {self.name}: damaged, or just pruned",
            remedy="Other runs are not affected; restore the store from a backup if you need this one.",
        )

    def approve(self, run_id: str, *, reason: str, by: str, at: datetime) -> None:
        """Makes what a run saw the approved state of its tenant. Raises UsageError."""
        run = self.run(run_id)
        if run.state is not State.COMPLETE:
            raise UsageError(f"run {run.number} is {run.state}", remedy="Approve a complete one.")
        with self._database.writing() as connection:
            connection.execute(
                insert(APPROVAL).values(
                    run=run.number,
                    tenant=run.tenant_id,
                    approved_at=timestamp(at),
                    approved_by=by,
                    reason=reason,
                )
            )

    def baseline(self, tenant: str) -> Approval | None:
        """The approved state of a tenant."""
        with self._database.reading() as connection:
            mine = APPROVAL.c.tenant == tenant_of(connection, tenant)
            row = connection.execute(select(APPROVAL).where(mine).order_by(APPROVAL.c.number.desc())).first()
        if row is None:
            return None
        return Approval(
            run=row.run,
            tenant_id=row.tenant,
            approved_at=row.approved_at,
            approved_by=row.approved_by,
            reason=row.reason,
        )

    def snapshot_digest(self, number: int) -> str | None:
        """`Snapshot.digest` of what a run saw, without reading it."""
        with self._database.reading() as connection:
            return connection.execute(select(RUN.c.snapshot_digest).where(RUN.c.number == number)).scalar()

    def prune(self, *, keep: int | None = None, keep_days: int | None = None, at: datetime) -> Pruned:
        """Deletes old runs of every tenant: all but the newest `keep` complete ones, or those that began
        more than `keep_days` ago. Approved ones, running ones and each tenant's last complete one stay.
        """
        oldest = None if keep_days is None else timestamp(at - timedelta(days=keep_days))
        with self._database.writing() as connection:
            approved = set(connection.execute(select(APPROVAL.c.run)).scalars())
            rows = connection.execute(select(RUN).order_by(RUN.c.number.desc())).all()
            doomed = [number for number in _old(rows, keep=keep, oldest=oldest) if number not in approved]
            for number in doomed:
                connection.execute(delete(PART).where(PART.c.run == number))
                connection.execute(delete(RUN).where(RUN.c.number == number))
            outbox.forget(connection, doomed)
            unused = ~exists().where(PART.c.content == CONTENT.c.digest)
            contents = connection.execute(delete(CONTENT).where(unused)).rowcount
        self._database.give_back_space()
        return Pruned(runs=len(doomed), contents=contents)


def _this_process() -> str:
    return json.dumps(to_json(this_process()))


def _old(rows: Sequence[Row[Any]], *, keep: int | None, oldest: str | None) -> list[int]:
    """Numbers of runs that need not stay; `rows` are newest first."""
    complete: dict[str, int] = {}
    doomed: list[int] = []
    for row in rows:
        enough = complete.get(row.tenant, 0)
        is_old = (keep is not None and enough >= keep) or (oldest is not None and row.started_at < oldest)
        is_last = row.state == State.COMPLETE and enough == 0
        if row.state == State.COMPLETE:
            complete[row.tenant] = enough + 1
        if is_old and not is_last and row.state != State.RUNNING:
            doomed.append(row.number)
    return doomed


def _store(connection: Connection, run: int, document: str, parts: Parts) -> None:
    add = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    contents = {part.digest: part.data for part in parts.parts}
    new = [{"digest": digest, "data": data} for digest, data in sorted(contents.items())]
    connection.execute(add(CONTENT).on_conflict_do_nothing(), new)
    connection.execute(
        insert(PART),
        [
            {
                "run": run,
                "document": document,
                "position": position,
                "name": part.name,
                "content": part.digest,
                "times": part.times,
            }
            for position, part in enumerate(parts.parts)
        ],
    )
    head = {f"{document}_head": parts.head, f"{document}_digest": parts.digest}
    connection.execute(update(RUN).where(RUN.c.number == run).values(**head))


def _document(value: Snapshot | Report) -> Document:
    return cast(Mapping[str, Json], to_json(value))
