"""A question to Graph and its answer, apart from how they travel: alone, or as an item of a batch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Object: TypeAlias = "dict[str, Json]"

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One request, decoded."""

    method: str
    path: str
    """Percent signs resolved, without the query: `/v1.0/users/ada@contoso.com`."""
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    host: str = ""
    """As the client wrote it; next links lead there."""
    via_batch: bool = False

    @classmethod
    def parse(
        cls,
        method: str,
        target: str,
        *,
        headers: Mapping[str, str],
        body: bytes = b"",
        host: str = "",
        via_batch: bool = False,
    ) -> Question:
        """From the request target as it stands on the wire, or in a batch item."""
        parts = urlsplit(target)
        return cls(
            method=method,
            path=unquote(parts.path),
            query=tuple(parse_qsl(parts.query, keep_blank_values=True)),
            headers=headers,
            body=body,
            host=host,
            via_batch=via_batch,
        )

    @property
    def url(self) -> str:
        """Path and query, decoded and readable."""
        query = "&".join(f"{name}={value}" if value else name for name, value in self.query)
        return f"{self.path}?{query}" if query else self.path

    def option(self, name: str) -> str | None:
        """A query option; the `$` may be left out, as Graph allows it."""
        bare = name.removeprefix("$")
        return next((value for key, value in self.query if key.removeprefix("$") == bare), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back. `body` is JSON to be written, bytes to be sent as they are, or None."""

    status: int = 200
    body: Json | bytes = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedRequest:
    """What was asked and what came back; a batch leaves one entry for itself and one for each item."""

    method: str
    url: str
    """Path and query, decoded."""
    status: int
    via_batch: bool
    permission: str | None
    """The least-privileged application permission that is documented for the endpoint; None: none is
    needed, or it is no Graph request."""
    client_request_id: str | None = None

    @property
    def key(self) -> str:
        """What was asked, alike in every run: method, path and query with times left out."""
        return request_key(self.method, self.url)


def request_key(method: str, url: str) -> str:
    """Identifies a logical request over runs: times in the query (windows ending now) become `<time>`."""
    return f"{method} {_TIMESTAMP.sub('<time>', url)}"
