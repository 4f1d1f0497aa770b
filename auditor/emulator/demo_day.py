"""The day between the two nights of the demo: who did what, so that the tenant came to be as its scene says.

`take_back` makes the tenant what it was the night before; `happen` does again what was taken back, one thing
after the other and by people with names, but for one of which the directory audit log knows nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from auditor.emulator.administration import Administrator
from auditor.emulator.directory import Tenant
from auditor.emulator.requests import Json

MEETING, TRAINING, WEBINAR, ASSIST = "GoToMeeting", "GoToTraining", "GoToWebinar", "GoToAssist"
GUEST = "Guest partner of GoToTraining"


@dataclass(kw_only=True)
class DemoDay:
    """The day, in a tenant of the scene `demo`."""

    tenant: Tenant
    _as_in_the_scene: dict[tuple[str, str], Json] = field(default_factory=dict, init=False)

    def take_back(self) -> None:
        """Makes it yesterday evening."""
        unseen = self._administrator("nobody", hours=0, logged=False)
        for application, name in (
            (TRAINING, "replyUrls"),
            (MEETING, "notificationEmailAddresses"),
            (WEBINAR, "appRoleAssignmentRequired"),
            (ASSIST, "samlSingleSignOnSettings"),
        ):
            self._as_in_the_scene[application, name] = unseen.service_principal(application)[name]
        (expected, *_) = self._texts(TRAINING, "replyUrls")
        unseen.set_reply_urls(TRAINING, [expected])
        unseen.unassign(TRAINING, GUEST)
        unseen.set_property(MEETING, "notificationEmailAddresses", [])
        unseen.set_property(WEBINAR, "appRoleAssignmentRequired", True)
        unseen.remove_member("Marketing", "lynn@contoso.com")
        unseen.set_relay_state(ASSIST, "https://app.gotoassist.com")

    def happen(self) -> None:
        """Lets the day pass."""
        barbara = self._administrator("barbara@contoso.com", hours=9)
        barbara.set_reply_urls(TRAINING, self._texts(TRAINING, "replyUrls"))
        self._administrator("donald@contoso.com", hours=8).assign(TRAINING, GUEST)
        self._administrator("hedy@contoso.com", hours=7).add_member("Marketing", "lynn@contoso.com")
        self._administrator("Build server", hours=5).set_property(
            ASSIST, "samlSingleSignOnSettings", self._as_in_the_scene[ASSIST, "samlSingleSignOnSettings"]
        )
        self._administrator("alan@contoso.com", hours=4).set_property(
            MEETING,
            "notificationEmailAddresses",
            self._as_in_the_scene[MEETING, "notificationEmailAddresses"],
        )
        self._administrator("nobody", hours=3, logged=False).set_property(
            WEBINAR, "appRoleAssignmentRequired", self._as_in_the_scene[WEBINAR, "appRoleAssignmentRequired"]
        )

    def _administrator(self, by: str, *, hours: float, logged: bool = True) -> Administrator:
        """`hours` before the present of the tenant."""
        at = self.tenant.present - timedelta(hours=hours)
        return Administrator(tenant=self.tenant, by=by, at=at, logged=logged)

    def _texts(self, application: str, name: str) -> list[str]:
        found = self._as_in_the_scene[application, name]
        return [str(each) for each in found] if isinstance(found, list) else []
