"""The login host: OpenID configuration, the token endpoint, federation metadata, and their errors."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qs

import jwt

from auditor.emulator.aadsts import Refused
from auditor.emulator.directory import ClientRegistration, Tenant
from auditor.emulator.metadata import Metadata
from auditor.emulator.requests import Answer, Json, Question
from auditor.emulator.tokens import Tokens

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_METADATA = re.compile(r"/([^/]+)/federationmetadata/2007-06/federationmetadata\.xml$", re.IGNORECASE)
_CONFIGURATION = re.compile(r"/([^/]+)(/v2\.0)?/\.well-known/openid-configuration$")
_TOKEN = re.compile(r"/([^/]+)/oauth2/v2\.0/token$")
_KEYS = re.compile(r"/([^/]+)/discovery/v2\.0/keys$")


@dataclass(frozen=True, slots=True)
class Login:
    """The login host of one cloud, which knows one tenant."""

    tenant: Tenant
    tokens: Tokens
    metadata: Metadata
    clock: Callable[[], datetime]

    def answer(self, question: Question) -> Answer | None:
        """The answer; None when the path is none of the login host's."""
        found = (
            (_METADATA, "GET", self._metadata),
            (_CONFIGURATION, "GET", self._configuration),
            (_TOKEN, "POST", self._token),
            (_KEYS, "GET", self._keys),
        )
        for pattern, method, answer in found:
            match = pattern.match(question.path)
            if match is None:
                continue
            try:
                if question.method != method:
                    raise Refused(900561, method)
                if not self.tenant.is_called(match[1]) and match[1] not in ("common", "organizations"):
                    raise Refused(90002, match[1])
                return answer(question, match[1])
            except Refused as refusal:
                return self._refusal(question, refusal)
        return None

    def _refusal(self, question: Question, refusal: Refused) -> Answer:
        trace = str(uuid.uuid4())
        correlation = question.headers.get("client-request-id", str(uuid.uuid4()))
        time = self.clock().strftime("%Y-%m-%d %H:%M:%SZ")
        body: Json = {
            "error": refusal.error,
            "error_description": (
                f"{refusal} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}"
            ),
            "error_codes": [refusal.code],
            "timestamp": time,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://{self.tenant.cloud.login}/error?code={refusal.code}",
        }
        return Answer(status=refusal.status, body=body, content_type="application/json; charset=utf-8")

    def _configuration(self, question: Question, name: str) -> Answer:
        """Names are the cloud's own; endpoints lead to the host that was asked, for MSAL follows them."""
        host = f"https://{question.host}/{name}"
        version = "/v2.0" if "/v2.0/" in question.path else ""
        issuer = f"https://{self.tenant.cloud.login}/{self.tenant.id}/v2.0" if version else self.tokens.issuer
        body: Json = {
            "token_endpoint": f"{host}/oauth2{version}/token",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
            "jwks_uri": f"{host}/discovery{version}/keys",
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": issuer,
            "authorization_endpoint": f"{host}/oauth2{version}/authorize",
            "device_authorization_endpoint": f"{host}/oauth2{version}/devicecode",
            "end_session_endpoint": f"{host}/oauth2{version}/logout",
            "tenant_region_scope": "EU",
            "cloud_instance_name": self.tenant.cloud.login.removeprefix("login."),
            "cloud_graph_host_name": "graph.windows.net",
            "msgraph_host": self.tenant.cloud.graph,
        }
        return Answer(body=body, content_type="application/json; charset=utf-8")

    def _keys(self, question: Question, name: str) -> Answer:
        keys: list[Json] = []
        for pair in self.tenant.tenant_keys:
            key: dict[str, Json] = jwt.algorithms.RSAAlgorithm.to_jwk(pair.key.public_key(), as_dict=True)
            keys.append(
                {**key, "use": "sig", "kid": pair.thumbprint, "x5c": [base64.b64encode(pair.der).decode()]}
            )
        return Answer(body={"keys": keys}, content_type="application/json; charset=utf-8")

    def _metadata(self, question: Question, name: str) -> Answer:
        asked = next((value for key, value in question.query if key.lower() == "appid"), None)
        app_id = asked.lower() if asked else None
        if app_id and ("servicePrincipals", app_id) not in self.tenant.by_app_id:
            raise Refused(700016, app_id, self.tenant.name)
        document = self.metadata.document(app_id)
        if document is None:
            raise Refused(50013)
        return Answer(body=document, content_type="application/samlmetadata+xml; charset=utf-8")

    def _token(self, question: Question, name: str) -> Answer:
        form = {key: values[-1] for key, values in parse_qs(question.body.decode("utf-8", "replace")).items()}
        grant = form.get("grant_type", "")
        if grant != "client_credentials":
            raise Refused(70003, grant)
        client = self.tenant.clients.get(form.get("client_id", "").lower())
        if client is None:
            raise Refused(700016, form.get("client_id", ""), self.tenant.name)
        self._check_scope(form.get("scope", ""))
        if form.get("client_assertion_type") == _ASSERTION and "client_assertion" in form:
            self._check_assertion(question, form["client_assertion"], client)
        else:
            _check_secret(form.get("client_secret"), client)
        token = self.tokens.issue(client, with_certificate="client_assertion" in form)
        lifetime = self.tenant.options.token_lifetime
        body: Json = {
            "token_type": "Bearer",
            "expires_in": lifetime,
            "ext_expires_in": lifetime,
            "access_token": token,
        }
        return Answer(body=body, content_type="application/json; charset=utf-8")

    def _check_scope(self, scope: str) -> None:
        if not scope:
            raise Refused(70011)
        resource, _, rest = scope.rpartition("/.default")
        if rest or not resource:
            raise Refused(1002012, scope)
        if resource.rstrip("/") != self.tokens.audience:
            raise Refused(500011, resource, self.tenant.name)

    def _check_assertion(self, question: Question, assertion: str, client: ClientRegistration) -> None:
        certificate = client.certificate
        now = self.clock()
        try:
            header = jwt.get_unverified_header(assertion)
        except jwt.InvalidTokenError as error:
            raise Refused(50027) from error
        if not _names(header, certificate.der):
            raise _bad_signature("The key was not found.", header, client)
        try:
            claims = jwt.decode(
                assertion,
                certificate.key.public_key(),
                algorithms=["RS256", "PS256"],
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False},
            )
        except jwt.InvalidTokenError as error:
            raise _bad_signature(
                "The key was found, but the signature does not verify.", header, client
            ) from error
        if claims.get("aud") not in self._audiences(question):
            raise Refused(700023)
        begins, ends = claims.get("nbf", 0), claims.get("exp", 0)
        if not begins <= now.timestamp() < ends:
            raise Refused(700024, _iso(now.timestamp()), _iso(begins), _iso(ends))
        if claims.get("iss") != client.app_id or claims.get("sub") != client.app_id:
            raise Refused(700021)
        if not certificate.is_valid(now):
            raise _bad_signature("The key used is expired.", header, client)

    def _audiences(self, question: Question) -> list[str]:
        paths = [f"/{name}/oauth2/v2.0/token" for name in (self.tenant.id, *self.tenant.domains)]
        paths += [f"/{self.tenant.id}/v2.0", question.path]
        return [
            f"https://{host}{path}" for host in (question.host, self.tenant.cloud.login) for path in paths
        ]


