"""Runs single collectors against an emulated tenant, over HTTPS, with the real client."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import httpx
import requests
from azure.core.credentials import AccessToken

from auditor.collect.collector import Collector, Context
from auditor.collect.directory_audits import read_log
from auditor.collect.sign_ins import count_sign_ins
from auditor.collect.users import read_users
from auditor.emulator import Emulator, Fault, Question
from auditor.emulator.drafts import (
    ApplicationDraft,
    GroupDraft,
    OptionsDraft,
    OrganizationDraft,
    TenantDraft,
    UserDraft,
)
from auditor.emulator.scene import scene_of
from auditor.graph.client import GraphClient
from auditor.graph.login_host import LoginHost
from auditor.graph.token import Token
from auditor.model.cloud import CLOUDS
from auditor.model.configuration import ApplicationConfiguration, TenantConfiguration, Thresholds
from auditor.model.gap import Gap
from auditor.model.node import Node
from auditor.model.snapshot import TENANT, MatchedBy, Per, Record, Section, Snapshot, Target

NOW = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)
"""The present of the emulated tenants."""

READER = ("Application.Read.All",)
"""A client that holds no more than this."""

GUS = "gus_fabrikam.com#EXT#@contoso.onmicrosoft.com"

Sections = Mapping[str, Mapping[str, Node]]


def application(name: str = "App", **properties: object) -> ApplicationDraft:
    """A SAML application without certificates: making keys takes long, and nothing here looks at them."""
    return ApplicationDraft(name=name, kind="custom", certificates=[], **properties)  # type: ignore[arg-type]


def company(*applications: ApplicationDraft, **parts: object) -> TenantDraft:
    """Contoso: Ada, Bob who is disabled, Gus who has not accepted his invitation, and two groups."""
    users = [
        UserDraft(name="Ada", upn="ada@contoso.com"),
        UserDraft(name="Bob", upn="bob@contoso.com", enabled=False, mail=None),
        UserDraft(
            name="Gus",
            upn=GUS,
            mail="gus@fabrikam.com",
            type="Guest",
            licensed=False,
            invitation="PendingAcceptance",
            invited=-100,
        ),
    ]
    groups = [
        GroupDraft(name="Everybody", rule="user.objectId -ne null", everyone=True),
        GroupDraft(name="Sales", members=["Ada", "Gus", "Everybody"], mail="sales@contoso.com"),
    ]
    parts = {"users": users, "groups": groups} | parts
    return TenantDraft(applications=list(applications) or [application()], **parts)  # type: ignore[arg-type]


def upn(name: str) -> str:
    """The user principal name of one of them."""
    return GUS if name == "Gus" else f"{name.lower()}@contoso.com"


def in_cloud(cloud: str) -> OrganizationDraft:
    """Contoso in another cloud."""
    return OrganizationDraft(cloud=cloud)


ONE_A_PAGE = OptionsDraft(page_size=1, empty_pages=True, repeated_items=True)
"""Every list comes item by item, after an empty page, and every item comes twice."""


@dataclass(kw_only=True)
class Reading:
    """An emulated tenant and what collectors read of it."""

    emulator: Emulator
    bulk: bool = False
    test_user: str | None = None
    last: Snapshot | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)

    def id(self, kind: str, name: str) -> str:
        """The object id of the thing so called: `servicePrincipal`, `application`, `user`, `group` ..."""
        return self.emulator.tenant.id_of(kind, name)

    def answer(self, path: str, *items: Mapping[str, object]) -> None:
        """From now on requests to paths that end so are answered with this list."""
        self.fault(path, status=200, body={"value": [dict(item) for item in items]})

    def fault(self, path: str, **what: object) -> None:
        """From now on requests to paths that end so meet this fault."""

        def meets(question: Question) -> bool:
            return question.path.endswith(path) and not question.path.endswith("$batch")

        self.emulator.faults.add(Fault(match=meets, **what))  # type: ignore[arg-type]

    def asked(self, *paths: str) -> list[str]:
        """The URLs that were asked so far, batches apart, whose path ends with one of `paths`."""
        return [
            request.url
            for request in self.emulator.log
            if request.url.startswith(("/v1.0", "/beta"))
            and not request.url.endswith("$batch")
            and request.url.partition("?")[0].endswith(paths or ("",))
        ]

    def records(self, collector: Collector, sections: Sections | None = None) -> Mapping[str, Record]:
        """What the collector reads, given what other sections hold."""
        return asyncio.run(self._run([collector], sections or {}))[collector.section].records

    def after(
        self, collectors: Sequence[Collector], sections: Sections | None = None
    ) -> Mapping[str, Section]:
        """What collectors read that build on one another."""
        return asyncio.run(self._run(collectors, sections or {}))

    def value(self, collector: Collector, subject: str = TENANT, sections: Sections | None = None) -> Node:
        """What it reads about one subject."""
        return self.records(collector, sections)[subject].value

    def users(self, ids: Sequence[str], *, pages: int) -> Mapping[str, Record]:
        """What `read_users` reads, with a budget of `pages` for the tenant's list."""

        async def ask() -> Mapping[str, Record]:
            async with self._client() as graph:
                return await read_users(graph, ids, pages=pages)

        return asyncio.run(ask())

    def sign_ins(self, *, pages: int) -> Mapping[str, Record]:
        """What `count_sign_ins` counts, with a budget of `pages` for the log of the tenant."""

        async def ask() -> Mapping[str, Record]:
            async with self._client() as graph:
                return await count_sign_ins(self._context(graph, {}), pages=pages)

        return asyncio.run(ask())

    def audits(self, *, pages: int) -> Mapping[str, Record]:
        """What `read_log` reads, with a budget of `pages`."""

        async def ask() -> Mapping[str, Record]:
            async with self._client() as graph:
                return await read_log(self._context(graph, {}), pages=pages)

        return asyncio.run(ask())

    async def _run(self, collectors: Sequence[Collector], sections: Sections) -> Mapping[str, Section]:
        done = {name: _section(name, values) for name, values in sections.items()}
        async with self._client() as graph:
            for collector in collectors:
                records = await collector.run(self._context(graph, done))
                done[collector.section] = Section(
                    name=collector.section, per=collector.per, mount=collector.mount, records=records
                )
        return done

    def _client(self) -> GraphClient:
        tls = ssl.create_default_context(cafile=self.emulator.ca_file)
        return GraphClient(
            origin=self.emulator.url,
            token=Token(scope="https://graph.microsoft.com/.default", fetch=self._token),
            transport=httpx.AsyncHTTPTransport(verify=tls),
            max_wait=0.0,
            waiting=lambda reason, seconds: None,
            clock=lambda: NOW,
        )

    def _context(self, graph: GraphClient, sections: Mapping[str, Section]) -> Context:
        with requests.Session() as session:
            login_host = LoginHost(session=session, max_wait=0.0, waiting=lambda *_: None, clock=lambda: NOW)
        return Context(
            graph=graph,
            login_host=login_host,
            cloud=CLOUDS[self.emulator.tenant.cloud_name],
            tenant=TenantConfiguration(
                id=self.emulator.tenant_id,
                applications=(ApplicationConfiguration(test_user=self.test_user),),
            ),
            tenant_id=self.emulator.tenant_id,
            thresholds=self.thresholds,
            profiles=(),
            targets=tuple(self._target(draft) for draft in self.emulator.scene.draft.applications),
            bulk=self.bulk,
            sections=sections,
            at=NOW,
            last=self.last,
        )

    def _target(self, draft: ApplicationDraft) -> Target:
        found = self.emulator.tenant.objects[self.id("servicePrincipal", draft.name)]
        return Target(
            service_principal_id=str(found["id"]),
            app_id=str(found["appId"]),
            display_name=draft.name,
            profile=None,
            application=None,
            matched_by=MatchedBy.ALL_APPLICATIONS,
        )

    async def _token(self, claims: str | None) -> AccessToken:
        tls = ssl.create_default_context(cafile=self.emulator.ca_file)
        async with httpx.AsyncClient(verify=tls) as http:
            answer = await http.post(
                f"{self.emulator.url}/{self.emulator.tenant_id}/oauth2/v2.0/token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": self.emulator.client_id,
                    "client_secret": self.emulator.client_secret,
                    "scope": "https://graph.microsoft.com/.default",
                },
            )
        body = answer.raise_for_status().json()
        return AccessToken(body["access_token"], int(datetime.now(UTC).timestamp()) + body["expires_in"])


Serving = Callable[..., Reading]
"""The fixture `reading`."""


def serve(draft: TenantDraft, permissions: Collection[str] | None = None) -> Emulator:
    """The emulator of a tenant; to be entered."""
    return Emulator(scene_of("test", draft), permissions=permissions, now=NOW)


def gap(node: Node) -> Gap:
    """The node, which must be a gap."""
    assert isinstance(node, Gap), node
    return node


def at(node: Node, *path: str | int) -> Node:
    """What lies at a path of keys and indices."""
    for step in path:
        assert isinstance(node, Mapping | list), node
        node = node[step]  # type: ignore[index]
    return node


def _section(name: str, values: Mapping[str, Node]) -> Section:
    records = {subject: Record(value=value) for subject, value in values.items()}
    return Section(name=name, per=Per.OBJECT, mount=None, records=records)
