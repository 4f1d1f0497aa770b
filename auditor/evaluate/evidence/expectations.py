"""`profile`: what the tutorial asks of the application, and how the tenant was searched for it."""

from __future__ import annotations

from collections.abc import Mapping

from auditor.evaluate.evidence.material import configured
from auditor.evaluate.evidence.reading import Source, derive
from auditor.model.configuration import Judgement
from auditor.model.gap import Gap
from auditor.model.node import Json, Node, Read, Request
from auditor.model.profile import Expectation, ExpectationKind, Profile
from auditor.model.snapshot import Snapshot

_ALWAYS = ("signOnMode", "identifier", "replyUrl", "relayState", "signOnUrl", "provisioning", "nameIdFormat")
"""Expectations that rules ask for: null in a profile that says nothing about them."""


def profile_request(snapshot: Snapshot, profile: Profile) -> Request:
    """Where expected values come from."""
    return Request(method="FILE", url=f"profiles/{profile.id}.yaml", at=snapshot.started_at)


def expectations(
    snapshot: Snapshot, profile: Profile | None, judgement: Judgement, application: int | None
) -> Node:
    """The root `profile`; `application` is the index of the configuration's entry, None without one."""
    if profile is None:
        return None
    product = None if application is None else judgement.applications[application].product
    expected = {name: _expectation(found, product) for name, found in sorted(profile.expected.items())}
    return Read(
        {
            "id": profile.id,
            "displayName": profile.display_name,
            "initiatedBy": profile.initiated_by,
            "meant": _meant(judgement, application),
            "templateIds": _template_ids(snapshot, profile),
            "servicePrincipals": _service_principals(snapshot, profile, judgement, application),
            "expected": dict.fromkeys(_ALWAYS) | expected,
        },
        (profile_request(snapshot, profile),),
    )


def _meant(judgement: Judgement, application: int | None) -> str | None:
    """Which service principal the entry of the configuration names; None when the profile finds it."""
    match = configured(judgement, application).match
    return None if match is None else match.in_words()


def _expectation(expectation: Expectation, product: str | None) -> Json:
    kind, value = expectation.kind, expectation.value
    if (
        kind is ExpectationKind.ONE_OF
        and isinstance(value, Mapping)
        and product is not None
        and product in value
    ):
        kind, value = ExpectationKind.EXACTLY, value[product]
    return {
        "kind": kind.value,
        "value": value,
        "document": expectation.document,
        "step": expectation.step,
        "note": expectation.note,
    }


def _template_ids(snapshot: Snapshot, profile: Profile) -> Node:
    templates = Source.of(snapshot, "applicationTemplates", profile.id)
    return templates.read(derive(lambda: sorted(template.text("id") for template in templates.items())))


def _service_principals(
    snapshot: Snapshot, profile: Profile, judgement: Judgement, application: int | None
) -> Node:
    """Those to audit under this profile, and under this entry of the configuration if it says which it means.

    One that was found is there for certain, also when a further search could not be made.
    """
    meant = application if configured(judgement, application).match else None
    found: list[Node] = [
        {
            "id": target.service_principal_id,
            "displayName": target.display_name,
            "matchedBy": target.matched_by.value,
        }
        for target in sorted(snapshot.targets, key=lambda target: target.service_principal_id)
        if target.profile == profile.id and meant in (None, target.application)
    ]
    search = Source.of(snapshot, "matches", profile.id)
    failed = search.value
    if not isinstance(failed, Gap):
        return search.read(found)
    answered = [request for request in search.requests if (request.status or 200) < 300]
    return Read(found, tuple(one for one in answered if str(one) != failed.source)) if found else failed
