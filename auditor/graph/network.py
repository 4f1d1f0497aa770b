"""TLS trust, proxies and plain HTTPS to the login host: tokens, OpenID configuration, federation metadata.

Every session reaches the hosts it was made for and no other. Proxies are those of the environment
(`HTTPS_PROXY`, `NO_PROXY`); this machine itself is never reached through one.
"""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import certifi
import requests
from requests.adapters import HTTPAdapter

from auditor.errors import CannotRunError, UsageError
from auditor.secret import masked_from_now_on

ROOTS_VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""Environment variables that name roots; both are honoured, whichever program is said to read them."""


def trust(ca_file: Path | None = None) -> ssl.SSLContext:
    """What TLS trusts: the roots of the environment or the system, and `ca_file` besides."""
    named = {name: os.environ[name] for name in ROOTS_VARIABLES if os.environ.get(name)}
    context = ssl.create_default_context()  # OpenSSL itself reads SSL_CERT_FILE and SSL_CERT_DIR
    for name, place in (named or {"certifi": certifi.where()}).items():
        path = Path(place)
        try:
            context.load_verify_locations(**{"capath" if path.is_dir() else "cafile": place})
        except OSError as error:
            raise CannotRunError(
                f"the trusted certificates that {name} names ({place}) cannot be read: {error}",
                remedy=f"Correct or unset {name}.",
            ) from error
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=ca_file)
        except OSError as error:
            raise UsageError(
                f"endpoints.ca_file {ca_file} cannot be read as PEM certificates: {error}",
                remedy="Name a file with the certificate of the authority that signed the endpoints' ones.",
            ) from error
    return context


def proxy_for(url: str) -> str | None:
    """The proxy that the environment wants for a URL."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_this_machine(host) or proxy_bypass(host):
        return None
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all")
    with suppress(ValueError):  # no URL; whoever uses it says so
        masked_from_now_on(unquote(urlsplit(proxy or "").password or ""))
    return proxy


def origin(url: str) -> str:
    """Scheme, host and port of a URL, as `https://host` or `https://host:8443`, in lower case."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def session_for(reach: str, context: ssl.SSLContext, *, instead_of: str | None = None) -> requests.Session:
    """A session that reaches the origin `reach` alone.

    Requests to `instead_of`, the origin that documents of the real cloud name, are sent there too.
    """
    session = requests.Session()
    session.trust_env = False  # roots and proxies are given here; a .netrc has no business with tokens
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=()))
    session.mount("http://", _Closed())
    session.mount("https://", _Closed())
    for prefix in filter(None, (reach, instead_of)):
        session.mount(f"{prefix}/", _Trusting(context, reach))
    proxy = proxy_for(reach)
    if proxy is not None:
        session.proxies = {"http": proxy, "https": proxy}
    return session


def unreachable(error: BaseException, host: str) -> CannotRunError:
    """The error for the person at the terminal when a host cannot be reached: TLS, proxy or network."""
    chain = list(_chain(error))
    why = innermost(error)
    if any(isinstance(link, ssl.SSLError) for link in chain):
        return CannotRunError(
            f"TLS to {host} failed: {why}",
            remedy="If a proxy or a private authority signs the certificates here, name its certificate in "
            "SSL_CERT_FILE (or endpoints.ca_file).",
        )
    proxy = proxy_for(f"https://{host}")
    if proxy is not None:
        return CannotRunError(
            f"{host} cannot be reached through the proxy {urlsplit(proxy).hostname}: {why}",
            remedy="Check HTTPS_PROXY and NO_PROXY, and that the proxy permits this host.",
        )
    if any("timed out" in str(link) or "timeout" in type(link).__name__.lower() for link in chain):
        why = "no answer in time"
    return CannotRunError(
        f"{host} cannot be reached: {why}",
        remedy="Check the network, DNS and firewall; behind a proxy set HTTPS_PROXY.",
    )


def innermost(error: BaseException) -> str:
    """What went wrong at the bottom of a chain of wrapped errors, in one line."""
    *_, last = _chain(error)
    return " ".join(str(last).split()) or type(last).__name__


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what it wraps: requests and urllib3 hide theirs in attributes and arguments."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        wrapped = (getattr(current, "reason", None), current.__cause__, current.__context__, *current.args)
        current = next((each for each in wrapped if isinstance(each, BaseException)), None)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Trusting(HTTPAdapter):
    """Sends everything to one origin, over one TLS context."""

    def __init__(self, context: ssl.SSLContext, reach: str) -> None:
        self._context = context
        self._reach = reach
        super().__init__()

    def init_poolmanager(self, *args: Any, **keywords: Any) -> None:
        super().init_poolmanager(*args, **keywords, ssl_context=self._context)

    def proxy_manager_for(self, proxy: str, **keywords: Any) -> Any:
        return super().proxy_manager_for(proxy, **keywords, ssl_context=self._context)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        """The context decides alone; requests would add certifi's roots."""
        conn.cert_reqs = "CERT_REQUIRED"

    def send(self, request: requests.PreparedRequest, *args: Any, **keywords: Any) -> requests.Response:
        asked = request.url or ""
        if origin(asked) != self._reach:
            request.url = self._reach + asked[len(origin(asked)) :]
        return super().send(request, *args, **keywords)


class _Closed(HTTPAdapter):
    """Any other host: nothing is sent."""

    def send(self, request: requests.PreparedRequest, *args: Any, **keywords: Any) -> requests.Response:
        raise requests.ConnectionError(f"{origin(request.url or '')} is not a configured host")
