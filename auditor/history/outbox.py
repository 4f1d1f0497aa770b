"""The outbox: what is to be told, kept until it is.

An event is added in the transaction that ends its run, so there is none without the other. A delivery is
claimed before it is tried and settled after; whoever dies in between leaves it claimed, and it is tried again
as one that may have arrived.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, insert, select, update

from auditor.history.database import Database
from auditor.history.process import Process, is_gone, this_process
from auditor.history.rows import timestamp
from auditor.history.tables import DELIVERY, EVENT
from auditor.model.event import Event
from auditor.model.wire import from_json, to_json

_CLAIM_LASTS = timedelta(minutes=15)
"""Longer than any attempt: then a claim of which nobody here can tell whether its owner lives is void."""


class Delivery(StrEnum):
    """How far it came."""

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    DROPPED = "dropped"
    """Its channel is no longer configured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An event and the channels that are to tell it."""

    event: Event
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """An event on its way to one channel."""

    number: int
    channel: str
    key: str
    kind: str
    run: int
    at: str
    body: str
    """As it was when it was added: an attempt repeats it to the letter."""
    attempts: int
    in_doubt: bool
    """Whether an earlier attempt ended without a word: it may have arrived."""
    reason: str | None
    """Why it is still here."""


class Outbox:
    """The events of a store. Everything may raise CannotRunError: a database can go away at any time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(self, tenant: str, channel: str, *, at: datetime, of_run: bool, after: int = 0) -> list[Letter]:
        """The oldest event after number `after` that waits for the channel, or with `of_run` all of its run.

        They are this process's until they are settled.
        """
        with self._database.writing() as connection:
            self._void_dead_claims(connection, tenant, at)
            waiting = (
                _letters(tenant)
                .where(DELIVERY.c.channel == channel, DELIVERY.c.state == Delivery.PENDING)
                .where(EVENT.c.number > after)
            )
            mine = connection.execute(waiting.limit(1)).all()
            if mine and of_run:
                mine = connection.execute(waiting.where(EVENT.c.run == mine[0].run)).all()
            claimed = {
                "state": Delivery.SENDING,
                "attempts": DELIVERY.c.attempts + 1,
                "claimed_at": timestamp(at),
                "claimed_by": json.dumps(to_json(this_process())),
            }
            for row in mine:
                connection.execute(update(DELIVERY).where(_is(row.number, channel)).values(claimed))
            return [_letter(row, attempts=row.attempts + 1) for row in mine]

    def settle(self, letters: Sequence[Letter], *, reason: str | None, in_doubt: bool = False) -> None:
        """What came of an attempt: told (no reason), or not and why; `in_doubt`: nobody knows."""
        state = Delivery.DELIVERED if reason is None else Delivery.PENDING
        with self._database.writing() as connection:
            for letter in letters:
                values: dict[str, Any] = {
                    "state": state,
                    "reason": reason,
                    "in_doubt": in_doubt or letter.in_doubt,
                }
                connection.execute(
                    update(DELIVERY)
                    .where(_is(letter.number, letter.channel))
                    .values(claimed_at=None, claimed_by=None, **values)
                )

    def waiting(self, tenant: str, *, at: datetime) -> list[Letter]:
        """What is still to be told and on nobody's way, oldest first."""
        with self._database.reading() as connection:
            rows = connection.execute(_letters(tenant).where(_is_open())).all()
        return [_letter(row) for row in rows if row.state == Delivery.PENDING or _claim_is_void(row, at)]

    def drop_all_but(self, channels: Collection[str], tenant: str) -> int:
        """Gives up what waits for channels that are no longer there; how much that was."""
        of_tenant = exists().where(EVENT.c.number == DELIVERY.c.event, EVENT.c.tenant == tenant.lower())
        others = (DELIVERY.c.state == Delivery.PENDING, DELIVERY.c.channel.not_in(list(channels)), of_tenant)
        with self._database.reading() as connection:
            if connection.execute(select(DELIVERY.c.event).where(*others)).first() is None:
                return 0
        with self._database.writing() as connection:
            return connection.execute(update(DELIVERY).where(*others).values(state=Delivery.DROPPED)).rowcount

    def _void_dead_claims(self, connection: Connection, tenant: str, at: datetime) -> None:
        claimed = _letters(tenant).where(DELIVERY.c.state == Delivery.SENDING)
        for row in connection.execute(claimed).all():
            if _claim_is_void(row, at):
                void = {"state": Delivery.PENDING, "in_doubt": True}
                connection.execute(update(DELIVERY).where(_is(row.number, row.channel)).values(void))


def add(connection: Connection, told: Iterable[Told], *, tenant: str, run: int, at: datetime) -> None:
    """Adds events within a transaction; one whose key is known was added before."""
    for each in told:
        known = select(EVENT.c.number).where(EVENT.c.key == each.event.id)
        if not each.channels or connection.execute(known).first() is not None:
            continue
        values = {
            "key": each.event.id,
            "tenant": tenant,
            "run": run,
            "kind": each.event.event.value,
            "at": timestamp(at),
            "body": each.event.body(),
        }
        number = connection.execute(insert(EVENT).values(values)).inserted_primary_key
        assert number is not None
        fresh = {"event": number[0], "state": Delivery.PENDING, "attempts": 0, "in_doubt": False}
        rows = [{**fresh, "channel": channel} for channel in dict.fromkeys(each.channels)]
        connection.execute(insert(DELIVERY), rows)


def forget(connection: Connection, runs: Collection[int]) -> None:
    """Deletes what the events of pruned runs said, save what is still to be told; keys stay known."""
    to_tell = exists().where(DELIVERY.c.event == EVENT.c.number, _is_open())
    connection.execute(update(EVENT).where(EVENT.c.run.in_(list(runs)), ~to_tell).values(body=None))


def _letters(tenant: str) -> Any:
    columns = (EVENT.c.number, EVENT.c.key, EVENT.c.kind, EVENT.c.run, EVENT.c.at, EVENT.c.body)
    return (
        select(*columns, *(column for column in DELIVERY.c if column.name != "event"))
        .join(DELIVERY, DELIVERY.c.event == EVENT.c.number)
        .where(EVENT.c.tenant == tenant.lower())
        .order_by(EVENT.c.number)
    )


def _letter(row: Row[Any], *, attempts: int | None = None) -> Letter:
    return Letter(
        number=row.number,
        channel=row.channel,
        key=row.key,
        kind=row.kind,
        run=row.run,
        at=row.at,
        body=row.body,
        attempts=row.attempts if attempts is None else attempts,
        in_doubt=row.in_doubt,
        reason=row.reason,
    )


def _is(event: int, channel: str) -> ColumnElement[bool]:
    return and_(DELIVERY.c.event == event, DELIVERY.c.channel == channel)


def _is_open() -> ColumnElement[bool]:
    return DELIVERY.c.state.in_([Delivery.PENDING, Delivery.SENDING])


def _claim_is_void(row: Row[Any], at: datetime) -> bool:
    """Its owner is certainly gone, or has had it too long (or since the future: a clock was set back)."""
    process = from_json(json.loads(row.claimed_by), Process)
    return is_gone(process) or abs(at - datetime.fromisoformat(row.claimed_at)) > _CLAIM_LASTS
