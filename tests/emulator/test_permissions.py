"""Each endpoint opens to the permissions that are documented for it, and to no others."""

from __future__ import annotations

import pytest

from auditor.emulator import load_scene
from auditor.emulator.drafts import OptionsDraft, OrganizationDraft, TenantDraft
from auditor.emulator.scene import scene_of
from tests.emulator.conftest import Serve

LEAST = {
    "/v1.0/organization": "Organization.Read.All",
    "/v1.0/servicePrincipals": "Application.Read.All",
    "/v1.0/applications": "Application.Read.All",
    "/v1.0/users": "User.Read.All",
    "/v1.0/groups": "GroupMember.Read.All",
    "/v1.0/contacts": "OrgContact.Read.All",
    "/v1.0/oauth2PermissionGrants": "Directory.Read.All",
    "/v1.0/policies/claimsMappingPolicies": "Policy.Read.All",
    "/v1.0/policies/tokenIssuancePolicies": "Policy.Read.All",
    "/v1.0/identity/conditionalAccess/policies": "Policy.Read.All",
    "/v1.0/servicePrincipals/{sp}/owners": "Application.Read.All",
    "/v1.0/servicePrincipals/{sp}/appRoleAssignedTo": "Application.Read.All",
    "/v1.0/servicePrincipals/{sp}/appRoleAssignments": "Application.Read.All",
    "/v1.0/servicePrincipals/{sp}/oauth2PermissionGrants": "Directory.Read.All",
    "/v1.0/servicePrincipals/{sp}/synchronization/jobs": "Synchronization.Read.All",
    "/beta/servicePrincipals/{sp}/claimsPolicy": "Policy.Read.All",
    "/v1.0/applications/{app}/owners": "Application.Read.All",
    "/v1.0/applications/{app}/federatedIdentityCredentials": "Application.Read.All",
    "/v1.0/groups/{group}/members": "GroupMember.Read.All",
}
ALL = {*LEAST.values(), "AuditLog.Read.All"}


def paths(speaker: object, path: str) -> str:
    emulator = speaker.emulator  # type: ignore[attr-defined]
    return path.format(
        sp=emulator.tenant.id_of("servicePrincipal", "GoToMeeting"),
        app=emulator.tenant.id_of("application", "GoToMeeting"),
        group=emulator.tenant.id_of("group", "Meetings"),
    )


@pytest.mark.parametrize("permission", sorted(ALL))
def test_an_endpoint_opens_to_its_least_permission_and_not_to_others(serve: Serve, permission: str) -> None:
    speaker = serve(load_scene("smallest"), permissions=[permission])
    open_to_directory = {"Directory.Read.All"} if permission == "Directory.Read.All" else set()
    for path, least in LEAST.items():
        status = speaker.ask(paths(speaker, path)).status_code
        expected = {permission} | open_to_directory
        policies = least == "Policy.Read.All" or least == "Synchronization.Read.All"
        opens = least in expected or (bool(open_to_directory) and not policies)
        assert status == (200 if opens else 403), (path, permission)


def test_without_any_permission_the_gallery_is_open_and_nothing_else(serve: Serve) -> None:
    speaker = serve(load_scene("smallest"), permissions=[])
    assert speaker.ask("/v1.0/applicationTemplates").status_code == 200
    assert speaker.refused("/v1.0/servicePrincipals") == (403, "Authorization_RequestDenied")
    assert speaker.refused("/v1.0/identity/conditionalAccess/policies") == (403, "AccessDenied")
    assert speaker.emulator.log[-1].permission == "Policy.Read.All"


@pytest.mark.parametrize(
    ("held", "as_documented", "status"),
    [
        (["AuditLog.Read.All"], True, 403),
        (["AuditLog.Read.All"], False, 200),
        (["AuditLog.Read.All", "Directory.Read.All"], True, 200),
        (["Directory.Read.All"], False, 403),
    ],
)
def test_logs_need_both_permissions_where_the_scene_says_so(
    serve: Serve, held: list[str], as_documented: bool, status: int
) -> None:
    draft = TenantDraft(options=OptionsDraft(logs_need_directory_read=as_documented))
    speaker = serve(scene_of("logs", draft), permissions=held)
    for path in ("/v1.0/auditLogs/signIns", "/v1.0/auditLogs/directoryAudits"):
        answer = speaker.ask(path)
        assert answer.status_code == status
        if status == 403:
            assert answer.json()["error"]["code"] == "Authentication_MSGraphPermissionMissing"


def test_sign_ins_need_a_licence_and_audits_do_not(serve: Serve) -> None:
    speaker = serve(scene_of("free", TenantDraft(organization=OrganizationDraft(licence="free"))))
    refusal = (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant")
    assert speaker.refused("/v1.0/auditLogs/signIns") == refusal
    assert speaker.ask("/v1.0/auditLogs/directoryAudits").status_code == 200


def test_custom_claims_policies_need_a_write_permission_where_the_scene_says_so(serve: Serve) -> None:
    scene = load_scene("smallest")
    scene.draft.options.claims_policy_readable = False
    reading = serve(scene, permissions=["Policy.Read.All"])
    path = paths(reading, "/beta/servicePrincipals/{sp}/claimsPolicy")
    assert reading.refused(path) == (403, "Authorization_RequestDenied")
    writing = serve(scene, permissions=["Policy.ReadWrite.ApplicationConfiguration"])
    assert writing.ask(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/v1.0/groups/{group}/members",
        "/v1.0/servicePrincipals/{sp}/owners",
        "/v1.0/applications/{app}/owners",
    ],
)
def test_users_show_type_and_id_alone_to_who_may_not_read_them(serve: Serve, path: str) -> None:
    speaker = serve(load_scene("smallest"), permissions=["GroupMember.Read.All", "Application.Read.All"])
    (selected,) = speaker.every(paths(speaker, path) + "?$select=id,displayName,accountEnabled")
    (plain,) = speaker.every(paths(speaker, path))
    assert selected == {
        "@odata.type": "#microsoft.graph.user",
        "id": selected["id"],
        "displayName": None,
        "accountEnabled": None,
    }
    assert plain["userPrincipalName"] is None
    assert "accountEnabled" not in plain


def test_what_a_policy_applies_to_shows_only_what_may_be_read(serve: Serve) -> None:
    speaker = serve(load_scene("smallest"), permissions=["Policy.Read.All"])
    policy = speaker.id("claimsMappingPolicy", "User name")
    (target,) = speaker.every(
        f"/v1.0/policies/claimsMappingPolicies/{policy}/appliesTo?$select=id,displayName"
    )
    assert target == {
        "@odata.type": "#microsoft.graph.servicePrincipal",
        "id": speaker.id("servicePrincipal", "GoToMeeting"),
        "displayName": None,
    }


def test_china_has_neither_logs_nor_provisioning_nor_claims_policies(serve: Serve) -> None:
    scene = load_scene("smallest")
    scene.draft.organization.cloud = "china"
    speaker = serve(scene)
    speaker._token = speaker.ask_for_token(
        client_secret=speaker.emulator.client_secret, scope="https://microsoftgraph.chinacloudapi.cn/.default"
    ).json()["access_token"]
    for path in (
        "/v1.0/auditLogs/signIns",
        "/v1.0/servicePrincipals/{sp}/synchronization/jobs",
        "/beta/servicePrincipals/{sp}/claimsPolicy",
    ):
        assert speaker.refused(paths(speaker, path)) == (400, "BadRequest")
