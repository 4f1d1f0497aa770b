"""URLs of the login service, compared by their parts: how one is written must not decide where it leads."""

from __future__ import annotations

import re
from dataclasses import dataclass

from auditor.model.cloud import CLOUDS, Cloud

# No user information, backslash, percent sign, `.` or `..` before the query: readers disagree about them.
_LOGIN_URL = re.compile(
    r"(?![^?#]*/\.{1,2}(?:[/?#]|$))"
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[A-Za-z0-9.-]+)(?::(?P<port>[0-9]+))?"
    r"/(?P<tenant>[A-Za-z0-9.-]+)(?P<path>/[A-Za-z0-9/._~-]*)?(?P<query>\?[^#\s]*)?(?P<fragment>#\S*)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginUrl:
    """The parts of a URL whose path begins with a tenant; scheme, host, tenant and path in lower case."""

    scheme: str
    host: str
    port: str | None
    tenant: str
    path: str
    """What follows the tenant, with its slash; empty when nothing does."""
    query: str
    """With its question mark; empty when there is none."""
    fragment: str


def read_login_url(text: str) -> LoginUrl | None:
    """The parts of `text`; None when it is not a URL that every reader takes apart in the same way."""
    match = _LOGIN_URL.fullmatch(text)
    if match is None:
        return None
    return LoginUrl(
        scheme=match["scheme"].lower(),
        host=match["host"].lower(),
        port=match["port"],
        tenant=match["tenant"].lower(),
        path=(match["path"] or "").lower(),
        query=match["query"] or "",
        fragment=match["fragment"] or "",
    )


def foreign_to(url: LoginUrl, *, cloud: Cloud, tenant_id: str) -> str | None:
    """Why `url` does not lead to this tenant of this cloud; None when it does."""
    if url.scheme != "https":
        return "is not https"
    if url.port not in (None, "443"):
        return f"names port {url.port}"
    if url.host not in cloud.login_hosts:
        others = [other.name for other in CLOUDS.values() if url.host in other.login_hosts]
        return f"belongs to the cloud {others[0]}" if others else f"does not lead to {cloud.login_host}"
    if url.tenant != tenant_id.lower():
        return "belongs to another tenant"
    return None
