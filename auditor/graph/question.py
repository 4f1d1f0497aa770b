"""One request to Graph before it is sent: method, absolute URL, headers. And what came back.

The URL comes from a request builder of msgraph-sdk, so that paths are spelled and escaped by the SDK.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from auditor.model.node import Json, Request

if TYPE_CHECKING:
    from kiota_abstractions.request_information import RequestInformation

WRITE_FREE_POSTS = re.compile(r"/(v1\.0|beta)/(\$batch|directoryObjects/getByIds)", re.ASCII)
"""POST requests that only read; a batch is looked into before it is sent."""

READABLE_ESCAPES = re.compile(r"%(?:20|24|27|28|29|2C|2F|3A|3D|40)", re.IGNORECASE)
"""Escapes in a query that a person reads more easily undone; none of them takes a parameter apart."""


class ForbiddenRequestError(RuntimeError):
    """A request that could write was about to be sent: a defect of this program, stopped here."""


class Builder(Protocol):
    """A request builder of msgraph-sdk, or `client.Path`."""

    def to_get_request_information(self) -> RequestInformation:
        """The GET request for what the builder stands for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request that only reads."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json = None

    def __post_init__(self) -> None:
        allowed = self.method == "GET" or (
            self.method == "POST" and WRITE_FREE_POSTS.fullmatch(urlsplit(self.url).path) is not None
        )
        if not allowed:
            raise ForbiddenRequestError(f"{self.method} {self.path} is not a request that only reads")
        if self.method == "POST" and self.path.endswith("/$batch"):
            _only_reads(self.body)

    @property
    def path(self) -> str:
        """Path and query, with the harmless escapes undone, as `model.node.Request.url` wants it."""
        parts = urlsplit(self.url)
        query = READABLE_ESCAPES.sub(lambda escape: unquote(escape.group()), parts.query)
        return f"{parts.path}?{query}" if query else parts.path

    @property
    def version(self) -> str:
        """`v1.0` or `beta`."""
        return urlsplit(self.url).path.split("/", 2)[1]

    @property
    def inside_batch(self) -> str:
        """The URL as a batch wants it: relative to the version."""
        parts = urlsplit(self.url)
        relative = parts.path.removeprefix(f"/{self.version}")
        return f"{relative}?{parts.query}" if parts.query else relative


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back for one question, alone or as an item of a batch.

    `problem` is set when nothing usable came back at all: the connection broke, the body is no JSON.
    """

    status: int | None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: Mapping[str, Json] | None = None
    problem: str | None = None
    at: str

    @property
    def good(self) -> bool:
        """Status 2xx with a JSON object."""
        return self.problem is None and self.status is not None and 200 <= self.status < 300

    @property
    def statuses(self) -> Counter[int]:
        """How often each status was answered: the reply's own, and those of the items of a batch."""
        items = None if self.body is None else self.body.get("responses")
        inside = (
            [item.get("status") for item in items if isinstance(item, dict)]
            if isinstance(items, list)
            else []
        )
        return Counter(status for status in (self.status, *inside) if isinstance(status, int))

    def request(self, question: Question, *, pages: int = 1) -> Request:
        """The provenance of this reply."""
        return Request(method=question.method, url=question.path, at=self.at, pages=pages, status=self.status)


def timestamp(moment: datetime) -> str:
    """UTC, ISO 8601 with Z, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(body: bytes) -> Mapping[str, Json]:
    """A JSON object from the bytes on the wire. Raises ValueError for anything else."""
    try:
        document = json.loads(body, parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if not isinstance(document, dict):
        raise ValueError(f"not an object but {type(document).__name__}")
    return document


def literal(text: str) -> str:
    """A string literal for `$filter`: in quotes, quotes inside doubled (OData 4.01 ABNF)."""
    return "'" + text.replace("'", "''") + "'"


def url_of(
    builder: Builder,
    *,
    base: str,
    select: Sequence[str] = (),
    filter: str | None = None,
    expand: Sequence[str] = (),
    top: int | None = None,
    orderby: Sequence[str] = (),
    count: bool = False,
) -> str:
    """The absolute URL of a builder with OData parameters. `base` is the origin with the version.

    Raises ForbiddenRequestError for a parameter that the builder's endpoint does not know: the URL template
    would leave it out without a word, and the answer would be another one than asked for.
    """
    information = builder.to_get_request_information()
    parameters: dict[str, object] = {
        "%24select": list(select),
        "%24filter": filter,
        "%24expand": list(expand),
        "%24top": top,
        "%24orderby": list(orderby),
        "%24count": "true" if count else None,
    }
    for name, value in parameters.items():
        if value in (None, []):
            continue
        if name not in (information.url_template or ""):
            raise ForbiddenRequestError(f"{information.url_template} takes no {unquote(name)}")
        information.query_parameters[name] = value
    information.path_parameters["baseurl"] = base
    # The SDK undoes the escaped dollar of parameter names only on its way out, which a batch does not go.
    return re.sub(r"(?<=[?&])%24", "$", information.url)


def _only_reads(body: Json) -> None:
    requests = body.get("requests") if isinstance(body, Mapping) else None
    if not isinstance(requests, Sequence):
        raise ForbiddenRequestError("a batch without requests")
    for item in requests:
        if not isinstance(item, Mapping) or item.get("method") != "GET":
            raise ForbiddenRequestError("a batch holds something other than GET")


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")
