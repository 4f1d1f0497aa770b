"""What is read from the tenant, section by section; `collect` makes the snapshot of it.

A new collector is a new module here that defines `COLLECTOR`; nothing else has to name it.
"""

from __future__ import annotations

from auditor.collect.collection import collect
from auditor.collect.registry import drift_sections, list_collectors, permissions_by_section

__all__ = ["collect", "drift_sections", "list_collectors", "permissions_by_section"]
