"""The tenant, the service principals, their registrations, certificates and metadata: collected for real."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import pytest

from auditor.bundled import bundled
from auditor.collect import collect
from auditor.emulator import Emulator, Fault, Question
from auditor.emulator.drafts import (
    ApplicationDraft,
    CertificateDraft,
    OptionsDraft,
    TemplateDraft,
    TenantDraft,
    UserDraft,
)
from auditor.emulator.scene import scene_of
from auditor.errors import CannotRunError, UsageError
from auditor.evaluate import load_pack
from auditor.model.cloud import CLOUDS
from auditor.model.configuration import (
    ApplicationConfiguration,
    Credential,
    Endpoints,
    Judgement,
    Match,
    TenantConfiguration,
)
from auditor.model.gap import Gap, Reason
from auditor.model.node import Node
from auditor.model.snapshot import TENANT, Snapshot, read_snapshot
from tests.collect.reading import at, gap

IDENTIFIER = "https://authentication.logmeininc.com/saml/sp"

GALLERY = TemplateDraft(
    name="GoToMeeting",
    identifier=IDENTIFIER,
    reply_url="https://authentication.logmeininc.com/saml/acs",
    relay_state="https://global.gotomeeting.com",
)

ROLLOVER = [
    CertificateDraft(not_before=-1000, not_after=20),
    CertificateDraft(active=False, custom_key_identifier="sha256"),
]


def tenant(*applications: ApplicationDraft, **options: Any) -> TenantDraft:
    return TenantDraft(
        gallery=[GALLERY],
        options=OptionsDraft(**options),
        users=[UserDraft(name="Ada", upn="ada@contoso.com")],
        applications=list(applications)
        or [
            ApplicationDraft(name="GoToMeeting", template="GoToMeeting", certificates=ROLLOVER),
            ApplicationDraft(
                name="Second", template="GoToMeeting", identifiers=[f"{IDENTIFIER}#2"], relay_state="x"
            ),
            ApplicationDraft(name="Wiki", kind="custom", identifiers=["https://wiki.example.com"]),
            ApplicationDraft(name="Bought", kind="multi-tenant"),
            ApplicationDraft(name="Web", kind="oidc"),
            ApplicationDraft(name="Microsoft's", kind="first-party"),
        ],
    )


@dataclass
class Site:
    """A running tenant, and scans of it."""

    emulator: Emulator

    def scan(
        self,
        *entries: ApplicationConfiguration,
        cloud: str = "global",
        max_wait: float = 0.0,
        **options: Any,
    ) -> Snapshot:
        url = self.emulator.url
        applications = entries or (ApplicationConfiguration(profile="gotomeeting"),)
        configuration = TenantConfiguration(
            id=self.emulator.tenant_id,
            cloud=cloud,
            endpoints=Endpoints(graph=url, login=url, ca_file=self.emulator.ca_file),
            credential=Credential(
                type="client-secret",
                client_id=self.emulator.client_id,
                client_secret="env:AUDITOR_TEST_SECRET",
            ),
            applications=applications,
        )
        profiles = load_pack(bundled("rules")).profiles
        judgement = Judgement(applications=applications)
        return asyncio.run(
            collect(configuration, judgement=judgement, profiles=profiles, max_wait=max_wait, **options)
        )

    def id(self, name: str, kind: str = "servicePrincipal") -> str:
        return self.emulator.tenant.id_of(kind, name)

    def fault(self, match: Callable[[Question], bool], **what: Any) -> None:
        self.emulator.faults.add(Fault(match=match, **what))

    def asked(self, *parts: str) -> list[str]:
        """URLs asked, batches apart, in which all parts occur."""
        urls = [request.url for request in self.emulator.log]
        return [url for url in urls if all(part in url for part in parts) and not url.endswith("$batch")]


Start = Callable[..., Site]


@pytest.fixture
def start(monkeypatch: pytest.MonkeyPatch) -> Iterator[Start]:
    """Serves a tenant until the test ends."""
    with ExitStack() as stack:

        def serve(draft: TenantDraft, permissions: Collection[str] | None = None) -> Site:
            emulator = stack.enter_context(Emulator(scene_of("spine", draft), permissions=permissions))
            monkeypatch.setenv("AUDITOR_TEST_SECRET", emulator.client_secret)
            return Site(emulator)

        yield serve


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator(scene_of("spine", tenant())) as emulator:
        yield emulator


@pytest.fixture
def site(running: Emulator, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A tenant without faults and with an empty log."""
    running.faults.clear()
    running.log.clear()
    monkeypatch.setenv("AUDITOR_TEST_SECRET", running.client_secret)
    return Site(running)


