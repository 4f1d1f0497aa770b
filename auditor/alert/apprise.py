"""Mail, Slack, Teams, PagerDuty and the hundred others that apprise knows."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from auditor import __version__
from auditor.alert.channel import TOLD, Outcome, within
from auditor.alert.digest import digest
from auditor.errors import UsageError
from auditor.history import Letter
from auditor.secret import mask, mask_parts_of


class Apprise:
    """Tells one apprise URL."""

    def __init__(self, url: str, *, name: str, timeout: float, of_run: bool) -> None:
        import apprise

        mask_parts_of(url)
        asset = apprise.AppriseAsset(
            async_mode=False, secure_logging=True, app_id="auditor", app_desc=f"auditor {__version__}"
        )
        plugin = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
        if plugin is None:
            raise UsageError(
                f"alerts: what {name} refers to is no URL that apprise understands",
                remedy="One URL, as apprise's documentation of the service writes it.",
            )
        self._notifier = apprise.Apprise(asset=asset)
        self._notifier.add(plugin)
        self._timeout = timeout
        self.of_run = of_run

    def send(self, letters: Sequence[Letter]) -> Outcome:
        """One message. What did not answer in time may have arrived, and is said to when it is sent again."""
        return within(self._timeout, lambda: self._notify(letters))

    def close(self) -> None:
        """Nothing is held."""

    def _notify(self, letters: Sequence[Letter]) -> Outcome:
        import apprise

        message = digest(letters)
        kind = apprise.NotifyType.SUCCESS if message.is_good else apprise.NotifyType.FAILURE
        with _complaints() as said:
            told = self._notifier.notify(
                title=message.title,
                body=message.body,
                notify_type=kind,
                body_format=apprise.NotifyFormat.TEXT,
            )
        if told:
            return TOLD
        return Outcome(reason=mask(said[-1] if said else "the service did not take it"))


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """What apprise warns of while it lasts; it tells nobody else why something was not sent."""
    said: list[str] = []

    class _Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            said.append(" ".join(record.getMessage().split()))

    handler = _Listening(logging.WARNING)
    logger = logging.getLogger("apprise")
    logger.addHandler(handler)
    try:
        yield said
    finally:
        logger.removeHandler(handler)
