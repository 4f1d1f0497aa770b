"""What changed between two runs of a tenant, and who did it. Pure: compares, and asks nobody."""

from auditor.drift.attribution import attribute
from auditor.drift.snapshots import compare

__all__ = ["attribute", "compare"]