def _check_secret(secret: str | None, client: ClientRegistration) -> None:
    if secret is None:
        raise Refused(7000218)
    if secret != client.secret:
        raise Refused(7000215, client.app_id)
    if client.secret_expired:
        raise Refused(7000222, client.app_id)


def _bad_signature(reason: str, header: Mapping[str, object], client: ClientRegistration) -> Refused:
    used = _hex(str(header.get("x5t#S256") or header.get("x5t") or ""))
    pair = client.certificate
    found = f"Start={pair.not_before:%m/%d/%Y %H:%M:%S}, End={pair.not_after:%m/%d/%Y %H:%M:%S}"
    return Refused(700027, reason, used, found, client.app_id)


def _names(header: Mapping[str, object], der: bytes) -> bool:
    """Whether a JWT header names this certificate, by SHA-1 (`x5t`) or SHA-256 (`x5t#S256`)."""
    hashes = {
        "x5t": hashlib.sha1(der, usedforsecurity=False).digest(),
        "x5t#S256": hashlib.sha256(der).digest(),
    }
    return any(
        str(header.get(name, "")).rstrip("=") == base64.urlsafe_b64encode(digest).decode().rstrip("=")
        for name, digest in hashes.items()
    )


def _hex(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).hex().upper()
    except ValueError:
        return text


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
