"""Reads from auditor.yaml what somebody declares: what a service provider was told, a captured response.

The files that are named there are looked for, so that a typing error is told at its line before anything is
asked of the tenant; they are read when the tenant is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from auditor.model.configuration import CapturedResponse, ConfiguredBy, ServiceProvider
from auditor.yaml_document import YamlDocument

_VALUES: Mapping[ConfiguredBy, Sequence[str]] = {
    ConfiguredBy.METADATA_URL: ("metadata_url",),
    ConfiguredBy.METADATA_FILE: ("metadata_file",),
    ConfiguredBy.MANUAL: (
        "sign_in_page_url",
        "sign_in_binding",
        "sign_out_page_url",
        "sign_out_binding",
        "entity_id",
        "certificate_file",
    ),
}
"""What belongs to each way of telling a service provider."""

_BINDING_OF = {"sign_in_binding": "sign_in_page_url", "sign_out_binding": "sign_out_page_url"}


def read_service_provider(entry: Mapping[str, Any]) -> ServiceProvider | None:
    """The declaration of an entry of `applications`, None when there is none."""
    declared = entry.get("service_provider")
    if declared is None:
        return None
    values = {key: value for key, value in declared.items() if key != "configured_by"}
    return ServiceProvider(configured_by=ConfiguredBy(declared["configured_by"]), **values)


def read_captured_response(entry: Mapping[str, Any]) -> CapturedResponse | None:
    """The captured response of an entry of `applications`, None when it names none."""
    captured = entry.get("captured_response")
    return None if captured is None else CapturedResponse(**captured)


def check_declarations(document: YamlDocument, path: Sequence[str | int], entry: Mapping[str, Any]) -> None:
    """What the schema cannot say about an entry of `applications` at `path`. Raises DocumentError."""
    if "service_provider" in entry:
        place = (*path, "service_provider")
        declared = entry["service_provider"]
        _check_keys(document, place, declared)
        _check_file(document, place, declared, "metadata_file")
        _check_file(document, place, declared, "certificate_file")
        _check_date(document, place, declared, "checked_on")
    if "captured_response" in entry:
        place = (*path, "captured_response")
        _check_file(document, place, entry["captured_response"], "file")
        _check_date(document, place, entry["captured_response"], "captured_on")


def _check_keys(document: YamlDocument, place: Sequence[str | int], declared: Mapping[str, Any]) -> None:
    way = ConfiguredBy(declared["configured_by"])
    for other, keys in _VALUES.items():
        for key in keys:
            if key in declared and other is not way:
                raise document.problem(
                    f"{key} belongs to configured_by: {other.value}, not to {way.value}",
                    *place,
                    key,
                    key=True,
                    remedy=f"With {way.value} say {' or '.join(_VALUES[way])}.",
                )
    own = [key for key in _VALUES[way] if key not in _BINDING_OF]
    if not any(key in declared for key in own):
        raise document.problem(
            f"configured_by: {way.value} without {' or '.join(own)} says nothing",
            *place,
            "configured_by",
            key=True,
            remedy="Add what stands in the service provider's console.",
        )
    for binding, url in _BINDING_OF.items():
        if binding in declared and url not in declared:
            raise document.problem(
                f"{binding} needs its {url}", *place, binding, key=True, remedy=f"Add {url}."
            )


def _check_file(
    document: YamlDocument, place: Sequence[str | int], declared: Mapping[str, Any], key: str
) -> None:
    name = declared.get(key)
    if name is not None and not (document.file.parent / name).is_file():
        raise document.problem(
            f"{key}: there is no file {name}",
            *place,
            key,
            remedy=f"Paths are relative to {document.file.name}.",
        )


def _check_date(
    document: YamlDocument, place: Sequence[str | int], declared: Mapping[str, Any], key: str
) -> None:
    if key not in declared:
        return
    try:
        date.fromisoformat(declared[key])
    except ValueError as error:
        raise document.problem(
            f"{key}: {declared[key]} is no day of the calendar", *place, key, remedy="Write YYYY-MM-DD."
        ) from error
