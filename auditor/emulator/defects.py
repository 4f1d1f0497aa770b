"""Named faults of a scene: what can be wrong with one application, by the rule that must find it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from auditor.emulator.drafts import ApplicationDraft, TenantDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class Defect:
    """One named fault."""

    name: str
    rule: str
    """Id of the rule that judges it."""
    summary: str
    apply: Callable[[ApplicationDraft, TenantDraft], None]


DEFECTS: dict[str, Defect] = {}
