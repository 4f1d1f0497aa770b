"""Which tenant it is, and whether this machine's clock is right: asked before any secret is sent.

`GET /{tenant}/v2.0/.well-known/openid-configuration` (OpenID Connect Discovery) needs no token; its issuer
holds the tenant's GUID, its Date header the login host's time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from auditor.errors import CannotRunError
from auditor.graph.aadsts import explained
from auditor.graph.login_host import Fetched, LoginHost
from auditor.graph.network import unreachable
from auditor.graph.question import parse
from auditor.model.cloud import Cloud

GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE | re.ASCII)

LARGEST_DRIFT = timedelta(minutes=10)
"""Entra refuses client assertions that are further off; certificates would be judged at the wrong time."""


async def discover(
    tenant: str, *, cloud: Cloud, host: str, login_host: LoginHost, clock: Callable[[], datetime]
) -> str:
    """The GUID of a tenant given by GUID or domain, lower case. `host` is the host that is really asked.

    Raises CannotRunError: unknown tenant, no network, TLS, proxy, a clock that is wrong.
    """
    url = f"{cloud.authority}/{quote(tenant, safe='')}/v2.0/.well-known/openid-configuration"
    answer, request = await login_host.fetch(url)
    if not isinstance(answer, Fetched):
        if answer.error is not None:
            raise unreachable(answer.error, host)
        raise CannotRunError(
            f"{host} did not say which tenant {tenant} is: {answer.detail}",
            remedy="Try again later; --max-wait says how long to be patient.",
        )
    check_clock(answer.headers.get("Date"), clock())
    said = answer.body.decode(errors="replace")
    if answer.status != 200:
        raise explained(said, doing=f"looking up the tenant {tenant}") or CannotRunError(
            f"{host} answered {answer.status} when asked which tenant {tenant} is",
            remedy="Check the tenant's id in the configuration, its cloud and its endpoints.",
        )
    issuer = _issuer(answer.body, host)
    found = GUID.fullmatch(tenant) or GUID.search(issuer)
    if found is None:
        raise CannotRunError(
            f"the OpenID configuration of {tenant} does not name the tenant: {request}",
            remedy="Give the tenant's GUID as id.",
        )
    return found.group().lower()


def check_clock(date: str | None, now: datetime) -> None:
    """Compares the Date header of an answer with this machine's time. Raises CannotRunError.

    An answer without a readable date says nothing about the clock.
    """
    if date is None:
        return
    try:
        theirs = parsedate_to_datetime(date)
    except ValueError:
        return
    drift = now - (theirs if theirs.tzinfo else theirs.replace(tzinfo=UTC))
    if abs(drift) > LARGEST_DRIFT:
        direction = "fast" if drift > timedelta() else "slow"
        raise CannotRunError(
            f"the clock of this machine is {_words(abs(drift))} {direction}",
            remedy="Set the clock (chrony, systemd-timesyncd, w32time): certificates are judged by it, and "
            "Entra refuses tokens from another time.",
        )


def _words(duration: timedelta) -> str:
    minutes = int(duration.total_seconds() // 60)
    hours, days = minutes // 60, minutes // 1440
    amount, unit = (days, "day") if days else (hours, "hour") if hours else (minutes, "minute")
    return f"{amount} {unit}{'s' if amount != 1 else ''}"


def _issuer(body: bytes, host: str) -> str:
    try:
        document = parse(body)
    except ValueError:
        document = {}
    if not isinstance(document.get("token_endpoint"), str):
        raise CannotRunError(
            f"{host} did not answer with an OpenID configuration",
            remedy="Check the tenant's cloud and endpoints, and that no proxy answers in its place.",
        )
    return str(document.get("issuer"))
