"""What an alert is about: one thing that happened, with a key by which it is told once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from auditor.model.change import Change
from auditor.model.configuration import EventKind
from auditor.model.finding import ApplicationReference, Finding
from auditor.model.node import Json
from auditor.model.report import EarlierFinding, ReportedGap
from auditor.model.rule import Severity
from auditor.model.snapshot import TenantIdentity
from auditor.model.waiver import ReportedWaiver
from auditor.model.wire import to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateEnd:
    """A signing certificate that nears its end or is past it."""

    application: ApplicationReference
    thumbprint: str
    subject: str | None
    not_after: str | None
    days_left: int
    """Whole days, negative after expiry."""
    threshold: int | None
    """The one of `certificate_expiry_days` that is crossed; None once it is expired."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something to tell. At most one of the fields that say what it is about is set."""

    id: str
    """The same for the same event, however often it is found; the idempotency key."""
    event: EventKind
    run_id: str | None
    """None when there is no report."""
    tenant: TenantIdentity
    at: str
    severity: Severity
    text: str
    """One line; fit to be shown."""
    report_url: str | None
    finding: Finding | EarlierFinding | None = None
    change: Change | None = None
    certificate: CertificateEnd | None = None
    waiver: ReportedWaiver | None = None
    gaps: tuple[ReportedGap, ...] = ()
    applications: tuple[ApplicationReference, ...] = ()
    """Which ones are concerned; none: the whole tenant, or a profile. Not in the body, which names them."""

    def body(self) -> str:
        """The JSON object of a webhook, in one line; what it is not about is left out."""
        document = cast(Mapping[str, Json], to_json(self))
        abouts = ("finding", "change", "certificate", "waiver", "gaps")
        kept = {key: value for key, value in document.items() if key not in abouts or value}
        del kept["applications"]
        return json.dumps(kept, ensure_ascii=True, separators=(",", ":"))
