"""`certificates`: the SAML signing certificates of an application, each once.

From Graph, its metadata and the service provider's side together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from auditor.evaluate.evidence.material import Material
from auditor.evaluate.evidence.metadata import Metadata
from auditor.evaluate.evidence.reading import attempt, derive, known
from auditor.evaluate.evidence.rollover import Facts, Signing, rollover
from auditor.evaluate.evidence.service_provider import ServiceProvider
from auditor.evaluate.evidence.settings import configuration_request
from auditor.evaluate.evidence.signing_keys import KeyGroup, key_groups, preferred_thumbprint
from auditor.model.gap import Gap
from auditor.model.node import Node, Read
from auditor.saml.certificate import Certificate, format_time, identifies, parse_time

ACTIVE, INACTIVE, ABSENT = "active", "inactive", "absent"


def certificates(material: Material, metadata: Metadata, provider: ServiceProvider) -> Node:
    """The root `certificates`.

    `active` is empty when the preferred thumbprint is null or names none of them; `others` are the inactive
    ones in Graph; `all` has these and the ones that only the metadata or the service provider has (absent).
    `rollover` says where the change from one to the next stands.
    """
    source = material.own("servicePrincipals")
    return source.read(derive(lambda: _Certificates(material, metadata, provider).root()))


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
        written = self._written("startDateTime")
        if isinstance(written, Gap) and isinstance(self.certificate, Certificate):
            return parse_time(self.certificate.not_before)
        return written

    def ends(self) -> datetime | Gap:
        """When it expires."""
        written = self._written("endDateTime")
        if isinstance(written, Gap) and isinstance(self.certificate, Certificate):
            return parse_time(self.certificate.not_after)
        return written

    @property
    def rests_on_metadata(self) -> bool:
        """Whether its thumbprint or a date of it is known from the metadata alone."""
        dates = (self._written("startDateTime"), self._written("endDateTime"))
        unwritten = any(isinstance(date, Gap) for date in dates)
        return self.name_from_metadata or (self.details_from_metadata and unwritten)

    def _written(self, name: str) -> datetime | Gap:
        return attempt(lambda: self.group.main.item.moment(name))


class _Certificates:
    """The derivation for one application. Raises Unread when the key credentials could not be read."""

    def __init__(self, material: Material, metadata: Metadata, provider: ServiceProvider) -> None:
        self.material = material
        self.metadata = metadata
        self.provider = provider
        self.listed = attempt(metadata.certificates)
        self.holding = attempt(provider.holding)
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
            "onlyAtServiceProvider": self.provider.read(derive(lambda: list(self._strangers()))),
            "rollover": self._rollover(),
        }

    def _known(self, group: KeyGroup, candidates: Sequence[str]) -> _Known:
        thumbprint = group.thumbprint(candidates)
        certificate: Certificate | Gap | None = group.certificate
        found = None
        if certificate is None:
            found = next((one for one in self.metadata.listed if _is_same(one, thumbprint, group)), None)
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
            "atServiceProvider": self._held(entry.thumbprint),
            "keyIds": list(entry.group.key_ids),
        }

    def _held(self, thumbprint: str | Gap) -> Node:
        return self.provider.read(derive(lambda: self.provider.holds(known(thumbprint))))

    def _absent(self) -> Sequence[Node]:
        """The certificates that only the metadata or the service provider has.

        One gap when it cannot be told which the metadata lists, or whether Graph has one of them too.
        """
        thumbprints = {entry.thumbprint for entry in self.graph}
        unknown = next((one for one in thumbprints if isinstance(one, Gap)), None)
        listed = () if isinstance(self.listed, Gap) else self.listed
        held = () if isinstance(self.holding, Gap) else self.holding.certificates
        by_thumbprint = {one.thumbprint: one for one in (*held, *listed) if one.thumbprint not in thumbprints}
        entries: list[Node] = [self._absent_entry(one) for _, one in sorted(by_thumbprint.items())]
        if by_thumbprint and unknown:
            entries = [unknown]
        return [self.listed, *entries] if isinstance(self.listed, Gap) else entries

    def _absent_entry(self, certificate: Certificate) -> Node:
        in_metadata = attempt(lambda: certificate.thumbprint in self._listed_thumbprints())
        entry = {
            **self._facts(certificate),
            **self._dates(parse_time(certificate.not_before), parse_time(certificate.not_after)),
            "status": ABSENT,
            "inMetadata": in_metadata,
            "atServiceProvider": self._held(certificate.thumbprint),
            "keyIds": [],
        }
        return entry if in_metadata is True else self.provider.read(entry)

    def _strangers(self) -> Sequence[str]:
        """Thumbprints that the service provider has and Graph does not list, sorted. Raises Unread."""
        found = known(self.holding).thumbprints - {entry.thumbprint for entry in self.graph}
        for entry in self.graph if found else ():
            known(entry.thumbprint)
        return sorted(found)

    def _rollover(self) -> Node:
        """Where the change of the certificate stands; null where none is active."""
        node = derive(self._derived_rollover)
        if any(entry.rests_on_metadata for entry in self.graph):
            node = self.metadata.read(node)
        return self.provider.read(node) if self.provider.is_declared else node

    def _derived_rollover(self) -> Node:
        if self.provider.is_declared:
            known(self.holding)
        statuses = [known(self._status(entry)) for entry in self.graph]
        if ACTIVE not in statuses:
            nothing = "It has no signing certificate."
            return None if statuses else _rollover_node("none", None, nothing)
        active = self.graph[statuses.index(ACTIVE)]
        holding = None if isinstance(self.holding, Gap) else self.holding
        facts = Facts(
            at=self.material.at,
            provider=self.provider.name,
            active=self._signing(active),
            inactive=[self._signing(entry) for entry in self.graph if entry is not active],
            shared=holding is not None and holding.shared,
            strangers=() if holding is None else self._strangers(),
            reads_metadata=self.provider.reads_metadata,
            soon=timedelta(days=max(self.material.judgement.thresholds.certificate_expiry_days)),
        )
        found = rollover(facts)
        safe = self.holding if found.safe is None and isinstance(self.holding, Gap) else found.safe
        node = _rollover_node(
            found.state.value,
            safe,
            found.sentence,
            signs_with=facts.signer.thumbprint,
            following=[self._following(facts.next)] if facts.next else [],
        )
        return Read(node, (configuration_request(self.material.snapshot),))

    def _following(self, one: Signing) -> Node:
        held = self.holding if isinstance(self.holding, Gap) else one.held
        return {
            "thumbprint": one.thumbprint,
            "notBefore": format_time(one.starts),
            "notAfter": format_time(one.ends),
            "atServiceProvider": held,
        }

    def _signing(self, entry: _Known) -> Signing:
        """The certificate as the table of rollovers sees it. Raises Unread."""
        thumbprint = known(entry.thumbprint)
        held = None if isinstance(self.holding, Gap) else thumbprint in self.holding.thumbprints
        return Signing(
            thumbprint=thumbprint, starts=known(entry.begins()), ends=known(entry.ends()), held=held
        )

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


def _rollover_node(
    state: str,
    safe: bool | Gap | None,
    sentence: str,
    *,
    signs_with: str | None = None,
    following: Sequence[Node] = (),
) -> Node:
    """`next` holds the certificate that waits to become active, or none."""
    return {
        "state": state,
        "safe": safe,
        "sentence": sentence,
        "signsWith": signs_with,
        "next": list(following),
    }


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
