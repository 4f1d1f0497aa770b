"""What can go wrong, each with what to type next.

    AuditorError
    ├── UsageError        exit 2: command line, configuration, rules, profiles
    │   ├── NoSuchApplicationError    `--application` names nothing in this tenant
    │   └── DocumentError     a YAML document, with file, line and column
    └── CannotRunError    exit 1: credential, network, clock, output directory

Something that could not be read from the tenant is none of these: it is a `model.gap.Gap`, a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class AuditorError(Exception):
    """An error for the person at the terminal: one line on what happened, one on what to do."""

    exit_code: int = 1

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n  {self.remedy}" if self.remedy else self.message


class CannotRunError(AuditorError):
    """The audit could not be made; nothing was written."""

    exit_code = 1


class UsageError(AuditorError):
    """The command line, the configuration, a rule or a profile is not what it must be; nothing was run."""

    exit_code = 2


class NoSuchApplicationError(UsageError):
    """Nothing in this tenant is called so; in another tenant of the configuration something may be."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a YAML document; `line` and `column` count from 1."""

    file: Path
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class DocumentError(UsageError):
    """A YAML document (configuration, rule, profile, scene) that does not say what it must."""

    def __init__(self, message: str, *, mark: Mark, remedy: str) -> None:
        super().__init__(f"{mark}: {message}", remedy=remedy)
        self.mark = mark
