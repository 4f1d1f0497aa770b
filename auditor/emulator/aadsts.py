"""The refusals of the login host: AADSTS codes with the OAuth error and the HTTP status that come with them.

Source: "Microsoft Entra authentication and authorization error codes", and answers quoted in public issues of
the client libraries. Sentences are shortened; programs must not read more than the code out of them.
"""

from __future__ import annotations

_REFUSALS = {
    50013: ("invalid_request", 404, "There is no federation metadata for this application."),
    50027: ("invalid_request", 400, "The JWT is invalid or malformed."),
    70003: ("unsupported_grant_type", 400, "The app requested the unsupported grant type '{0}'."),
    70011: ("invalid_scope", 400, "The provided request must include a 'scope' input parameter."),
    90002: (
        "invalid_request",
        400,
        "Tenant '{0}' not found. Is it the right tenant id, and the right cloud?",
    ),
    500011: (
        "invalid_resource",
        400,
        "The resource principal named {0} was not found in the tenant {1}.",
    ),
    700016: (
        "unauthorized_client",
        400,
        "Application with identifier '{0}' was not found in the directory '{1}'.",
    ),
    700021: ("invalid_client", 401, "The client assertion's subject is not the application's identifier."),
    700023: ("invalid_client", 401, "The client assertion's audience does not match the realm issuer."),
    700024: (
        "invalid_client",
        401,
        "Client assertion is not within its valid time range. Current time: {0}, assertion valid from {1},"
        " expiry time of assertion {2}.",
    ),
    700027: (
        "invalid_client",
        401,
        "Client assertion failed signature validation. [Reason - {0}, Thumbprint of key used by client:"
        " '{1}', Found key '{2}', configured keys for app Id '{3}'.]",
    ),
    900561: ("invalid_request", 400, "The endpoint only accepts {0} requests."),
    1002012: (
        "invalid_scope",
        400,
        "The provided value for scope {0} is not valid. Client credential flows must have a scope value with"
        " /.default suffixed to the resource identifier (application ID URI).",
    ),
    7000215: (
        "invalid_client",
        401,
        "Invalid client secret provided. Ensure the secret being sent in the request is the client secret"
        " value, not the client secret ID, for a secret added to app '{0}'.",
    ),
    7000218: (
        "invalid_client",
        401,
        "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    ),
    7000222: ("invalid_client", 401, "The provided client secret keys for app '{0}' are expired."),
}


class Refused(Exception):
    """The login host refuses, with an AADSTS code."""

    def __init__(self, code: int, *details: str) -> None:
        self.code = code
        self.error, self.status, sentence = _REFUSALS[code]
        self.sentence = sentence.format(*details)
        super().__init__(f"AADSTS{code}: {self.sentence}")
