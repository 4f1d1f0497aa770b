"""Documents that somebody could send, each a function named for what was done to it.

The decorator says what must come of it: the verdict, and the code of one finding that must be among those
given (None: no finding at all).
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, replace

from auditor.model.cloud import CLOUDS
from auditor.saml.metadata_check import Expected
from tests.saml.federation import APPLICATION, AT, TENANT, Signer, active

ATTACKER_HOST = "attacker.example"
"""Stands in values that no trusted signature covers; must never be given out."""


@dataclass(frozen=True)
class Sent:
    """A document, with what it is compared with where that is not the usual."""

    data: bytes
    expected: Expected
    over_tls_from: str | None = None


@dataclass(frozen=True)
class Case:
    """One document and what must come of it."""

    name: str
    verdict: str
    code: str | None
    build: Callable[[], bytes | Sent]

    def sent(self) -> Sent:
        """The document, compared with the usual application unless it says otherwise."""
        built = self.build()
        return built if isinstance(built, Sent) else Sent(built, expected())


_cases: list[Case] = []


def case(
    verdict: str, code: str | None
) -> Callable[[Callable[[], bytes | Sent]], Callable[[], bytes | Sent]]:
    """Registers the function that makes the document."""

    def register(build: Callable[[], bytes | Sent]) -> Callable[[], bytes | Sent]:
        _cases.append(Case(build.__name__, verdict, code, build))
        return build

    return register


def expected(*pinned: Signer, is_active: Signer | None = None, cloud: str = "global") -> Expected:
    """What documents are compared with; without `pinned` the active certificate alone."""
    known = pinned or (active(),)
    return Expected(
        tenant_id=TENANT,
        app_id=APPLICATION,
        cloud=CLOUDS[cloud],
        certificates=tuple(one.certificate for one in known),
        active=(is_active or known[0]).certificate.thumbprint,
        at=AT,
    )


def without_pins() -> Expected:
    """Nothing known of the application but its tenant."""
    return replace(expected(), certificates=(), active=None)


def all_cases() -> list[Case]:
    """The cases of every module here."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    names = [case.name for case in _cases]
    assert len(names) == len(set(names))
    return list(_cases)
