"""What an authentic document may say wrongly: whose it is, where it leads, which certificates it lists."""

from __future__ import annotations

from tests.saml.federation import (
    ENTITY_ID,
    LOGIN_URL,
    TENANT,
    Signer,
    active,
    entity,
    identity_provider,
    key_descriptor,
    sign,
    ws_federation,
)
from tests.saml.metadata_cases import Sent, case, expected

OTHER_TENANT = "11111111-2222-4333-8444-555555555555"
ELSEWHERE = "https://elsewhere.example/saml2"


def _keys(*signers: Signer) -> str:
    return "".join(key_descriptor(one.text) for one in signers or (active(),))


def _entity_id(entity_id: str) -> bytes:
    role = identity_provider(_keys())
    return sign(entity(role, entity_id=entity_id), active())


def _sso(*urls: str) -> bytes:
    return sign(entity(identity_provider(_keys(), sso=urls)), active())


def _cloud(name: str, *, host: str, sts: str) -> Sent:
    url = f"https://{host}/{TENANT}/saml2"
    xml = entity(identity_provider(_keys(), sso=[url], slo=[url]), entity_id=f"https://{sts}/{TENANT}/")
    return Sent(sign(xml, active()), expected(cloud=name))


@case("reject", "entity-id")
def entity_id_without_its_slash() -> bytes:
    return _entity_id(ENTITY_ID.removesuffix("/"))


@case("reject", "entity-id")
def entity_id_in_capitals() -> bytes:
    return _entity_id(f"https://sts.windows.net/{TENANT.upper()}/")


@case("reject", "entity-id")
def entity_id_of_another_tenant() -> bytes:
    return _entity_id(f"https://sts.windows.net/{OTHER_TENANT}/")


@case("reject", "entity-id")
def entity_id_of_no_tenant() -> bytes:
    return _entity_id("https://sts.windows.net/{tenantid}/")


@case("reject", "entity-id")
def entity_id_of_another_host() -> bytes:
    return _entity_id(f"https://elsewhere.example/{TENANT}/")


@case("reject", "entity-id")
def entity_id_with_a_space_behind() -> bytes:
    return _entity_id(f"{ENTITY_ID} ")


@case("reject", "entity-id")
def entity_id_without_tls() -> bytes:
    return _entity_id(ENTITY_ID.replace("https", "http"))


@case("reject", "entity-id")
def entity_id_missing() -> bytes:
    xml = entity(identity_provider(_keys())).replace(f' entityID="{ENTITY_ID}"', "")
    return sign(xml, active())


@case("reject", "entity-id")
def entity_id_in_another_namespace() -> bytes:
    xml = entity(identity_provider(_keys())).replace(" entityID=", ' xmlns:e="urn:example" e:entityID=')
    return sign(xml, active())


@case("reject", "sso-url-missing")
def no_single_sign_on_url() -> bytes:
    return _sso()


@case("reject", "sso-url")
def single_sign_on_url_empty() -> bytes:
    return _sso("")


@case("reject", "sso-url")
def single_sign_on_url_without_tls() -> bytes:
    return _sso(LOGIN_URL.replace("https", "http"))


@case("reject", "sso-url")
def single_sign_on_url_of_another_host() -> bytes:
    return _sso(ELSEWHERE)


@case("reject", "sso-url")
def one_of_two_single_sign_on_urls_of_another_host() -> bytes:
    return _sso(LOGIN_URL, f"https://elsewhere.example/{TENANT}/saml2")


@case("reject", "sso-url")
def single_sign_on_url_of_a_look_alike_host() -> bytes:
    return _sso(f"https://login.microsoftonline.com.elsewhere.example/{TENANT}/saml2")


@case("reject", "sso-url")
def single_sign_on_url_with_user_information() -> bytes:
    return _sso(f"https://login.microsoftonline.com@elsewhere.example/{TENANT}/saml2")


@case("reject", "sso-url")
def single_sign_on_url_with_a_backslash() -> bytes:
    return _sso(f"https://elsewhere.example\\@login.microsoftonline.com/{TENANT}/saml2")


@case("reject", "sso-url")
def single_sign_on_url_with_a_port() -> bytes:
    return _sso(f"https://login.microsoftonline.com:8443/{TENANT}/saml2")


@case("reject", "sso-url")
def single_sign_on_url_with_an_encoded_path() -> bytes:
    return _sso(f"https://login.microsoftonline.com/%2e%2e/{TENANT}/saml2")


@case("reject", "sso-url")
def sso_url_that_climbs_into_another_tenant() -> bytes:
    return _sso(f"https://login.microsoftonline.com/{TENANT}/../{'0' * 8}-0000-4000-8000-{'0' * 12}/saml2")


@case("reject", "sso-url")
def sso_url_that_climbs_to_its_own_place() -> bytes:
    return _sso(f"https://login.microsoftonline.com/{TENANT}/./saml2")


@case("reject", "sso-url")
def single_sign_on_url_with_a_line_feed() -> bytes:
    return _sso(f"{LOGIN_URL}&#10;")


@case("reject", "sso-url")
def single_sign_on_url_with_other_letters() -> bytes:
    return _sso(f"https://login.micros\u043eftonline.com/{TENANT}/saml2")


@case("reject", "sso-url")
def single_sign_on_url_without_a_scheme() -> bytes:
    return _sso(f"//login.microsoftonline.com/{TENANT}/saml2")


@case("reject", "sso-url")
def single_sign_on_url_that_is_a_script() -> bytes:
    return _sso("javascript:alert(1)")