def value(snapshot: Snapshot, section: str, subject: str = TENANT) -> Node:
    record = snapshot.record(section, subject)
    assert record is not None, f"{section} holds nothing about {subject}"
    return record.value


def names(snapshot: Snapshot) -> list[str]:
    return [target.display_name for target in snapshot.targets]


def no_gap(node: Node) -> bool:
    match node:
        case Gap():
            return False
        case Mapping():
            return all(map(no_gap, node.values()))
        case list():
            return all(map(no_gap, node))
    return True


SPINE = ("organization", "servicePrincipals", "applications", "sharedIdentity", "federationMetadata")


def test_what_is_there_is_read_without_a_gap(site: Site) -> None:
    snapshot = site.scan()
    assert names(snapshot) == ["GoToMeeting", "Second"]
    for section in (*SPINE, "applicationTemplates", "matches"):
        for record in snapshot.sections[section].records.values():
            assert no_gap(record.value), section
            assert record.requests
    assert snapshot.tenant.domain == "contoso.com"
    assert snapshot.tenant.display_name == "Contoso"
    assert site.emulator.writes == 0


def without_keys(node: Node) -> Node:
    """The record without the bytes of its certificates: in bulk they come from the metadata."""
    if not isinstance(node, Mapping) or "keyCredentials" not in node:
        return node
    keys = node["keyCredentials"]
    assert isinstance(keys, list)
    return {**node, "keyCredentials": [{**key, "key": None} for key in keys]}


def test_in_bulk_the_same_is_read(site: Site) -> None:
    one_by_one, in_bulk = site.scan(), site.scan(all_applications=True)
    for section in SPINE:
        for subject, record in one_by_one.sections[section].records.items():
            theirs = value(in_bulk, section, subject)
            if section != "federationMetadata":  # signed anew each time
                assert without_keys(theirs) == without_keys(record.value), (section, subject)


def test_all_applications_are_the_saml_ones_that_are_not_microsofts(site: Site) -> None:
    assert names(site.scan(all_applications=True)) == ["GoToMeeting", "Second", "Wiki"]


def test_named_applications_are_looked_up_by_documented_filters(site: Site) -> None:
    site.scan()
    searches = site.asked("/v1.0/servicePrincipals?$filter=")
    assert any("applicationTemplateId eq" in search for search in searches)
    assert any(f"servicePrincipalNames/any(n:n eq '{IDENTIFIER}')" in search for search in searches)
    assert not any("preferredSingleSignOnMode eq" in search for search in site.asked("$filter"))
    assert all(request.status < 400 for request in site.emulator.log if "$filter" in request.url)


def test_the_snapshot_survives_the_file(site: Site) -> None:
    snapshot = site.scan()
    assert read_snapshot(snapshot.to_gzip()) == snapshot


def test_all_requests_name_where_they_went_without_the_host(site: Site) -> None:
    snapshot = site.scan()
    for section in snapshot.sections.values():
        for record in section.records.values():
            for request in record.requests:
                host = "https://login.microsoftonline.com/"
                assert request.url.startswith(("/v1.0/", "/beta/", host)), request
                assert "127.0.0.1" not in request.url


