"""What Graph answers: properties, keys, queries, refusals, and nothing that would change anything."""

from __future__ import annotations

import pytest
import requests

from auditor.emulator.drafts import (
    ApplicationDraft,
    AuditDraft,
    GroupDraft,
    OptionsDraft,
    OrganizationDraft,
    SignInsDraft,
    TenantDraft,
    UserDraft,
)
from auditor.emulator.scene import scene_of
from tests.emulator.conftest import Serve
from tests.emulator.speaking import Speaker

UNSUPPORTED = (400, "Request_UnsupportedQuery")
NOT_THERE = (404, "Request_ResourceNotFound")


def names(items: list[dict[str, object]]) -> set[object]:
    return {item["displayName"] for item in items}


def test_unselected_properties_are_absent(demo: Speaker) -> None:
    found = demo.service_principal("GoToMeeting", "displayName,replyUrls")
    assert found.keys() == {"@odata.context", "id", "displayName", "replyUrls"}


def test_a_property_that_is_not_set_is_null_and_there(demo: Speaker) -> None:
    found = demo.service_principal("GoToAssist", "loginUrl,samlSingleSignOnSettings")
    assert found["loginUrl"] is None
    assert found["samlSingleSignOnSettings"] is None


def test_without_select_there_are_properties_that_no_client_knows(demo: Speaker) -> None:
    assert "lastChangedByFeature" in demo.service_principal("GoToMeeting")


def test_users_come_with_their_default_properties(demo: Speaker) -> None:
    user = demo.read("/v1.0/users/ada@contoso.com")
    assert "userPrincipalName" in user
    assert "accountEnabled" not in user
    assert demo.read("/v1.0/users/ada@contoso.com?$select=accountEnabled")["accountEnabled"] is True


def test_a_guest_is_found_by_the_encoded_user_principal_name(demo: Speaker) -> None:
    found = demo.read("/v1.0/users/pia_fabrikam.com%23EXT%23@contoso.onmicrosoft.com?$select=userType")
    assert found["userType"] == "Guest"


def test_keys_are_null_unless_selected(demo: Speaker) -> None:
    unselected = demo.service_principal("GoToMeeting")["keyCredentials"]
    selected = demo.service_principal("GoToMeeting", "keyCredentials")["keyCredentials"]
    assert {entry["key"] for entry in unselected} == {None}
    assert all(entry["key"] for entry in selected)


@pytest.mark.parametrize("returned", [False, True])
def test_a_list_returns_keys_when_the_scene_says_so(serve: Serve, returned: bool) -> None:
    draft = TenantDraft(
        options=OptionsDraft(list_returns_keys=returned), applications=[ApplicationDraft(name="App")]
    )
    found = serve(scene_of("keys", draft)).every("/v1.0/servicePrincipals?$select=id,keyCredentials")
    keys = [entry["key"] for item in found for entry in item["keyCredentials"]]
    assert len(keys) == 2
    assert all(keys) is returned


def test_a_certificate_is_three_entries_that_share_their_identifier(demo: Speaker) -> None:
    found = demo.service_principal("GoToTraining", "keyCredentials,passwordCredentials")
    sign, verify = found["keyCredentials"]
    (password,) = found["passwordCredentials"]
    assert (sign["usage"], verify["usage"]) == ("Sign", "Verify")
    assert password["keyId"] == sign["keyId"]
    assert password["secretText"] is None
    assert sign["customKeyIdentifier"] == verify["customKeyIdentifier"] == password["customKeyIdentifier"]


