"""Where an application stands in the change of its signing certificate, and what will happen when.

Entra signs with the active certificate; once that has expired and another one is valid, with the other
("Manage certificates for federated single sign-on", Microsoft Entra documentation). A service provider
refuses what is signed with a certificate that it does not have, and most refuse expired ones.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class State(StrEnum):
    """As report.json names it."""

    NONE = "none"
    PREPARED = "prepared"
    READY = "ready"
    SWITCHED_EARLY = "switched-early"
    BEHIND = "behind"
    FINISHING = "finishing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """A signing certificate of the application in Entra."""

    thumbprint: str
    starts: datetime
    ends: datetime
    held: bool | None
    """Whether the service provider has it; None: not known."""

    def is_valid(self, at: datetime) -> bool:
        """Whether `at` lies within its dates."""
        return self.starts <= at <= self.ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the table below decides by."""

    at: datetime
    provider: str
    """What the service provider is called."""
    active: Signing
    inactive: Sequence[Signing]
    shared: bool = False
    """The service provider was led to keys that the applications of the tenant share."""
    strangers: Sequence[str] = ()
    """Thumbprints that the service provider has and Entra does not list."""
    reads_metadata: bool = False
    """The service provider takes its certificates from the metadata URL."""
    soon: timedelta = timedelta(days=60)
    """How long before its end the active certificate needs a successor: the first threshold."""

    @property
    def next(self) -> Signing | None:
        """The certificate that is to become active: it outlives the active one, and has not expired."""
        later = [one for one in self.inactive if one.ends > max(self.active.ends, self.at)]
        return max(later, key=lambda one: (one.ends, one.thumbprint), default=None)

    @property
    def successor(self) -> Signing | None:
        """The certificate that Entra signs with instead, because the active one has expired."""
        if self.at <= self.active.ends:
            return None
        valid = [one for one in self.inactive if one.is_valid(self.at)]
        return max(valid, key=lambda one: (one.ends, one.thumbprint), default=None)

    @property
    def signer(self) -> Signing:
        """What Entra signs with."""
        return self.successor or self.active

    @property
    def leftovers(self) -> tuple[str, ...]:
        """Thumbprints of what nobody needs any more, in Entra or at the service provider, sorted."""
        old = {one.thumbprint for one in self.inactive if one not in (self.next, self.successor)}
        return tuple(sorted(old | set(self.strangers)))

    @property
    def expired(self) -> bool:
        """Whether the active certificate has."""
        return self.at > self.active.ends

    @property
    def ends_soon(self) -> bool:
        """Whether the active certificate needs a successor by now."""
        return self.active.ends - self.at <= self.soon


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollover:
    """What the table says."""

    state: State
    safe: bool | None
    """Whether sign-in goes on, as far as certificates decide it; None where nobody knows what it has."""
    sentence: str
    """What will happen, when, and what to do."""


def rollover(facts: Facts) -> Rollover:
    """The first row of the table that fits."""
    row = next(row for row in _TABLE if row.when(facts))
    return Rollover(state=row.state, safe=row.safe(facts), sentence=row.sentence(facts))


def moment(at: datetime, seen_from: datetime) -> str:
    """A time for people, UTC; with its year where that is not plain."""
    year = f" {at.year}" if abs(at - seen_from) > timedelta(days=180) else ""
    return f"{at.day} {at:%B}{year} {at:%H:%M} UTC"


def _end(facts: Facts) -> str:
    return moment(facts.active.ends, facts.at)


def _name(one: Signing | None) -> str:
    return "nothing" if one is None else one.thumbprint


def _shared(facts: Facts) -> str:
    return (
        f"Sign-in fails: {facts.provider} has keys that the applications of the tenant share, because it was "
        f"given metadata without appid, and Entra signs with {_name(facts.signer)}. Give it the metadata of "
        "this application."
    )


def _switched(facts: Facts) -> str:
    successor = facts.signer
    means = {
        True: f"{facts.provider} has it, so sign-in goes on; make it active and delete the expired one.",
        False: f"Sign-in fails: {facts.provider} does not have it. Upload it there and make it active.",
        None: f"Sign-in fails unless {facts.provider} has it. Upload it there and make it active.",
    }
    return (
        f"The active certificate {facts.active.thumbprint} expired on {_end(facts)}, so Entra signs with "
        f"{successor.thumbprint}, which nobody made active. {means[successor.held]}"
    )


def _ahead(facts: Facts) -> str:
    return (
        f"Sign-in fails until {_name(facts.next)} is made active: {facts.provider} has only that one, while "
        f"Entra still signs with {facts.active.thumbprint}."
    )


