"""What changed and who did it, for the terminal. Text from the tenant is shown in one line, made visible."""

from __future__ import annotations

import json
from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from auditor.model.change import (
    AccessChange,
    AccessKind,
    Attribution,
    AttributionStatus,
    Change,
    ChangeKind,
    ComparedRun,
    Drift,
    UnknownPart,
    ViaKind,
)
from auditor.model.node import Json
from auditor.report.text import visible

_VALUE = 100
_NAME = 60
_STYLE = {
    "critical": "bold red",
    "high": "bold red",
    "medium": "yellow",
    "low": "cyan",
    "informational": "dim",
}


def drift_in_words(drift: Drift) -> RenderableType:
    """What rich prints."""
    parts: list[RenderableType] = [Text(f"From {_side(drift.from_)} to {_side(drift.to)}", style="bold")]
    parts.extend(_line(sentence, style="yellow") for sentence in drift.not_comparable)
    if drift.comparable and not (drift.changes or drift.access):
        known = ", as far as it is known" if drift.unknown else ""
        parts.append(_line(f"Nothing changed{known}."))
    parts.extend(_section("Changes", (_change(change) for change in drift.changes)))
    parts.extend(_section("Access", (_line(in_words(each)) for each in drift.access)))
    parts.extend(_section("Not known", (_line(_unknown(part)) for part in drift.unknown)))
    return Group(*parts)


def _section(title: str, lines: Iterator[RenderableType]) -> Iterator[RenderableType]:
    content = list(lines)
    if content:
        yield Text()
        yield Text(title, style="bold underline")
        yield from content


def _side(run: ComparedRun) -> str:
    kind = "the approved run" if run.approved else "run"
    name = "a snapshot" if run.run_id is None else f"{kind} {run.run_id[:12]}"
    return f"{name} of {run.collected_at}"


def _change(change: Change) -> RenderableType:
    severity = change.severity.value
    table = Table.grid(padding=(0, 1))
    table.add_column(width=len("informational"), no_wrap=True)
    table.add_column(ratio=1, overflow="fold")
    table.add_row(Text(severity, style=_STYLE[severity]), Text(what_changed(change)))
    table.add_row("", Text(who_did_it(change.attribution), style="dim"))
    return Padding(table, (0, 0, 0, 2))


def what_changed(change: Change) -> str:
    """`GoToMeeting: servicePrincipal.replyUrls: added https://...`."""
    about = change.application.display_name if change.application else change.object.name
    head = f"{short(about)}: {change.property}"
    if change.kind is ChangeKind.ADDED:
        return f"{head}: added {_value(change, change.after)}"
    if change.kind is ChangeKind.REMOVED:
        return f"{head}: removed {_value(change, change.before)}"
    of = f" of {short(change.element)}" if change.element else ""
    return f"{head}{of}: {_json(change.before)} became {_json(change.after)}"


def who_did_it(attribution: Attribution) -> str:
    """`by ada@contoso.com (203.0.113.7) at ...: Update service principal (confidence high)`, or why not."""
    if attribution.actor is None:
        reason = short(attribution.reason or "", _VALUE * 2)
        return f"by nobody known: {reason}" if _is_unattributed(attribution) else reason
    actor = attribution.actor
    address = f" ({short(actor.ip_address)})" if actor.ip_address else ""
    sure = f"confidence {attribution.confidence}" if attribution.confidence else ""
    others = ""
    if attribution.status is AttributionStatus.AMBIGUOUS:
        others = f", or another of {len(attribution.candidates)} entries that fit"
    name = short(actor.name or actor.id or "an unnamed " + actor.kind)
    return f"by {name}{address} at {attribution.at}: {short(attribution.activity or '')} ({sure}{others})"


def _is_unattributed(attribution: Attribution) -> bool:
    return attribution.status is AttributionStatus.UNATTRIBUTED


def in_words(access: AccessChange) -> str:
    """`GoToMeeting: ada@contoso.com gained access, as a member of Trainers`."""
    principal, via = access.principal, access.via
    name = short(principal.name or principal.id)
    about = [
        word
        for word, shown in (
            (f"a {principal.kind}", principal.kind != "user"),
            ("a guest", principal.user_type == "Guest"),
            ("disabled", principal.account_enabled is False),
        )
        if shown
    ]
    named = f"{name} ({', '.join(about)})" if about else name
    how = "by an own assignment"
    if via.kind is ViaKind.GROUP:
        how = f"as a member of {short(via.name or via.id or '')}"
    verb = "gained" if access.kind is AccessKind.GAINED else "lost"
    rest = ""
    if access.effective is False:
        rest = "; had it already" if access.kind is AccessKind.GAINED else "; still has it another way"
    return f"{short(access.application.display_name)}: {named} {verb} access {how}{rest}"


def _unknown(part: UnknownPart) -> str:
    about = f"{short(part.application.display_name)}: " if part.application else ""
    return f"{about}{part.property or part.section}: {part.reason}"


def _value(change: Change, value: Json) -> str:
    """An element by what names it, a plain value as it is."""
    if isinstance(value, str):
        return short(value, _VALUE)
    if isinstance(value, dict):
        for name in ("userPrincipalName", "principalDisplayName", "displayName", "subject"):
            found = value.get(name)
            if isinstance(found, str) and found:
                return f"{short(found)} ({short(change.element or change.object.id)})"
    return short(change.element, _VALUE) if change.element else _json(value)


def _json(value: Json) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return short(text, _VALUE)


def short(text: str, width: int = _NAME) -> str:
    """In one line, not longer than `width`."""
    plain = " ".join(visible(text).split())
    return plain if len(plain) <= width else plain[: width - 1] + "…"


def _line(text: str, style: str = "") -> RenderableType:
    return Padding(Text(text, style=style), (0, 0, 0, 2))
