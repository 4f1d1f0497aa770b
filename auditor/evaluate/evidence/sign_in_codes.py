"""Error codes of the sign-in log: what each means for a SAML sign-on, and where to look.

Facts: Microsoft Entra documentation, "Microsoft Entra authentication and authorization error codes", and the
troubleshooting article of each code. Microsoft may renumber them at any time, so a code that is not here is
listed and never counted.

Configuration: somebody has to set something right, in Entra or at the service provider. User: the person or
the account. Interrupt: a step of a sign-in that usually goes on; it says nothing about the configuration.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

SUCCESS = "0"


class Kind(StrEnum):
    """Whose matter an error code is."""

    SUCCESS = "success"
    CONFIGURATION = "configuration"
    USER = "user"
    INTERRUPT = "interrupt"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInCode:
    """One error code. `setting` is None where no setting of the application is behind it."""

    kind: Kind
    meaning: str
    setting: str | None = None


def code_of(number: str) -> SignInCode:
    """What the table says of a code."""
    return _CODES.get(number, _SAML_REQUEST if _SAML_FAMILY.fullmatch(number) else _UNKNOWN)


_REPLY_URL = "Reply URL"
_IDENTIFIER = "Identifier (Entity ID)"
_CERTIFICATE = "SAML signing certificate"
_NAME_ID = "Unique User Identifier (Name ID)"
_REQUEST = "the service provider's SAML request"
_ASSIGNMENT = "Users and groups"

_CONFIGURATION = {
    "50001": ("the application is disabled or does not exist under the name that was asked for", _IDENTIFIER),
    "500011": ("no application in the tenant has the identifier that was asked for", _IDENTIFIER),
    "50003": ("the application has no signing certificate", _CERTIFICATE),
    "50006": ("the signature of the request does not verify", "Verification certificates"),
    "50007": ("the certificate for encrypting assertions was not found", "Token encryption"),
    "50010": ("no audience is configured for the application", _IDENTIFIER),
    "50011": ("the reply URL of the request is not one that is configured", _REPLY_URL),
    "50105": ("the user is not assigned to the application", _ASSIGNMENT),
    "50124": ("a claims transformation has an invalid input", "Attributes & Claims"),
    "501241": ("the attribute that the name ID is taken from is empty for the user", _NAME_ID),
    "50146": ("the application's own signing certificate is missing, expired or not yet valid", _CERTIFICATE),
    "501461": ("claims are mapped for an audience that is not the application's own", "Attributes & Claims"),
    "501621": ("a regular expression in a claims transformation takes too long", "Attributes & Claims"),
    "50194": ("the request went to the common endpoint, the application is for one tenant", _REQUEST),
    "65005": (
        "the application asks for what it is not configured for, or under a wrong identifier",
        _IDENTIFIER,
    ),
    "650052": ("the application needs a service that the tenant does not have", "Permissions"),
    "650054": ("the application asks for a resource that does not exist any more", "Permissions"),
    "650056": (
        "the application is misconfigured: identifier, consent or the certificate of the request",
        _IDENTIFIER,
    ),
    "650057": ("the application asks for a resource that its registration does not list", "Permissions"),
    "70001": ("the application is disabled or not in the tenant", "Enabled for users to sign-in"),
    "700016": ("no application in the tenant has the identifier of the request", _IDENTIFIER),
    "7000112": ("the application is disabled", "Enabled for users to sign-in"),
    "75001": ("the SAML message could not be read from its binding", _REQUEST),
    "75003": ("the service provider asked for a binding other than HTTP POST", _REQUEST),
    "75005": ("the SAML request is not one that Entra supports", _REQUEST),
    "7500514": ("the SAML message is neither a response nor an assertion", _REQUEST),
    "7500529": ("the ID of the SAML request is no valid SAML ID", _REQUEST),
    "750054": ("the redirect carried no SAML request", _REQUEST),
    "75008": ("the SAML request was sent to another destination than it names", _REQUEST),
    "75011": ("the service provider demands another way of authentication than the user used", _REQUEST),
    "75016": ("the SAML request has a name ID policy that Entra does not support", _REQUEST),
    "76021": ("the SAML request is not signed, and the application demands it", "Verification certificates"),
    "76026": ("the SAML request is too old when it arrives", _REQUEST),
    "90002": ("the tenant that was asked for does not exist", _REQUEST),
    "900236": ("the SAML request sets a property that Entra does not support", _REQUEST),
    "900971": ("the request has no reply URL and none is configured", _REPLY_URL),
    "90094": ("an administrator has to consent first", "Permissions"),
    "90107": ("the SAML request is not valid XML", _REQUEST),
    "1000031": ("the application cannot be used at this time", "Enabled for users to sign-in"),
}

_USER = {
    "16000": "the account does not exist in this tenant",
    "16003": "the user was not added to this tenant",
    "50014": "the account is a guest whose invitation waits",
    "50020": "the account belongs to another tenant",
    "50034": "the account does not exist",
    "50053": "the account is locked, or the address it came from is blocked",
    "50055": "the password has expired",
    "50056": "the password is missing",
    "50057": "the account is disabled",
    "50064": "user name or password is wrong",
    "50126": "user name or password is wrong",
    "50131": "Conditional Access did not allow it",
    "50132": "the session ended with a change of password",
    "50133": "the session ended with a change of password",
    "50135": "the password has to be changed because the account is at risk",
    "50144": "the password in Active Directory has expired",
    "50173": "the session was revoked",
    "50177": "the demand of an external provider is not supported for this user",
    "51004": "the account is not in the directory",
    "53000": "the device is not compliant, Conditional Access demands it",
    "53001": "the device is not joined, Conditional Access demands it",
    "53002": "the client is not an approved one, Conditional Access demands it",
    "53003": "Conditional Access blocked it",
    "53004": "registration for multifactor authentication was blocked because of risk",
    "53011": "the user is blocked because of risk in the home tenant",
    "530032": "a security policy of the tenant blocked it",
    "530035": "security defaults blocked it",
    "65004": "the user declined to consent",
    "80002": "the on-premises check of the password timed out",
    "80012": "the user may not sign in at this hour",
    "81010": "the Kerberos ticket is expired or invalid",
    "90072": "the account does not exist in this tenant and cannot give the second factor it demands",
    "500121": "multifactor authentication was not completed",
    "500208": "the account is of a kind that this tenant does not accept",
    "500212": "the user's own tenant does not allow access to this one",
    "500213": "this tenant does not allow access from the user's own one",
}

_INTERRUPT = {
    "16001": "an account had to be chosen",
    "50058": "the user was not signed in yet",
    "50059": "the tenant was not known yet",
    "50072": "a second factor had to be registered",
    "50074": "a second factor was asked for",
    "50076": "a second factor was asked for",
    "50078": "the second factor had to be given again",
    "50079": "a second factor had to be registered",
    "50089": "the sign-in took too long and began again",
    "50097": "the device had to authenticate",
    "50125": "a password reset or its registration came between",
    "50127": "a broker application had to be installed",
    "50129": "the device had to be registered",
    "50140": "the user was asked whether to stay signed in",
    "50158": "an external provider was asked",
    "50168": "the browser had to fetch its token from Windows",
    "50199": "the user was asked to confirm the application",
    "51006": "the user had to sign in again with Windows authentication",
    "65001": "the user was asked for consent",
    "70043": "the session was older than Conditional Access allows",
    "81012": "another account was chosen than the one on the device",
    "90095": "the user was asked to request consent from an administrator",
    "9002341": "the user was asked to permit single sign-on",
}

_SAML_FAMILY = re.compile(r"75\d{3,5}")  # the numbers of errors that concern the SAML request

_SAML_REQUEST = SignInCode(kind=Kind.CONFIGURATION, meaning="the SAML request was refused", setting=_REQUEST)

_UNKNOWN = SignInCode(kind=Kind.UNKNOWN, meaning="not in this program's table")

_CODES: Mapping[str, SignInCode] = MappingProxyType(
    {SUCCESS: SignInCode(kind=Kind.SUCCESS, meaning="Entra issued a response")}
    | {
        number: SignInCode(kind=Kind.CONFIGURATION, meaning=meaning, setting=setting)
        for number, (meaning, setting) in _CONFIGURATION.items()
    }
    | {number: SignInCode(kind=Kind.USER, meaning=meaning) for number, meaning in _USER.items()}
    | {number: SignInCode(kind=Kind.INTERRUPT, meaning=meaning) for number, meaning in _INTERRUPT.items()}
)
