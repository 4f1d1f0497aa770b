"""Documents with pseudonyms in place of people: snapshots, configurations, what earlier runs said."""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar, cast

from auditor.model.comparison_input import ComparisonInput, EarlierRun
from auditor.model.configuration import Judgement
from auditor.model.finding import Finding, fingerprint
from auditor.model.node import Json
from auditor.model.report import EarlierFinding, Report
from auditor.model.snapshot import Snapshot
from auditor.model.wire import from_json, to_json
from auditor.redaction.people import (
    ADDRESSES,
    ADDRESSES_OF_USERS,
    ALWAYS_NAMES,
    CAPTURED,
    CLAIMS,
    IP_ADDRESS,
    MODIFIED,
    NAME,
    NAME_ID,
    NAMES_OF_USERS,
    NEW,
    OLD,
    PRINCIPAL_NAME,
    Known,
    named_as,
    rewritten,
)
from auditor.redaction.pseudonyms import Pseudonyms
from auditor.redaction.text import Texts
from auditor.saml.reduced import MASK

T = TypeVar("T")
F = TypeVar("F", Finding, EarlierFinding)

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def key_id(key: bytes) -> str:
    """Which key it is, without telling the key."""
    return hmac.digest(key, b"id", "sha256").hex()[:16]


def redact(snapshot: Snapshot, key: bytes, *, kept: Collection[str] = ()) -> Snapshot:
    """The snapshot with pseudonyms; see `Redaction`."""
    return Redaction(key, [snapshot], kept=kept).snapshot(snapshot)


