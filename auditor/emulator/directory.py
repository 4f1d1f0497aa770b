"""The tenant as the server holds it: Graph objects by id, and what hangs on them."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from auditor.emulator.certificates import KeyPair
from auditor.emulator.clouds import CLOUDS, CloudNames
from auditor.emulator.drafts import OptionsDraft
from auditor.emulator.requests import Object

_NAMESPACE = uuid.UUID("7c1f2b0e-52c7-5b0a-9d4e-6f1c1f3f9a11")

MICROSOFT_TENANT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"
"""Owner of Microsoft's own service principals."""

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"

CUSTOM_TEMPLATE = "8adf8e6e-67b2-4cf2-a259-e3dc5476c621"
"""The template of applications that are not in the gallery."""


def object_id(*names: str) -> str:
    """The same names give the same id, in every run."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(names)))


def timestamp(at: datetime) -> str:
    """As Graph writes times."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(kw_only=True)
class SigningKeys:
    """With what the federation metadata of an application is made."""

    listed: list[KeyPair]
    signer: KeyPair
    variant: str


@dataclass(kw_only=True)
class ClientRegistration:
    """An application that may ask for tokens."""

    app_id: str
    service_principal_id: str
    secret: str
    secret_expired: bool
    certificate: KeyPair
    permissions: frozenset[str]


@dataclass(kw_only=True)
class Tenant:
    """Everything the emulator answers from."""

    id: str
    name: str
    domains: list[str]
    licence: str
    cloud_name: str
    options: OptionsDraft
    present: datetime
    environment: str = "production"
    configuration: list[dict[str, Any]] = field(default_factory=list)
    """The auditor's configuration of the applications."""
    files: dict[str, bytes] = field(default_factory=dict)
    """What the configuration names as files, by name."""
    objects: dict[str, Object] = field(default_factory=dict)
    """Directory objects by id."""
    sets: dict[str, dict[str, Object]] = field(default_factory=lambda: defaultdict(dict))
    """`servicePrincipals`, `users` ... each by id, in the order of the directory."""
    names: dict[str, Object] = field(default_factory=dict)
    """Users, groups and contacts by the names that scenes use, in lower case."""
    by_app_id: dict[tuple[str, str], Object] = field(default_factory=dict)
    """(set, appId) to object."""
    related: dict[tuple[str, str], list[Object]] = field(default_factory=lambda: defaultdict(list))
    """(id, relation) to objects: `owners`, `members`, `appRoleAssignedTo`, `appliesTo` ..."""
    single: dict[tuple[str, str], Object] = field(default_factory=dict)
    """(id, relation) to one object: `claimsPolicy`."""
    signing: dict[str, SigningKeys] = field(default_factory=dict)
    """By appId."""
    tenant_keys: list[KeyPair] = field(default_factory=list)
    clients: dict[str, ClientRegistration] = field(default_factory=dict)
    """By appId."""

    @property
    def cloud(self) -> CloudNames:
        """The names of its cloud."""
        return CLOUDS[self.cloud_name]

    def at(self, days: float) -> datetime:
        """That many days from the tenant's present, to the second."""
        return (self.present + timedelta(days=days)).replace(microsecond=0)

    def time(self, days: float) -> str:
        """The same, as Graph writes it."""
        return timestamp(self.at(days))

    def id_of(self, *names: str) -> str:
        """The id of the thing so called in this tenant."""
        return object_id(self.id, *names)

    def is_called(self, name: str) -> bool:
        """Whether the first segment of a login path means this tenant: its id or a verified domain."""
        return name.lower() in (self.id.lower(), *(domain.lower() for domain in self.domains))

    def add(self, collection: str, item: Object, *, kind: str) -> Object:
        """Puts a directory object into its set. `kind` is its OData type, without the namespace."""
        key = str(item["id"])
        item["@odata.type"] = f"#microsoft.graph.{kind}"
        self.objects[key] = item
        self.sets[collection][key] = item
        if "appId" in item:
            self.by_app_id[collection, str(item["appId"]).lower()] = item
        return item

    def relate(self, owner: Object | str, relation: str, item: Object) -> None:
        """Hangs `item` on `owner`."""
        key = owner if isinstance(owner, str) else str(owner["id"])
        self.related[key, relation].append(item)
