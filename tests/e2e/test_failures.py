"""Promise 1, tested by what a scan really asks: no verdict survives the loss of what it rests on.

One sound scan of the smallest tenant tells every request that a scan makes. Each of them is then answered
in turn with each of six failures. Findings that do not name the request must be the same to the letter; those
that name it must say that they could not be judged. Where the documentation gives a 404 a meaning, the table
below says so, and a test of its own says what the finding must be then.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from auditor.bundled import bundled
from auditor.cli.audit import load_configuration_for
from auditor.cli.emulator import write_configuration
from auditor.collect import collect, permissions_by_section
from auditor.emulator import Emulator, Fault, LoggedRequest, Question, Scene, load_scene
from auditor.emulator.drafts import TenantDraft
from auditor.evaluate import Evaluation, RulePack, evaluate, load_pack
from auditor.model.configuration import Configuration
from auditor.model.finding import Evidence, Finding, Status
from auditor.model.gap import Reason
from auditor.model.snapshot import Snapshot
from tests.conftest import Runner
from tests.e2e.conftest import Tenant

FAILURES: Mapping[str, Mapping[str, Any]] = {
    "403": {"status": 403},
    "404": {"status": 404},
    "429 without end": {"status": 429, "retry_after": 3600},
    "500": {"status": 500},
    "truncated": {"truncate": True},
    "{}": {"empty": True},
}

SHARES = 4
"""Tests per failure, so that workers can share the work."""

MEANINGS_OF_404: Mapping[str, str] = {
    r"GET /beta/servicePrincipals/[^/]+/claimsPolicy": "nobody edited the claims",
    r"GET /[^/]+/federationmetadata/.*": "there is no metadata document",
    r"POST /[^/]+/\$batch": "no batch is taken; each item is asked for by itself",
}
"""Requests (as a pattern) whose 404 is documented to say something about the tenant, and what."""

CERTAIN_WITHOUT: Sequence[tuple[str, str]] = (
    # One way of finding the application is enough to say that it is there.
    ("gallery-application-present", r"GET /v1\.0/servicePrincipals\?\$filter="),
    # An owner of the registration is an owner.
    ("owner-present", r"GET /v1\.0/servicePrincipals/[^/]+(/owners)?$"),
    # A group has the address, whoever else may have it.
    ("notification-email-reachable", r"GET /v1\.0/users\?\$filter=mail eq"),
    # Where no permission is allowed, one is too many whatever it is called.
    ("application-permissions-minimal", r"GET /v1\.0/servicePrincipals/[^/]+$"),
)
"""Rules that are certain without a request that they name (as a pattern), because another one suffices."""

_ANY = Evidence(source="", path="", value=None, present=False, collected_at=None)
_LEFT_OUT = ("$select=", "$skip=", "$skiptoken=")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@dataclass(frozen=True)
class Auditor:
    """Scans the tenant again and again, in this process."""

    emulator: Emulator
    configuration: Configuration
    pack: RulePack
    at: datetime

    def collect(self) -> Snapshot:
        """Reads the tenant, without any patience."""
        (tenant,) = self.configuration.tenants
        judgement = self.configuration.judgement(tenant)
        profiles = self.pack.profiles
        return asyncio.run(collect(tenant, judgement=judgement, profiles=profiles, max_wait=0, compared=True))

    def scan(self) -> Evaluation:
        """Collects and judges."""
        judgement = self.configuration.judgement(self.configuration.tenants[0])
        return evaluate(self.collect(), pack=self.pack, judgement=judgement, at=self.at)

    def with_fault(self, request: str, failure: str) -> Evaluation:
        """A scan in which this request is answered so."""

        def meant(question: Question) -> bool:
            return asked(f"{question.method} {question.url}") == request

        self.emulator.faults.clear()
        self.emulator.faults.add(Fault(match=meant, **FAILURES[failure]))
        try:
            return self.scan()
        finally:
            self.emulator.faults.clear()


@pytest.fixture(scope="module")
def auditor_of_smallest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Auditor]:
    pack = load_pack(bundled("rules"))
    with Emulator(load_scene("smallest")) as emulator:
        tenant = Tenant(emulator, write_configuration(emulator, tmp_path_factory.mktemp("tenant")))
        (entry,) = tenant.read()["applications"]
        entry["test_user"] = "britta.simon@contoso.com"
        everything = {rule.id: {"enabled": True} for rule in pack.rules}
        tenant.configure(applications=[entry], rules=everything)
        yield Auditor(emulator, load_configuration_for(tenant.file, pack), pack, datetime.now(UTC))


@dataclass(frozen=True)
class Sound:
    """The scan without any failure: what it found, and what it asked for."""

    evaluation: Evaluation
    findings: tuple[Finding, ...]
    requests: tuple[str, ...]
    """Graph and metadata, each once; a further page is the same request as its first page."""
    in_batches: frozenset[str]

    def carried_by(self, request: str) -> set[str]:
        """The requests that are lost with this one: itself, and those that a batch carries."""
        carrier = re.fullmatch(r"POST (/[^/]+)/\$batch", request)
        prefix = f"GET {carrier[1]}/" if carrier else None
        carried = {item for item in self.in_batches if prefix and item.startswith(prefix)}
        return {request, *carried}


@pytest.fixture(scope="module")
def sound(auditor_of_smallest: Auditor) -> Sound:
    auditor_of_smallest.emulator.log.clear()
    evaluation = auditor_of_smallest.scan()
    log = [entry for entry in auditor_of_smallest.emulator.log if not is_sign_in(entry)]
    requests = sorted({asked(f"{entry.method} {entry.url}") for entry in log})
    in_batches = frozenset(asked(f"{entry.method} {entry.url}") for entry in log if entry.via_batch)
    return Sound(
        evaluation=evaluation,
        findings=comparable(evaluation),
        requests=tuple(requests),
        in_batches=in_batches,
    )


def is_sign_in(entry: LoggedRequest) -> bool:
    """Token and OpenID configuration: without them there is no scan."""
    return "/oauth2/" in entry.url or "openid-configuration" in entry.url


def asked(request: str) -> str:
    """A request as both the log and the evidence can be brought to say it.

    Evidence leaves out `$select`; a further page belongs to the request for the first.
    """
    method, _, url = request.partition(" ")
    parts = urlsplit(url)
    options = (part for part in unquote(parts.query).split("&") if part)
    query = "&".join(option for option in options if not option.startswith(_LEFT_OUT))
    path = unquote(parts.path)
    return _TIME.sub("<time>", f"{method} {path}?{query}" if query else f"{method} {path}")


def comparable(evaluation: Evaluation) -> tuple[Finding, ...]:
    """The findings without the times at which things were read: no two scans are at the same second."""

    def timeless(finding: Finding) -> Finding:
        evidence = tuple(
            replace(
                entry,
                collected_at=None,
                source=_TIME.sub("<time>", entry.source),
                value=without_times(entry.value),
            )
            for entry in finding.evidence
        )
        return replace(finding, evidence=evidence, observed=without_times(finding.observed))

    return tuple(timeless(verdict.finding) for verdict in evaluation.verdicts)


def without_times(value: Any) -> Any:
    return json.loads(_TIME.sub("<time>", json.dumps(value)))


def named(finding: Finding) -> set[str]:
    """The requests that the finding names as its evidence."""
    return {asked(entry.source) for entry in finding.evidence}


Group = tuple[str, str]


def groups(findings: Sequence[Finding]) -> dict[Group, list[Finding]]:
    """Findings by rule and by the application, profile or tenant that it was asked about."""
    found: dict[Group, list[Finding]] = {}
    for finding in findings:
        about = finding.application.service_principal_id if finding.application else finding.subject.id
        found.setdefault((finding.rule_id, about), []).append(finding)
    return found


def problems(sound: Sound, failed: tuple[Finding, ...], request: str, failure: str) -> list[str]:
    """What the failure of a request changed that it must not, or left that it must not."""
    lost = sound.carried_by(request)
    meaningful = failure == "404" and any(re.match(pattern, request) for pattern in MEANINGS_OF_404)
    before, after = groups(sound.findings), groups(failed)
    found = []
    for group in sorted(before.keys() | after.keys()):
        was, is_now = before.get(group, []), after.get(group, [])
        if not any(named(finding) & lost for finding in was):
            searching = searched_for_it(is_now, lost) or vanished(was, is_now, after, lost)
            if verdicts(was) != verdicts(is_now) and not searching:
                found.append(f"{group} does not rest on it, and changed: {told(was)} -> {told(is_now)}")
        elif is_certain_without(group[0], request):
            allowed = {finding.status for finding in was} | {Status.NOT_EVALUATED}
            if not is_now or any(finding.status not in allowed for finding in is_now):
                found.append(f"{group} is certain without it, and changed: {told(was)} -> {told(is_now)}")
        elif not meaningful:
            untouched = verdicts(finding for finding in was if not named(finding) & lost)
            judged = verdicts(finding for finding in is_now if finding.status is not Status.NOT_EVALUATED)
            gone = not is_now and not vanished(was, is_now, after, lost)
            if gone or any(verdict not in untouched for verdict in judged):
                found.append(f"{group} rests on it, and still says: {told(is_now)}")
        if not meaningful and any(names_as_read(finding, lost) for finding in is_now):
            found.append(f"{group} names as read what was not: {told(is_now)}")
    return found


def verdicts(findings: Iterable[Finding]) -> list[Finding]:
    """The findings without their evidence: the same can be certain for another reason."""
    return [replace(finding, evidence=(_ANY,)) for finding in findings]


def names_as_read(finding: Finding, lost: set[str]) -> bool:
    return any(entry.present and asked(entry.source) in lost for entry in finding.evidence)


def is_certain_without(rule: str, request: str) -> bool:
    return any(rule == certain and re.match(pattern, request) for certain, pattern in CERTAIN_WITHOUT)


def searched_for_it(findings: Sequence[Finding], requests: set[str]) -> bool:
    """Whether these stand for an application that could not be searched for: not judged, and naming it."""
    return bool(findings) and all(
        finding.status is Status.NOT_EVALUATED and finding.application is None and named(finding) & requests
        for finding in findings
    )


def vanished(
    was: Sequence[Finding],
    is_now: Sequence[Finding],
    after: Mapping[Group, Sequence[Finding]],
    requests: set[str],
) -> bool:
    """Whether the application is not there any more, and its rule says instead that the search failed."""
    return not is_now and any(
        rule == was[0].rule_id and searched_for_it(findings, requests)
        for (rule, _), findings in after.items()
    )


def told(findings: Sequence[Finding]) -> str:
    return "; ".join(f"{f.status.value} {f.subject.name}: {f.message}" for f in findings) or "nothing"


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("failure", FAILURES)
def test_no_verdict_survives_the_loss_of_what_it_rests_on(
    auditor_of_smallest: Auditor, sound: Sound, failure: str, share: int
) -> None:
    found = []
    for request in sound.requests[share::SHARES]:
        failed = comparable(auditor_of_smallest.with_fault(request, failure))
        found += [f"{request}: {problem}" for problem in problems(sound, failed, request, failure)]
    assert found == []


def test_the_scan_reads_what_every_collector_reads(auditor_of_smallest: Auditor, sound: Sound) -> None:
    """Else this file would prove nothing about what is missing here."""
    sections = auditor_of_smallest.collect().sections
    silent = [name for name in permissions_by_section() if not sections[name].records]
    assert silent == []
    blind = [
        verdict.finding
        for verdict in sound.evaluation.verdicts
        if any(gap.reason is not Reason.NOT_DECLARED for gap in verdict.gaps)
    ]
    assert blind == [], told(blind)


def test_two_sound_scans_say_the_same(auditor_of_smallest: Auditor, sound: Sound) -> None:
    assert comparable(auditor_of_smallest.scan()) == sound.findings


def ends_with(path: str, question: Question) -> bool:
    return question.path.endswith(path)


@pytest.mark.parametrize("failure", FAILURES)
def test_without_a_token_there_is_no_report(
    auditor_of_smallest: Auditor, auditor: Runner, failure: str
) -> None:
    file = auditor_of_smallest.configuration.file
    for path in ("/oauth2/v2.0/token", "/.well-known/openid-configuration"):
        emulator = auditor_of_smallest.emulator
        emulator.faults.clear()
        emulator.faults.add(Fault(match=partial(ends_with, path), **FAILURES[failure]))
        try:
            result = auditor("scan", "--config", file, "--max-wait", 0)
        finally:
            emulator.faults.clear()
        assert result.code == 1, result.stderr
        assert result.stderr.startswith("auditor: ")
        assert "Traceback" not in result.stderr
        assert not Path("out").exists()


def changed(tmp_path: Path, change: Callable[[TenantDraft], None]) -> dict[str, set[str]]:
    """Statuses by rule id in the smallest tenant with a change."""
    draft = deepcopy(load_scene("smallest").draft)
    change(draft)
    pack = load_pack(bundled("rules"))
    with Emulator(Scene("changed", draft)) as emulator:
        file = write_configuration(emulator, tmp_path)
        found = Auditor(emulator, load_configuration_for(file, pack), pack, datetime.now(UTC)).scan()
        assert any(request.status == 404 for request in emulator.log)
    statuses: dict[str, set[str]] = {}
    for verdict in found.verdicts:
        statuses.setdefault(verdict.finding.rule_id, set()).add(verdict.finding.status.value)
    return statuses


def test_a_404_for_the_registration_of_an_application_of_another_tenant_says_where_it_is(
    tmp_path: Path,
) -> None:
    def elsewhere(draft: TenantDraft) -> None:
        (application,) = draft.applications
        application.kind = "multi-tenant"
        application.sign_on_mode = "saml"
        application.service_provider = None

    found = changed(tmp_path, elsewhere)
    assert found["identifier-matches"] == {"pass"}
    assert found["reply-url-matches"] == {"pass"}
    assert found["reply-urls-agree"] == {"not-applicable"}


def test_a_404_for_the_claims_policy_says_that_nobody_edited_the_claims(tmp_path: Path) -> None:
    def without_policy(draft: TenantDraft) -> None:
        draft.applications[0].claims_mapping_policy = None
        draft.applications[0].claims_policy = None

    found = changed(tmp_path, without_policy)
    assert found["name-id-is-user-name"] == {"pass"}
    assert found["issuer-is-tenant"] == {"pass"}


def test_a_404_for_the_metadata_says_that_there_is_none(auditor_of_smallest: Auditor, sound: Sound) -> None:
    (request,) = (request for request in sound.requests if "federationmetadata" in request)
    found = groups(comparable(auditor_of_smallest.with_fault(request, "404")))
    (finding,) = next(findings for (rule, _), findings in found.items() if rule == "metadata-available")
    assert (finding.status, finding.message) == (
        Status.FAIL,
        "Entra does not serve federation metadata for this application.",
    )


def test_a_404_for_batches_loses_nothing(auditor_of_smallest: Auditor, sound: Sound) -> None:
    batches = [request for request in sound.requests if request.endswith("/$batch")]
    assert len(batches) == 2
    for request in batches:
        assert comparable(auditor_of_smallest.with_fault(request, "404")) == sound.findings
