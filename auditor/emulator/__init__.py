"""A tenant on the loopback interface that behaves as Microsoft Entra and Microsoft Graph are documented to.

For the demo, for developing against, and for the tests: one and the same. It is written from the
documentation and imports nothing of the client's side, so that a mistake there cannot hide here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

from auditor.emulator.administration import Administrator
from auditor.emulator.demo_day import DemoDay
from auditor.emulator.faults import Fault, FaultPlan
from auditor.emulator.generate import generated_scene
from auditor.emulator.requests import LoggedRequest, Question
from auditor.emulator.scene import Scene, bundled_scenes, load_scene
from auditor.emulator.server import HOST, HttpsServer
from auditor.emulator.service import Service

__all__ = [
    "Administrator",
    "DemoDay",
    "Emulator",
    "Fault",
    "FaultPlan",
    "LoggedRequest",
    "Question",
    "Scene",
    "bundled_scenes",
    "generated_scene",
    "load_scene",
]


class Emulator:
    """The tenant of a scene, served from entering the context until leaving it.

    `now` is the present of the tenant: what the scene's days are relative to. Tokens and the Date header
    follow the machine's clock, as their users do.
    """

    def __init__(
        self,
        scene: Scene,
        *,
        port: int = 0,
        permissions: Collection[str] | None = None,
        now: datetime | None = None,
    ) -> None:
        self.scene = scene
        self.tenant = scene.tenant(present=now or datetime.now(UTC), permissions=permissions)
        self.faults = FaultPlan()
        self._service = Service(tenant=self.tenant, faults=self.faults)
        self._client = next(iter(self.tenant.clients.values()))
        self._port = port
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._server: HttpsServer | None = None

    def __enter__(self) -> Emulator:
        """Begins to serve. Raises CannotRunError when the port is taken."""
        self._server = HttpsServer(self._service, port=self._port)
        self._folder = tempfile.TemporaryDirectory(prefix="emulator-")
        self._server.authority.cert_pem.write_to_path(str(self.ca_file))
        for name, content in self.declared_files.items():
            (self._files / name).write_bytes(content)
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Stops serving and removes the files; a second time, nothing."""
        server, folder = self._server, self._folder
        self._server = self._folder = None
        if folder is not None:
            folder.cleanup()
        if server is not None:
            server.stop()

    @property
    def url(self) -> str:
        """Where it answers, as Graph and as login host."""
        if self._server is None:
            raise RuntimeError("the emulator serves only within its context")
        return f"https://{HOST}:{self._server.port}"

    @property
    def ca_file(self) -> Path:
        """The authority that signed its TLS certificate, as PEM."""
        return self._files / "ca.pem"

    @property
    def certificate_file(self) -> Path:
        """The client's certificate with its key, as PEM, to ask for tokens with."""
        path = self._files / "client.pem"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_bytes(self._client.certificate.pem())
        return path

    @property
    def _files(self) -> Path:
        if self._folder is None:
            raise RuntimeError("the emulator has files only within its context")
        return Path(self._folder.name)

    @property
    def tenant_id(self) -> str:
        """The tenant's GUID."""
        return self.tenant.id

    @property
    def client_id(self) -> str:
        """The application that may ask for tokens."""
        return self._client.app_id

    @property
    def client_secret(self) -> str:
        """Its secret; opens nothing but this emulator."""
        return self._client.secret

    @property
    def log(self) -> list[LoggedRequest]:
        """Every request so far: login, metadata, Graph, batches and each of their items."""
        return self._service.log

    @property
    def writes(self) -> int:
        """How many requests would have changed something."""
        return self._service.writes

    def administrator(
        self, by: str, *, at: datetime | None = None, ip_address: str = "203.0.113.25", logged: bool = True
    ) -> Administrator:
        """Somebody who changes the tenant while it runs, between two nights: a user, or an application.

        `at` is when, by default the present of the tenant. Who is not `logged` leaves no entry.
        """
        return Administrator(
            tenant=self.tenant,
            by=by,
            at=at or self.tenant.present,
            ip_address=ip_address,
            logged=logged,
        )

    @property
    def declared_files(self) -> dict[str, bytes]:
        """What the service providers were given, by the names that the configuration uses."""
        return self.tenant.files

    def configuration(self) -> dict[str, Any]:
        """The auditor's configuration for this tenant, ready to be written as YAML.

        The secret is named as `env:AUDITOR_CLIENT_SECRET`, declared files where the emulator keeps them.
        """
        applications = deepcopy(self.tenant.configuration)
        for declared in (entry.get("service_provider", {}) for entry in applications):
            for key in ("metadata_file", "certificate_file"):
                if declared.get(key) in self.declared_files:
                    declared[key] = str(self._files / declared[key])
        return {
            "tenants": [
                {
                    "id": self.tenant_id,
                    "cloud": self.tenant.cloud_name,
                    "endpoints": {"graph": self.url, "login": self.url, "ca_file": str(self.ca_file)},
                    "credential": {
                        "type": "client-secret",
                        "client_id": self.client_id,
                        "client_secret": "env:AUDITOR_CLIENT_SECRET",
                    },
                    "environment": self.tenant.environment,
                }
            ],
            "applications": applications,
        }