@case("reject", "sso-url")
def single_sign_on_url_of_another_tenant() -> bytes:
    return _sso(f"https://login.microsoftonline.com/{OTHER_TENANT}/saml2")


@case("reject", "sso-url")
def single_sign_on_url_of_every_tenant() -> bytes:
    return _sso("https://login.microsoftonline.com/common/saml2")


@case("reject", "sso-url")
def single_sign_on_url_of_another_cloud() -> bytes:
    return _sso(f"https://login.microsoftonline.us/{TENANT}/saml2")


@case("accept", None)
def single_sign_on_url_in_capitals() -> bytes:
    return _sso(f"HTTPS://LOGIN.microsoftonline.com:443/{TENANT.upper()}/SAML2")


@case("accept", "sso-url-older-host")
def single_sign_on_url_with_the_older_host() -> bytes:
    return _sso(f"https://login.windows.net/{TENANT}/saml2")


@case("warn", "sso-url-path")
def single_sign_on_url_of_ws_federation() -> bytes:
    return _sso(f"https://login.microsoftonline.com/{TENANT}/wsfed")


@case("warn", "sso-url-path")
def single_sign_on_url_with_a_query() -> bytes:
    return _sso(f"{LOGIN_URL}?whr=elsewhere.example")


@case("warn", "slo-url-missing")
def no_single_logout_url() -> bytes:
    return sign(entity(identity_provider(_keys(), slo=[])), active())


@case("warn", "slo-url")
def single_logout_url_of_another_host() -> bytes:
    return sign(entity(identity_provider(_keys(), slo=[ELSEWHERE])), active())


@case("warn", "post-binding-missing")
def no_binding_by_post() -> bytes:
    return sign(entity(identity_provider(_keys(), bindings=["HTTP-Redirect"])), active())


@case("accept", None)
def only_the_binding_by_post() -> bytes:
    return sign(entity(identity_provider(_keys(), bindings=["HTTP-POST"])), active())


def _valid_until(text: str) -> bytes:
    return sign(entity(attributes=f' validUntil="{text}"'), active())


@case("reject", "valid-until")
def valid_until_yesterday() -> bytes:
    return _valid_until("2026-11-22T02:00:00Z")


@case("reject", "valid-until")
def valid_until_this_very_moment() -> bytes:
    return _valid_until("2026-11-23T02:00:00Z")


@case("accept", None)
def valid_until_the_next_second() -> bytes:
    return _valid_until("2026-11-23T02:00:01.5Z")


@case("accept", None)
def valid_until_tomorrow_in_another_time_zone() -> bytes:
    return _valid_until("2026-11-23T03:00:00-05:00")


@case("reject", "valid-until")
def valid_until_earlier_in_another_time_zone() -> bytes:
    return _valid_until("2026-11-23T03:00:00+05:00")


@case("reject", "valid-until")
def valid_until_a_day_no_calendar_has() -> bytes:
    return _valid_until("2027-02-30T00:00:00Z")


@case("reject", "valid-until")
def valid_until_some_day() -> bytes:
    return _valid_until("soon")


@case("reject", "valid-until")
def valid_until_empty() -> bytes:
    return _valid_until("")


@case("reject", "valid-until")
def valid_until_a_date_alone() -> bytes:
    return _valid_until("2027-01-01")


@case("reject", "valid-until")
def identity_provider_no_longer_valid() -> bytes:
    role = identity_provider(_keys(), attributes=' validUntil="2026-01-01T00:00:00Z"')
    return sign(entity(role), active())


@case("reject", "no-identity-provider")
def no_identity_provider() -> bytes:
    return sign(entity(ws_federation(_keys())), active())


@case("reject", "no-identity-provider")
def identity_provider_inside_another_element() -> bytes:
    inside = f"<Extensions>{identity_provider(_keys())}</Extensions>"
    return sign(entity(inside, ws_federation(_keys())), active())


@case("warn", "several-identity-providers")
def two_identity_providers() -> bytes:
    role = identity_provider(_keys())
    return sign(entity(role, role), active())


@case("warn", "cloud-unconfirmed")
def government_cloud() -> Sent:
    return _cloud("usgov", host="login.microsoftonline.us", sts="sts.windows.net")


@case("warn", "cloud-unconfirmed")
def government_cloud_with_another_entity_id() -> Sent:
    return _cloud("usgov-dod", host="login.microsoftonline.us", sts="login.microsoftonline.us")


@case("warn", "cloud-unconfirmed")
def china() -> Sent:
    return _cloud("china", host="login.partner.microsoftonline.cn", sts="sts.chinacloudapi.cn")


@case("warn", "cloud-unconfirmed")
def china_with_another_entity_id() -> Sent:
    host = "login.partner.microsoftonline.cn"
    return _cloud("china", host=host, sts="sts.partner.microsoftonline.cn")


@case("reject", "entity-id")
def government_cloud_with_the_entity_id_of_a_look_alike() -> Sent:
    return _cloud("usgov", host="login.microsoftonline.us", sts="sts.windows.net.elsewhere.example")


@case("reject", "entity-id")
def national_cloud_with_the_entity_id_of_a_stranger() -> Sent:
    return _cloud("china", host="login.partner.microsoftonline.cn", sts="elsewhere.example")


@case("reject", "sso-url")
def national_cloud_with_the_login_host_of_the_global_one() -> Sent:
    return _cloud("usgov", host="login.microsoftonline.com", sts="sts.windows.net")
