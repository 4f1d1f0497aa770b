"""What identifies an application in SAML: identifiers, reply URLs, relay state, and who else has the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from auditor.evaluate.evidence.material import Material
from auditor.evaluate.evidence.reading import Item, attempt, by_id, derive, known
from auditor.evaluate.evidence.signing_keys import key_groups
from auditor.model.gap import Gap
from auditor.model.node import Node
from auditor.model.profile import ExpectationKind

SAML = "saml"


def identifiers(names: Iterable[str], app_id: str) -> tuple[str, ...]:
    """Identifiers (entity IDs) among the names of an application, sorted, each once.

    Entra adds the appId in several forms, which is nobody's entity ID. A trailing `#fragment` tells instances
    of one application apart and is not sent in the assertion: it is left out.
    """
    own = {form.lower() for form in (app_id, f"api://{app_id}", f"spn:{app_id}")}
    return tuple(sorted({name.partition("#")[0] for name in names if name.lower() not in own}))


def service_principal_identifiers(material: Material) -> Node:
    """`servicePrincipal.identifiers`."""
    return derive(
        lambda: list(
            identifiers(material.service_principal().texts("servicePrincipalNames"), material.target.app_id)
        )
    )


def application_identifiers(material: Material) -> Node:
    """`application.identifiers`."""
    registration = material.own("applications")
    return derive(
        lambda: list(identifiers(registration.item().texts("identifierUris"), material.target.app_id))
    )


def default_reply_url(material: Material) -> Node:
    """`application.defaultReplyUrl`: the reply URL that Entra uses when the request names none.

    Null when there is at most one, or when no order is set.
    """
    return derive(lambda: _default_reply_url(material.own("applications").item()))


def saml_signing_expected(material: Material) -> Node:
    """`servicePrincipal.samlSigningExpected`: whether there is a SAML signing certificate or should be.

    There is or should be when the application is set to SAML, when Entra holds a key to sign with or is told
    which one to prefer (older applications show no mode), and when the profile asks for SAML.
    """
    mode = None if material.profile is None else material.profile.expected.get("signOnMode")
    if mode is not None and mode.kind is ExpectationKind.EXACTLY and mode.value == SAML:
        return True

    def shown() -> Node:
        found = material.service_principal()
        signs = (
            attempt(lambda: found.optional_text("preferredSingleSignOnMode") == SAML),
            attempt(lambda: found.optional_text("preferredTokenSigningKeyThumbprint") is not None),
            attempt(lambda: any(group.signs for group in key_groups(found))),
        )
        if True in signs:
            return True
        return next((sign for sign in signs if isinstance(sign, Gap)), False)

    return derive(shown)


def shared_with(material: Material) -> Node:
    """`servicePrincipal.sharedWith`: other applications that take this one's place.

    They have the same identifier or the same reply URL, and the same relay state: another product of the same
    service has a relay state of its own. Compared by letter, as Entra and service providers do.
    """
    candidates = material.own("sharedIdentity")

    def others() -> Node:
        this = _Identity(item=material.service_principal())
        found = [derive(partial(_shared, this, item)) for item in by_id(candidates.items())]
        return [entry for entry in found if entry is not None]

    return candidates.read(derive(others))


@dataclass(frozen=True, slots=True)
class _Identity:
    """What two applications may share. Properties raise Unread."""

    item: Item

    @property
    def id(self) -> str:
        return self.item.text("id")

    def identifiers(self) -> frozenset[str]:
        return frozenset(identifiers(self.item.texts("servicePrincipalNames"), self.item.text("appId")))

    def reply_urls(self) -> frozenset[str]:
        return frozenset(self.item.texts("replyUrls"))

    def relay_state(self) -> str | None:
        """None when it is not set or empty: nothing is sent then."""
        settings = self.item.item("samlSingleSignOnSettings")
        return None if settings is None else settings.optional_text("relayState") or None


def _shared(this: _Identity, item: Item) -> Node:
    """What `item` shares with this application, None when it leaves it alone. Raises Unread."""
    other = _Identity(item=item)
    if other.id == this.id:
        return None
    relay_state = attempt(lambda: this.relay_state() == other.relay_state())
    common = (
        attempt(lambda: this.identifiers() & other.identifiers()),
        attempt(lambda: this.reply_urls() & other.reply_urls()),
    )
    if relay_state is False or not any(common):
        return None
    known(relay_state)
    if not any(isinstance(found, frozenset) and found for found in common):
        known(next(found for found in common if isinstance(found, Gap)))
    identifier, reply_url = (
        found if isinstance(found, Gap) else min(found, default=None) for found in common
    )
    return {
        "id": other.id,
        "appId": item.node("appId"),
        "displayName": item.node("displayName"),
        "identifier": identifier,
        "replyUrl": reply_url,
    }


def _default_reply_url(registration: Item) -> str | None:
    web = registration.item("web")
    if web is None or len(web.texts("redirectUris")) < 2:
        return None
    marked = [
        (setting.number("index"), setting.text("uri"))
        for setting in web.items("redirectUriSettings")
        if setting.get("index") is not None
    ]
    return min(marked)[1] if marked else None
