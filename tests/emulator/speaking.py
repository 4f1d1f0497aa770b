"""Speaks to an emulated tenant as any client would: requests, a token, JSON."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any

import requests

from auditor.emulator import Emulator

SCOPE = "https://graph.microsoft.com/.default"


class Speaker:
    """A client of one emulator, with a token of its own."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.http = requests.Session()
        self.http.verify = str(emulator.ca_file)
        self._token: str | None = None

    def __enter__(self) -> Speaker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()

    @property
    def token(self) -> str:
        """An access token, asked for once."""
        if self._token is None:
            answer = self.ask_for_token(client_secret=self.emulator.client_secret)
            self._token = str(answer.json()["access_token"])
        return self._token

    def ask_for_token(self, *, tenant: str | None = None, **form: str) -> requests.Response:
        """A token request; the client's id and Graph's scope unless `form` says otherwise."""
        return self.http.post(
            f"{self.emulator.url}/{tenant or self.emulator.tenant_id}/oauth2/v2.0/token",
            data={
                "grant_type": "client_credentials",
                "client_id": self.emulator.client_id,
                "scope": SCOPE,
                **form,
            },
        )

    def ask(
        self, path: str, *, eventual: bool = False, headers: Mapping[str, str] | None = None
    ) -> requests.Response:
        """GET with the token. `path` follows the host, or is a whole URL; `eventual`: ConsistencyLevel."""
        url = path if path.startswith("https:") else self.emulator.url + path
        headers = {"Authorization": f"Bearer {self.token}", **(headers or {})}
        if eventual:
            headers["ConsistencyLevel"] = "eventual"
        return self.http.get(url, headers=headers)

    def read(self, path: str, *, eventual: bool = False) -> Any:
        """The JSON of an answer that must be 200."""
        answer = self.ask(path, eventual=eventual)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def every(self, path: str, *, eventual: bool = False) -> list[dict[str, Any]]:
        """All items of a list, over its pages, each id once."""
        found: dict[str, dict[str, Any]] = {}
        url: str | None = path
        while url:
            page = self.read(url, eventual=eventual)
            found |= {item["id"]: item for item in page["value"]}
            url = page.get("@odata.nextLink")
        return list(found.values())

    def refused(self, path: str, *, eventual: bool = False) -> tuple[int, str]:
        """Status and error code of an answer that must be a refusal."""
        answer = self.ask(path, eventual=eventual)
        assert answer.status_code >= 400, answer.text
        return answer.status_code, str(answer.json()["error"]["code"])

    def batch(self, *urls: str, version: str = "v1.0", **more: Any) -> requests.Response:
        """POST $batch with a GET for each URL; ids are their numbers."""
        items = [{"id": str(number), "method": "GET", "url": url, **more} for number, url in enumerate(urls)]
        return self.http.post(
            f"{self.emulator.url}/{version}/$batch",
            json={"requests": items},
            headers={"Authorization": f"Bearer {self.token}"},
        )

    def id(self, kind: str, name: str) -> str:
        """The object id of the thing so called."""
        return self.emulator.tenant.id_of(kind, name)

    def service_principal(self, name: str, select: str = "") -> dict[str, Any]:
        """The service principal of that name."""
        query = f"?$select={select}" if select else ""
        answer: dict[str, Any] = self.read(
            f"/v1.0/servicePrincipals/{self.id('servicePrincipal', name)}{query}"
        )
        return answer

    def metadata(self, name: str | None = None) -> bytes:
        """The federation metadata document of an application, or the tenant's."""
        query = f"?appid={self.service_principal(name)['appId']}" if name else ""
        url = (
            f"{self.emulator.url}/{self.emulator.tenant_id}/federationmetadata/2007-06/federationmetadata.xml"
        )
        answer = self.http.get(url + query)
        assert answer.status_code == 200, answer.text
        return answer.content
