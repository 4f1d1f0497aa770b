"""A person who may use an application: the user's properties, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from auditor.evaluate.evidence.reading import Item, attempt, derive, known
from auditor.model.configuration import ApplicationConfiguration
from auditor.model.gap import Gap
from auditor.model.node import Node

TUTORIAL_NAMES = frozenset({"britta simon", "brittasimon", "b.simon"})
"""Test users of Microsoft's tutorials over the years, in lower case."""

TUTORIAL_LOCAL_PARTS = TUTORIAL_NAMES | {"britta.simon"}

_PROPERTIES = ("id", "displayName", "userPrincipalName", "mail", "accountEnabled", "userType")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """What is asked of every person."""

    configured: ApplicationConfiguration
    at: datetime

    def person(self, user: Item) -> Mapping[str, Node]:
        """A user as evidence; a gap where the answer did not show what is needed."""
        return {
            **{name: user.node(name) for name in _PROPERTIES},
            "invitationPendingDays": derive(lambda: self._invitation_pending_days(user)),
            "isTestUser": derive(lambda: self._is_test_user(user)),
            "hasTutorialName": derive(lambda: _has_tutorial_name(user)),
            "userNameIsMail": derive(lambda: self._user_name_is_mail(user)),
        }

    def _invitation_pending_days(self, user: Item) -> int | None:
        """Whole days since a guest was invited who has not accepted; None for everybody else."""
        if user.optional_text("externalUserState") != "PendingAcceptance":
            return None
        since = attempt(lambda: user.moment("externalUserStateChangeDateTime"))
        if isinstance(since, Gap):
            since = user.moment("createdDateTime")
        return max(0, (self.at - since).days)

    def _is_test_user(self, user: Item) -> bool:
        wanted = self.configured.test_user
        return wanted is not None and user.text("userPrincipalName").lower() == wanted.lower()

    def _user_name_is_mail(self, user: Item) -> bool:
        """Whether the value that is sent as name ID is the person's mail address.

        Somebody without mail has no second account to fear as long as another property is sent.
        """
        mail = user.optional_text("mail")
        if not mail:
            return self.configured.name_id != "user.mail"
        return (
            self.configured.name_id == "user.mail" or mail.lower() == user.text("userPrincipalName").lower()
        )


def _has_tutorial_name(user: Item) -> bool:
    name = attempt(lambda: (user.optional_text("displayName") or "").strip().lower() in TUTORIAL_NAMES)
    local_part = attempt(
        lambda: user.text("userPrincipalName").partition("@")[0].lower() in TUTORIAL_LOCAL_PARTS
    )
    if True in (name, local_part):
        return True
    return known(name) or known(local_part)
