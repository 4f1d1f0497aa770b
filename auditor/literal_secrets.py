"""Refuses secrets that stand in auditor.yaml itself, before any other sentence could repeat them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from auditor.yaml_document import YamlDocument

_REFERENCE = re.compile(r"env:[A-Za-z_][A-Za-z0-9_]*|file:.+")
_PASSWORD_PARAMETER = re.compile(r"(^|[&;])(ssl)?(password|passwd|pwd)=", re.IGNORECASE)
"""In the query of a database's URL, where drivers take a password, too."""

_SECRET_PARAMETER = re.compile(
    r"(^|[&;])[^=&;]*(token|key|secret|sig|signature|pass(word|wd)?|pwd|auth|code)=", re.IGNORECASE
)
_SECRET_PATHS = re.compile(
    r"hooks\.slack(-gov)?\.com|(\w+\.)?discord(app)?\.com|.*\.(webhook\.office|logic\.azure|powerplatform)\.com"
    r"|chat\.googleapis\.com|hc-ping\.com",
    re.IGNORECASE,
)
"""Hosts whose URLs are secrets as a whole: whoever knows one may write."""

_SECRETS_OF_CREDENTIAL = ("client_secret", "certificate_password")
_SECRETS_OF_ALERTS = ("apprise", "hmac_key")
_SECRETS_OF_EVIDENCE = ("key", "key_password")


def is_reference(value: str) -> bool:
    """Whether it is written as one."""
    return _REFERENCE.fullmatch(value) is not None


def reference(folder: Path, reference: str | None) -> str | None:
    """`file:` references are relative to the configuration, like every path in it."""
    kind, _, target = (reference or "").partition(":")
    return f"file:{folder / target}" if kind == "file" else reference


def refuse_literal_secrets(document: YamlDocument) -> None:
    """Raises DocumentError for the first one."""
    for path, value in _secrets(document.data):
        if not isinstance(value, str) or not is_reference(value):
            raise document.problem(
                f"{path[-1]} must be a reference; secrets never stand in this file",
                *path,
                remedy="Write env:NAME or file:PATH. If a secret stood here, replace it: it is known now.",
            )
    if isinstance(document.data, dict) and _has_password(document.data.get("history")):
        raise document.problem(
            "history holds a password; secrets never stand in this file",
            "history",
            remedy="Write env:AUDITOR_HISTORY (or file:PATH) and give the whole URL there.",
        )
    for path, url in _addresses(document.data):
        if _has_password(url):
            raise document.problem(
                f"{path[-1]} holds a password; secrets never stand in this file",
                *path,
                remedy="Name scheme, host and port alone. Replace the password: it is known now.",
            )
    for path, url in _webhooks(document.data):
        if _has_password(url) or _lets_write(url):
            raise document.problem(
                "webhook holds a secret; secrets never stand in this file",
                *path,
                remedy="Write env:NAME or file:PATH. Replace what stood here: it is known now.",
            )


def _secrets(data: object) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """The places that may hold a secret, whatever shape the rest of the file has."""
    for index, tenant in enumerate(_items(data, "tenants")):
        credential = tenant.get("credential") if isinstance(tenant, dict) else None
        if isinstance(credential, str):  # a password where the mapping belongs
            yield ("tenants", index, "credential"), credential
        elif isinstance(credential, dict):
            for key in _SECRETS_OF_CREDENTIAL:
                if key in credential:
                    yield ("tenants", index, "credential", key), credential[key]
    for key in ("heartbeat", "redaction_key"):
        if isinstance(data, dict) and key in data:
            yield (key,), data[key]
    evidence = data.get("evidence") if isinstance(data, dict) else None
    if isinstance(evidence, str):  # a key where the mapping belongs
        yield ("evidence",), evidence
    elif isinstance(evidence, dict):
        for key in _SECRETS_OF_EVIDENCE:
            if key in evidence:
                yield ("evidence", key), evidence[key]
        token = evidence.get("pkcs11")
        if isinstance(token, str):  # a PIN where the mapping belongs
            yield ("evidence", "pkcs11"), token
        elif isinstance(token, dict) and "pin" in token:
            yield ("evidence", "pkcs11", "pin"), token["pin"]
    if isinstance(data, dict) and isinstance(data.get("alerts"), str):
        yield ("alerts",), data["alerts"]
    for index, route in enumerate(_items(data, "alerts")):
        to = route.get("to") if isinstance(route, dict) else route
        if isinstance(to, str):  # a URL where the mapping belongs
            yield ("alerts", index, "to"), to
        elif isinstance(to, dict):
            for key in _SECRETS_OF_ALERTS:
                if key in to:
                    yield ("alerts", index, "to", key), to[key]


def _addresses(data: object) -> Iterator[tuple[tuple[str | int, ...], object]]:
    """The endpoints, also one that stands where the mapping belongs, and the timestamp authority."""
    for index, tenant in enumerate(_items(data, "tenants")):
        endpoints = tenant.get("endpoints") if isinstance(tenant, dict) else None
        path = ("tenants", index, "endpoints")
        if isinstance(endpoints, dict):
            yield from (((*path, key), url) for key, url in endpoints.items())
        else:
            yield path, endpoints
    evidence = data.get("evidence") if isinstance(data, dict) else None
    if isinstance(evidence, dict) and "timestamp_url" in evidence:
        yield ("evidence", "timestamp_url"), evidence["timestamp_url"]


def _webhooks(data: object) -> Iterator[tuple[tuple[str | int, ...], object]]:
    for index, route in enumerate(_items(data, "alerts")):
        to = route.get("to") if isinstance(route, dict) else None
        if isinstance(to, dict) and "webhook" in to:
            yield ("alerts", index, "to", "webhook"), to["webhook"]


def _items(data: object, key: str) -> Sequence[object]:
    items = data.get(key) if isinstance(data, dict) else None
    return items if isinstance(items, list) else []


def _has_password(url: object) -> bool:
    if not isinstance(url, str) or _REFERENCE.fullmatch(url):
        return False
    try:
        parts = urlsplit(url)
        return parts.password is not None or _PASSWORD_PARAMETER.search(parts.query) is not None
    except ValueError:  # not a URL; the store says so when there is one
        return "@" in url


def _lets_write(url: object) -> bool:
    """Whether knowing the URL is enough to post."""
    if not isinstance(url, str) or is_reference(url):
        return False
    try:
        parts = urlsplit(url)
        return (
            _SECRET_PARAMETER.search(parts.query) is not None
            or _SECRET_PATHS.fullmatch(parts.hostname or "") is not None
            or parts.username is not None
        )
    except ValueError:
        return "@" in url
