"""Entra's sign-in errors (AADSTS numbers) in words, for the credential of this program.

Numbers: Microsoft Entra documentation, "Microsoft Entra authentication and authorization error codes".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from auditor.errors import CannotRunError
from auditor.secret import mask

CODE = re.compile(r"AADSTS(\d{4,9})", re.ASCII)

REGISTRATION = "the app registration that this program signs in with"

MEANINGS: Mapping[int, tuple[str, str]] = MappingProxyType(
    {
        7000215: (
            "the client secret is wrong",
            "Give the secret's value, not its id; make a new one under Certificates & secrets if it is lost.",
        ),
        7000222: (
            "the client secret has expired",
            f"Make a new one under Certificates & secrets of {REGISTRATION}.",
        ),
        7000218: (
            "Entra wants a secret or a certificate and got none",
            "Set credential.type and what belongs to it.",
        ),
        700027: (
            "the client certificate is not the one that is registered",
            f"Upload the certificate's public part to {REGISTRATION}, or use the right file.",
        ),
        700024: (
            "the signed client assertion is not valid at this time",
            "Set this machine's clock, or get a fresh federated token.",
        ),
        50027: (
            "the client assertion is not a valid token",
            "Check the file that credential.token_file names.",
        ),
        700016: (
            "the tenant knows no application with this client id",
            "Check credential.client_id (the application id, not the object id) and the tenant's id.",
        ),
        7000112: (
            "the application that this program signs in with is disabled",
            "Enable its service principal in the tenant.",
        ),
        90002: (
            "there is no such tenant",
            "Check the tenant's id in the configuration, and its cloud.",
        ),
        900023: (
            "the tenant's id is neither a GUID nor a domain name",
            "Check the tenant's id in the configuration.",
        ),
        900382: (
            "the tenant belongs to another cloud",
            "Set the tenant's cloud (global, usgov, usgov-dod, china).",
        ),
        53003: (
            "a Conditional Access policy for workload identities blocks this program",
            "Exclude its service principal, or run it from a permitted location.",
        ),
        70021: (
            "no federated identity credential fits the token that was presented",
            f"Compare issuer, subject and audience with the federated credentials of {REGISTRATION}.",
        ),
        700211: (
            "no federated identity credential has this issuer",
            f"Compare the issuer with the federated credentials of {REGISTRATION}.",
        ),
        700212: (
            "no federated identity credential has this audience",
            f"Compare the audience with the federated credentials of {REGISTRATION}.",
        ),
        700213: (
            "no federated identity credential has this subject",
            f"Compare the subject with the federated credentials of {REGISTRATION}.",
        ),
    }
)
"""Number to what happened and what to do."""


def explained(said: str, *, doing: str) -> CannotRunError | None:
    """The error in words, when Entra's answer holds an AADSTS number; None otherwise."""
    found = CODE.search(said)
    if found is None:
        return None
    number = int(found.group(1))
    what, remedy = MEANINGS.get(number, (_sentence(said[found.end() :]), _look_up(number)))
    return CannotRunError(f"{doing}: {what} (AADSTS{number})", remedy=remedy)


def _sentence(rest: str) -> str:
    """Entra's own words up to the trace ids, in one line."""
    words = re.split(r"Trace ID|\\r|\\n|[\r\n\"]", rest, maxsplit=1)[0]
    return mask(" ".join(words.strip(": ").split()))[:200] or "Entra refused it"


def _look_up(number: int) -> str:
    return f"See https://login.microsoftonline.com/error?code={number}."
