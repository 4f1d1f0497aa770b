"""Responses that somebody could capture, each a function named for what was done to it.

The decorator says what must come of it: the verdict, and the code of one finding that must be among those
given (None: no finding at all).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass

from auditor.saml.response_check import ResponseExpected
from tests.saml.sign_on import expected

ATTACKER = "mallory@attacker.example"
"""A name that no trusted signature covers; must never be given out."""


@dataclass(frozen=True)
class Captured:
    """A response, with what it is compared with where that is not the usual."""

    data: bytes
    expected: ResponseExpected


@dataclass(frozen=True)
class Case:
    """One response and what must come of it."""

    name: str
    verdict: str
    code: str | None
    build: Callable[[], bytes | Captured]

    def captured(self) -> Captured:
        """The response, compared with the usual application unless it says otherwise."""
        built = self.build()
        return built if isinstance(built, Captured) else Captured(built, expected())


_cases: list[Case] = []

Build = Callable[[], bytes | Captured]


def case(verdict: str, code: str | None) -> Callable[[Build], Build]:
    """Registers the function that makes the response."""

    def register(build: Build) -> Build:
        _cases.append(Case(build.__name__, verdict, code, build))
        return build

    return register


def all_cases() -> list[Case]:
    """The cases of every module here."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    names = [case.name for case in _cases]
    assert len(names) == len(set(names))
    return list(_cases)
