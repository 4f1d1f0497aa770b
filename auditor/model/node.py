"""What evidence is made of.

`Json` is what a document on the wire holds. Evidence is JSON in which two further nodes may stand:
a `Gap` where something could not be read, and a `Read` around what one or several requests answered.
Null, absent (the key is not there) and empty are three things and stay so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias, Union

from auditor.model.gap import Gap

Json: TypeAlias = Union[bool, int, float, str, Sequence["Json"], Mapping[str, "Json"], None]  # noqa: UP007

Node: TypeAlias = Union[bool, int, float, str, Gap, "Read", Sequence["Node"], Mapping[str, "Node"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question that was asked, for the evidence entry of a finding.

    `url` is without the host for Graph (`/v1.0/servicePrincipals/...`), whole for federation metadata (with
    the cloud's name for the login host, also when `endpoints` sent it elsewhere), and a file name with a
    leading `file:` for declarations, profiles and configuration.
    """

    method: str
    url: str
    at: str
    """UTC, ISO 8601 with Z, when the last page was read."""
    pages: int = 1
    status: int | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.url}"


@dataclass(frozen=True, slots=True)
class Read:
    """A subtree of evidence together with the requests that answered it.

    The interpreter of paths looks through it, and notes the requests for the finding's evidence.
    """

    value: Node
    requests: tuple[Request, ...]