class Redaction:
    """One key, and the people of the snapshots that are looked at together.

    A name gets the pseudonym of the address it has in one of them: snapshots that are compared go in
    together. `kept` are addresses, canonical, that a profile expects.
    """

    def __init__(self, key: bytes, snapshots: Iterable[Snapshot], *, kept: Collection[str] = ()) -> None:
        people = Known()
        for snapshot in snapshots:
            if snapshot.redaction is None:
                people.add(to_json(snapshot))
        self._key = key
        self._pseudonyms = Pseudonyms(key, people.unique_owners())
        self._names = {name.casefold() for name in people.names}
        self._texts = Texts(self._pseudonyms, known=people.addresses, names=people.names, kept=kept)
        self._kept = kept

    @property
    def given(self) -> Mapping[str, str]:
        """What each pseudonym stands for that was given so far."""
        return self._pseudonyms.given

    def text(self, text: str) -> str:
        """A text without the names and addresses in it."""
        return self._texts.without(text)

    def snapshot(self, snapshot: Snapshot) -> Snapshot:
        """With pseudonyms; one that has them already stays as it is."""
        if snapshot.redaction is not None:
            return snapshot
        document = cast(dict[str, Json], to_json(snapshot))
        sections = cast(Mapping[str, Mapping[str, Json]], document.pop("sections"))
        redacted = {
            **cast(dict[str, Json], self._value(document)),
            "sections": {name: self._section(name, section) for name, section in sections.items()},
            "redaction": key_id(self._key),
        }
        return from_json(redacted, Snapshot)

    def judgement(self, judgement: Judgement) -> Judgement:
        """The configuration as it would be written about pseudonyms."""
        return self._of(judgement, Judgement)

    def values(self, values: Sequence[T]) -> tuple[T, ...]:
        """Parts of a report."""
        return tuple(self._of(value, type(value)) for value in values)

    def comparison_input(self, earlier: ComparisonInput) -> ComparisonInput:
        """What a redacted run is compared with: the earlier run as if it had been redacted then."""
        if earlier.before is None:
            return earlier
        before = EarlierRun(
            report=self._earlier_report(earlier.before.report),
            snapshot=self.snapshot(earlier.before.snapshot),
        )
        return replace(earlier, before=before)

    def _of(self, value: T, kind: type[T]) -> T:
        return from_json(self._value(to_json(value)), kind)

    def _section(self, name: str, section: Mapping[str, Json]) -> Json:
        if name != CAPTURED:
            return self._value(section)
        records = cast(Mapping[str, Mapping[str, Json]], section["records"])
        facts = {
            subject: {**cast(dict[str, Json], self._value(record)), "value": self._facts(record["value"])}
            for subject, record in records.items()
        }
        return {**section, "records": facts}

    def _facts(self, value: Json) -> Json:
        """Of a captured response. Masked values stay masked."""
        if not isinstance(value, Mapping):
            return value
        facts = cast(dict[str, Json], self._value(value))
        name_id, claims = value.get(NAME_ID), value.get(CLAIMS)
        if isinstance(name_id, str):
            facts[NAME_ID] = self._claim(name_id)
        if isinstance(claims, Mapping):
            facts[CLAIMS] = {
                name: [self._claim(item) if isinstance(item, str) else item for item in items]
                for name, items in cast(Mapping[str, Sequence[Json]], claims).items()
            }
        return facts

    def _claim(self, value: str) -> str:
        if value in ("", MASK) or _GUID.fullmatch(value):
            return value
        if "@" in value:
            return self._pseudonyms.address(value)
        known = value.strip().casefold() in self._names
        return self._pseudonyms.name(value) if known else self._pseudonyms.value(value)

    def _value(self, value: Json) -> Json:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(key): self._property(value, key, item) for key, item in value.items()}
        if isinstance(value, Sequence):
            return [self._value(item) for item in value]
        return value

    def _property(self, owner: Mapping[str, Json], key: str, value: Json) -> Json:
        """What stands under `key` of an object."""
        if key in ADDRESSES:
            return self._addresses(value)
        if key == MODIFIED and isinstance(value, Sequence):
            return [self._modified(item, of_user=owner.get("type") == "User") for item in value]
        if isinstance(value, str):
            if key == IP_ADDRESS:
                return self._pseudonyms.ip_address(value)
            if key in (NAME, PRINCIPAL_NAME) or key in ALWAYS_NAMES:
                return self._named(value, named_as(owner, key))
        return self._value(value)

    def _named(self, value: str, kind: str) -> str:
        if kind == "device":
            return self._pseudonyms.device(value)
        if kind != "person":
            return self.text(value)
        return self.text(value) if "@" in value else self._pseudonyms.name(value)

    def _addresses(self, value: Json) -> Json:
        if isinstance(value, str):
            return self._pseudonyms.address(value)
        if isinstance(value, Sequence):
            return [self._addresses(item) for item in value]
        return self._value(value)

    def _modified(self, item: Json, *, of_user: bool) -> Json:
        """An entry of `modifiedProperties`."""
        if not isinstance(item, Mapping):
            return self._value(item)
        name = item.get("displayName")
        change = self.text
        if of_user and name in NAMES_OF_USERS:
            change = self._pseudonyms.name
        elif name in ADDRESSES_OF_USERS:
            change = self._pseudonyms.address
        return {
            key: rewritten(value, change) if key in (OLD, NEW) and isinstance(value, str) else value
            for key, value in item.items()
        }

    def _earlier_report(self, report: Report) -> Report:
        """What comparing needs of an earlier report: what was found, not the sentences about it."""
        tenant, comparison = report.run.tenant.id, report.comparison
        if comparison is not None:
            comparison = replace(
                comparison,
                absent=(),
                unknown=tuple(self._earlier_finding(each, tenant) for each in comparison.unknown),
                earlier=(),
            )
        bare = replace(
            report,
            findings=(),
            applications=tuple(replace(each, access=None) for each in report.applications),
            waivers=(),
            comparison=None,
            trend=(),
            drift=None,
            undelivered=(),
        )
        return replace(
            self._of(bare, Report),
            run=replace(report.run, redacted=True),
            findings=tuple(self._earlier_finding(each, tenant) for each in report.findings),
            comparison=comparison,
        )

    def _earlier_finding(self, finding: F, tenant: str) -> F:
        if isinstance(finding, Finding):
            evidence = tuple(replace(entry, value=None) for entry in finding.evidence[:1])
            finding = replace(finding, message="", evidence=evidence, waiver=None)
        subject = replace(
            finding.subject, id=self.text(finding.subject.id), name=str(self._alone(finding.subject.name))
        )
        redacted = replace(
            self._of(finding, type(finding)),
            subject=subject,
            expected=self._alone(finding.expected),
            observed=self._alone(finding.observed),
        )
        if subject.id == finding.subject.id:
            return redacted
        return replace(redacted, fingerprint=_fingerprint(redacted, tenant))

    def _alone(self, value: Json) -> Json:
        """A value that was taken out of its object: a name may stand alone."""
        if isinstance(value, str) and value.strip().casefold() in self._names:
            return self._pseudonyms.name(value)
        if isinstance(value, Sequence) and not isinstance(value, str):
            return [self._alone(item) for item in value]
        if isinstance(value, Mapping):
            return {
                self.text(key): self._property(value, key, item)
                if isinstance(item, str)
                else self._alone(item)
                for key, item in value.items()
            }
        return value if not isinstance(value, str) else self.text(value)


def _fingerprint(finding: Finding | EarlierFinding, tenant: str) -> str:
    """Of a finding about an address: that of its pseudonym."""
    return fingerprint(
        tenant_id=tenant,
        rule_id=finding.rule_id,
        owner=finding.application.app_id if finding.application else "tenant",
        kind=finding.subject.kind,
        subject_id=finding.subject.id,
    )
