"""Microsoft Graph: finds the endpoint, checks token, permission and query, answers as documented."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from auditor.emulator import permissions as need
from auditor.emulator import resources as resource
from auditor.emulator.directory import Tenant
from auditor.emulator.faults import FaultPlan
from auditor.emulator.filters import UnsupportedQuery
from auditor.emulator.permissions import Requirement
from auditor.emulator.query import Query
from auditor.emulator.requests import Answer, Json, Object, Question
from auditor.emulator.routes import NotFound, Route, Target, entity, route_of
from auditor.emulator.tokens import BadToken, Tokens

VERSIONS = ("v1.0", "beta")
_MAX_IDS = 1000


@dataclass(frozen=True, slots=True)
class Graph:
    """Graph over one tenant."""

    tenant: Tenant
    tokens: Tokens
    clock: Callable[[], datetime]
    faults: FaultPlan

    def answer(self, question: Question) -> Answer:
        """The true answer to one request, alone or in a batch; a batch itself is not answered here."""
        try:
            roles = self.tokens.roles(question.headers.get("authorization"))
        except BadToken as error:
            return self.error(question, 401, "InvalidAuthenticationToken", error.message)
        try:
            return self._answer(question, roles)
        except UnsupportedQuery as error:
            return self.error(question, 400, error.code, error.message)
        except NotFound as error:
            return self.error(question, 404, "Request_ResourceNotFound", error.message)

    def requirement(self, question: Question) -> Requirement:
        """What the endpoint is documented to need; nothing for what is no endpoint."""
        version, _, path = question.path.strip("/").partition("/")
        if path == "directoryObjects/getByIds":
            return need.BY_IDS
        found = route_of(path) if version in VERSIONS and path else None
        return self._needed(found[0]) if found else need.NOTHING

    def error(self, question: Question, status: int, code: str, message: str) -> Answer:
        """Graph's error JSON, with the request's ids and the server's time."""
        request_id = str(uuid.uuid4())
        client_request_id = question.headers.get("client-request-id", request_id)
        inner: Json = {
            "date": self.clock().strftime("%Y-%m-%dT%H:%M:%S"),
            "request-id": request_id,
            "client-request-id": client_request_id,
        }
        headers = {"request-id": request_id, "client-request-id": client_request_id}
        if status == 401:
            headers["WWW-Authenticate"] = (
                f'Bearer realm="", authorization_uri="https://{self.tenant.cloud.login}/common/oauth2/authorize",'
                ' client_id="00000003-0000-0000-c000-000000000000"'
            )
        return Answer(
            status=status,
            body={"error": {"code": code, "message": message, "innerError": inner}},
            headers=headers,
            content_type="application/json",
        )

    def _answer(self, question: Question, roles: frozenset[str]) -> Answer:
        version, _, path = question.path.strip("/").partition("/")
        if version not in VERSIONS:
            return self.error(question, 400, "BadRequest", "Invalid version.")
        if path == "directoryObjects/getByIds":
            return self._by_ids(question, roles)
        if question.method != "GET":
            return self.error(question, 405, "Request_MethodNotAllowed", "This tenant is read only.")
        found = route_of(path)
        if (
            found is None
            or (found[0].beta_only and version != "beta")
            or not found[0].is_available(self.tenant)
        ):
            segment = path.split("/")[0] if found is None else path.rpartition("/")[2]
            return self.error(question, 400, "BadRequest", f"Resource not found for the segment '{segment}'.")
        route, key, counts, cast = found
        refused = self._refused(question, route, roles)
        if refused:
            return refused
        target = route.source(self.tenant, key)
        query = Query(tenant=self.tenant, question=question, resource=route.resource, roles=roles)
        if route.path.startswith("groups/{}/") and self._hides_members(key, roles):
            target = Target(items=[], is_many=True, context=target.context)
        if cast:
            target = self._cast(query, target, cast)
        if target.is_many:
            target = replace(target, items=self.faults.shown(target.items, question))
        if counts:
            return self._count(question, query, target)
        body = (
            query.many(target.items, target.context)
            if target.is_many
            else query.one(target.items[0], target.context)
        )
        return Answer(body=body)

    def _needed(self, route: Route) -> Requirement:
        options = self.tenant.options
        if route.requirement is need.LOGS and options.logs_need_directory_read:
            return need.LOGS_AS_DOCUMENTED
        if route.requirement is need.CLAIMS_POLICY and options.claims_policy_readable:
            return need.CLAIMS_POLICY_IN_PRACTICE
        return route.requirement

    def _refused(self, question: Question, route: Route, roles: frozenset[str]) -> Answer | None:
        needed = self._needed(route)
        if not needed.is_met(roles):
            return self.error(question, 403, needed.code, needed.message)
        if route.path == "auditLogs/signIns" and self.tenant.licence == "free":
            return self.error(
                question,
                403,
                "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
                "Neither tenant is B2C or tenant doesn't have premium license",
            )
        return None

    def _hides_members(self, key: str, roles: frozenset[str]) -> bool:
        group = entity(self.tenant, "groups", key)
        return group["visibility"] == "HiddenMembership" and "Member.Read.Hidden" not in roles

    def _cast(self, query: Query, target: Target, cast: str) -> Target:
        if not query.is_advanced and query.question.path.rpartition("/")[2] != "$count":
            raise UnsupportedQuery(
                "The OData cast needs the header 'ConsistencyLevel: eventual' and $count=true."
            )
        items = [item for item in target.items if item.get("@odata.type") == f"#{cast}"]
        return Target(items=items, is_many=True, context=target.context)

    def _count(self, question: Question, query: Query, target: Target) -> Answer:
        if not query.is_eventual:
            return self.error(question, 400, "Request_BadRequest", "$count is not currently supported.")
        counted = Query(
            tenant=query.tenant,
            question=Question(
                method="GET",
                path=question.path,
                query=(*question.query, ("$count", "true")),
                headers=question.headers,
            ),
            resource=query.resource,
            roles=query.roles,
        )
        return Answer(body=str(len(counted.found(target.items))).encode(), content_type="text/plain")

    def _by_ids(self, question: Question, roles: frozenset[str]) -> Answer:
        if question.method != "POST":
            return self.error(question, 405, "Request_BadRequest", "Specified HTTP method is not allowed.")
        if not need.BY_IDS.is_met(roles):
            return self.error(question, 403, need.BY_IDS.code, need.BY_IDS.message)
        try:
            wanted: Json = json.loads(question.body)
        except ValueError:
            wanted = None
        ids = wanted.get("ids") if isinstance(wanted, dict) else None
        if not isinstance(ids, list) or len(ids) > _MAX_IDS:
            return self.error(
                question, 400, "Request_BadRequest", "Invalid value specified for property 'ids'."
            )
        types = wanted.get("types") if isinstance(wanted, dict) else None
        items: list[Object] = [
            self.tenant.objects[str(key)] for key in ids if str(key) in self.tenant.objects
        ]
        if isinstance(types, list) and types:
            items = [item for item in items if str(item["@odata.type"]).rpartition(".")[2] in types]
        query = Query(tenant=self.tenant, question=question, resource=resource.DIRECTORY_OBJECT, roles=roles)
        return Answer(body=query.many(items, "directoryObjects", paged=False))
