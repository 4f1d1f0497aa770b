"""Where snapshots and reports name people: which keys, of which objects. Who adds a section looks here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from auditor.evaluate.evidence.people import TUTORIAL_NAMES
from auditor.model.node import Json
from auditor.redaction.pseudonyms import canonical

ADDRESSES = frozenset(
    {
        "userPrincipalName",
        "mail",
        "testUser",
        "notificationEmailAddresses",
        "otherMails",
        "proxyAddresses",
        "test_user",
        "address",
    }
)
"""Keys of an address, or of a list of them: in Graph, in the configuration, in evidence."""

ALWAYS_NAMES = frozenset({"checkedBy", "checked_by", "owner", "approvedBy", "givenName", "surname"})
"""Keys of a person's name, whoever has them."""

NAME, PRINCIPAL_NAME = "displayName", "principalDisplayName"
"""Keys of a person's name, where it is the name of a person."""

PEOPLE = frozenset({"user", "orgcontact"})
NOBODY = frozenset({"group", "serviceprincipal"})
DEVICE = "device"
"""Values of `type` and `principalType`, in lower case: what is of neither kind is taken for a person."""

IP_ADDRESS = "ipAddress"

CAPTURED = "capturedResponse"
"""The section whose records say who signed on, where the configuration keeps that."""

NAME_ID, CLAIMS = "nameId", "attributes"

MODIFIED, OLD, NEW = "modifiedProperties", "oldValue", "newValue"
"""Of the audit log: JSON inside of strings."""

NAMES_OF_USERS = frozenset({"DisplayName", "GivenName", "Surname", "MailNickname"})
ADDRESSES_OF_USERS = frozenset({"Mail", "UserPrincipalName", "ProxyAddresses", "OtherMail", "User.UPN"})
"""Modified properties, as the log spells them; the first of users alone."""


def named_as(item: Mapping[str, Json], key: str) -> str:
    """What the name under `key` of an object is: `person`, `device` or empty."""
    if key in ALWAYS_NAMES:
        return "person"
    kind = item.get("principalType" if key == PRINCIPAL_NAME else "type")
    if isinstance(kind, str):
        kind = kind.lower()
        if key == PRINCIPAL_NAME:
            return "" if kind in NOBODY else "person"
        return "device" if kind == DEVICE else "person" if kind in PEOPLE else ""
    if key == PRINCIPAL_NAME or isinstance(kind, Mapping):  # what it is could not be read
        return "person"
    return "person" if key == NAME and "userPrincipalName" in item else ""


def strings(value: Json) -> Iterator[str]:
    """All texts in a document but its keys; also those within a text that is JSON."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from strings(item)
    elif isinstance(value, Sequence):
        for item in value:
            yield from strings(item)


def objects(value: Json) -> Iterator[Mapping[str, Json]]:
    """All objects in a document."""
    if isinstance(value, Mapping):
        yield value
        for item in value.values():
            yield from objects(item)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from objects(item)


def inside(text: str) -> Json:
    """The document in a text; the text itself where there is none."""
    try:
        return json.loads(text) if text[:1] in ("[", "{", '"') else text
    except (ValueError, RecursionError):
        return text


def rewritten(text: str, change: Callable[[str], str]) -> str:
    """A text that may be JSON, with each text in it changed; untouched where nothing changes."""

    def walk(value: Json) -> Json:
        if isinstance(value, str):
            return change(value)
        if isinstance(value, Mapping):
            return {key: walk(item) for key, item in value.items()}
        if isinstance(value, Sequence):
            return [walk(item) for item in value]
        return value

    document = inside(text)
    if document is text:
        return change(text)
    new = walk(document)
    return text if new == document else json.dumps(new, separators=(",", ":"), ensure_ascii=False)


@dataclass(slots=True)
class Known:
    """The people of some documents."""

    addresses: set[str] = field(default_factory=set)
    """Canonical."""
    names: set[str] = field(default_factory=set)
    """As they are written; without those of tutorials, which are nobody's."""
    owners: dict[str, str] = field(default_factory=dict)
    """The canonical address of the only person of a name (case folded)."""
    _shared: set[str] = field(default_factory=set)

    def add(self, document: Json) -> None:
        """Takes note of whoever is in a document."""
        for item in objects(document):
            for key, value in item.items():
                if key in ADDRESSES:
                    listed = [value] if isinstance(value, str) else value
                    for text in listed if isinstance(listed, list | tuple) else ():
                        self._address(text)
                elif isinstance(value, str) and value.strip() and named_as(item, key) == "person":
                    if key in (NAME, PRINCIPAL_NAME) or key in ALWAYS_NAMES:
                        self._name(value.strip(), item)
                elif key == MODIFIED and item.get("type") == "User":
                    self._former_names(value)

    def _address(self, text: Json) -> None:
        if isinstance(text, str) and "@" in text:
            self.addresses.add(canonical(text))

    def _name(self, name: str, item: Mapping[str, Json]) -> None:
        if name.casefold() in TUTORIAL_NAMES or "@" in name:
            self._address(name)
            return
        self.names.add(name)
        address = item.get("userPrincipalName") or item.get("mail")
        if not isinstance(address, str):
            return
        folded = name.casefold()
        if self.owners.setdefault(folded, canonical(address)) != canonical(address):
            self._shared.add(folded)

    def _former_names(self, modified: Json) -> None:
        for item in objects(modified):
            if item.get("displayName") in NAMES_OF_USERS:
                for value in (item.get(OLD), item.get(NEW)):
                    for name in strings(inside(value)) if isinstance(value, str) else ():
                        if name.strip():
                            self._name(name.strip(), {})

    def unique_owners(self) -> dict[str, str]:
        """Owners of names that no second person has."""
        return {name: owner for name, owner in self.owners.items() if name not in self._shared}
