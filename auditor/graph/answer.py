"""What Graph can say to one question: an answer, or a refusal with its reason."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from auditor.model.gap import Gap, Reason
from auditor.model.node import Json, Request

PREMIUM = "Microsoft Entra ID P1"
"""The licence that sign-in logs need; Graph's refusal does not name it."""

NO_PREMIUM_CODES = frozenset({"Authentication_RequestFromNonPremiumTenantOrB2CTenant"})
"""Error codes by which Graph says that the tenant lacks a licence (Graph documentation, "List signIns")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What Graph answered."""

    value: Json
    """The object; for a list all items of all pages, each once."""
    request: Request
    count: int | None = None
    """`@odata.count` of a list, when it was asked for and given."""

    @property
    def object(self) -> Mapping[str, Json]:
        """The value of a question about one object."""
        return cast(Mapping[str, Json], self.value)

    @property
    def objects(self) -> Sequence[Mapping[str, Json]]:
        """The value of a question about a list."""
        return cast(Sequence[Mapping[str, Json]], self.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why there is no answer. A value, not an exception: the rest of the audit goes on."""

    reason: Reason
    detail: str
    http_status: int | None
    code: str | None
    """Graph's `error.code`."""
    request: Request
    licence: str | None = None

    def gap(self, *, section: str, subject: str, permission: str | None) -> Gap:
        """The gap that stands in the section. `permission` cures it only if permission is the reason."""
        return Gap(
            section=section,
            subject=subject,
            reason=self.reason,
            detail=self.detail,
            permission=permission if self.reason is Reason.PERMISSION else None,
            licence=self.licence,
            http_status=self.http_status,
            source=str(self.request),
            collected_at=self.request.at,
        )


def refusal(status: int, body: Mapping[str, Json] | None, request: Request) -> Refusal:
    """The refusal that an HTTP status other than 2xx means; `body` is the parsed answer, if it was JSON."""
    code, message = _error(body)
    said = f"{status} {code}" if code else str(status)
    detail = f"{request} was answered {said}" + (f": {message}" if message else "")
    licence = PREMIUM if code in NO_PREMIUM_CODES else None
    return Refusal(
        reason=Reason.LICENCE if licence else _reason(status),
        detail=detail,
        http_status=status,
        code=code,
        request=request,
        licence=licence,
    )


def unreadable(why: str, request: Request) -> Refusal:
    """The refusal for an answer that is not what it should be, or for none at all."""
    return Refusal(
        reason=Reason.UNREADABLE,
        detail=f"{request}: {why}",
        http_status=request.status,
        code=None,
        request=request,
    )


def _reason(status: int) -> Reason:
    match status:
        case 403:
            return Reason.PERMISSION
        case 404:
            return Reason.NOT_FOUND
        case 429 | 503 | 504:
            return Reason.THROTTLED
        case _:
            return Reason.UNREADABLE


def _error(body: Mapping[str, Json] | None) -> tuple[str | None, str | None]:
    error = None if body is None else body.get("error")
    if not isinstance(error, Mapping):
        return None, None
    code, message = error.get("code"), error.get("message")
    return (
        code if isinstance(code, str) and code else None,
        # One line without the ids and times that Graph appends to some messages: they differ every time.
        re.sub(r"\s+", " ", message).strip()[:300] if isinstance(message, str) and message else None,
    )
