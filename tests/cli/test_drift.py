"""`auditor drift` and `auditor baseline` on files and on a store: what they take, and how they end."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from auditor.history import open_history
from auditor.model.snapshot import Snapshot, TenantIdentity
from auditor.yaml_document import bundled_schema
from tests.conftest import Runner
from tests.drift.tenant import edited, gap, later, snapshot
from tests.report.sample import sample_report

AT = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)

CHANGED = later(edited(snapshot(), "owners", lambda _: []))
UNREAD = later(edited(snapshot(), "owners", lambda _: gap("owners")))
OTHER_TENANT = replace(
    CHANGED, tenant=TenantIdentity(id="t2", display_name="Fabrikam", domain="fabrikam.com")
)


def written(name: str, taken: Snapshot) -> Path:
    file = Path(name)
    file.write_bytes(taken.to_gzip())
    return file


@pytest.mark.parametrize(
    ("after", "code", "words"),
    [
        (later(snapshot()), 0, "Nothing changed."),
        (CHANGED, 11, "servicePrincipal.owners: removed ada@contoso.com"),
        (UNREAD, 3, "Nothing changed, as far as it is known."),
        (OTHER_TENANT, 3, "They are of two tenants"),
    ],
    ids=["same", "changed", "unread", "incomparable"],
)
def test_two_files_are_compared_without_a_configuration(
    auditor: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: Snapshot, code: int, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    names = ("--from", written("before.json.gz", snapshot()), "--to", written("after.json.gz", after))
    shown = auditor("drift", *names)
    assert (shown.code, shown.stderr) == (code, "")
    assert words in shown.stdout
    document = json.loads(auditor("drift", *names, "--format", "json").stdout)
    assert not list(Draft202012Validator(bundled_schema("drift")).iter_errors(document))
    assert document["comparable"] is (after is not OTHER_TENANT)


def test_what_is_no_snapshot_is_a_usage_error(
    auditor: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    good = written("good.json.gz", snapshot())
    Path("bad.json").write_text("{}")
    for name in ("bad.json", "missing.json.gz"):
        refused = auditor("drift", "--from", good, "--to", name)
        assert refused.code == 2
        assert name in refused.stderr


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A configuration whose store holds two nights of one tenant."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    file = tmp_path / "auditor.yaml"
    file.write_text(
        "tenants: [{id: contoso.com}]\napplications: [{profile: gotomeeting}]\nhistory: sqlite:///a.db\n"
    )
    keep(snapshot(), CHANGED)
    return file


def keep(*nights: Snapshot) -> None:
    with open_history("sqlite:///a.db") as history:
        for night in nights:
            lock = history.begin(str(night.tenant.domain), AT)
            report = sample_report()
            run = replace(report.run, id=f"{lock.number:032x}")
            history.complete(lock, snapshot=night, report=replace(report, run=run), at=AT)


def test_runs_are_named_by_number_by_id_or_not_at_all(store: Path, auditor: Runner) -> None:
    for names in (
        (),
        ("--from", "1"),
        ("--from", "1", "--to", "2"),
        ("--to", "last"),
        ("--from", f"{1:032x}"),
    ):
        assert auditor("drift", *names).code == 11
    same = auditor("drift", "--from", "2", "--to", "2", "--format", "json")
    assert same.code == 0
    assert json.loads(same.stdout)["to"]["runId"] == f"{2:032x}"
    mixed = auditor("drift", "--from", written("before.json.gz", snapshot()))
    assert mixed.code == 11
    unknown = auditor("drift", "--from", "7")
    assert (unknown.code, "there is no run '7'" in unknown.stderr) == (2, True)


def test_a_run_that_died_has_nothing_to_compare(store: Path, auditor: Runner) -> None:
    with open_history("sqlite:///a.db") as history:
        history.fail(history.begin("contoso.com", AT), message="no network", at=AT)
    refused = auditor("drift", "--to", "3")
    assert (refused.code, "run 3 is failed" in refused.stderr) == (2, True)
    assert auditor("drift").code == 11


def test_of_several_tenants_one_must_be_named(store: Path, auditor: Runner) -> None:
    keep(OTHER_TENANT, OTHER_TENANT)
    refused = auditor("drift")
    assert refused.code == 2
    assert "Give --tenant: contoso.com, fabrikam.com." in refused.stderr
    assert auditor("drift", "--tenant", "contoso.com").code == 11
    assert auditor("drift", "--from", "1").code == 11
    assert auditor("baseline", "approve", "last", "--reason", "r", "--by", "b").code == 2
    named = ("--tenant", "fabrikam.com")
    assert auditor("baseline", "approve", "last", *named, "--reason", "r", "--by", "b").code == 0
    shown = json.loads(auditor("baseline", "show", *named, "--format", "json").stdout)
    assert (shown["approval"]["approvedBy"], shown["run"]["number"]) == ("b", 4)
    assert auditor("baseline", "diff", *named).code == 0


def test_without_a_history_runs_cannot_be_named(
    auditor: Runner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("auditor.yaml").write_text("tenants: [{id: contoso.com}]\napplications: [{profile: gotomeeting}]\n")
    refused = auditor("drift")
    assert (refused.code, "names no history" in refused.stderr) == (2, True)
