"""Named faults of a scene: what can be wrong with one application, by the rule that must find it."""

from __future__ import annotations

from auditor.emulator.defects import access, certificates, credentials, notification, settings
from auditor.emulator.defects.defect import Defect

__all__ = ["DEFECTS", "Defect"]

DEFECTS: dict[str, Defect] = {
    defect.name: defect
    for module in (settings, certificates, notification, access, credentials)
    for defect in module.DEFECTS
}
"""By name."""
