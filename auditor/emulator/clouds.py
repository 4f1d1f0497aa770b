"""What each cloud is called in tokens, metadata and errors, whatever address the emulator answers on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudNames:
    """Bare host names."""

    login: str
    graph: str
    token_issuer: str
    """Stands in the `iss` of version 1 tokens and in the entity ID."""
    has_claims_policy: bool = False
    """customClaimsPolicy (beta) is documented for the global service only."""
    has_logs: bool = True
    """Audit logs and synchronization are documented for the global service and US Government only."""


CLOUDS = {
    "global": CloudNames(
        login="login.microsoftonline.com",
        graph="graph.microsoft.com",
        token_issuer="sts.windows.net",
        has_claims_policy=True,
    ),
    "usgov": CloudNames(
        login="login.microsoftonline.us", graph="graph.microsoft.us", token_issuer="sts.windows.net"
    ),
    "usgov-dod": CloudNames(
        login="login.microsoftonline.us", graph="dod-graph.microsoft.us", token_issuer="sts.windows.net"
    ),
    "china": CloudNames(
        login="login.partner.microsoftonline.cn",
        graph="microsoftgraph.chinacloudapi.cn",
        token_issuer="sts.chinacloudapi.cn",
        has_logs=False,
    ),
}
"""Microsoft Entra and Microsoft Graph documentation, pages on national clouds."""
