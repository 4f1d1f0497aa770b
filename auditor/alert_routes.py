"""Reads `alerts` of auditor.yaml: the routes, and what a schema cannot say about them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from auditor.literal_secrets import is_reference, reference
from auditor.model.configuration import ChannelKind, Destination, EventKind, Route
from auditor.model.rule import Severity
from auditor.web_address import unfit
from auditor.yaml_document import YamlDocument

_ONLY_OF: Mapping[str, tuple[ChannelKind, ...]] = {
    "digest": (ChannelKind.APPRISE,),
    "hmac_key": (ChannelKind.WEBHOOK,),
    "ca_file": (ChannelKind.WEBHOOK,),
    "timeout": (ChannelKind.APPRISE, ChannelKind.WEBHOOK),
}


def read_routes(document: YamlDocument) -> tuple[Route, ...]:
    """The routes of a document that its schema accepts. Raises DocumentError."""
    data = cast(dict[str, Any], document.data)
    entries = data.get("alerts", ())
    if entries and "history" not in data:
        raise document.problem(
            "alerts need a history: without one nobody knows what was told already",
            "alerts",
            key=True,
            remedy="Add `history: sqlite:///auditor.db`.",
        )
    routes = tuple(_route(document, index, entry) for index, entry in enumerate(entries))
    known: dict[str, Destination] = {}
    for index, route in enumerate(routes):
        if known.setdefault(route.to.id, route.to) != route.to:
            raise document.problem(
                f"{route.to.name} stands here twice, each time with other settings",
                "alerts",
                index,
                "to",
                remedy="Give both the same; routes to one destination are told an event once.",
            )
    return routes


def _route(document: YamlDocument, index: int, entry: Mapping[str, Any]) -> Route:
    kinds = entry.get("on", ["all"])
    return Route(
        to=_destination(document, index, entry["to"]),
        on=tuple(kind for kind in EventKind if "all" in kinds or kind.value in kinds),
        min_severity=Severity(entry.get("min_severity", "informational")),
        applications=tuple(entry.get("applications", ())),
        tags=tuple(entry.get("tags", ())),
    )


def _destination(document: YamlDocument, index: int, to: Mapping[str, Any]) -> Destination:
    place = ("alerts", index, "to")
    kinds = [kind for kind in ChannelKind if kind.value in to]
    if len(kinds) != 1:
        raise document.problem(
            f"to names {' and '.join(kind.value for kind in kinds) or 'no channel'}",
            *place,
            remedy=f"Name one of {', '.join(ChannelKind)}; several routes reach several channels.",
        )
    (kind,) = kinds
    for key, of in _ONLY_OF.items():
        if key in to and kind not in of:
            raise document.problem(
                f"{key} belongs to {' and '.join(of)}, not to {kind.value}",
                *place,
                key,
                key=True,
                remedy="Remove it.",
            )
    folder = document.file.parent
    written = "" if kind is ChannelKind.STDOUT else str(to[kind.value])
    problem = unfit(written) if kind is ChannelKind.WEBHOOK and not is_reference(written) else None
    if problem:
        raise document.problem(
            f"webhook {problem}",
            *place,
            kind.value,
            remedy="Write https://...; http:// on this machine only.",
        )
    plain = {key: to[key] for key in ("timeout", "digest") if key in to}
    return Destination(
        kind=kind,
        written=written,
        address=_address(folder, kind, written),
        hmac_key=reference(folder, to.get("hmac_key")),
        ca_file=folder / to["ca_file"] if "ca_file" in to else None,
        **plain,
    )


def _address(folder: Path, kind: ChannelKind, written: str) -> str:
    if kind is ChannelKind.FILE:
        return str(folder / written)
    return reference(folder, written) or ""
