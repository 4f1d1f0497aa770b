"""Events as one message for people: what fails, the worst first, fit for chats and mail.

What stands in it is the tenant's: whoever can create an application chooses its names and URLs. apprise is
told that the text is plain and escapes it for the markup of each service; what services read in plain text
too (mentions, addresses that become links) is undone here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from auditor.history import Letter
from auditor.model.configuration import EventKind
from auditor.model.rule import Severity
from auditor.report.text import visible

_SHOWN = 20
_TITLE = 120

_GOOD = (EventKind.SOLVED.value,)
_ORDER = [
    kind.value
    for kind in (
        EventKind.FAILED,
        EventKind.INCOMPLETE,
        EventKind.NEW,
        EventKind.WORSE,
        EventKind.CERTIFICATE,
        EventKind.WAIVER,
        EventKind.DRIFT,
        EventKind.SOLVED,
    )
]

_LINKS = {"://": "[:]//", "www.": "www[.]", "](": "] ("}
"""What services turn into a link, also in plain text, and what stands for it."""

_MENTION = re.compile(r"(?<![\w.+-])@(?=[\w!&])|(?<=<)@")
_COMMAND = re.compile(r"<(?=[!@#/a-z])", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A message. `is_good`: it tells of nothing but what is solved."""

    title: str
    body: str
    is_good: bool


def digest(letters: Sequence[Letter]) -> Digest:
    """One message for all of them, which are of one run."""
    events: list[dict[str, Any]] = sorted((json.loads(letter.body) for letter in letters), key=_rank)
    lines = [f"{event['severity'].upper()} {harmless(event['text'])}" for event in events[:_SHOWN]]
    if len(events) > _SHOWN:
        lines.append(f"and {len(events) - _SHOWN} more, none of them more severe; the report has all.")
    if any(letter.in_doubt for letter in letters):
        lines.append("This may have been told before: an earlier attempt ended without an answer.")
    url = events[0]["reportUrl"]
    return Digest(
        title=_title(events),
        body="\n".join([*lines, *([url] if url else [])]),
        is_good=all(event["event"] in _GOOD for event in events),
    )


def harmless(text: str) -> str:
    """Plain text that calls nobody and links nowhere: `@channel`, `<!here>`, `https://`."""
    plain = visible(" ".join(text.split()))
    plain = _COMMAND.sub("‹", _MENTION.sub("＠", plain))
    for links, told in _LINKS.items():
        plain = plain.replace(links, told)
    return plain


def _title(events: Sequence[dict[str, Any]]) -> str:
    tenant = events[0]["tenant"]
    name = harmless(tenant["displayName"] or tenant["domain"] or tenant["id"])[:40]
    first = f"{name}: {harmless(events[0]['text'])}"
    further = f" (and {len(events) - 1} more)" if len(events) > 1 else ""
    room = _TITLE - len(further)
    return (first if len(first) <= room else f"{first[: room - 1]}…") + further


def _rank(event: dict[str, Any]) -> tuple[int, int, str]:
    good = event["event"] in _GOOD
    return (10 if good else -Severity(event["severity"]).rank, _ORDER.index(event["event"]), event["text"])
