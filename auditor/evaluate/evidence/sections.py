"""Which sections of the snapshot a rule needs: what its paths touch, looked up in one table.

For the planner of permissions, which has to know before anything is read. A test holds the table against the
requests that evidence really names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import jmespath

from auditor.model.rule import Assertion, Clause, Need, Rule

Place: TypeAlias = tuple[str, ...]
"""Keys from the root of the evidence; lists leave no key."""

ITEM = "item"

_CLAIMS = ("claimsMappingPolicies", "claimsPolicy", "applications")
_SIGNING = ("tokenIssuancePolicies", "applications")
_PROVIDER = ("serviceProvider", "servicePrincipals", "federationMetadata", "organization")
_DETAILS = ("sha256", "subject", "keyType", "keySize", "signatureAlgorithm", "inMetadata")

SECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "servicePrincipal": ("servicePrincipals",),
        "servicePrincipal.owners": ("owners",),
        "servicePrincipal.sharedIdentity": ("sharedIdentity",),
        "servicePrincipal.sharedWith": ("sharedIdentity",),
        "servicePrincipal.clientCredentials": ("applications", "federatedIdentityCredentials"),
        "servicePrincipal.oauth2PermissionGrants": ("oauth2PermissionGrants",),
        "servicePrincipal.delegatedScopes": ("oauth2PermissionGrants",),
        "servicePrincipal.appRoleAssignments": ("appRoleAssignments",),
        "servicePrincipal.applicationPermissions": ("appRoleAssignments",),
        "servicePrincipal.notificationRecipients.inVerifiedDomain": ("organization",),
        "servicePrincipal.notificationRecipients.recipient": ("organization", "notificationRecipients"),
        "application": ("applications",),
        "application.owners": ("applicationOwners",),
        "application.federatedIdentityCredentials": ("federatedIdentityCredentials",),
        "certificates": ("servicePrincipals",),
        "certificates.all": ("federationMetadata",),
        "certificates.active.atServiceProvider": _PROVIDER,
        "certificates.others.atServiceProvider": _PROVIDER,
        "certificates.all.atServiceProvider": _PROVIDER,
        "certificates.onlyAtServiceProvider": _PROVIDER,
        "certificates.rollover": _PROVIDER,
        **{f"certificates.active.{name}": ("federationMetadata",) for name in _DETAILS},
        **{f"certificates.others.{name}": ("federationMetadata",) for name in _DETAILS},
        "assignments": ("appRoleAssignedTo",),
        "assignments.people": ("users", "groupMembers"),
        "assignments.group.displayName": ("groups",),
        "assignments.group.dynamicAllUsers": ("groups",),
        "assignments.group.allowed": ("groups",),
        "assignments.group.memberCount": ("groupMembers",),
        "assignments.group.percentOfMembers": ("groupMembers", "enabledMemberCount"),
        "policies.nameIdSource": _CLAIMS,
        "policies.nameIdPolicy": _CLAIMS,
        "policies.audienceOverride": _CLAIMS,
        "policies.includeApplicationIdInIssuer": _CLAIMS,
        "policies.signingAlgorithm": _SIGNING,
        "policies.signingPolicy": _SIGNING,
        "synchronization": ("synchronizationJobs",),
        "metadata": ("federationMetadata",),
        "metadata.signature": ("servicePrincipals",),
        "metadata.problem": ("servicePrincipals",),
        "metadata.signer": ("servicePrincipals",),
        "metadata.entityId": ("servicePrincipals",),
        "metadata.singleSignOnUrls": ("servicePrincipals",),
        "metadata.singleLogoutUrls": ("servicePrincipals",),
        "metadata.certificates": ("servicePrincipals",),
        "serviceProvider": ("serviceProvider",),
        "serviceProvider.metadataUrl": ("organization",),
        "serviceProvider.signIn": ("organization",),
        "serviceProvider.signOut": ("organization",),
        "serviceProvider.certificates": _PROVIDER,
        "serviceProvider.sharedKeys": _PROVIDER,
        "response": ("capturedResponse",),
        "response.signerStatus": ("servicePrincipals",),
        "response.problem": ("servicePrincipals",),
        "response.confirmsNameId": ("servicePrincipals",),
        "response.contradictsNameId": ("servicePrincipals",),
        "signIns": ("signIns",),
        "conditionalAccess": ("conditionalAccessPolicies",),
        "tenant.displayName": ("organization",),
        "tenant.domain": ("organization",),
        "tenant.verifiedDomains": ("organization",),
        "tenant.enabledMemberCount": ("enabledMemberCount",),
        "tenant.testUser": ("testUser",),
        "profile.templateIds": ("applicationTemplates",),
        "profile.servicePrincipals": ("matches",),
    }
)
"""Place in the evidence to the sections that it follows from, besides those of the places above it."""

_NEEDED = {Need.PROFILE: "profile.id", Need.CERTIFICATE: "servicePrincipal.samlSigningExpected"}


def sections_of(rule: Rule) -> frozenset[str]:
    """The sections that can change the verdict of a rule, without those of the rules that it requires."""
    touched = _Touched()
    if rule.needs is not None:
        touched.read(_NEEDED[rule.needs])
    for assertion in _assertions(rule.when):
        touched.read_assertion(assertion)
    if rule.for_each is not None:
        touched.items = touched.follow(rule.for_each.path)
        touched.read(rule.for_each.id)
    for assertion in _assertions((*rule.expect, *(escalation.condition for escalation in rule.escalates))):
        touched.read_assertion(assertion)
    return touched.sections()


def places_of(rule: Rule) -> tuple[frozenset[Place], frozenset[Place]]:
    """What a rule judges by: the places that its paths touch, and those whose whole value they use.

    What only says whether the rule applies (`needs`, `when`) is not judged.
    """
    touched = _Touched()
    if rule.for_each is not None:
        touched.items = touched.follow(rule.for_each.path)
    for assertion in _assertions((*rule.expect, *(escalation.condition for escalation in rule.escalates))):
        touched.read_assertion(assertion)
    return touched.places()


def _assertions(clauses: Iterable[Clause]) -> Iterator[Assertion]:
    for clause in clauses:
        if isinstance(clause, Assertion):
            yield clause
        else:
            yield from clause.assertions


class _Touched:
    """The places that expressions touch on their way, and those whose whole value they use."""

    def __init__(self) -> None:
        self.items: frozenset[Place] = frozenset()
        """Where the element of `for_each` comes from."""
        self._way: set[Place] = set()
        self._whole: set[Place] = set()

    def read_assertion(self, assertion: Assertion) -> None:
        """Notes what an assertion reads."""
        self.read(assertion.path)
        if assertion.operand_path is not None:
            self.read(assertion.operand_path)

    def read(self, expression: str) -> None:
        """Notes what an expression touches, and all that lies within its result."""
        self._whole |= self.follow(expression)

    def follow(self, expression: str) -> frozenset[Place]:
        """Notes what an expression touches on its way; gives the places its result is made of."""
        return self._places(jmespath.compile(expression).parsed, frozenset({()}))

    def places(self) -> tuple[frozenset[Place], frozenset[Place]]:
        """The places on the way, and those whose whole value is used."""
        return frozenset(self._way), frozenset(self._whole)

    def sections(self) -> frozenset[str]:
        """The sections that all of it follows from."""
        found: set[str] = set()
        for place, sections in SECTIONS.items():
            keys = tuple(place.split("."))
            if any(keys == touched[: len(keys)] for touched in self._way | self._whole) or any(
                touched == keys[: len(touched)] for touched in self._whole
            ):
                found.update(sections)
        return frozenset(found)

    def _places(self, tree: Mapping[str, Any], current: frozenset[Place]) -> frozenset[Place]:
        """What the subexpression `tree` gives where `current` is what `@` stands for."""
        kind, children = tree["type"], tree["children"]
        if kind == "field":
            return self._below(current, tree["value"])
        if kind in ("current", "identity", "index", "slice"):
            return current
        if kind in ("subexpression", "index_expression", "pipe", "projection"):
            for child in children:
                current = self._places(child, current)
            return current
        if kind == "filter_projection":
            listed = self._places(children[0], current)
            self._whole |= self._places(children[2], listed)
            return self._places(children[1], listed)
        if kind == "value_projection":  # which keys there are nobody knows: all of them are touched
            self._whole |= self._places(children[0], current)
            return frozenset()
        if kind == "function_expression":
            return self._arguments(children, current)
        results = frozenset().union(*(self._places(child, current) for child in children))
        if kind == "comparator":
            self._whole |= results
            return frozenset()
        return results

    def _below(self, current: frozenset[Place], key: str) -> frozenset[Place]:
        below: set[Place] = set()
        for place in current:
            below |= self.items if not place and key == ITEM else {(*place, key)}
        self._way |= below
        return frozenset(below)

    def _arguments(
        self, children: Iterable[Mapping[str, Any]], current: frozenset[Place]
    ) -> frozenset[Place]:
        values = [child for child in children if child["type"] != "expref"]
        results: frozenset[Place] = frozenset().union(*(self._places(child, current) for child in values))
        for child in children:
            if child["type"] == "expref":
                results |= self._places(child["children"][0], results)
        return results
