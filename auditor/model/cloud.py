"""The clouds of Microsoft Entra: which hosts answer, and what each cloud calls a tenant in SAML.

Hosts: Microsoft Entra documentation, "Microsoft Entra authentication & national clouds" and Microsoft Graph
documentation, "National cloud deployments". SAML names of the global cloud: federation metadata documents.
Nothing here depends on where requests are sent (`endpoints` of the configuration).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """One cloud. Hosts are bare names, in lower case."""

    name: str
    """As the configuration spells it."""
    login_host: str
    """Answers for tokens and federation metadata, and stands in the SSO and SLO URLs."""
    older_login_hosts: tuple[str, ...] = ()
    """Earlier names of the login host that still answer and still stand in older documents."""
    graph_host: str
    sts_host: str
    """Stands in the entity ID."""
    confirmed: bool
    """False: no federation metadata document of this cloud is public, its SAML names are inferred."""

    @property
    def authority(self) -> str:
        """Where tokens come from, without the tenant."""
        return f"https://{self.login_host}"

    @property
    def token_scope(self) -> str:
        """What a token for Graph is asked for."""
        return f"https://{self.graph_host}/.default"

    @property
    def login_hosts(self) -> tuple[str, ...]:
        """The login host and its earlier names."""
        return (self.login_host, *self.older_login_hosts)

    def entity_id(self, tenant_id: str) -> str:
        """The identity provider's entity ID; the slash at its end belongs to it."""
        return f"https://{self.sts_host}/{tenant_id.lower()}/"

    def sign_in_url(self, tenant_id: str) -> str:
        """The single sign-on URL, for both bindings."""
        return f"https://{self.login_host}/{tenant_id.lower()}/saml2"

    def sign_out_url(self, tenant_id: str) -> str:
        """The single logout URL."""
        return f"https://{self.login_host}/{tenant_id.lower()}/saml2"

    def metadata_url(self, tenant_id: str, app_id: str | None = None) -> str:
        """The federation metadata document; without `app_id` it lists keys of the tenant instead."""
        document = f"{self.authority}/{tenant_id.lower()}/federationmetadata/2007-06/federationmetadata.xml"
        return document if app_id is None else f"{document}?appid={app_id.lower()}"


_ALL = (
    Cloud(
        name="global",
        login_host="login.microsoftonline.com",
        older_login_hosts=("login.windows.net",),
        graph_host="graph.microsoft.com",
        sts_host="sts.windows.net",
        confirmed=True,
    ),
    Cloud(
        name="usgov",
        login_host="login.microsoftonline.us",
        graph_host="graph.microsoft.us",
        sts_host="sts.windows.net",
        confirmed=False,
    ),
    Cloud(
        name="usgov-dod",
        login_host="login.microsoftonline.us",
        graph_host="dod-graph.microsoft.us",
        sts_host="sts.windows.net",
        confirmed=False,
    ),
    Cloud(
        name="china",
        login_host="login.partner.microsoftonline.cn",
        older_login_hosts=("login.chinacloudapi.cn",),
        graph_host="microsoftgraph.chinacloudapi.cn",
        sts_host="sts.chinacloudapi.cn",
        confirmed=False,
    ),
)

CLOUDS: Mapping[str, Cloud] = MappingProxyType({cloud.name: cloud for cloud in _ALL})
"""By the name that the configuration uses."""
