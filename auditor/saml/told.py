"""What a service provider was told about its identity provider, each value beside Entra's own.

URLs are compared by their parts: scheme, one of the login hosts, the tenant as id or verified domain, the
path without regard to case, `appid` as GUID. The entity ID alone is compared by letter, as service providers
compare it.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from auditor.model.cloud import CLOUDS, Cloud
from auditor.saml.url import LoginUrl, foreign_to, read_login_url

HTTP_POST = "HTTP-POST"

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}")
_NO_TENANT = frozenset({"common", "organizations", "consumers"})
_METADATA_PATH = "/federationmetadata/2007-06/federationmetadata.xml"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityProvider:
    """Entra, as one application of one tenant shall be told about it."""

    cloud: Cloud
    tenant_id: str
    """GUID."""
    app_id: str
    """GUID."""
    domains: Collection[str] = ()
    """Verified domains, lower case; needed only for values of which `names_a_domain` is true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One value at the service provider beside Entra's."""

    told: str
    expected: str
    problem: str | None = None
    """What is wrong, to follow the value in a sentence; None: it does."""
    notes: tuple[str, ...] = ()
    """What is worth knowing although it does."""
    leads_to_shared_keys: bool = False
    """A metadata URL of this tenant without an appid: its keys are not the application's."""
    leads_elsewhere: bool = False
    """It certainly belongs to another application, tenant or cloud."""

    @property
    def normalised(self) -> str:
        """The expected value when it does, however it is written; else what was told."""
        return self.told if self.problem else self.expected


def names_a_domain(text: str) -> bool:
    """Whether a URL names its tenant by a domain, so that the verified domains decide about it."""
    url = read_login_url(text)
    return url is not None and _GUID.fullmatch(url.tenant) is None and url.tenant not in _NO_TENANT


def sign_in_url(text: str, provider: IdentityProvider) -> Told:
    """The sign-in page URL; Entra takes requests there by HTTP-Redirect and by HTTP-POST alike."""
    expected = provider.cloud.sign_in_url(provider.tenant_id)
    told = Told(told=text, expected=expected)
    url = read_login_url(text)
    if url is None:
        return replace(told, problem="is not a plain URL of a tenant")
    foreign = _foreign(url, provider)
    if foreign is not None:
        return replace(told, problem=foreign)
    named = _appended(url)
    if named is not None and not _same_guid(named, provider.app_id):
        return replace(told, problem=f"names the application {named}")
    if named is None and (url.path != "/saml2" or url.query or url.fragment):
        return replace(told, problem="does not lead to /saml2, where Entra takes sign-in requests")
    notes = _notes(url, provider)
    return replace(told, notes=(*notes, "it ends with this application's id") if named else notes)


def _appended(url: LoginUrl) -> str | None:
    """The application that a sign-in page URL names behind /saml2, as a part of the path or as `appid`."""
    if url.fragment:
        return None
    in_path = re.fullmatch(rf"/saml2/({_GUID.pattern})", url.path)
    if in_path is not None:
        return None if url.query else in_path[1]
    asked = parameters(url) if url.path == "/saml2" else []
    return asked[0][1] if [name for name, _ in asked] == ["appid"] and _GUID.fullmatch(asked[0][1]) else None


def sign_out_url(text: str, provider: IdentityProvider, binding: str | None = None) -> Told:
    """The sign-out page URL, which takes HTTP-Redirect alone.

    `/common/wsfederation?wa=wsignout1.0` is what the portal showed for years.
    """
    expected = provider.cloud.sign_out_url(provider.tenant_id)
    told = Told(told=text, expected=expected)
    url = read_login_url(text)
    if url is None:
        return replace(told, problem="is not a plain URL of a tenant")
    of_old = url.tenant == "common" and url.path == "/wsfederation"
    foreign = _foreign(replace(url, tenant=provider.tenant_id.lower()) if of_old else url, provider)
    if foreign is not None:
        return replace(told, problem=foreign)
    if of_old and (parameters(url) != [("wa", "wsignout1.0")] or url.fragment):
        return replace(told, problem="is not the sign-out of WS-Federation, which ends with ?wa=wsignout1.0")
    if not of_old and (url.path != "/saml2" or url.query or url.fragment):
        return replace(told, problem="does not lead to /saml2, where Entra takes sign-out requests")
    if binding == HTTP_POST:
        return replace(told, problem="is given for HTTP-POST, while Entra signs out by HTTP-Redirect only")
    if of_old:
        difference = (
            "it ends the session at Entra by WS-Federation, as the portal showed it for years; /saml2 is "
            "SAML single logout, which also tells Entra who signs out and brings people back"
        )
        return replace(told, notes=(*_notes(url, provider, tenant=False), difference))
    return replace(told, notes=_notes(url, provider))


