"""Pseudonyms: a keyed hash of what stands there, so that equal stays equal and nobody guesses back.

An address is a function of key and address alone, the same in every property, night and tenant. Its domain
stays, and so does the mark of a guest, whose two forms (`pia@fabrikam.com` and
`pia_fabrikam.com#EXT#@contoso.com`) are one person. A name is that of the person's address, and a few digits
of its own, by which it is seen to change.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping

from auditor.evaluate.evidence.people import TUTORIAL_LOCAL_PARTS, TUTORIAL_NAMES

_DIGITS = 12
"""Hex; two of ten thousand people collide once in five million keys."""

_OWN_DIGITS = 4

_GUEST = re.compile(r"(?P<local>.+)_(?P<domain>[^_@]+)(?P<mark>#EXT#)", re.IGNORECASE | re.DOTALL)

_PREFIX = re.compile(r"smtp:|sip:|mailto:", re.IGNORECASE)


def canonical(address: str) -> str:
    """The same text for each way in which one person's address is written."""
    local, at, domain = address.strip().rpartition("@")
    guest = _GUEST.fullmatch(local)
    if at and guest:
        return f"{guest['local']}@{guest['domain']}".lower()
    return f"{local}{at}{domain}".lower()


class Pseudonyms:
    """Those of one key. `owners`: the canonical address of each name (case folded) that one person has."""

    def __init__(self, key: bytes, owners: Mapping[str, str]) -> None:
        self._key = key
        self._owners = owners
        self.given: dict[str, str] = {}
        """What each pseudonym that was given stands for."""

    def address(self, text: str) -> str:
        """Of an address, its domain kept; of a user name that has no domain, a person's."""
        bare = text.strip()
        prefix = _PREFIX.match(bare)
        if prefix:
            return prefix[0] + self.address(bare[prefix.end() :])
        local, at, domain = bare.rpartition("@")
        if not bare or (at and not local):
            return text
        if local.lower() in TUTORIAL_LOCAL_PARTS:
            return text
        guest = _GUEST.fullmatch(local) if at else None
        if guest is not None and guest["local"].lower() in TUTORIAL_LOCAL_PARTS:
            return text
        person = self._of_address(guest["local"] if guest else local or bare, canonical(bare))
        if guest is not None:
            person = f"{person}_{guest['domain']}{guest['mark']}"
        return self._noted(f"{person}{at}{domain if at else ''}", bare)

    def name(self, text: str) -> str:
        """Of a person's name."""
        bare = text.strip()
        if not bare or bare.casefold() in TUTORIAL_NAMES:
            return text
        owner = self._owners.get(bare.casefold())
        if owner is None:
            return self._noted(f"person-{self._hash('name', bare, _DIGITS)}", bare)
        own = self._hash("name", bare, _OWN_DIGITS)
        return self._noted(f"person-{self._hash('address', owner, _DIGITS)}.{own}", bare)

    def ip_address(self, text: str) -> str:
        """Of the address that somebody acted from."""
        return self._noted(f"ip-{self._hash('ip', text.strip().lower(), _DIGITS)}", text) if text else text

    def device(self, text: str) -> str:
        """Of a device, which people call by their own name."""
        return self._noted(f"device-{self._hash('device', text, _DIGITS)}", text) if text else text

    def value(self, text: str) -> str:
        """Of whatever else is said of a person."""
        return self._noted(f"value-{self._hash('value', text, _DIGITS)}", text) if text else text

    def _of_address(self, local: str, canonically: str) -> str:
        hashed = self._hash("address", canonically, _DIGITS)
        # Some comparisons mind the letter case: what differs by it alone goes on doing so.
        return f"person-{hashed}" if local == local.lower() else f"Person-{hashed}"

    def _hash(self, kind: str, text: str, digits: int) -> str:
        message = f"{kind}\n{text}".encode(errors="backslashreplace")
        return hmac.digest(self._key, message, "sha256").hex()[:digits]

    def _noted(self, pseudonym: str, original: str) -> str:
        self.given.setdefault(pseudonym, original)
        return pseudonym