def test_a_registration_is_found_by_app_id_and_those_of_other_tenants_are_not(demo: Speaker) -> None:
    ours, theirs = (demo.service_principal(name)["appId"] for name in ("GoToMeeting", "Cisco Webex"))
    assert demo.read(f"/v1.0/applications(appId='{ours}')")["appId"] == ours
    assert demo.refused(f"/v1.0/applications(appId='{theirs}')") == NOT_THERE
    assert demo.read(f"/v1.0/servicePrincipals(appId='{theirs}')/appRoleAssignedTo")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("servicePrincipals?$filter=displayName eq 'gotomeeting'", {"GoToMeeting"}),
        (
            "servicePrincipals?$filter=startsWith(displayName,'GoToMeeting')",
            {"GoToMeeting", "GoToMeeting Outlook add-in"},
        ),
        (
            "servicePrincipals?$filter=servicePrincipalNames/any(n:n eq"
            " 'https://authentication.logmeininc.com/saml/sp')",
            {"GoToMeeting"},
        ),
        (
            "servicePrincipals?$filter=servicePrincipalNames/any(n:startswith(n,"
            "'https://authentication.logmeininc.com/saml/sp'))",
            {"GoToMeeting", "GoToTraining", "GoToWebinar", "GoToAssist"},
        ),
        ("servicePrincipals?$filter=tags/any(t:t eq 'HideApp')", {"GoToAssist"}),
        ("servicePrincipals?$filter=displayName in ('Zoom','Salesforce')", {"Zoom", "Salesforce"}),
        ("applications?$filter=identifierUris/any(u:u eq 'api://expenses')", {"Expense reports"}),
        ("applicationTemplates?$filter=contains(displayName,'GoTo')", {"GoToMeeting", "GoToRoom"}),
        ("users?$filter=accountEnabled eq false and startswith(displayName,'IT')", {"IT Service Desk"}),
        ("users?$filter=proxyAddresses/any(a:a eq 'smtp:ada@contoso.com')", {"Ada Lovelace"}),
        ("groups?$filter=mail eq 'identity@contoso.com'", {"Identity team"}),
        ("contacts?$filter=mail eq 'escrow@contoso.com'", {"Certificate escrow"}),
    ],
)
def test_documented_filters_are_answered(demo: Speaker, query: str, found: set[str]) -> None:
    assert names(demo.every(f"/v1.0/{query}")) == found


@pytest.mark.parametrize(
    "query",
    [
        "servicePrincipals?$filter=preferredSingleSignOnMode eq 'saml'",
        "servicePrincipals?$filter=replyUrls/any(u:u eq 'https://x')",
        "servicePrincipals?$filter=contains(displayName,'x')",
        "applications?$filter=startswith(appId,'x')",
        "users?$filter=officeLocation eq 'x'",
        "applicationTemplates?$filter=startswith(displayName,'x')",
        "auditLogs/signIns?$filter=appId ne 'x'",
        "users?$orderby=userType",
    ],
)
def test_undocumented_queries_are_refused(demo: Speaker, query: str) -> None:
    assert demo.refused(f"/v1.0/{query}") == UNSUPPORTED


def test_the_sign_on_mode_is_filtered_where_the_scene_says_so(serve: Serve) -> None:
    draft = TenantDraft(
        options=OptionsDraft(sign_on_mode_filter=True),
        applications=[ApplicationDraft(name="App"), ApplicationDraft(name="Other", kind="oidc")],
    )
    found = serve(scene_of("x", draft)).every(
        "/v1.0/servicePrincipals?$filter=preferredSingleSignOnMode eq 'saml'"
    )
    assert names(found) == {"App"}


@pytest.mark.parametrize(
    "query",
    [
        "servicePrincipals?$filter=appId ne 'x'&$count=true",
        "users?$filter=not startswith(displayName,'A')&$count=true",
        "users?$filter=endsWith(mail,'@contoso.com')&$count=true",
        "users?$filter=startswith(displayName,'A')&$orderby=displayName&$count=true",
        "servicePrincipals?$orderby=displayName&$count=true",
        "servicePrincipals?$filter=owners/$count eq 0&$count=true",
    ],
)
def test_advanced_queries_need_header_and_count(demo: Speaker, query: str) -> None:
    assert demo.refused(f"/v1.0/{query}") == UNSUPPORTED
    assert demo.refused(f"/v1.0/{query.removesuffix('&$count=true')}", eventual=True) == UNSUPPORTED
    assert demo.every(f"/v1.0/{query}", eventual=True)


def test_search_needs_the_header_alone(demo: Speaker) -> None:
    query = '/v1.0/servicePrincipals?$search="displayName:webinar"'
    assert demo.refused(query) == UNSUPPORTED
    assert names(demo.every(query, eventual=True)) == {"GoToWebinar"}


