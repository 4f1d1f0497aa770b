"""How many requests a reading of Graph took, and how often it was told to wait.

Figures about the way, not about the tenant: they differ from night to night, so no snapshot holds them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class Traffic:
    """Counted while a tenant is read; what was counted stands also when the reading fails."""

    requests: int = 0
    """HTTP requests to Graph; a batch is one."""
    throttled: int = 0
    """Answers 429, those inside batches counted one by one."""
    waited_seconds: float = 0.0
    """Pauses that Graph asked for."""
