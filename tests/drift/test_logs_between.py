"""What changed over several nights is explained by the logs of all of them, which the store keeps."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from auditor.history import open_history
from auditor.model.snapshot import TENANT, Per, Snapshot
from tests.conftest import Runner
from tests.drift.tenant import EVE, SP, TENANT_ID, edited, gap, member, put, snapshot
from tests.drift.test_attribution import entry, relation
from tests.history.sample import report_of

CONFIGURATION = {
    "tenants": [{"id": TENANT_ID, "credential": {"type": "azure-cli"}}],
    "applications": [{"profile": "gotomeeting", "product": "GoToMeeting"}],
    "history": "sqlite:///auditor.db",
}


def night(day: int, *entries: object, eve: bool) -> Snapshot:
    """What was seen in that night; from the day on that Eve is an owner."""
    seen = edited(snapshot(), "owners", lambda value: [*value, member(EVE, "eve")]) if eve else snapshot()
    value = {
        "from": f"2026-11-{day - 1:02}T01:00:00Z",
        "to": f"2026-11-{day:02}T02:00:41Z",
        "retentionDays": 7,
        "entries": list(entries),
    }
    times = {"started_at": f"2026-11-{day:02}T02:00:00Z", "finished_at": f"2026-11-{day:02}T02:00:41Z"}
    return replace(put("directoryAudits", TENANT, value, Per.TENANT)(seen), **times)  # type: ignore[arg-type]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "auditor.yaml"
    file.write_text(json.dumps(CONFIGURATION))
    return file


def keep(folder: Path, *nights: Snapshot) -> None:
    with open_history("sqlite:///auditor.db", folder=folder) as history:
        for each in nights:
            at = datetime.fromisoformat(each.finished_at)
            lock = history.begin(TENANT_ID, at)
            history.complete(lock, snapshot=each, report=report_of(each), at=at)


def attribution(document: str) -> Any:
    (change,) = json.loads(document)["changes"]
    return change["attribution"]


ADDED = entry(
    relation(EVE, ServicePrincipal_ObjectID=SP),
    activity="Add owner to service principal",
    at="2026-11-11T12:00:00Z",
)


def test_a_change_of_an_earlier_night_is_explained_by_its_log(file: Path, auditor: Runner) -> None:
    nights = [night(10, eve=False), night(11, eve=False), night(12, ADDED, eve=True)]
    keep(file.parent, *nights, *(night(day, eve=True) for day in range(13, 25)))
    told = auditor("drift", "--config", file, "--from", "1", "--to", "15", "--format", "json")
    assert told.code == 11, told.stderr
    found = attribution(told.stdout)
    assert (found["status"], found["at"]) == ("attributed", "2026-11-11T12:00:00Z")
    approved = auditor("baseline", "approve", "2", "--reason", "As agreed.", "--by", "ada", "--config", file)
    assert approved.code == 0, approved.stderr
    assert attribution(auditor("baseline", "diff", "--config", file, "--format", "json").stdout) == found


def test_a_night_whose_log_could_not_be_read_leaves_it_open(file: Path, auditor: Runner) -> None:
    blind = put("directoryAudits", TENANT, gap("directoryAudits"), Per.TENANT)(night(12, eve=True))
    keep(file.parent, night(11, eve=False), blind, night(13, eve=True))
    told = auditor("drift", "--config", file, "--from", "1", "--to", "3", "--format", "json")
    assert attribution(told.stdout)["status"] == "not-evaluated"
    assert json.loads(told.stdout)["findings"] == []