def test_the_order_in_which_collectors_finish_makes_no_difference(site: Site) -> None:
    delays = random.Random(7)
    site.fault(lambda question: False)
    first = site.scan()
    for path in ("/organization", "/owners", "/jobs", "/appRoleAssignedTo"):
        site.fault(lambda question, end=path: question.path.endswith(end), delay=delays.random() / 5)  # type: ignore[misc]
    second = site.scan()
    assert list(first.sections) == list(second.sections)
    for name, section in first.sections.items():
        if name not in ("federationMetadata", "signIns"):
            assert [r.value for r in section.records.values()] == [
                r.value for r in second.sections[name].records.values()
            ], name


def test_certificates_come_with_their_bytes(site: Site) -> None:
    keys = at(value(site.scan(), "servicePrincipals", site.id("GoToMeeting")), "keyCredentials")
    assert isinstance(keys, list)
    assert len(keys) == 4
    assert all(isinstance(at(key, "key"), str) for key in keys)


def test_certificates_that_the_metadata_shows_are_not_asked_for_again(site: Site) -> None:
    snapshot = site.scan(all_applications=True)
    subject = site.id("GoToMeeting")
    keys = at(value(snapshot, "servicePrincipals", subject), "keyCredentials")
    assert isinstance(keys, list)
    assert {gap(at(key, "key")).section for key in keys} == {"servicePrincipals"}
    record = snapshot.record("servicePrincipals", subject)
    assert record is not None
    (request,) = record.requests
    assert request.url.startswith("/v1.0/servicePrincipals?")
    assert not site.asked(f"/servicePrincipals/{subject}?$select=id,keyCredentials")


def test_only_certificates_that_the_metadata_lacks_are_read_one_by_one(start: Start) -> None:
    hidden = [CertificateDraft(), CertificateDraft(active=False, in_metadata=False)]
    site = start(
        tenant(
            ApplicationDraft(name="A", kind="custom", certificates=hidden),
            ApplicationDraft(name="B", kind="custom"),
        )
    )
    snapshot = site.scan(all_applications=True)
    assert no_gap(at(value(snapshot, "servicePrincipals", site.id("A")), "keyCredentials"))
    assert len(site.asked("$select=id,keyCredentials")) == 1


def test_a_single_read_that_is_refused_leaves_a_gap_where_the_bytes_would_be(start: Start) -> None:
    draft = tenant(ApplicationDraft(name="A", kind="custom", metadata="missing"))
    site = start(draft)
    site.fault(lambda question: "$select=id,keyCredentials" in question.url, status=429)
    keys = at(value(site.scan(all_applications=True), "servicePrincipals", site.id("A")), "keyCredentials")
    assert isinstance(keys, list)
    assert {gap(at(key, "key")).reason for key in keys} == {Reason.THROTTLED}
    assert all(no_gap(at(key, "endDateTime")) for key in keys)


@pytest.mark.parametrize("bulk", [False, True])
def test_a_cloud_that_does_not_know_a_property_yet_is_read_without_it(site: Site, bulk: bool) -> None:
    message = "Could not find a property named 'isDisabled' on type 'microsoft.graph.servicePrincipal'."
    error: dict[str, Any] = {"error": {"code": "BadRequest", "message": message}}
    site.fault(lambda question: "isDisabled" in question.url, status=400, body=error)
    snapshot = site.scan(all_applications=bulk)
    record = value(snapshot, "servicePrincipals", site.id("GoToMeeting"))
    assert gap(at(record, "isDisabled")).reason is Reason.UNREADABLE
    assert at(record, "accountEnabled") is True


def test_a_list_that_shows_the_keys_costs_no_further_request(start: Start) -> None:
    site = start(tenant(ApplicationDraft(name="A", kind="custom"), list_returns_keys=True))
    site.scan(all_applications=True)
    assert not site.asked("$select=id,keyCredentials")


@pytest.mark.parametrize("bulk", [False, True])
def test_the_registration_of_a_multi_tenant_application_is_elsewhere(site: Site, bulk: bool) -> None:
    entry = ApplicationConfiguration(match=Match(display_name="Bought"))
    assert value(site.scan(entry, all_applications=bulk), "applications", site.id("Bought")) is None


