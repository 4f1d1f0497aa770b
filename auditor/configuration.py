"""Reads auditor.yaml: what to audit, with which credential, and what is known and accepted.

`reports/schema/configuration.schema.json` says which keys there are; here is what a schema cannot say: that
secrets are references, that names of rules, profiles and products exist, and what defaults follow from what.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, cast

from auditor.alert_routes import read_routes
from auditor.declaration import check_declarations, read_captured_response, read_service_provider
from auditor.errors import DocumentError
from auditor.literal_secrets import is_reference, reference, refuse_literal_secrets
from auditor.model.configuration import (
    AcceptedGap,
    Allow,
    ApplicationConfiguration,
    BundleSigning,
    Configuration,
    Credential,
    Endpoints,
    Match,
    RuleOverride,
    TenantConfiguration,
    Thresholds,
    TokenKey,
)
from auditor.model.profile import Profile
from auditor.model.rule import Severity
from auditor.model.waiver import Waiver
from auditor.schema_problems import did_you_mean
from auditor.waiver_file import Allowed, load_waivers
from auditor.yaml_document import YamlDocument, bundled_schema, read_yaml

_STORE = re.compile(r"(sqlite|postgresql|postgres)(\+\w+)?://")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """The names a configuration may use."""

    rules: Collection[str]
    """Rule ids."""
    profiles: Sequence[Profile]
    sections: Collection[str]
    """Sections of a snapshot."""


def load_configuration(file: Path, *, known: Known, at: datetime | None = None) -> Configuration:
    """The configuration of `file`. Raises DocumentError with file, line and column of what is wrong.

    `AZURE_TENANT_ID` of the environment serves for a tenant without an `id`. `at` is the time that will be
    judged for, where one is given: how far ahead a waiver may last counts from there, or from today if later.
    """
    document = read_yaml(file)
    # Before the schema, whose sentences would repeat a password that somebody wrote here.
    refuse_literal_secrets(document)
    _check_evidence(document)
    read_yaml(file, bundled_schema("configuration"))
    _check_names(document, known)
    _check_history(document)
    data = cast(dict[str, Any], document.data)
    tenants = tuple(_tenant(document, index, data) for index in range(len(data["tenants"])))
    _refuse_twins(document, tenants)
    thresholds = _thresholds(data.get("thresholds", {}))
    now = datetime.now(UTC)
    allowed = Allowed(
        rules=known.rules,
        today=max(now, at or now).astimezone(UTC).date(),
        days=thresholds.waiver_days,
        tenants=[tenant.id for tenant in tenants],
    )
    return Configuration(
        file=file,
        tenants=tenants,
        rules={id: _rule_override(entry) for id, entry in data.get("rules", {}).items()},
        thresholds=thresholds,
        accepted_gaps=tuple(AcceptedGap(**entry) for entry in data.get("accepted_gaps", ())),
        waivers=_waivers(document, allowed),
        history=reference(document.file.parent, data.get("history")),
        alerts=read_routes(document),
        report_url=data.get("report_url"),
        heartbeat=reference(document.file.parent, data.get("heartbeat")),
        evidence=_evidence(document.file.parent, data.get("evidence")),
        redaction_key=reference(document.file.parent, data.get("redaction_key")),
    )


def _tenant(document: YamlDocument, index: int, data: Mapping[str, Any]) -> TenantConfiguration:
    entry = data["tenants"][index]
    tenant_id = entry.get("id") or os.environ.get("AZURE_TENANT_ID")
    if not tenant_id:
        raise document.problem(
            "the tenant has no 'id', and AZURE_TENANT_ID is not set",
            "tenants",
            index,
            remedy="id: the tenant's id or one of its verified domains.",
        )
    folder = document.file.parent
    endpoints = entry.get("endpoints", {})
    credential = entry.get("credential", {})
    applications = entry.get("applications", data.get("applications", ()))
    return TenantConfiguration(
        id=tenant_id,
        cloud=entry.get("cloud", "global"),
        endpoints=Endpoints(
            graph=_origin(endpoints.get("graph")),
            login=_origin(endpoints.get("login")),
            ca_file=_path(folder, endpoints.get("ca_file")),
        ),
        credential=replace(
            Credential(**{key: credential[key] for key in ("type", "client_id") if key in credential}),
            client_secret=reference(folder, credential.get("client_secret")),
            certificate_path=_path(folder, credential.get("certificate_path")),
            certificate_password=reference(folder, credential.get("certificate_password")),
            token_file=_path(folder, credential.get("token_file")),
        ),
        environment=entry.get("environment", "production"),
        applications=tuple(_application(application) for application in applications),
        folder=folder,
    )


def _application(entry: Mapping[str, Any]) -> ApplicationConfiguration:
    allow = {key: tuple(texts) for key, texts in entry.get("allow", {}).items()}
    plain = {key: entry[key] for key in ("profile", "product", "guests", "test_user") if key in entry}
    return ApplicationConfiguration(
        match=Match(**entry["match"]) if "match" in entry else None,
        name_id=entry.get("name_id", "user.userprincipalname").lower(),
        allow=Allow(**allow),
        service_provider=read_service_provider(entry),
        captured_response=read_captured_response(entry),
        tags=tuple(entry.get("tags", ())),
        **plain,
    )


def _rule_override(entry: Mapping[str, Any]) -> RuleOverride:
    severity = entry.get("severity")
    return RuleOverride(
        severity=None if severity is None else Severity(severity),
        enabled=entry.get("enabled"),
        reason=entry.get("reason"),
    )


def _thresholds(entry: Mapping[str, Any]) -> Thresholds:
    thresholds = Thresholds(**entry)
    return replace(
        thresholds, certificate_expiry_days=tuple(sorted(thresholds.certificate_expiry_days, reverse=True))
    )


def _waivers(document: YamlDocument, allowed: Allowed) -> tuple[Waiver, ...]:
    name = cast(dict[str, Any], document.data).get("waivers")
    if name is None:
        return ()
    file = document.file.parent / name
    if not file.is_file():
        raise document.problem(
            f"waivers: there is no file {file}", "waivers", remedy="Name it relative to this file."
        )
    return load_waivers(file, allowed)


def _evidence(folder: Path, entry: Mapping[str, Any] | None) -> BundleSigning | None:
    if entry is None:
        return None
    return BundleSigning(
        certificate_file=folder / entry["certificate_file"],
        key=reference(folder, entry.get("key")),
        key_password=reference(folder, entry.get("key_password")),
        pkcs11=_token_key(folder, entry.get("pkcs11")),
        timestamp_url=entry.get("timestamp_url"),
    )


def _check_evidence(document: YamlDocument) -> None:
    """One way to sign, whole: said better than the schema, which says it, too, can say it."""
    entry = document.data.get("evidence") if isinstance(document.data, dict) else None
    if not isinstance(entry, dict):
        return
    token = entry.get("pkcs11")
    if ("key" in entry) == ("pkcs11" in entry):
        said = "names both key and pkcs11" if "key" in entry else "lacks the key: key, or pkcs11"
        raise document.problem(
            f"evidence {said}", "evidence", remedy="Name one: key for a file, pkcs11 for a key on a token."
        )
    if "pkcs11" in entry and "key_password" in entry:
        raise document.problem(
            "key_password is of a key in a file; pkcs11 has a pin",
            "evidence",
            "key_password",
            remedy="Drop it.",
        )
    if isinstance(token, dict) and not token.keys() & {"key_label", "key_id"}:
        raise document.problem(
            "pkcs11 does not say which key of the token",
            "evidence",
            "pkcs11",
            remedy="Add key_label or key_id.",
        )


def _token_key(folder: Path, entry: Mapping[str, Any] | None) -> TokenKey | None:
    if entry is None:
        return None
    changed = {"module": Path(entry["module"]), "pin": reference(folder, entry["pin"])}
    return TokenKey(**{**entry, **changed})


def _origin(url: str | None) -> str | None:
    return None if url is None else url.rstrip("/")


def _path(folder: Path, path: str | None) -> Path | None:
    return None if path is None else folder / path


def _items(data: object, key: str) -> Sequence[object]:
    items = data.get(key) if isinstance(data, dict) else None
    return items if isinstance(items, list) else []


def _check_history(document: YamlDocument) -> None:
    url = cast(dict[str, Any], document.data).get("history")
    if url is None or is_reference(url) or _STORE.match(url):
        return
    raise document.problem(
        "history is neither a store that this program knows nor a reference to one",
        "history",
        remedy="Write sqlite:///auditor.db; or env:NAME or file:PATH, which may say postgresql://...",
    )


def _applications(data: object) -> Iterator[tuple[tuple[str | int, ...], Mapping[str, Any]]]:
    """All application entries, the common ones first, with where they stand."""
    lists = [
        ((), data),
        *((("tenants", number), tenant) for number, tenant in enumerate(_items(data, "tenants"))),
    ]
    for path, holder in lists:
        for index, entry in enumerate(_items(holder, "applications")):
            if isinstance(entry, dict):
                yield (*path, "applications", index), entry


def _check_names(document: YamlDocument, known: Known) -> None:
    """That everything named exists, and that what is switched off says why."""
    data = cast(dict[str, Any], document.data)
    for path, entry in _applications(data):
        _check_application(document, path, entry, {profile.id: profile for profile in known.profiles})
        check_declarations(document, path, entry)
    for id, override in data.get("rules", {}).items():
        if id not in known.rules:
            raise _unknown(document, "rule", id, known.rules, "rules", id, key=True, see="auditor rules list")
        if override.get("enabled") is False and not (override.get("reason") or "").strip():
            raise document.problem(
                f"{id} is switched off without a reason",
                "rules",
                id,
                key=True,
                remedy="reason: why it is off; every report shows it.",
            )
    for index, gap in enumerate(data.get("accepted_gaps", ())):
        path = ("accepted_gaps", index)
        if gap["section"] not in known.sections:
            raise _unknown(document, "section", gap["section"], known.sections, *path, "section")
        try:
            date.fromisoformat(gap["expires"])
        except ValueError as error:
            raise document.problem(
                f"expires: {gap['expires']} is no day of the calendar",
                *path,
                "expires",
                remedy="Write YYYY-MM-DD.",
            ) from error


def _check_application(
    document: YamlDocument,
    path: Sequence[str | int],
    entry: Mapping[str, Any],
    profiles: Mapping[str, Profile],
) -> None:
    name, product = entry.get("profile"), entry.get("product")
    if name is None and "match" not in entry:
        raise document.problem(
            "the application has neither 'profile' nor 'match'",
            *path,
            remedy="profile: what it must look like; match: which service principal is meant.",
        )
    if name is not None and name not in profiles:
        raise _unknown(document, "profile", name, profiles, *path, "profile", see="auditor profiles list")
    if product is None:
        return
    if name is None:
        raise document.problem(
            "a product needs the profile that knows it", *path, "product", key=True, remedy="Add 'profile'."
        )
    products = profiles[name].products
    if product not in products:
        raise _unknown(document, f"product of {name}", product, products, *path, "product")


def _unknown(
    document: YamlDocument,
    kind: str,
    name: str,
    known: Iterable[str],
    *path: str | int,
    key: bool = False,
    see: str | None = None,
) -> DocumentError:
    known = sorted(known)
    remedy = f"Known: {', '.join(known) or 'none'}." if see is None else f"`{see}` names the known ones."
    return document.problem(
        f"unknown {kind} {name!r}{did_you_mean(name, known)}", *path, key=key, remedy=remedy
    )


def _refuse_twins(document: YamlDocument, tenants: Sequence[TenantConfiguration]) -> None:
    seen: dict[str, int] = {}
    for index, tenant in enumerate(tenants):
        first = seen.setdefault(tenant.id.lower(), index)
        if first != index:
            raise document.problem(
                f"the tenant {tenant.id} stands here twice",
                "tenants",
                index,
                remedy="Keep one; its reports would overwrite each other.",
            )
