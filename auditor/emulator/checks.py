"""What is wrong with a scene although its form is right: names without owner, identifiers with two."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from auditor.emulator.drafts import ApplicationDraft, CertificateDraft, TenantDraft
from auditor.errors import DocumentError
from auditor.yaml_document import YamlDocument

_GRAPH_WORDS = ("All", "Office365", "None", "MicrosoftAdminPortals", "GuestsOrExternalUsers")


@dataclass(frozen=True, slots=True)
class Checks:
    """The checks of one scene, read from `document`."""

    document: YamlDocument
    draft: TenantDraft

    def references(self) -> Iterator[DocumentError]:
        """Names that nothing has, before the named faults are applied."""
        draft = self.draft
        people = [user.upn for user in draft.users] + [user.name for user in draft.users]
        people += [group.name for group in draft.groups] + [contact.name for contact in draft.contacts]
        applications = [application.name for application in draft.applications]
        yield from self._twice("users", [user.upn for user in draft.users])
        yield from self._twice("groups", [group.name for group in draft.groups])
        yield from self._twice("applications", applications)
        for number, group in enumerate(draft.groups):
            yield from self._unknown(group.members, people, "groups", number, "members")
        for number, application in enumerate(draft.applications):
            yield from self._application(application, number, people)
        for number, policy in enumerate(draft.conditional_access):
            place = ("conditional_access", number)
            known = [*applications, *_GRAPH_WORDS]
            yield from self._unknown(policy.applications, known, *place, "applications")
            yield from self._unknown(policy.exclude_applications, known, *place, "exclude_applications")
            yield from self._unknown(policy.users, [*people, *_GRAPH_WORDS], *place, "users")
            yield from self._unknown(policy.exclude_users, [*people, *_GRAPH_WORDS], *place, "exclude_users")
        for number, entry in enumerate(draft.audit):
            yield from self._unknown([entry.application], applications, "audit", number, "application")

    def identifiers(self, completed: TenantDraft) -> Iterator[DocumentError]:
        """Identifiers that two applications of the completed scene share, which Entra does not allow."""
        owners: dict[str, str] = {}
        for application in completed.applications:
            for identifier in application.identifiers or ():
                owner = owners.setdefault(identifier.lower(), application.name)
                if owner != application.name:
                    number = next(
                        (n for n, one in enumerate(self.draft.applications) if one.name == application.name),
                        0,
                    )
                    yield self.document.problem(
                        f"'{application.name}' has the identifier {identifier}, and so has '{owner}';"
                        " Entra refuses a second one",
                        "applications",
                        number,
                        remedy=f"Give it another, like {identifier}#2; Entra does not send the part after #.",
                    )

    def _application(
        self, draft: ApplicationDraft, number: int, people: list[str]
    ) -> Iterator[DocumentError]:
        place = ("applications", number)
        policies = self.draft.policies
        for key, names in (
            ("assigned", draft.assigned),
            ("owners", draft.owners),
            ("registration_owners", draft.registration_owners),
        ):
            yield from self._unknown(names, people, *place, key)
        templates = [template.name for template in self.draft.gallery]
        yield from self._unknown([draft.template] if draft.template else [], templates, *place, "template")
        mapping, issuance = draft.claims_mapping_policy, draft.token_issuance_policy
        known = [policy.name for policy in policies.claims_mapping]
        yield from self._unknown([mapping] if mapping else [], known, *place, "claims_mapping_policy")
        known = [policy.name for policy in policies.token_issuance]
        yield from self._unknown([issuance] if issuance else [], known, *place, "token_issuance_policy")
        resources = ["Microsoft Graph", *(application.name for application in self.draft.applications)]
        for index, grant in enumerate(draft.delegated):
            names = [grant.user] if grant.user else []
            yield from self._unknown([grant.resource], resources, *place, "delegated", index, "resource")
            yield from self._unknown(names, people, *place, "delegated", index, "user")
        for index, permission in enumerate(draft.permissions):
            yield from self._unknown(
                [permission.resource], resources, *place, "permissions", index, "resource"
            )
        for index, series in enumerate(draft.sign_ins):
            names = [series.user] if series.user else []
            yield from self._unknown(names, people, *place, "sign_ins", index, "user")
        yield from self._service_provider(draft, number)

    def _service_provider(self, draft: ApplicationDraft, number: int) -> Iterator[DocumentError]:
        told, place = draft.service_provider, ("applications", number, "service_provider")
        if told is None:
            return
        if not self.draft.configuration:
            yield self.document.problem(
                "nothing in the configuration could declare it",
                *place,
                key=True,
                remedy="Add an entry for this application under configuration.",
            )
        drafts = [CertificateDraft()] if draft.certificates is None and draft.is_saml else draft.certificates
        listed = [one for one in drafts or () if one.purpose == "signing" and one.in_metadata]
        if not listed or any(index >= len(listed) for index in told.certificates or ()):
            yield self.document.problem(
                f"'{draft.name}' has {len(listed)} signing certificates, counted from 0",
                *place,
                key=True,
                remedy="Name certificates that the application has.",
            )

    def _unknown(
        self, names: Iterable[str], known: Iterable[str], *place: str | int
    ) -> Iterator[DocumentError]:
        spelled = {name.lower(): name for name in known}
        for number, name in enumerate(names):
            if name.lower() not in spelled:
                near = difflib.get_close_matches(name.lower(), spelled, n=1)
                remedy = (
                    f"Did you mean '{spelled[near[0]]}'?" if near else "Nothing in this scene is called so."
                )
                yield self.document.problem(f"'{name}' is unknown here", *place, number, remedy=remedy)

    def _twice(self, section: str, names: list[str]) -> Iterator[DocumentError]:
        seen: set[str] = set()
        for number, name in enumerate(names):
            if name.lower() in seen:
                yield self.document.problem(
                    f"'{name}' is here twice", section, number, remedy="Give one of them another name."
                )
            seen.add(name.lower())
