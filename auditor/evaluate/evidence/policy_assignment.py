"""Which policy of a kind is in force for an application, also where not every assignment could be read.

An unread assignment matters only if it could change the outcome: a policy that is assigned to the service
principal is in force whatever the others are assigned to, and one that says the same as the policy in force
changes nothing. The outcome names the requests of exactly those assignments that it would not stand without.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property

from auditor.evaluate.evidence.material import Material
from auditor.evaluate.evidence.reading import Item, Source, attempt, by_id
from auditor.model.gap import Gap
from auditor.model.node import Node, Read, Request

NAMED_SINGLY = 20
"""So many requests of one kind are named one by one. A tenant may have a policy for every application, and
every application's findings would name the assignments of all of them."""


class Assignment(Enum):
    """What a policy is assigned to, as far as it concerns the application."""

    SERVICE_PRINCIPAL = "service principal"
    REGISTRATION = "registration"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A policy, and whether it concerns the application."""

    item: Item
    assignment: Assignment | Gap
    by_registration: bool
    """Whether that was told by the registration's object id."""
    requests: tuple[Request, ...]
    """Those that answered what it is assigned to."""

    @property
    def is_default(self) -> bool | Gap:
        """Whether it is the organization's default."""
        return attempt(lambda: bool(self.item.optional_flag("isOrganizationDefault")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """The policies of a kind, as far as they concern one application."""

    found: Sequence[Policy] | Gap
    listing: Source
    """The record with the requests that listed them."""
    registration: Source

    @classmethod
    def of(cls, material: Material, section: str) -> Policies:
        """Those of a section of the snapshot."""
        record = material.tenant(section)
        return cls(
            found=attempt(lambda: _policies(record, material)),
            listing=_listing(record),
            registration=material.own("applications"),
        )

    def outcome(
        self,
        of_policy: Callable[[Item], Node],
        *,
        of_none: Callable[[], Node] = lambda: None,
        otherwise: Source | None = None,
    ) -> Node:
        """What `of_policy` says of the policy in force, or `of_none` when there is none.

        `otherwise` is the record that `of_none` reads. Both functions may raise Unread.
        """
        if isinstance(self.found, Gap):
            return self.found
        question = _Question(
            policies=self.found,
            of_policy=of_policy,
            of_none=of_none,
            listing=self.listing,
            otherwise=otherwise,
        )
        return question.outcome(self.registration)


@dataclass(kw_only=True)
class _Question:
    """One thing that is asked of the policy in force. Policies are named by their index, none is None."""

    policies: Sequence[Policy]
    of_policy: Callable[[Item], Node]
    of_none: Callable[[], Node]
    listing: Source
    otherwise: Source | None

    def outcome(self, registration: Source) -> Node:
        """The common answer of all policies that may be in force, with the requests it depends on."""
        candidates = self._candidates()
        answers = [self._answer(candidate) for candidate in candidates]
        if any(answer != answers[0] for answer in answers):
            return self._undecided(candidates)
        answer = answers[0]
        if isinstance(answer, Gap):
            return answer
        requests = dict.fromkeys(self.listing.requests)
        mattering = [policy for i, policy in enumerate(self.policies) if self._matters([i], answer)]
        requests |= dict.fromkeys(_requests_of(mattering))
        if self._matters([i for i, policy in enumerate(self.policies) if policy.by_registration], answer):
            requests |= dict.fromkeys(registration.requests)
        if self.otherwise is not None and None in candidates:
            requests |= dict.fromkeys(self.otherwise.requests)
        return Read(answer, tuple(requests))

    @cached_property
    def _answers(self) -> dict[int | None, Node]:
        return {}

    def _answer(self, candidate: int | None) -> Node:
        if candidate not in self._answers:
            self._answers[candidate] = attempt(
                self.of_none if candidate is None else lambda: self.of_policy(self.policies[candidate].item)
            )
        return self._answers[candidate]

    @cached_property
    def _of_service_principal(self) -> Collection[int]:
        return self._assigned(Assignment.SERVICE_PRINCIPAL)

    @cached_property
    def _of_registration(self) -> Collection[int]:
        return self._assigned(Assignment.REGISTRATION)

    @cached_property
    def _unread(self) -> Collection[int]:
        return {i for i, policy in enumerate(self.policies) if isinstance(policy.assignment, Gap)}

    @cached_property
    def _defaults(self) -> Sequence[int | None]:
        """What is in force when nothing is assigned."""
        flags = [policy.is_default for policy in self.policies]
        unclear = [i for i, flag in enumerate(flags) if isinstance(flag, Gap)]
        defaults = [i for i, flag in enumerate(flags) if flag is True]
        return [*(defaults or (None,)), *unclear]

    def _assigned(self, assignment: Assignment) -> Collection[int]:
        return {i for i, policy in enumerate(self.policies) if policy.assignment is assignment}

    def _candidates(self, unread: Collection[int] = ()) -> Sequence[int | None]:
        """The policies of which one is in force, if those of `unread` had not been read either."""
        closest = [i for i in self._of_service_principal if i not in unread]
        if closest:
            return sorted(closest)
        assigned = [i for i in self._of_registration if i not in unread]
        return [*sorted({*self._unread, *unread}), *(sorted(assigned) or self._defaults)]

    def _matters(self, indexes: Collection[int], answer: Node) -> bool:
        """Whether the answer would not stand if what these policies are assigned to had not been read."""
        if all(self._is_elsewhere(i) for i in indexes):
            may_join = not self._of_service_principal
            return may_join and any(self._answer(i) != answer for i in indexes)
        return any(self._answer(i) != answer for i in self._candidates(indexes))

    def _is_elsewhere(self, index: int) -> bool:
        return self.policies[index].assignment is Assignment.ELSEWHERE

    def _undecided(self, candidates: Sequence[int | None]) -> Gap:
        policies = [self.policies[i] for i in candidates if i is not None]
        for policy in policies:
            for part in (policy.assignment, policy.is_default, self._answer(self.policies.index(policy))):
                if isinstance(part, Gap):
                    return part
        names = " and ".join(sorted(str(policy.item.node("displayName")) for policy in policies))
        return self.listing.gap(f"several policies are in force and disagree: {names}")


def _requests_of(policies: Sequence[Policy]) -> Sequence[Request]:
    """What told the assignments of these policies; of many policies one request that stands for all."""
    requests = [request for policy in policies for request in policy.requests]
    if len(requests) <= NAMED_SINGLY:
        return requests
    some = policies[0].item.node("id")
    pattern = [
        "*" if segment == some else segment for segment in requests[0].url.partition("?")[0].split("/")
    ]
    pages = sum(request.pages for request in requests)
    last = max(request.at for request in requests)
    return [replace(requests[0], url="/".join(pattern), at=last, pages=pages)]


def _policies(record: Source, material: Material) -> Sequence[Policy]:
    """The policies of a section, sorted by id. Raises Unread."""
    items = by_id(_listing(record).items())
    requests = record.requests_by_id([str(item.node("id")) for item in items])
    return [_policy(item, tuple(requests.get(str(item.node("id")), ())), material) for item in items]


def _policy(item: Item, requests: tuple[Request, ...], material: Material) -> Policy:
    found = attempt(lambda: _assignment(item, material))
    return Policy(
        item=item,
        assignment=found if isinstance(found, Gap) else found[0],
        by_registration=False if isinstance(found, Gap) else found[1],
        requests=requests,
    )


def _listing(record: Source) -> Source:
    """The record with the requests that listed the policies, without those for what they are assigned to."""
    items = attempt(record.items)
    if record.record is None or isinstance(items, Gap):
        return record
    found = record.requests_by_id([str(item.node("id")) for item in items])
    about = {request for requests in found.values() for request in requests}
    requests = tuple(request for request in record.requests if request not in about)
    return replace(record, record=replace(record.record, requests=requests))


def _assignment(item: Item, material: Material) -> tuple[Assignment, bool]:
    """What the policy is assigned to, and whether the registration's id told. Raises Unread."""
    targets = item.items("appliesTo")
    if any(target.text("id") == material.target.service_principal_id for target in targets):
        return Assignment.SERVICE_PRINCIPAL, False
    registrations = {target.text("id") for target in targets if target.text("type") == "application"}
    registration = material.own("applications")
    if not registrations or registration.value is None:
        return Assignment.ELSEWHERE, bool(registrations)
    found = registration.item().text("id") in registrations
    return (Assignment.REGISTRATION if found else Assignment.ELSEWHERE), True
