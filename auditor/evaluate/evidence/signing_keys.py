"""The certificates among an object's key credentials.

Entra lists one SAML signing certificate three times: a key credential with usage Sign, one with usage Verify,
and a password credential with the Sign entry's keyId; all bear the same customKeyIdentifier, which is not
always the thumbprint. Microsoft Graph documentation, "Configure SAML-based single sign-on".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from auditor.evaluate.evidence.reading import Item, attempt
from auditor.model.gap import Gap
from auditor.saml.certificate import (
    Certificate,
    CertificateError,
    decode_base64,
    from_base64,
    normalise_thumbprint,
    thumbprint_of_identifier,
)

SIGN = "sign"
VERIFY = "verify"
ENCRYPT = "encrypt"


class KeyEntry(NamedTuple):
    """One key credential."""

    item: Item
    usage: str
    """Lower case; empty when null."""
    key_id: str | None
    custom_key_identifier: str | None
    certificate: Certificate | None
    """What `key` holds, if it is there and is a certificate."""
    digest: str | None
    """Thumbprint of the bytes of a public `key` that is no readable certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyGroup:
    """The key credentials that stand for one certificate."""

    entries: tuple[KeyEntry, ...]

    @property
    def usages(self) -> frozenset[str]:
        """What the certificate is for, lower case."""
        return frozenset(entry.usage for entry in self.entries)

    @property
    def signs(self) -> bool:
        """Whether Entra signs with it."""
        return SIGN in self.usages

    @property
    def key_ids(self) -> tuple[str, ...]:
        """keyIds of all entries, sorted."""
        return tuple(sorted({entry.key_id for entry in self.entries if entry.key_id}))

    @property
    def identifiers(self) -> tuple[str, ...]:
        """customKeyIdentifiers of the entries, sorted; in practice one."""
        found = {entry.custom_key_identifier for entry in self.entries if entry.custom_key_identifier}
        return tuple(sorted(found))

    @property
    def main(self) -> KeyEntry:
        """The entry that Entra signs with, else the first by keyId."""
        return min(self.entries, key=lambda entry: (entry.usage != SIGN, entry.key_id or ""))

    @property
    def certificate(self) -> Certificate | None:
        """The certificate, when Graph sent its bytes."""
        return next((entry.certificate for entry in self.entries if entry.certificate), None)

    def thumbprint(self, candidates: Iterable[str] = ()) -> str | None:
        """The certificate's thumbprint, None when Graph did not say enough to know it.

        `candidates` are thumbprints it may have: one of them is recognised when customKeyIdentifier is made
        from it by Microsoft's recipe for uploaded certificates, SHA-256 over its digits.
        """
        if self.certificate is not None:
            return self.certificate.thumbprint
        for identifier in self.identifiers:
            if named := thumbprint_of_identifier(identifier):
                return named
            for candidate in candidates:
                if _is_made_from(identifier, candidate):
                    return candidate
        return next((entry.digest for entry in self.entries if entry.digest), None)

    def unknown(self) -> Gap:
        """What stands for the certificate's details when Graph did not send it."""
        item = self.main.item
        found = item.node("key")
        if isinstance(found, Gap):
            return found
        return item.source.gap(f"Graph did not show the certificate {self.name}")

    @property
    def name(self) -> str:
        """What to call it without its thumbprint."""
        item = self.main.item
        shown = item.node("displayName")
        return shown if isinstance(shown, str) else self.main.key_id or "without a name"


def preferred_thumbprint(service_principal: Item) -> tuple[str, ...]:
    """The thumbprint that Entra is told to sign with: one, or none where it is null or could not be read."""
    shown = attempt(lambda: service_principal.optional_text("preferredTokenSigningKeyThumbprint"))
    thumbprint = normalise_thumbprint(shown) if isinstance(shown, str) else None
    return () if thumbprint is None else (thumbprint,)


def key_groups(owner: Item) -> tuple[KeyGroup, ...]:
    """The certificates among the key credentials of a service principal or registration, sorted.

    Those that are known to encrypt assertions are left out. Raises Unread.
    """
    encryption = attempt(lambda: owner.optional_text("tokenEncryptionKeyId"))
    encryption_key = encryption.lower() if isinstance(encryption, str) else None
    entries = [_entry(item) for item in owner.items("keyCredentials")]
    others = [entry for entry in entries if not _encrypts(entry, encryption_key)]
    thumbprints = {
        entry.custom_key_identifier: entry.certificate.thumbprint for entry in others if entry.certificate
    }
    groups: dict[str, list[KeyEntry]] = {}
    for entry in sorted(others, key=lambda entry: (entry.key_id or "", entry.usage)):
        groups.setdefault(_identity(entry, thumbprints), []).append(entry)
    return tuple(KeyGroup(entries=tuple(group)) for _, group in sorted(groups.items()))


def _encrypts(entry: KeyEntry, encryption_key: str | None) -> bool:
    if entry.usage in (SIGN, ENCRYPT):
        return entry.usage == ENCRYPT
    return entry.key_id is not None and entry.key_id.lower() == encryption_key


def _identity(entry: KeyEntry, thumbprints: dict[str | None, str]) -> str:
    identifier = entry.custom_key_identifier
    if entry.certificate is not None:
        return entry.certificate.thumbprint
    if identifier is not None:
        return thumbprints.get(identifier) or thumbprint_of_identifier(identifier) or identifier
    return entry.key_id or ""


def _entry(item: Item) -> KeyEntry:
    usage = (item.optional_text("usage") or "").lower()
    certificate, digest = _key(item, usage)
    return KeyEntry(
        item=item,
        usage=usage,
        key_id=item.optional_text("keyId"),
        custom_key_identifier=item.optional_text("customKeyIdentifier"),
        certificate=certificate,
        digest=digest,
    )


def _key(item: Item, usage: str) -> tuple[Certificate | None, str | None]:
    """The certificate in `key`. A null there hides it: Graph returns keys only where they are selected."""
    key = item.node("key")
    if not isinstance(key, str):
        return None, None
    try:
        return from_base64(key), None
    except CertificateError:
        pass
    if usage != VERIFY:  # the key of a Sign entry may be a PKCS #12 file, whose digest names nothing
        return None, None
    try:
        return None, hashlib.sha1(decode_base64(key), usedforsecurity=False).hexdigest().upper()
    except CertificateError:
        return None, None


def _is_made_from(identifier: str, thumbprint: str) -> bool:
    try:
        value = decode_base64(identifier)
    except CertificateError:
        return False
    return any(
        value == hashlib.sha256(digits.encode()).digest()
        for digits in (thumbprint.upper(), thumbprint.lower())
    )
