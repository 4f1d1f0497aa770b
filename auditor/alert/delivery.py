"""Brings what waits in the outbox to its channels: at least once, and for a bounded time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from auditor.alert.channel import Channel, Outcome
from auditor.alert.lines import File, Stdout
from auditor.errors import UsageError
from auditor.model.configuration import ChannelKind, Destination
from auditor.secret import is_reference, mask_parts_of, resolve
from auditor.web_address import unfit

if TYPE_CHECKING:
    from auditor.history import Outbox

WAITS = (1.0, 4.0)
"""Seconds before the second and the third round of one run; after that the next run goes on."""

RETRIES_LAST = 60.0
"""Seconds after which a run tries nothing again."""

LONGEST = 600.0
"""Seconds after which it begins no attempt at all, also where one after the other succeeds."""


def open_channel(destination: Destination, *, write: Callable[[str], None]) -> Channel:
    """The channel, its secrets read and masked from now on. Raises UsageError."""
    match destination.kind:
        case ChannelKind.WEBHOOK:
            from auditor.alert.webhook import Webhook

            key = destination.hmac_key
            return Webhook(
                _url(destination),
                hmac_key=None if key is None else resolve(key),
                ca_file=destination.ca_file,
                timeout=destination.timeout,
            )
        case ChannelKind.APPRISE:
            from auditor.alert.apprise import Apprise

            return Apprise(
                resolve(destination.address),
                name=destination.name,
                timeout=destination.timeout,
                of_run=destination.digest,
            )
        case ChannelKind.FILE:
            return File(Path(destination.address))
        case ChannelKind.STDOUT:
            return Stdout(write)


def deliver(
    outbox: Outbox, tenant: str, channels: Mapping[str, Channel], *, waits: Sequence[float] = WAITS
) -> None:
    """Tells each channel (by its id) what waits for it. Raises CannotRunError when the store goes away.

    A channel that does not answer does not hold up the others, and is tried again after each of `waits`.
    """
    began = time.monotonic()
    left = dict(channels)
    asked = 0.0
    for wait in [0.0, *waits]:
        pause = max(wait, asked)
        if not left or time.monotonic() + pause > began + RETRIES_LAST:
            return
        time.sleep(pause)
        stuck = {name: _emptied(outbox, tenant, name, left[name], began + LONGEST) for name in left}
        left = {name: left[name] for name, outcome in stuck.items() if outcome is not None}
        asked = max((outcome.wait or 0.0 for outcome in stuck.values() if outcome is not None), default=0.0)


def _emptied(outbox: Outbox, tenant: str, name: str, channel: Channel, deadline: float) -> Outcome | None:
    """The outcome after which the channel may be tried again; None when there is no use in that.

    Then everything is told, or refused for what it is.
    """
    after = 0
    while time.monotonic() < deadline:
        letters = outbox.claim(tenant, name, at=datetime.now(UTC), of_run=channel.of_run, after=after)
        if not letters:
            return None
        outcome = channel.send(letters)
        outbox.settle(letters, reason=outcome.reason, in_doubt=outcome.in_doubt)
        after = letters[-1].number
        if outcome.reason is not None and not outcome.answered:
            return outcome
    return None


def _url(destination: Destination) -> str:
    if not is_reference(destination.address):
        return destination.address
    url = resolve(destination.address)
    problem = unfit(url)
    if problem:
        raise UsageError(
            f"alerts: what {destination.name} refers to {problem}",
            remedy="Write https://...; http:// on this machine only.",
        )
    mask_parts_of(url)
    return url
