"""The collectors there are. Cheap: no collector imports msgraph."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

import auditor.collect
from auditor.collect.collector import Collector
from auditor.collect.targets import PERMISSION, SECTION


@cache
def list_collectors() -> tuple[Collector, ...]:
    """All collectors, by section."""
    modules = pkgutil.iter_modules(auditor.collect.__path__, f"{auditor.collect.__name__}.")
    found = [getattr(importlib.import_module(module.name), "COLLECTOR", None) for module in modules]
    collectors = [collector for collector in found if isinstance(collector, Collector)]
    return tuple(sorted(collectors, key=lambda collector: collector.section))


def permissions_by_section() -> Mapping[str, tuple[str, ...]]:
    """The permissions that each section needs; all of them, where there are several."""
    sections = {collector.section: collector.permissions for collector in list_collectors()}
    return dict(sorted({**sections, SECTION: (PERMISSION,)}.items()))


def drift_sections() -> tuple[str, ...]:
    """The sections that are read only where nights are compared."""
    return tuple(collector.section for collector in list_collectors() if collector.for_drift)
