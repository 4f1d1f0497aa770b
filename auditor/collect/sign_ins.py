"""How sign-ins ended: `GET /auditLogs/signIns`, reduced to counts before anything is kept.

Documentation: "List signIns" (signin-list), AuditLog.Read.All and, by a known issue that the page names,
Directory.Read.All; a tenant with Microsoft Entra ID P1 or P2; global and US Government clouds; five requests
in ten seconds. The page offers `$filter`, `$top` and `$skiptoken` alone, so that whole entries arrive; who
signed in, from where and with what is forgotten here and never stored.
The log knows `status.errorCode` of every entry, 0 for success: one without is unreadable.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from auditor.collect.collector import Collector, Context, Origin, refused_record, unavailable
from auditor.graph.answer import NO_PREMIUM_CODES, Answer, Refusal
from auditor.graph.question import literal, timestamp
from auditor.model.gap import Reason
from auditor.model.node import Json, Node
from auditor.model.snapshot import Per, Record

if TYPE_CHECKING:
    from auditor.graph.client import GraphClient

LICENCE = "Microsoft Entra ID P1 or P2"

PAGE = 1000
"""Entries on a page: the default and the most."""

APPLICATION_PAGES = 50
TENANT_PAGES = 60
"""At half a request a second two minutes; the entries are held until they are counted."""

UTC_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?Z", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The stretch of time that is asked about. Times are UTC, ISO 8601 with Z."""

    days: int
    since: str
    until: str

    def filter(self, app_id: str | None = None) -> str:
        """For one application, or for all."""
        within = f"createdDateTime ge {self.since} and createdDateTime le {self.until}"
        return within if app_id is None else f"{within} and appId eq {literal(app_id)}"


async def run(context: Context) -> Mapping[str, Record]:
    """Counts per error code, and the last success, per service principal."""
    return await count_sign_ins(context, pages=TENANT_PAGES)


async def count_sign_ins(context: Context, *, pages: int) -> dict[str, Record]:
    """The same, with a budget of so many pages for the log of the whole tenant.

    When that is used up, applications are asked for one by one, unless this takes even more requests.
    """
    ids = context.service_principal_ids
    if context.cloud.name == "china":
        return {id: unavailable(COLLECTOR, id, context.cloud) for id in ids}
    days = context.thresholds.sign_in_window_days
    window = Window(
        days=days, since=timestamp(context.at - timedelta(days=days)), until=timestamp(context.at)
    )
    app_ids = {target.service_principal_id: target.app_id.lower() for target in context.targets}
    if context.bulk:
        answer = await _read_log(context.graph, window.filter(), pages=pages)
        if not _is_too_long(answer) or len(ids) > pages:
            return {id: _record(id, answer, window, app_ids[id]) for id in ids}
    # One after the other: a batch would send more at once than the limit allows.
    answers = {
        id: await _read_log(context.graph, window.filter(app_ids[id]), pages=APPLICATION_PAGES) for id in ids
    }
    return {id: _record(id, answer, window, app_ids[id]) for id, answer in answers.items()}


async def _read_log(graph: GraphClient, filter: str, *, pages: int) -> Answer | Refusal:
    """The entries that fit, unless they fill more than so many pages."""

    async def ask() -> Answer | Refusal:
        return await graph.list(graph.sdk.audit_logs.sign_ins, filter=filter, top=PAGE, max_pages=pages)

    answer = await ask()
    # Tenants that have the licence get this refusal now and then (microsoft-graph-docs-contrib, issue 3033).
    again = isinstance(answer, Refusal) and answer.code in NO_PREMIUM_CODES
    return await ask() if again else answer


def _is_too_long(answer: Answer | Refusal) -> bool:
    return isinstance(answer, Refusal) and answer.reason is Reason.TRUNCATED


def _record(subject: str, answer: Answer | Refusal, window: Window, app_id: str) -> Record:
    if isinstance(answer, Refusal):
        lacks = answer.reason is Reason.LICENCE
        return refused_record(COLLECTOR, subject, replace(answer, licence=LICENCE) if lacks else answer)
    origin = Origin(section=COLLECTOR.section, subject=subject, request=answer.request)
    return Record(value=_counts(answer.objects, window, app_id, origin), requests=(answer.request,))


def _counts(entries: Sequence[Mapping[str, Json]], window: Window, app_id: str, origin: Origin) -> Node:
    if any("appId" not in entry for entry in entries):
        return origin.gap("appId is not in an entry of the log")
    own = [entry for entry in entries if str(entry["appId"]).lower() == app_id]
    codes = [_code(entry) for entry in own]
    known = [code for code in codes if code is not None]
    if len(known) < len(codes):
        return origin.gap("status.errorCode is not in an entry of the log")
    times = [_time(entry) for entry, code in zip(own, known, strict=True) if code == 0]
    return {
        "windowDays": window.days,
        "from": window.since,
        "to": window.until,
        "codes": {str(code): count for code, count in sorted(Counter(known).items())},
        "lastSuccess": _last(times, origin),
    }


def _last(times: Iterable[str | None], origin: Origin) -> Node:
    """The newest of these times; None when there is none."""
    newest: str | None = None
    for time in times:
        if time is None:
            return origin.gap("createdDateTime is not in an entry of the log, or no time")
        newest = max(newest or time, time)
    return newest


def _code(entry: Mapping[str, Json]) -> int | None:
    status = entry.get("status")
    code = status.get("errorCode") if isinstance(status, Mapping) else None
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _time(entry: Mapping[str, Json]) -> str | None:
    """To the second."""
    found = UTC_TIME.fullmatch(str(entry.get("createdDateTime")))
    return f"{found[1]}Z" if found else None


COLLECTOR = Collector(
    section="signIns",
    per=Per.SERVICE_PRINCIPAL,
    mount=None,
    title="Sign-ins",
    permissions=("AuditLog.Read.All", "Directory.Read.All"),
    run=run,
)
