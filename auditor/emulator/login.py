"""The login host: OpenID configuration, the token endpoint, federation metadata, and the errors of all three."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qs

import jwt

from auditor.emulator.directory import ClientRegistration, Tenant
from auditor.emulator.metadata import Metadata
from auditor.emulator.requests import Answer, Json, Question
from auditor.emulator.tokens import Tokens

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_METADATA = re.compile(r"/([^/]+)/federationmetadata/2007-06/federationmetadata\.xml$", re.IGNORECASE)
_CONFIGURATION = re.compile(r"/([^/]+)(/v2\.0)?/\.well-known/openid-configuration$")
_TOKEN = re.compile(r"/([^/]+)/oauth2/v2\.0/token$")
_KEYS = re.compile(r"/([^/]+)/discovery/v2\.0/keys$")


class Refused(Exception):
    """The login host refuses, with an AADSTS code."""

    def __init__(self, code: int, error: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.error = error
        self.message = message
        self.status = status


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
                    raise Refused(900561, "invalid_request", f"The endpoint only accepts {method} requests.")
                if not self.tenant.is_called(match[1]) and match[1] not in ("common", "organizations"):
                    raise Refused(
                        90002,
                        "invalid_request",
                        f"Tenant '{match[1]}' not found. Check to make sure you have the correct tenant ID and are"
                        " signing into the correct cloud. Check with your subscription administrator, this may"
                        " happen if there are no active subscriptions for the tenant.",
                    )
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
                f"AADSTS{refusal.code}: {refusal.message} Trace ID: {trace} Correlation ID: {correlation}"
                f" Timestamp: {time}"
            ),
            "error_codes": [refusal.code],
            "timestamp": time,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://{self.tenant.cloud.login}/error?code={refusal.code}",
        }
        return Answer(status=refusal.status, body=body, content_type="application/json; charset=utf-8")

    def _configuration(self, question: Question, name: str) -> Answer:
        """Names are the cloud's own. Endpoints lead to the host that was asked: MSAL follows `token_endpoint`."""
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
            raise Refused(700016, "unauthorized_client", self._unknown_client(app_id))
        document = self.metadata.document(app_id)
        if document is None:
            raise Refused(
                50013, "invalid_request", "The federation metadata document is not available.", status=404
            )
        return Answer(body=document, content_type="application/samlmetadata+xml; charset=utf-8")

    def _token(self, question: Question, name: str) -> Answer:
        form = {key: values[-1] for key, values in parse_qs(question.body.decode("utf-8", "replace")).items()}
        if form.get("grant_type") != "client_credentials":
            raise Refused(70003, "unsupported_grant_type", "The app requested an unsupported grant type.")
        client = self.tenant.clients.get(form.get("client_id", "").lower())
        if client is None:
            raise Refused(700016, "unauthorized_client", self._unknown_client(form.get("client_id", "")))
        self._check_scope(form.get("scope", ""))
        with_certificate = "client_assertion" in form
        self._check_credential(question, form, client)
        token = self.tokens.issue(client, with_certificate=with_certificate)
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
            raise Refused(
                70011, "invalid_scope", "The provided request must include a 'scope' input parameter."
            )
        resource, _, rest = scope.rpartition("/.default")
        if rest or not resource:
            raise Refused(
                1002012,
                "invalid_scope",
                f"The provided value for scope {scope} is not valid. Client credential flows must have a scope"
                " value with /.default suffixed to the resource identifier (application ID URI).",
            )
        if resource.rstrip("/") != self.tokens.audience:
            raise Refused(
                500011,
                "invalid_resource",
                f"The resource principal named {resource} was not found in the tenant named {self.tenant.name}."
                " This can happen if the application has not been installed by the administrator of the tenant or"
                " consented to by any user in the tenant.",
            )

    def _check_credential(
        self, question: Question, form: Mapping[str, str], client: ClientRegistration
    ) -> None:
        if form.get("client_assertion_type") == _ASSERTION and "client_assertion" in form:
            return self._check_assertion(question, form["client_assertion"], client)
        if "client_secret" not in form:
            raise Refused(
                7000218,
                "invalid_client",
                "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
                status=401,
            )
        if form["client_secret"] != client.secret:
            raise Refused(
                7000215,
                "invalid_client",
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret"
                f" value, not the client secret ID, for a secret added to app '{client.app_id}'.",
                status=401,
            )
        if client.secret_expired:
            raise Refused(
                7000222,
                "invalid_client",
                f"The provided client secret keys for app '{client.app_id}' are expired. Visit the Azure portal to"
                " create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate"
                " credentials for added security: https://aka.ms/certCreds.",
                status=401,
            )
        return None

    def _check_assertion(self, question: Question, assertion: str, client: ClientRegistration) -> None:
        certificate = client.certificate
        now = self.clock()
        try:
            header = jwt.get_unverified_header(assertion)
        except jwt.InvalidTokenError as error:
            raise Refused(50027, "invalid_request", "JWT token is invalid or malformed.") from error
        if not _names(header, certificate.der):
            raise self._bad_signature(client, "The key was not found.", header)
        try:
            claims = jwt.decode(
                assertion,
                certificate.key.public_key(),
                algorithms=["RS256", "PS256"],
                options={"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False},
            )
        except jwt.InvalidTokenError as error:
            raise self._bad_signature(
                client, "Key was found, but use of the key to verify the signature failed.", header
            ) from error
        if claims.get("aud") not in self._audiences(question):
            raise Refused(
                700023,
                "invalid_client",
                "Client assertion audience claim does not match Realm issuer.",
                status=401,
            )
        if not claims.get("nbf", 0) <= now.timestamp() < claims.get("exp", 0):
            raise Refused(
                700024,
                "invalid_client",
                f"Client assertion is not within its valid time range. Current time: {now:%Y-%m-%dT%H:%M:%S.%f}Z,"
                f" assertion valid from {_iso(claims.get('nbf', 0))}, expiry time of assertion"
                f" {_iso(claims.get('exp', 0))}.",
                status=401,
            )
        if claims.get("iss") != client.app_id or claims.get("sub") != client.app_id:
            raise Refused(
                700021, "invalid_client", "Client assertion application identifier doesn't match.", status=401
            )
        if not certificate.is_valid(now):
            raise self._bad_signature(client, "The key used is expired.", header)

    def _audiences(self, question: Question) -> list[str]:
        paths = [f"/{name}/oauth2/v2.0/token" for name in (self.tenant.id, *self.tenant.domains)]
        paths += [f"/{self.tenant.id}/v2.0", question.path]
        return [
            f"https://{host}{path}" for host in (question.host, self.tenant.cloud.login) for path in paths
        ]

    def _bad_signature(
        self, client: ClientRegistration, reason: str, header: Mapping[str, object]
    ) -> Refused:
        used = header.get("x5t#S256") or header.get("x5t") or ""
        shown = _hex(str(used))
        pair = client.certificate
        found = ""
        if reason != "The key was not found.":
            dates = f"Start={pair.not_before:%m/%d/%Y %H:%M:%S}, End={pair.not_after:%m/%d/%Y %H:%M:%S}"
            found = f" Found key '{dates}',"
        return Refused(
            700027,
            "invalid_client",
            "The certificate with identifier used to sign the client assertion is not registered on application."
            if not found and not shown
            else f"Client assertion failed signature validation. [Reason - {reason}, Thumbprint of key used by"
            f" client: '{shown}',{found} Please visit the Azure Portal, Graph Explorer or directly use MS Graph to"
            f" see configured keys for app Id '{client.app_id}'.]",
            status=401,
        )

    def _unknown_client(self, client_id: str) -> str:
        return (
            f"Application with identifier '{client_id}' was not found in the directory '{self.tenant.name}'. This"
            " can happen if the application has not been installed by the administrator of the tenant or consented"
            " to by any user in the tenant. You may have sent your authentication request to the wrong tenant."
        )


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
    return datetime.fromtimestamp(seconds).astimezone().strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
