"""Formats of a report. Every module here that defines `FORMAT` is one: finding it is registering it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from auditor.model.report import Report


def _needs_nothing() -> None:
    """Of a format that can be made wherever the program runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One way to write a report down; a view that adds no judgement of its own."""

    name: str
    """As `--format` takes it."""
    file_name: str
    """As it lies in the output directory."""
    render: Callable[[Report], bytes]
    """The whole file; the same report gives the same bytes."""
    render_split: Callable[[Report], Iterator[tuple[str, bytes]]] | None = None
    """The same as several files, each by its path in the output directory; the one to open comes last.
    None where a format is one file whatever its size."""
    check: Callable[[], None] = _needs_nothing
    """Raises UsageError when something that it needs is missing here: asked before anything is run."""


def formats() -> Mapping[str, Format]:
    """All formats by name, in the order of their names."""
    found: dict[str, Format] = {}
    for module in pkgutil.iter_modules(__path__):
        candidate = getattr(importlib.import_module(f"{__name__}.{module.name}"), "FORMAT", None)
        if isinstance(candidate, Format):
            if candidate.name in found:
                raise ValueError(f"two formats are called {candidate.name}")
            found[candidate.name] = candidate
    return dict(sorted(found.items()))