def metadata_url(text: str, provider: IdentityProvider) -> Told:
    """The metadata URL; without `appid` it leads to keys that all applications of the tenant share."""
    expected = provider.cloud.metadata_url(provider.tenant_id, provider.app_id)
    told = Told(told=text, expected=expected)
    url = read_login_url(text)
    if url is None:
        return replace(told, problem="is not a plain URL of a tenant")
    foreign = _foreign(url, provider)
    if foreign is not None:
        unclear = url.scheme != "https" or url.port not in (None, "443")
        return replace(told, problem=foreign, leads_elsewhere=not unclear)
    if url.path != _METADATA_PATH:
        return replace(told, problem=f"does not lead to {_METADATA_PATH}, where Entra has the metadata")
    ids = [value for name, value in parameters(url) if name == "appid"]
    if not any(ids):
        missing = "lacks appid, so that it leads to keys that the applications of the tenant share"
        return replace(told, problem=missing, leads_to_shared_keys=True)
    wrong = next((id for id in ids if not _same_guid(id, provider.app_id)), None)
    if wrong is not None and _GUID.fullmatch(wrong) is None:
        return replace(told, problem=f"has {wrong!r} as appid, which is no application id")
    if wrong is not None:
        message = f"has the appid {wrong}, which is another application's; this one's is {provider.app_id}"
        return replace(told, problem=message, leads_elsewhere=True)
    return replace(told, notes=_notes(url, provider))


def entity_id(text: str, provider: IdentityProvider) -> Told:
    """The identity provider's entity ID, by letter: service providers compare it so."""
    expected = provider.cloud.entity_id(provider.tenant_id)
    told = Told(told=text, expected=expected)
    if text == expected:
        return told
    if not provider.cloud.confirmed and text in _plausible(provider):
        unconfirmed = f"no public document confirms the entity ID in the cloud {provider.cloud.name}"
        return replace(told, expected=text, notes=(unconfirmed,))
    return replace(told, problem=_entity_id_problem(text, expected))


def _entity_id_problem(text: str, expected: str) -> str:
    if text == expected.removesuffix("/"):
        return "lacks the slash at its end"
    if text.strip() == expected:
        return "has white space around it"
    if text.casefold().rstrip("/") == expected.casefold().rstrip("/"):
        return "is written with other letters; it is compared by letter"
    if text.replace("http://", "https://", 1) == expected:
        return "begins with http instead of https"
    known = {re.escape(cloud.sts_host) for cloud in CLOUDS.values()}
    if re.fullmatch(rf"https?://({'|'.join(sorted(known))})/[^/]+/?", text):
        return "does not name this tenant by its id"
    return "is not Entra's"


def _plausible(provider: IdentityProvider) -> Iterable[str]:
    hosts = {cloud.sts_host for cloud in CLOUDS.values()} | {*provider.cloud.login_hosts}
    return {f"https://{host}/{provider.tenant_id.lower()}/" for host in hosts}


def parameters(url: LoginUrl) -> list[tuple[str, str]]:
    """The parameters of the query, their names in lower case."""
    pairs = parse_qsl(url.query.removeprefix("?"), keep_blank_values=True)
    return [(name.lower(), value) for name, value in pairs]


def _foreign(url: LoginUrl, provider: IdentityProvider) -> str | None:
    if url.tenant in _NO_TENANT:
        return f"names no tenant, but {url.tenant}"
    own = url.tenant in provider.domains or _same_guid(url.tenant, provider.tenant_id)
    named = replace(url, tenant=provider.tenant_id.lower()) if own else url
    return foreign_to(named, cloud=provider.cloud, tenant_id=provider.tenant_id)


def _notes(url: LoginUrl, provider: IdentityProvider, *, tenant: bool = True) -> tuple[str, ...]:
    notes = []
    if url.host != provider.cloud.login_host:
        notes.append(f"it uses {url.host}, an older name of {provider.cloud.login_host}")
    if tenant and url.tenant in provider.domains:
        notes.append(f"it names the tenant by its domain {url.tenant}, which can be taken off the tenant")
    return tuple(notes)


def _same_guid(text: str, guid: str) -> bool:
    return _GUID.fullmatch(text) is not None and uuid.UUID(text) == uuid.UUID(guid)
