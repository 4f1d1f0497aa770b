"""What a configuration needs around it: environment variables, files, a place for its store."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from auditor.model.configuration import Configuration, Credential

Place: TypeAlias = tuple[str | int, ...]
"""Keys and indices that lead to a value of the YAML document."""

_SQLITE = "sqlite"
_FILES = {"ca_file": False, "certificate_path": True, "metadata_file": False, "certificate_file": False}
"""Keys that name a file, and whether it is secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """An environment variable that must be set."""

    name: str
    purpose: str
    secret: bool = True
    credential: bool = False
    """It is part of how the program signs in to Entra."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededFile:
    """A file that the configuration names."""

    place: Place
    written: str
    """As it stands there, without `file:`."""
    path: Path
    """Absolute."""
    reference: bool
    """Written as `file:PATH`."""
    secret: bool
    credential: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenFile:
    """A file of the configuration that a scan writes: one that alerts go to."""

    place: Place
    path: Path
    """Absolute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """Everything around one configuration."""

    file: Path
    """The configuration, absolute."""
    text: str
    variables: tuple[Variable, ...]
    files: tuple[NeededFile, ...]
    store: Path | None
    """The SQLite file, absolute; None: another store, or none."""
    written: tuple[WrittenFile, ...]
    """Files that a scan appends to."""
    may_be_postgresql: bool
    has_history: bool
    credential_types: tuple[str, ...]
    """By tenant."""
    clouds: tuple[str, ...]

    @property
    def writable(self) -> list[Path]:
        """Folders in which a scan writes, beside that of its reports."""
        files = [each.path for each in self.written] + ([self.store] if self.store else [])
        return sorted({file.parent for file in files})


def needs_of(configuration: Configuration, data: Mapping[str, object]) -> Needs:
    """What `configuration` needs; `data` is its document as it was read."""
    file = Path(os.path.abspath(configuration.file))
    variables = {variable.name: variable for variable in _credential_variables(configuration, data)}
    for place, value in _references(data):
        if value.startswith("env:"):
            name = value.removeprefix("env:")
            credential = "credential" in place
            variables[name] = Variable(name=name, purpose=_in_words(place), credential=credential)
    history = configuration.history
    return Needs(
        file=file,
        text=file.read_text(encoding="utf-8"),
        variables=tuple(sorted(variables.values(), key=lambda variable: variable.name)),
        files=tuple(_files(data, file.parent)),
        store=_sqlite_file(history, file.parent),
        written=tuple(_alert_files(data.get("alerts"), file.parent)),
        may_be_postgresql=history is not None and not history.startswith(_SQLITE),
        has_history=history is not None,
        credential_types=tuple(tenant.credential.type for tenant in configuration.tenants),
        clouds=tuple(tenant.cloud for tenant in configuration.tenants),
    )


def _credential_variables(configuration: Configuration, data: Mapping[str, object]) -> Iterator[Variable]:
    """Those that azure-identity reads by itself, where the configuration leaves something out."""
    tenants = data.get("tenants")
    for index, tenant in enumerate(configuration.tenants):
        entry = tenants[index] if isinstance(tenants, list) else {}
        if not (isinstance(entry, Mapping) and entry.get("id")):
            yield Variable(name="AZURE_TENANT_ID", purpose="the tenant", secret=False)
        yield from _of_credential(tenant.credential)


def _of_credential(credential: Credential) -> Iterator[Variable]:
    kind = credential.type
    if kind in ("client-secret", "client-certificate", "workload-identity", "environment"):
        if credential.client_id is None:
            yield Variable(name="AZURE_CLIENT_ID", purpose="who signs in", secret=False)
        if kind in ("client-secret", "environment") and credential.client_secret is None:
            yield Variable(name="AZURE_CLIENT_SECRET", purpose="its secret", credential=True)
        if kind == "client-certificate" and credential.certificate_path is None:
            yield Variable(
                name="AZURE_CLIENT_CERTIFICATE_PATH", purpose="its certificate", secret=False, credential=True
            )


def _references(data: Mapping[str, object]) -> Iterator[tuple[Place, str]]:
    """`env:` and `file:` where a reference may stand."""
    tenants = data.get("tenants")
    for index, tenant in enumerate(tenants if isinstance(tenants, list) else []):
        if isinstance(tenant, Mapping):
            yield from _texts(tenant.get("credential"), ("tenants", index, "credential"))
    for key in ("history", "heartbeat", "alerts", "redaction_key", "evidence"):
        yield from _texts(data.get(key), (key,))


def _texts(value: object, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        if value.startswith(("env:", "file:")):
            yield place, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _texts(item, (*place, str(key)))
    elif isinstance(value, Sequence):
        for index, item in enumerate(value):
            yield from _texts(item, (*place, index))


def _files(data: Mapping[str, object], folder: Path) -> Iterator[NeededFile]:
    for place, value in _references(data):
        if value.startswith("file:"):
            written = value.removeprefix("file:")
            yield _needed(place, written, folder, reference=True, secret=True)
    for place, written, secret in _named_files(data, ()):
        yield _needed(place, written, folder, secret=secret)


def _needed(place: Place, written: str, folder: Path, *, secret: bool, reference: bool = False) -> NeededFile:
    return NeededFile(
        place=place,
        written=written,
        path=Path(os.path.abspath(folder / written)),
        reference=reference,
        secret=secret,
        credential="credential" in place,
    )


def _named_files(value: object, place: Place) -> Iterator[tuple[Place, str, bool]]:
    """Files by the keys that name them, wherever these stand."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            here = (*place, str(key))
            if isinstance(item, str) and key in _FILES:
                yield here, item, _FILES[key]
            elif isinstance(item, str) and here == ("waivers",):
                yield here, item, False
            elif isinstance(item, str) and here[-2:] == ("captured_response", "file"):
                yield here, item, True  # it names the person who signed on
            else:
                yield from _named_files(item, here)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _named_files(item, (*place, index))


def _alert_files(alerts: object, folder: Path) -> Iterator[WrittenFile]:
    for index, route in enumerate(alerts if isinstance(alerts, list) else []):
        to = route.get("to") if isinstance(route, Mapping) else None
        if isinstance(to, Mapping) and isinstance(to.get("file"), str):
            path = Path(os.path.abspath(folder / to["file"]))
            yield WrittenFile(place=("alerts", index, "to", "file"), path=path)


def _sqlite_file(url: str | None, folder: Path) -> Path | None:
    if url is None or not url.startswith(_SQLITE) or ":///" not in url:
        return None
    path = url.partition(":///")[2].partition("?")[0]
    return Path(os.path.abspath(folder / path)) if path else None


def _in_words(place: Place) -> str:
    return ".".join(str(part) for part in place)
