"""The query options of a Graph request, applied to objects of the tenant."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from auditor.emulator.directory import Tenant
from auditor.emulator.filters import UnsupportedQuery, compiled, ordered, searched
from auditor.emulator.permissions import VISIBLE
from auditor.emulator.requests import Json, Object, Question
from auditor.emulator.resources import USER, Resource

_EXPANDED = 20
"""Related objects that $expand returns at most."""

_SKIP = "$skiptoken"

_WITH_SUBTYPES = ("servicePrincipal",)
"""Resources of which derived types are listed too; these say what they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A request to one resource by a client that holds `roles`."""

    tenant: Tenant
    question: Question
    resource: Resource
    roles: frozenset[str]

    @property
    def is_advanced(self) -> bool:
        """Whether the advanced query parameters are given, both of them."""
        return self.is_eventual and (self.question.option("$count") or "").lower() == "true"

    @property
    def is_eventual(self) -> bool:
        """Whether the header ConsistencyLevel says eventual."""
        return self.question.headers.get("consistencylevel", "").lower() == "eventual"

    def one(self, item: Object, context: str) -> Json:
        """The answer to a request for a single object. Raises UnsupportedQuery."""
        selected = self._selection([item])
        answer: Object = {"@odata.context": f"{self._metadata}#{context}{_names(selected)}/$entity"}
        return answer | self._shown(item, selected, keys="keyCredentials" in (selected or ()))

    def many(self, items: Sequence[Object], context: str, *, paged: bool = True) -> Json:
        """The answer to a request for a collection, or for one page of it. Raises UnsupportedQuery."""
        selected = self._selection(items)
        self._expansions()  # refused here, also when there is nothing to expand
        found = self.found(items)
        page, start, following = self._page(len(found)) if paged else (slice(None), 0, None)
        answer: Object = {"@odata.context": f"{self._metadata}#{context}{_names(selected)}"}
        if self._counts and start == 0 and not self.question.option(_SKIP):
            answer["@odata.count"] = len(found)
        if following is not None:
            answer["@odata.nextLink"] = self._next_link(following)
        keys = self.tenant.options.list_returns_keys and "keyCredentials" in (selected or ())
        answer["value"] = [self._shown(item, selected, keys=keys) for item in found[page]]
        return answer

    def found(self, items: Sequence[Object]) -> list[Object]:
        """`items` after $filter, $search and $orderby. Raises UnsupportedQuery."""
        found = list(items)
        text = self.question.option("$filter")
        if text is not None:
            extra = "preferredSingleSignOnMode" if self.tenant.options.sign_on_mode_filter else ""
            condition = compiled(
                text, self.resource, extra if self.resource.kind == "servicePrincipal" else ""
            )
            if condition.is_advanced and not self.is_advanced:
                raise UnsupportedQuery(
                    "Operator is not supported because the required parameters might be missing. Try adding"
                    " $count=true query parameter and ConsistencyLevel:eventual header."
                )
            if "/$count" in text:
                found = [
                    {**item, "owners": list(self.tenant.related[str(item["id"]), "owners"])} for item in found
                ]
            found = [item for item in found if condition.test(item)]
        search = self.question.option("$search")
        if search is not None:
            if not self.resource.is_directory or not self.is_eventual:
                raise UnsupportedQuery(
                    "Request with $search query parameter only works through MSGraph with a special request"
                    " header: 'ConsistencyLevel: eventual'"
                )
            found = searched(found, search)
        order = self.question.option("$orderby")
        if order is not None:
            found = ordered(found, order, self.resource, advanced=self.is_advanced, filtered=text is not None)
        skip = self.question.option("$skip")
        if skip is not None:
            if not self.resource.skips or not skip.isdigit():
                raise UnsupportedQuery("'$skip' is not supported by the service.", code="Request_BadRequest")
            found = found[int(skip) :]
        return found

    @property
    def _counts(self) -> bool:
        wanted = (self.question.option("$count") or "").lower() == "true"
        return wanted and (self.is_eventual or not self.resource.is_directory)

    @property
    def _metadata(self) -> str:
        version = self.question.path.split("/")[1]
        return f"https://{self.tenant.cloud.graph}/{version}/$metadata"

    def _selection(self, items: Sequence[Object]) -> tuple[str, ...] | None:
        text = self.question.option("$select")
        if text is None or not text.strip():
            return self.resource.default or None
        names = tuple(name.strip() for name in text.split(","))
        known = {"id", *self.resource.default}.union(*items[:1]) if not self.resource.is_mixed else None
        for name in names:
            if items and known is not None and name not in known:
                raise UnsupportedQuery(
                    f"Parsing OData Select and Expand failed: Could not find a property named '{name}'"
                    f" on type 'microsoft.graph.{self.resource.kind}'.",
                    code="BadRequest",
                )
        return names

    def _shown(self, item: Object, selected: tuple[str, ...] | None, *, keys: bool) -> Object:
        if self.resource.is_mixed:
            return self._shown_as_related(item, selected)
        names = item if selected is None else ("id", *selected)
        shown = {name: item[name] for name in dict.fromkeys(names) if name in item}
        kind = str(item.get("@odata.type", ""))
        shown.pop("@odata.type", None)
        if kind.rpartition(".")[2] != self.resource.kind and self.resource.kind in _WITH_SUBTYPES:
            shown = {"@odata.type": kind, **shown}
        if self.tenant.options.null_lists:
            shown = {name: None if value == [] else value for name, value in shown.items()}
        if "keyCredentials" in shown and not keys:
            shown["keyCredentials"] = _without_keys(shown["keyCredentials"])
        if selected is None and self.tenant.options.unknown_properties and self.resource.is_directory:
            shown["lastChangedByFeature"] = {"@odata.type": "#microsoft.graph.featureStamp", "ring": "r4"}
        return shown | self._expanded(item)

    def _shown_as_related(self, item: Object, selected: tuple[str, ...] | None) -> Object:
        """As a member of a collection of several types: says which it is, and shows what may be seen."""
        kind = str(item.get("@odata.type", ""))
        default = USER.default if kind == "#microsoft.graph.user" else tuple(item)
        names = dict.fromkeys(selected or default)
        visible = kind not in VISIBLE or VISIBLE[kind].is_held(self.roles)
        shown: Object = {name: item[name] if visible else None for name in names if name in item}
        if "keyCredentials" in shown and visible:
            shown["keyCredentials"] = _without_keys(shown["keyCredentials"])
        return {**shown, "@odata.type": kind, "id": item["id"]}

    def _expanded(self, item: Object) -> Object:
        found: Object = {}
        for name, selected in self._expansions().items():
            related = self.tenant.related[str(item["id"]), name][:_EXPANDED]
            found[name] = [self._shown_as_related(each, selected) for each in related]
        return found

    def _expansions(self) -> dict[str, tuple[str, ...] | None]:
        """What $expand asks for, with the nested $select. Raises UnsupportedQuery."""
        text = self.question.option("$expand") or ""
        if text and self.is_advanced:
            raise UnsupportedQuery("$expand is not supported with the advanced query parameters.")
        found: dict[str, tuple[str, ...] | None] = {}
        for name, inner in re.findall(r"(\w+)(?:\(([^)]*)\))?", text):
            if name not in self.resource.expand:
                raise UnsupportedQuery(
                    f"Parsing OData Select and Expand failed: Could not find a property named '{name}'"
                    f" on type 'microsoft.graph.{self.resource.kind}'.",
                    code="BadRequest",
                )
            found[name] = tuple(inner.removeprefix("$select=").split(",")) if inner else None
        return found

    def _page(self, total: int) -> tuple[slice, int, int | None]:
        """The slice to show, the offset it begins with, and the offset of the next page."""
        options = self.tenant.options
        size = self._size()
        start = self._offset()
        begins_empty = options.log_empty_pages if self.resource.is_log else options.empty_pages
        if begins_empty and not self.question.option(_SKIP):
            return slice(0, 0), 0, 0
        end = start + size
        repeats = options.repeated_items and not self.resource.is_log and start > 0
        first = start - 1 if repeats else start
        return slice(first, end), start, end if end < total else None

    def _size(self) -> int:
        text = self.question.option("$top")
        size = self.resource.page
        if text is not None:
            limit = self.resource.page_limit
            if not text.isdigit() or not 1 <= int(text) <= limit:
                raise UnsupportedQuery(
                    f"Invalid page size specified: '{text}'. Must be between 1 and {limit} inclusive.",
                    code="Request_BadRequest",
                )
            size = int(text)
        options = self.tenant.options
        return min(size, (options.log_page_size if self.resource.is_log else options.page_size) or size)

    def _offset(self) -> int:
        token = self.question.option(_SKIP)
        if token is None:
            return 0
        try:
            text = base64.urlsafe_b64decode(token.removeprefix("RFNwdAoAAQ") + "==").decode()
            return int(text.removeprefix("after:"))
        except (binascii.Error, UnicodeDecodeError, ValueError) as error:
            raise UnsupportedQuery("The skip token is invalid.", code="Directory_ExpiredPageToken") from error

    def _next_link(self, offset: int) -> str:
        """Absolute, on the host that was asked, with a token that tells a client nothing."""
        token = "RFNwdAoAAQ" + base64.urlsafe_b64encode(f"after:{offset}".encode()).decode().rstrip("=")
        kept = [(name, value) for name, value in self.question.query if name != _SKIP]
        query = "&".join(f"{quote(name, safe='$')}={quote(value)}" for name, value in [*kept, (_SKIP, token)])
        return f"https://{self.question.host}{quote(self.question.path)}?{query}"


def _names(selected: tuple[str, ...] | None) -> str:
    return f"({','.join(selected)})" if selected else ""


def _without_keys(value: Json) -> Json:
    entries = value if isinstance(value, list) else []
    return [{**entry, "key": None} for entry in entries if isinstance(entry, dict)]