def _behind(facts: Facts) -> str:
    others = [one.thumbprint for one in facts.inactive if one.held] + list(facts.strangers)
    has = f"has {', '.join(sorted(others))}" if others else "does not have it"
    return (
        f"Sign-in fails: Entra signs with {facts.active.thumbprint}, and {facts.provider} {has}. Upload the "
        f"active certificate at {facts.provider}."
    )


def _ready(facts: Facts) -> str:
    ends = "has expired" if facts.expired else f"expires on {_end(facts)}, when sign-in breaks"
    sentence = (
        f"{facts.provider} has the new certificate {_name(facts.next)}. Make it active: the one that is "
        f"active {ends}."
    )
    if facts.reads_metadata:
        sentence += (
            f" {facts.provider} finds both in the metadata, and if it keeps only one it may pick the new one "
            "too early: sign-in then fails until that is made active."
        )
    return sentence


def _prepared(facts: Facts) -> str:
    if facts.expired:
        breaks = f"The active certificate expired on {_end(facts)}: sign-in breaks"
    else:
        breaks = f"Sign-in breaks on {_end(facts)}"
    return (
        f"{breaks} unless the new certificate is uploaded at {facts.provider} first; then make it active. "
        f"It is {_name(facts.next)}."
    )


def _run_out(facts: Facts) -> str:
    return (
        f"The active certificate {facts.active.thumbprint} expired on {_end(facts)} and there is no other. "
        f"Entra still signs with it: sign-in goes on only as long as {facts.provider} does not look at "
        f"dates. Make a new certificate, upload it at {facts.provider}, and make it active."
    )


def _finishing(facts: Facts) -> str:
    return (
        f"The change to {facts.active.thumbprint} is done; what is left over is "
        f"{', '.join(facts.leftovers)}. It can be deleted, in Entra and at {facts.provider}."
    )


def _running_out(facts: Facts) -> str:
    return (
        f"Sign-in breaks on {_end(facts)} unless a new certificate is made, uploaded at {facts.provider}, "
        "and then made active."
    )


def _none(facts: Facts) -> str:
    return f"No change is under way: {facts.active.thumbprint} is valid until {_end(facts)}."


def _fails(facts: Facts) -> bool | None:
    return False


def _if_it_has_the_signer(facts: Facts) -> bool | None:
    return facts.signer.held


def _if_there_is_time(facts: Facts) -> bool | None:
    """Nothing is wrong with a certificate that waits, until it is time."""
    return None if facts.signer.held is None else not facts.ends_soon


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    state: State
    when: Callable[[Facts], bool]
    safe: Callable[[Facts], bool | None]
    sentence: Callable[[Facts], str]


_TABLE: tuple[_Row, ...] = (
    _Row(
        state=State.BEHIND,
        when=lambda facts: facts.shared and facts.signer.held is False,
        safe=_fails,
        sentence=_shared,
    ),
    _Row(
        state=State.SWITCHED_EARLY,
        when=lambda facts: facts.successor is not None,
        safe=_if_it_has_the_signer,
        sentence=_switched,
    ),
    _Row(
        state=State.READY,
        when=lambda facts: facts.active.held is False and facts.next is not None and facts.next.held is True,
        safe=_fails,
        sentence=_ahead,
    ),
    _Row(
        state=State.BEHIND,
        when=lambda facts: facts.active.held is False,
        safe=_fails,
        sentence=_behind,
    ),
    _Row(
        state=State.READY,
        when=lambda facts: facts.next is not None and facts.next.held is True,
        safe=_if_it_has_the_signer,
        sentence=_ready,
    ),
    _Row(
        state=State.PREPARED,
        when=lambda facts: facts.next is not None,
        safe=_if_there_is_time,
        sentence=_prepared,
    ),
    _Row(state=State.NONE, when=lambda facts: facts.expired, safe=_fails, sentence=_run_out),
    _Row(
        state=State.FINISHING,
        when=lambda facts: bool(facts.leftovers) and not facts.ends_soon,
        safe=_if_it_has_the_signer,
        sentence=_finishing,
    ),
    _Row(
        state=State.NONE,
        when=lambda facts: facts.ends_soon,
        safe=_if_it_has_the_signer,
        sentence=_running_out,
    ),
    _Row(state=State.NONE, when=lambda facts: True, safe=_if_it_has_the_signer, sentence=_none),
)
"""By the first that fits. What is not known about the service provider leaves what Entra alone says."""