def test_counting_needs_the_header(demo: Speaker) -> None:
    path = "/v1.0/users/$count?$filter=accountEnabled eq true and userType eq 'Member'"
    assert demo.refused(path) == (400, "Request_BadRequest")
    answer = demo.ask(path, eventual=True)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text == "15"


def test_the_count_is_on_the_first_page_and_left_out_without_the_header(demo: Speaker) -> None:
    path = f"/v1.0/groups/{demo.id('group', 'Everybody')}/members?$count=true"
    first = demo.read(path, eventual=True)
    assert first["@odata.count"] == 15
    assert "@odata.count" not in demo.read(first["@odata.nextLink"], eventual=True)
    assert "@odata.count" not in demo.read(path)


def test_expansion_is_documented_for_owners_and_not_with_advanced_queries(demo: Speaker) -> None:
    path = "/v1.0/servicePrincipals?$filter=displayName eq 'GoToMeeting'&$expand=owners($select=displayName)"
    (found,) = demo.every(path)
    assert found["owners"] == [
        {
            "@odata.type": "#microsoft.graph.user",
            "id": demo.id("user", "alan@contoso.com"),
            "displayName": "Alan Turing",
        }
    ]
    assert demo.refused(path + "&$count=true", eventual=True) == UNSUPPORTED
    assert demo.refused("/v1.0/servicePrincipals?$expand=members") == (400, "BadRequest")


@pytest.mark.parametrize(
    ("path", "refusal"),
    [
        ("/v1.0/servicePrincipals/11111111-2222-3333-4444-555555555555", NOT_THERE),
        ("/v1.0/users/nobody@contoso.com", NOT_THERE),
        ("/v1.0/users?$select=nickName", (400, "BadRequest")),
        ("/v1.0/users?$top=1000", (400, "Request_BadRequest")),
        ("/v1.0/users?$top=0", (400, "Request_BadRequest")),
        ("/v1.0/users?$filter=displayName", (400, "BadRequest")),
        ("/v1.0/users?$skiptoken=nonsense", (400, "Directory_ExpiredPageToken")),
        ("/v1.0/fairies", (400, "BadRequest")),
        ("/v2.0/users", (404, "NotFound")),
    ],
)
def test_refusals_are_graphs_own(demo: Speaker, path: str, refusal: tuple[int, str]) -> None:
    assert demo.refused(path) == refusal


def test_an_error_names_its_request(demo: Speaker) -> None:
    answer = demo.ask("/v1.0/fairies", headers={"client-request-id": "mine"})
    inner = answer.json()["error"]["innerError"]
    assert inner["request-id"] == answer.headers["request-id"]
    assert inner["client-request-id"] == answer.headers["client-request-id"] == "mine"


def test_the_claims_policy_is_beta_and_absent_where_nobody_made_one(serve: Serve) -> None:
    draft = TenantDraft(applications=[ApplicationDraft(name="App")])
    speaker = serve(scene_of("x", draft))
    path = f"servicePrincipals/{speaker.id('servicePrincipal', 'App')}/claimsPolicy"
    assert speaker.refused(f"/v1.0/{path}") == (400, "BadRequest")
    assert speaker.refused(f"/beta/{path}") == NOT_THERE


def test_nesting_is_followed_by_transitive_members_alone(demo: Speaker) -> None:
    group = demo.id("group", "Meetings")
    direct = demo.every(f"/v1.0/groups/{group}/members")
    nested = demo.every(f"/v1.0/groups/{group}/transitiveMembers")
    users = demo.every(
        f"/v1.0/groups/{group}/transitiveMembers/microsoft.graph.user?$count=true", eventual=True
    )
    assert "Pia Partner" not in names(direct)
    assert names(nested) - names(direct) == {"Pia Partner", "Quentin Partner"}
    assert names(nested) - names(users) == {"Meeting partners"}
    assert {item["@odata.type"] for item in direct} == {"#microsoft.graph.user", "#microsoft.graph.group"}


