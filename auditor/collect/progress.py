"""What a collection tells whoever watches it. The terminal draws it; tests and cron do not."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Called from the event loop, in no fixed order; must not block."""

    def planned(self, steps: int) -> None:
        """How many collectors will run; may be called again with a larger number."""

    def started(self, title: str) -> None:
        """A collector with this title starts."""

    def finished(self, title: str) -> None:
        """It is done."""

    def waiting(self, reason: str, seconds: float) -> None:
        """Nothing happens for so long, because of `reason` (a limit, or what the server asked for)."""


class Silent:
    """Tells nobody."""

    def planned(self, steps: int) -> None:
        """Nobody wants to know."""

    def started(self, title: str) -> None:
        """Nobody wants to know."""

    def finished(self, title: str) -> None:
        """Nobody wants to know."""

    def waiting(self, reason: str, seconds: float) -> None:
        """Nobody wants to know."""
