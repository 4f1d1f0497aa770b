"""What the evidence of one application is derived from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from auditor.evaluate.evidence.reading import Item, Source
from auditor.model.cloud import CLOUDS, Cloud
from auditor.model.configuration import ApplicationConfiguration, Judgement
from auditor.model.profile import Profile
from auditor.model.snapshot import Snapshot, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """The snapshot, the application that is looked at, and what is expected of it."""

    snapshot: Snapshot
    target: Target
    profile: Profile | None
    judgement: Judgement
    at: datetime
    """The time of evaluation, aware."""

    @property
    def configured(self) -> ApplicationConfiguration:
        """The application's entry in the configuration, or the defaults."""
        return configured(self.judgement, self.target.application)

    @property
    def cloud(self) -> Cloud:
        """The cloud whose names are expected."""
        return CLOUDS[self.snapshot.cloud]

    def tenant(self, section: str) -> Source:
        """The record of a section that a tenant has once."""
        return Source.of(self.snapshot, section)

    def own(self, section: str) -> Source:
        """The application's own record of a section."""
        return Source.of(self.snapshot, section, self.target.service_principal_id)

    def about(self, section: str, subject: str) -> Source:
        """The record of a section about another object, or an address."""
        return Source.of(self.snapshot, section, subject)

    def service_principal(self) -> Item:
        """The service principal. Raises Unread."""
        return self.own("servicePrincipals").item()


def configured(judgement: Judgement, application: int | None) -> ApplicationConfiguration:
    """Entry number `application` of the configuration, or the defaults."""
    return ApplicationConfiguration() if application is None else judgement.applications[application]
