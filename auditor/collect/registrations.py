"""Which app registrations there are to ask about, once the section `applications` is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from auditor.collect.collector import Context
from auditor.model.gap import Gap
from auditor.model.snapshot import Record


def registrations(context: Context, section: str) -> tuple[dict[str, Record], dict[str, str]]:
    """What `section` can already say, and the object ids of the registrations by service principal.

    A registration that could not be read leaves its gap; one in another tenant (null) leaves nothing.
    """
    records: dict[str, Record] = {}
    objects: dict[str, str] = {}
    for subject in context.service_principal_ids:
        application = context.value("applications", subject)
        identity = application.get("id") if isinstance(application, Mapping) else application
        if isinstance(identity, Gap):
            records[subject] = Record(value=replace(identity, section=section))
        elif isinstance(identity, str):
            objects[subject] = identity
    return records, objects
