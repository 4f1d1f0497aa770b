"""Reads waivers.yaml: which failures are accepted, by whom, why, and until when.

`reports/schema/waivers.schema.json` says which keys there are; here is what a schema cannot say: that rules
and tenants exist, that the last day is a day and not too far away, and that nothing stands there twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, cast

from auditor.errors import DocumentError
from auditor.model.waiver import UNATTRIBUTED_CHANGE, Waiver
from auditor.schema_problems import did_you_mean
from auditor.yaml_document import YamlDocument, bundled_schema, read_yaml, schema_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What a file of waivers may say."""

    rules: Collection[str]
    """Ids."""
    today: date
    days: int
    """How far ahead of today a last day may lie."""
    tenants: Collection[str] | None = None
    """As the configuration names them; None: not known, any may be meant."""


def load_waivers(file: Path, allowed: Allowed) -> tuple[Waiver, ...]:
    """The waivers of `file`. Raises DocumentError with the first thing that is wrong."""
    waivers, problems = read_waivers(file, allowed)
    for problem in problems:
        raise problem
    return waivers


def read_waivers(file: Path, allowed: Allowed) -> tuple[tuple[Waiver, ...], list[DocumentError]]:
    """The waivers of `file` and everything that is wrong with it, in the order of lines."""
    try:
        document = read_yaml(file)
    except DocumentError as error:
        return (), [error]
    problems = schema_errors(document, bundled_schema("waivers"))
    if problems:
        return (), problems
    entries = cast(list[dict[str, Any]], document.data)
    waivers = [Waiver(pinned="value" in entry, **entry) for entry in entries]
    problems = [
        problem
        for index, waiver in enumerate(waivers)
        for problem in _problems(document, index, waiver, allowed)
    ]
    problems.extend(_twins(document, waivers))
    return tuple(waivers), sorted(problems, key=lambda problem: (problem.mark.line, problem.mark.column))


def is_waiver_file(file: Path) -> bool:
    """Whether a file is meant to hold waivers: by its name, or because it is a list."""
    if file.stem == "waivers":
        return True
    try:
        return isinstance(read_yaml(file).data, list)
    except DocumentError:
        return False


def _problems(
    document: YamlDocument, index: int, waiver: Waiver, allowed: Allowed
) -> Iterator[DocumentError]:
    known = [*allowed.rules, UNATTRIBUTED_CHANGE]
    if waiver.rule not in known:
        yield document.problem(
            f"unknown rule {waiver.rule!r}{did_you_mean(waiver.rule, known)}",
            index,
            "rule",
            remedy="`auditor rules list` names the known ones.",
        )
    tenant, known_tenants = waiver.tenant, allowed.tenants
    if (
        tenant is not None
        and known_tenants is not None
        and tenant.lower() not in map(str.lower, known_tenants)
    ):
        yield document.problem(
            f"the configuration names no tenant {tenant!r}{did_you_mean(tenant, known_tenants)}",
            index,
            "tenant",
            remedy=f"It names {', '.join(known_tenants)}.",
        )
    yield from _problems_of_day(document, index, waiver.expires, allowed)


def _problems_of_day(
    document: YamlDocument, index: int, expires: str, allowed: Allowed
) -> Iterator[DocumentError]:
    try:
        last = date.fromisoformat(expires)
    except ValueError:
        yield document.problem(
            f"expires: {expires} is no day of the calendar", index, "expires", remedy="Write YYYY-MM-DD."
        )
        return
    if (last - allowed.today).days > allowed.days:
        furthest = allowed.today + timedelta(days=min(allowed.days, (date.max - allowed.today).days))
        yield document.problem(
            f"expires: {expires} is more than {allowed.days} days ahead",
            index,
            "expires",
            remedy=f"{furthest} at the latest; `thresholds: {{waiver_days: ...}}` of the configuration "
            "sets another limit.",
        )


def _twins(document: YamlDocument, waivers: Sequence[Waiver]) -> Iterator[DocumentError]:
    first: dict[str, int] = {}
    for index, waiver in enumerate(waivers):
        other = first.setdefault(waiver.id, index)
        if other != index:
            yield document.problem(
                f"the same waiver stands on line {document.mark(other).line} already",
                index,
                remedy="Keep one of the two.",
            )
