"""Nights of a small tenant: the same content, other times; and one night in which something changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from auditor.model.gap import Gap, Reason
from auditor.model.node import Request
from auditor.model.report import Report
from auditor.model.snapshot import MatchedBy, Per, Record, Section, Snapshot, Target
from auditor.report.build import run_id
from tests.report.sample import HOSTILE, TENANT_ID, sample_report

FIRST_NIGHT = datetime(2026, 11, 23, 2, tzinfo=UTC)


def at(night: int) -> datetime:
    """Two o'clock of that night, counted from 0."""
    return FIRST_NIGHT + timedelta(days=night)


def timestamp(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def sample_snapshot(night: int = 0, *, users: int = 3, tenant_id: str = TENANT_ID) -> Snapshot:
    """What was seen in that night; with another number of users it differs in one section."""
    asked = Request(method="GET", url="/v1.0/users", at=timestamp(at(night)), status=200)
    gap = Gap(
        section="owners",
        subject="sp-1",
        reason=Reason.PERMISSION,
        detail="Graph answered 403.",
        permission="User.Read.All",
        http_status=403,
        collected_at=timestamp(at(night)),
    )
    sections = {
        "users": Section(
            name="users",
            per=Per.OBJECT,
            mount=None,
            records={
                str(number): Record(
                    value={"id": str(number), "displayName": HOSTILE, "at": "$time"}, requests=(asked,)
                )
                for number in range(users)
            },
        ),
        "owners": Section(
            name="owners",
            per=Per.SERVICE_PRINCIPAL,
            mount="servicePrincipal.owners",
            records={"sp-1": Record(value=gap, requests=(asked,)), "sp-2": Record(value=[gap, None, {}])},
        ),
        "empty": Section(name="empty", per=Per.TENANT, mount=None),
    }
    target = Target(
        service_principal_id="sp-1",
        app_id="app-1",
        display_name="GoToMeeting\0",
        profile="gotomeeting",
        application=0,
        matched_by=MatchedBy.TEMPLATE,
    )
    return Snapshot(
        tenant=replace(sample_report().run.tenant, id=tenant_id),
        cloud="global",
        started_at=timestamp(at(night)),
        finished_at=timestamp(at(night) + timedelta(seconds=41)),
        auditor_version="0.1.0",
        configuration={"environment": "production"},
        targets=(target,),
        sections=sections,
    )


def report_of(snapshot: Snapshot) -> Report:
    """What was said about it."""
    report = sample_report()
    evaluated = datetime.fromisoformat(snapshot.finished_at)
    run = replace(
        report.run,
        id=run_id(snapshot, evaluated),
        started_at=snapshot.started_at,
        finished_at=snapshot.finished_at,
        evaluated_at=snapshot.finished_at,
        tenant=snapshot.tenant,
    )
    moved = tuple(
        replace(
            finding,
            evidence=tuple(
                replace(entry, collected_at=entry.collected_at and snapshot.finished_at)
                for entry in finding.evidence
            ),
        )
        for finding in report.findings
    )
    return replace(report, run=run, findings=moved)