def test_a_registration_of_this_tenant_that_is_not_there_is_a_gap(site: Site) -> None:
    site.fault(lambda question: question.path.startswith("/v1.0/applications(appId="), status=404)
    found = gap(value(site.scan(), "applications", site.id("GoToMeeting")))
    assert (found.reason, found.http_status) == (Reason.NOT_FOUND, 404)


def test_without_its_owner_a_missing_registration_says_nothing(site: Site) -> None:
    site.fault(lambda question: question.path.startswith("/v1.0/applications(appId="), status=404)
    site.fault(lambda question: question.path.startswith("/v1.0/servicePrincipals/"), empty=True)
    assert gap(value(site.scan(), "applications", site.id("GoToMeeting"))).section == "servicePrincipals"


def test_the_default_reply_url_is_kept(site: Site) -> None:
    web = at(value(site.scan(), "applications", site.id("GoToMeeting")), "web")
    assert at(web, "redirectUris") == [GALLERY.reply_url]


def test_who_shares_an_identifier_or_a_reply_url(site: Site) -> None:
    snapshot = site.scan()
    others = value(snapshot, "sharedIdentity", site.id("GoToMeeting"))
    assert isinstance(others, list)
    assert [at(other, "displayName") for other in others] == ["Second"]
    wiki = ApplicationConfiguration(match=Match(display_name="Wiki"))
    assert value(site.scan(wiki), "sharedIdentity", site.id("Wiki")) == []


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("missing", {"document": None, "status": 404}),
        ("oversized", Reason.TRUNCATED),
        ("not xml", "kept"),
        ("dtd", "kept"),
    ],
)
def test_metadata_of_every_kind(start: Start, metadata: str, expected: object) -> None:
    site = start(tenant(ApplicationDraft(name="GoToMeeting", template="GoToMeeting", metadata=metadata)))
    found = value(site.scan(), "federationMetadata", site.id("GoToMeeting"))
    if expected == "kept":
        assert isinstance(at(found, "document"), str)
    elif isinstance(expected, Reason):
        assert gap(found).reason is expected
    else:
        assert found == expected


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 400}, {"document": None, "status": 400}),
        ({"status": 403}, Reason.UNREADABLE),
        ({"status": 500}, Reason.UNREADABLE),
        ({"status": 302}, Reason.UNREADABLE),
        ({"status": 429, "retry_after": 3600}, Reason.THROTTLED),
        ({"truncate": True}, Reason.UNREADABLE),
        ({"drop": True}, Reason.UNREADABLE),
    ],
    ids=str,
)
def test_metadata_that_cannot_be_fetched(site: Site, fault: Mapping[str, Any], expected: object) -> None:
    site.fault(lambda question: "federationmetadata" in question.path, **fault)
    found = value(site.scan(), "federationMetadata", site.id("GoToMeeting"))
    if isinstance(expected, Reason):
        assert gap(found).reason is expected
    else:
        assert found == expected


def test_metadata_is_waited_for(site: Site) -> None:
    site.fault(lambda question: "federationmetadata" in question.path, status=503, retry_after=1, times=1)
    assert no_gap(value(site.scan(max_wait=5), "federationMetadata", site.id("GoToMeeting")))


@pytest.mark.parametrize("metadata", ["as documented", "not xml", "dtd", "missing"])
def test_a_key_that_the_list_hides_is_asked_for_unless_the_metadata_shows_it(
    start: Start, metadata: str
) -> None:
    site = start(tenant(ApplicationDraft(name="Wiki", kind="custom", metadata=metadata)))
    snapshot = site.scan(all_applications=True)
    keys = at(value(snapshot, "servicePrincipals", site.id("Wiki")), "keyCredentials")
    assert isinstance(keys, list)
    assert [isinstance(at(key, "key"), Gap) for key in keys] == [metadata == "as documented"] * 2


