"""Evidence of a changed snapshot, read the way rules read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from auditor.evaluate.evidence import application_evidence
from auditor.evaluate.paths import Path
from auditor.model.configuration import Judgement
from auditor.model.gap import Gap
from auditor.model.node import Json, Node
from auditor.model.profile import Profile
from auditor.model.snapshot import Snapshot
from tests.evaluate import snapshots
from tests.saml.federation import AT

Changes = Mapping[tuple[str, str], Node]


def evidence(
    found: Snapshot | Changes | None = None,
    *,
    judgement: Judgement | None = None,
    profile: Profile | None = None,
    at: datetime = AT,
) -> dict[str, Node]:
    """The evidence of the application in a snapshot, or in the healthy one with changes."""
    whole = found if isinstance(found, Snapshot) else snapshots.snapshot(found)
    return application_evidence(
        whole, whole.targets[0], profile=profile, judgement=judgement or snapshots.judgement(), at=at
    )


def value(tree: Mapping[str, Node], path: str) -> Json:
    """What stands there; no gap may."""
    reading = Path(path).read(tree)
    assert reading.gaps == ()
    return reading.value


def the_gap(tree: Mapping[str, Node], path: str) -> Gap:
    """The one gap that stands there."""
    (gap,) = Path(path).read(tree).gaps
    return gap


def sections(tree: Mapping[str, Node], path: str) -> set[str]:
    """What was asked for the value there: sections, and paths below them."""
    requests = Path(path).read(tree).requests
    return {_section(request.url) for request in requests if request.method == "GET"}


def _section(url: str) -> str:
    _, _, section, subject, *below = url.split("/")
    return "/".join([section, subject, *below]) if below else section