def test_objects_are_found_by_their_ids(demo: Speaker) -> None:
    ids = [demo.id("user", "ada@contoso.com"), demo.id("group", "Support"), "nothing"]

    def post(**body: object) -> requests.Response:
        return demo.http.post(
            f"{demo.emulator.url}/v1.0/directoryObjects/getByIds",
            json=body,
            headers={"Authorization": f"Bearer {demo.token}"},
        )

    assert names(post(ids=ids).json()["value"]) == {"Ada Lovelace", "Support"}
    assert names(post(ids=ids, types=["group"]).json()["value"]) == {"Support"}
    assert post(ids=["x"] * 1001).status_code == post(ids="x").status_code == post().status_code == 400


@pytest.mark.parametrize(("held", "seen"), [([], 0), (["Member.Read.Hidden"], 1)])
def test_hidden_members_are_not_listed_without_the_permission(
    serve: Serve, held: list[str], seen: int
) -> None:
    draft = TenantDraft(
        users=[UserDraft(name="Ada", upn="ada@contoso.com")],
        groups=[GroupDraft(name="Secret", members=["Ada"], hides_members=True)],
    )
    speaker = serve(scene_of("x", draft), permissions=["Directory.Read.All", *held])
    assert len(speaker.every(f"/v1.0/groups/{speaker.id('group', 'Secret')}/members")) == seen


@pytest.mark.parametrize("null", [False, True])
def test_empty_lists_may_be_null(serve: Serve, null: bool) -> None:
    draft = TenantDraft(options=OptionsDraft(null_lists=null), applications=[ApplicationDraft(name="App")])
    found = serve(scene_of("x", draft)).service_principal("App", "replyUrls,keyCredentials")
    assert found["replyUrls"] == (None if null else [])
    assert len(found["keyCredentials"]) == 2


def test_derived_types_say_what_they_are(demo: Speaker) -> None:
    found = {item["displayName"]: item for item in demo.every("/v1.0/servicePrincipals?$select=displayName")}
    assert found["Travel agent"]["@odata.type"] == "#microsoft.graph.agentIdentity"
    assert "@odata.type" not in found["GoToMeeting"]


def test_skipping_is_for_templates_alone(demo: Speaker) -> None:
    all_of_them = demo.every("/v1.0/applicationTemplates")
    assert demo.every("/v1.0/applicationTemplates?$skip=2") == all_of_them[2:]
    assert demo.refused("/v1.0/users?$skip=2") == (400, "Request_BadRequest")


@pytest.mark.parametrize(("licence", "kept"), [("free", 0), ("P1", 2)])
def test_logs_are_kept_for_as_long_as_the_licence_says(serve: Serve, licence: str, kept: int) -> None:
    draft = TenantDraft(
        organization=OrganizationDraft(licence=licence),
        applications=[ApplicationDraft(name="App", sign_ins=[SignInsDraft(count=9, last=-29.95)])],
        audit=[AuditDraft(activity="Add", application="App", by="me", days=-8)],
    )
    tenant = serve(scene_of("x", draft)).emulator.tenant
    assert len(tenant.sets["directoryAudits"]) == (licence != "free")
    assert len(tenant.sets["signIns"]) == kept


def test_logs_are_newest_first_and_filtered(demo: Speaker) -> None:
    app_id = demo.service_principal("GoToMeeting")["appId"]
    found = demo.every(f"/v1.0/auditLogs/signIns?$filter=appId eq '{app_id}' and status/errorCode eq 0")
    times = [item["createdDateTime"] for item in found]
    assert times == sorted(times, reverse=True)
    assert {item["status"]["errorCode"] for item in found} == {0}
    target = demo.id("servicePrincipal", "GoToTraining")
    (entry,) = demo.every(
        f"/v1.0/auditLogs/directoryAudits?$filter=targetResources/any(t:t/id eq '{target}')"
    )
    assert entry["initiatedBy"]["user"]["userPrincipalName"] == "barbara@contoso.com"


@pytest.mark.parametrize("method", ["POST", "PATCH", "PUT", "DELETE"])
def test_what_would_change_something_is_refused_and_counted(serve: Serve, method: str) -> None:
    speaker = serve(scene_of("x", TenantDraft()))
    answer = speaker.http.request(
        method, speaker.emulator.url + "/v1.0/users/x", headers={"Authorization": f"Bearer {speaker.token}"}
    )
    assert answer.status_code == 405
    assert speaker.emulator.writes == 1
