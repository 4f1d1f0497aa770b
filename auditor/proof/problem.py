"""What is wrong with a bundle."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What happened, for programs."""

    ARCHIVE_DAMAGED = "archive-damaged"
    ARCHIVE_REWRITTEN = "archive-rewritten"
    """The members may be right; what is around them is not what this program writes."""
    TOO_LARGE = "too-large"
    UNSAFE_NAME = "unsafe-name"
    DUPLICATE_NAME = "duplicate-name"
    MANIFEST_MISSING = "manifest-missing"
    MANIFEST_UNREADABLE = "manifest-unreadable"
    MEMBER_ALTERED = "member-altered"
    MEMBER_SWAPPED = "member-swapped"
    MEMBER_MISSING = "member-missing"
    MEMBER_ADDED = "member-added"
    UNSIGNED = "unsigned"
    SIGNATURE_INVALID = "signature-invalid"
    SIGNER_FOREIGN = "signer-foreign"
    SIGNER_EXPIRED = "signer-expired"
    """Also: not yet valid."""
    SIGNER_UNFIT = "signer-unfit"
    """Its certificate is not for signing."""
    TIMESTAMP_MISSING = "timestamp-missing"
    TIMESTAMP_INVALID = "timestamp-invalid"
    CHAIN_BROKEN = "chain-broken"
    INCONSISTENT = "inconsistent"
    """Members contradict each other."""
    REPORT_DIFFERS = "report-differs"
    DRIFT_DIFFERS = "drift-differs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong."""

    kind: Kind
    message: str
    member: str | None = None
    """The member concerned, where it is one."""


class RefusedError(Exception):
    """Nothing further can be looked at."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem
