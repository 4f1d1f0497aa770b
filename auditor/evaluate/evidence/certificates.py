"""`certificates`: the SAML signing certificates of an application, each once, from Graph and its metadata."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from auditor.evaluate.evidence.material import Material
from auditor.evaluate.evidence.metadata import Metadata
from auditor.evaluate.evidence.reading import attempt, derive, known
from auditor.evaluate.evidence.service_provider import service_provider
from auditor.evaluate.evidence.settings import configuration_request
from auditor.evaluate.evidence.signing_keys import KeyGroup, key_groups, preferred_thumbprint
from auditor.model.gap import Gap
from auditor.model.node import Node, Read
from auditor.saml.certificate import Certificate, format_time, identifies, parse_time

ACTIVE, INACTIVE, ABSENT = "active", "inactive", "absent"


def certificates(material: Material, metadata: Metadata) -> Node:
    """The root `certificates`.

    `active` is empty when the preferred thumbprint is null or names none of them; `others` are the inactive
    ones in Graph; `all` has these and the ones that only the metadata lists (absent).
    """
    source = material.own("servicePrincipals")
    return source.read(derive(lambda: _Certificates(material, metadata).root()))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """A signing certificate of Graph, with what the metadata adds to it."""

    group: KeyGroup
    thumbprint: str | Gap
    certificate: Certificate | Gap
    """Its details."""
    details_from_metadata: bool
    """Whether the details were found in the metadata, since Graph did not send them."""
    name_from_metadata: bool
    """Whether the thumbprint was found there too."""

    def begins(self) -> datetime | Gap:
        """When it becomes valid; what the key credential says counts for Entra."""
        written = attempt(lambda: self.group.main.item.moment("startDateTime"))
        if isinstance(written, Gap) and isinstance(self.certificate, Certificate):
            return parse_time(self.certificate.not_before)
        return written

    def ends(self) -> datetime | Gap:
        """When it expires."""
        written = attempt(lambda: self.group.main.item.moment("endDateTime"))
        if isinstance(written, Gap) and isinstance(self.certificate, Certificate):
            return parse_time(self.certificate.not_after)
        return written


class _Certificates:
    """The derivation for one application. Raises Unread when the key credentials could not be read."""

    def __init__(self, material: Material, metadata: Metadata) -> None:
        self.material = material
        self.metadata = metadata
        self.listed = attempt(metadata.certificates)
        service_principal = material.service_principal()
        self.preferred = attempt(
            lambda: service_principal.optional_text("preferredTokenSigningKeyThumbprint")
        )
        candidates = preferred_thumbprint(service_principal)
        groups = [group for group in key_groups(service_principal) if group.signs]
        self.graph = [self._known(group, candidates) for group in sorted(groups, key=_end)]

    def root(self) -> Mapping[str, Node]:
        """The three lists; a gap where membership depends on something unread."""
        entries = [(self._status(entry), self._entry(entry)) for entry in self.graph]
        undecided = next((status for status, _ in entries if isinstance(status, Gap)), None)
        active = [entry for status, entry in entries if status == ACTIVE]
        others = [
            status if isinstance(status, Gap) else entry for status, entry in entries if status != ACTIVE
        ]
        named = any(entry.name_from_metadata for entry in self.graph)
        read = self.metadata.read if named else lambda node: node
        return {
            "all": self.metadata.read([*(entry for _, entry in entries), *self._absent()]),
            "active": undecided if undecided is not None and not active else read(active),
            "others": read(others),
        }

    def _known(self, group: KeyGroup, candidates: Sequence[str]) -> _Known:
        thumbprint = group.thumbprint(candidates)
        certificate: Certificate | Gap | None = group.certificate
        found = None
        if certificate is None:
            listed = () if isinstance(self.listed, Gap) else self.listed
            found = next((one for one in listed if _is_same(one, thumbprint, group)), None)
        return _Known(
            group=group,
            thumbprint=thumbprint or (found.thumbprint if found else group.unknown()),
            certificate=certificate or found or group.unknown(),
            details_from_metadata=found is not None,
            name_from_metadata=found is not None and thumbprint is None,
        )

    def _status(self, entry: _Known) -> str | Gap:
        if isinstance(self.preferred, Gap):
            return self.preferred
        wanted = (self.preferred or "").strip().upper()
        if entry.thumbprint == wanted:
            return ACTIVE
        if isinstance(entry.thumbprint, Gap) and wanted:
            named = any(other.thumbprint == wanted for other in self.graph)
            return INACTIVE if named else entry.thumbprint
        return INACTIVE

    def _entry(self, entry: _Known) -> Mapping[str, Node]:
        details = self._facts(entry.certificate)
        if entry.details_from_metadata:
            details = {name: self.metadata.read(value) for name, value in details.items()}
        in_metadata = attempt(lambda: known(entry.thumbprint) in self._listed_thumbprints())
        return {
            **details,
            "thumbprint": self.metadata.read(entry.thumbprint)
            if entry.name_from_metadata
            else entry.thumbprint,
            **self._dates(entry.begins(), entry.ends()),
            "status": self._status(entry),
            "inMetadata": self.metadata.read(in_metadata),
            "atServiceProvider": service_provider(self.material),
            "keyIds": list(entry.group.key_ids),
        }

    def _absent(self) -> Sequence[Node]:
        """The certificates that only the metadata lists; one gap when that cannot be told."""
        if isinstance(self.listed, Gap):
            return (self.listed,)
        thumbprints = {entry.thumbprint for entry in self.graph}
        unlisted = [one for one in self.listed if one.thumbprint not in thumbprints]
        unknown = next((one for one in thumbprints if isinstance(one, Gap)), None)
        return (unknown,) if unlisted and unknown else [self._absent_entry(one) for one in unlisted]

    def _absent_entry(self, certificate: Certificate) -> Mapping[str, Node]:
        return {
            **self._facts(certificate),
            **self._dates(parse_time(certificate.not_before), parse_time(certificate.not_after)),
            "status": ABSENT,
            "inMetadata": True,
            "atServiceProvider": service_provider(self.material),
            "keyIds": [],
        }

    def _facts(self, certificate: Certificate | Gap) -> dict[str, Node]:
        if isinstance(certificate, Gap):
            names = ("sha256", "subject", "keyType", "keySize", "signatureAlgorithm")
            return dict.fromkeys(names, certificate)
        return {
            "thumbprint": certificate.thumbprint,
            "sha256": certificate.sha256,
            "subject": certificate.subject,
            "keyType": certificate.key_type,
            "keySize": certificate.key_size,
            "signatureAlgorithm": certificate.signature_algorithm,
        }

    def _dates(self, starts: datetime | Gap, ends: datetime | Gap) -> dict[str, Node]:
        at, source = self.material.at, configuration_request(self.material.snapshot)
        days = self.material.judgement.thresholds.certificate_expiry_days
        left = ends if isinstance(ends, Gap) else (ends - at).days
        crossed = left if isinstance(left, Gap) else Read(sum(limit >= left for limit in days), (source,))
        return {
            "notBefore": starts if isinstance(starts, Gap) else format_time(starts),
            "notAfter": ends if isinstance(ends, Gap) else format_time(ends),
            "daysLeft": left,
            "validity": _validity(starts, ends, at),
            "thresholdsCrossed": crossed,
        }

    def _listed_thumbprints(self) -> frozenset[str]:
        return frozenset(certificate.thumbprint for certificate in known(self.listed))


def _end(group: KeyGroup) -> str:
    end = group.main.item.node("endDateTime")
    return end if isinstance(end, str) else ""


def _is_same(certificate: Certificate, thumbprint: str | None, group: KeyGroup) -> bool:
    if thumbprint is not None:
        return certificate.thumbprint == thumbprint
    return any(identifies(identifier, certificate) for identifier in group.identifiers)


def _validity(starts: datetime | Gap, ends: datetime | Gap, at: datetime) -> str | Gap:
    if isinstance(ends, datetime) and at > ends:
        return "expired"
    if isinstance(starts, datetime) and at < starts:
        return "not-yet-valid"
    unread = next((bound for bound in (starts, ends) if isinstance(bound, Gap)), None)
    return unread or "valid"
