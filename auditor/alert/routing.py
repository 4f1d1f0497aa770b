"""Which events go to which channel."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from auditor.model.configuration import EventKind, Judgement, Route
from auditor.model.event import Event
from auditor.model.finding import ApplicationReference
from auditor.model.gap import Gap
from auditor.model.report import AuditedApplication
from auditor.model.snapshot import Snapshot
from auditor.model.wire import from_json

_WHATEVER_THE_SEVERITY = (EventKind.INCOMPLETE, EventKind.FAILED)
"""Nobody knows how bad that is which was not looked at."""


class Routing:
    """The routes of a configuration, and what they may ask of an application.

    `tags` are by object id of the service principal; an application that is not in it has tags that nobody
    knows, and is told to every route that asks for some.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        *,
        applications: Iterable[AuditedApplication] = (),
        tags: Mapping[str, Collection[str]] | None = None,
    ) -> None:
        self._routes = routes
        self._profiles = {each.service_principal_id: each.profile for each in applications}
        self._tags = tags or {}

    def channels(self, event: Event) -> tuple[str, ...]:
        """Ids of the destinations that are to be told; each once, however many routes lead there."""
        return tuple(dict.fromkeys(route.to.id for route in self._routes if self._wants(route, event)))

    def _wants(self, route: Route, event: Event) -> bool:
        if event.event not in route.on:
            return False
        if event.severity < route.min_severity and event.event not in _WHATEVER_THE_SEVERITY:
            return False
        if not event.applications:
            return True
        return any(self._is_of(route, each) and self._is_tagged(route, each) for each in event.applications)

    def _is_of(self, route: Route, application: ApplicationReference) -> bool:
        id = application.service_principal_id
        names = {id, application.app_id, application.display_name, self._profiles.get(id) or ""}
        known = {each.casefold() for each in names}
        return not route.applications or not known.isdisjoint(map(str.casefold, route.applications))

    def _is_tagged(self, route: Route, application: ApplicationReference) -> bool:
        tags = self._tags.get(application.service_principal_id)
        return not route.tags or tags is None or not set(tags).isdisjoint(route.tags)


def tags_of(snapshot: Snapshot) -> Mapping[str, Collection[str]]:
    """The tags of each application, by object id: those of auditor.yaml and those that Entra has.

    Left out where Entra's could not be read.
    """
    judgement = from_json(snapshot.configuration, Judgement)
    found: dict[str, Collection[str]] = {}
    for target in snapshot.targets:
        id = target.service_principal_id
        record = snapshot.record("servicePrincipals", id)
        value = None if record is None else record.value
        tags = value.get("tags") if isinstance(value, Mapping) else None
        if isinstance(tags, Sequence) and not isinstance(tags, (str, Gap)):
            configured = () if target.application is None else judgement.applications[target.application].tags
            found[id] = {*configured, *(tag for tag in tags if isinstance(tag, str))}
    return found
