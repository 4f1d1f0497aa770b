"""Whether a URL is one that something may be sent to."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def unfit(url: str) -> str | None:
    """What keeps a URL from being sent to, without repeating it: a reference may have hidden it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return "is no URL"
    if parts.scheme not in ("http", "https") or not host or any(c.isspace() for c in url):
        return "is no https URL"
    if parts.scheme == "http" and not _is_this_machine(host):
        return "is not https: what is sent would travel in the clear"
    return None


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