def test_null_where_a_list_belongs_is_no_gap(start: Start) -> None:
    bare = ApplicationDraft(name="Bare", kind="custom", identifiers=[], reply_urls=[], certificates=[])
    site = start(tenant(bare, ApplicationDraft(name="Web", kind="oidc"), null_lists=True))
    snapshot = site.scan(all_applications=True)
    assert [target.display_name for target in snapshot.targets] == ["Bare"]
    assert snapshot.record("matches", TENANT) is None
    for section in ("servicePrincipals", "applications", "sharedIdentity"):
        assert no_gap(value(snapshot, section, site.id("Bare")))
    assert at(value(snapshot, "servicePrincipals", site.id("Bare")), "replyUrls") is None


def test_a_tenant_that_may_not_be_read_is_gaps_and_no_error(start: Start) -> None:
    site = start(tenant(), permissions=[])
    snapshot = site.scan(all_applications=True)
    assert snapshot.targets == ()
    assert gap(value(snapshot, "organization")).permission == "Organization.Read.All"
    assert gap(value(snapshot, "matches", "gotomeeting")).permission == "Application.Read.All"
    assert gap(value(snapshot, "matches")).permission == "Application.Read.All"
    assert (snapshot.tenant.display_name, snapshot.tenant.domain) == (None, None)


def test_pages_that_are_empty_or_repeat_change_nothing(start: Start) -> None:
    plain = start(tenant()).scan(all_applications=True)
    paged = start(tenant(page_size=1, empty_pages=True, repeated_items=True)).scan(all_applications=True)
    assert plain.targets == paged.targets
    assert [r.value for r in plain.sections["applications"].records.values()] == [
        r.value for r in paged.sections["applications"].records.values()
    ]


def test_one_application_of_several(site: Site) -> None:
    snapshot = site.scan(names=["Second"])
    assert names(snapshot) == ["Second"]
    assert snapshot.entries == (0,)
    assert site.scan().entries is None


def test_a_name_that_nothing_bears(site: Site) -> None:
    with pytest.raises(UsageError) as raised:
        site.scan(names=["GoToMeting"])
    assert raised.value.remedy.casefold() == "the nearest is gotomeeting."


def test_progress_counts_what_was_planned(site: Site) -> None:
    class Watching:
        def __init__(self) -> None:
            self.steps = 0
            self.began: list[str] = []
            self.ended: list[str] = []

        def planned(self, steps: int) -> None:
            self.steps = steps

        def started(self, title: str) -> None:
            self.began.append(title)

        def finished(self, title: str) -> None:
            self.ended.append(title)

        def waiting(self, reason: str, seconds: float) -> None:
            raise AssertionError(reason)

    watching = Watching()
    site.scan(progress=watching)
    assert sorted(watching.began) == sorted(watching.ended)
    assert len(set(watching.began)) == len(watching.began) == watching.steps


def test_nothing_to_look_at(site: Site) -> None:
    configuration = TenantConfiguration(id=site.emulator.tenant_id)
    with pytest.raises(UsageError, match="names no application"):
        asyncio.run(collect(configuration, judgement=Judgement(), profiles=()))
    assert site.emulator.log == []


def test_a_credential_that_stops_working_in_the_middle_ends_the_audit(site: Site) -> None:
    site.fault(lambda question: question.path.endswith("/organization"), status=401)
    asked: list[int] = []

    def second_token(question: Question) -> bool:
        asked.append(question.path.endswith("/token"))
        return question.path.endswith("/token") and sum(asked) > 1

    site.fault(second_token, status=500)
    with pytest.raises(CannotRunError):
        site.scan()


@pytest.mark.parametrize("cloud", ["usgov", "usgov-dod", "china"])
def test_national_clouds(start: Start, cloud: str) -> None:
    draft = tenant()
    draft.organization.cloud = cloud
    site = start(draft)
    snapshot = site.scan(cloud=cloud)
    assert names(snapshot) == ["GoToMeeting", "Second"]
    for section in SPINE:
        assert all(no_gap(record.value) for record in snapshot.sections[section].records.values()), section
    metadata = snapshot.record("federationMetadata", site.id("GoToMeeting"))
    assert metadata is not None
    assert CLOUDS[cloud].login_host in metadata.requests[0].url
