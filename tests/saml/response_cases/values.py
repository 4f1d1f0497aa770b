"""What an authentic response may say wrongly."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from lxml import etree

from tests.saml.federation import ENTITY_ID
from tests.saml.response_cases import ATTACKER, Captured, case
from tests.saml.sign_on import (
    AUDIENCE,
    EMAIL,
    NOW,
    REPLY_URL,
    REQUEST,
    USER,
    assertion,
    audience_restriction,
    conditions,
    expected,
    moment,
    response,
    signed_assertion,
    signed_both,
    signed_response,
    status,
    subject,
)

PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"


def _assertion(**parts: str) -> bytes:
    return signed_assertion(response(assertion(**parts)))


def _confirmed(data: str) -> bytes:
    return _assertion(about=subject(data=data))


def _at(minutes: float, data: bytes | None = None) -> Captured:
    at = replace(expected(), at=NOW + timedelta(minutes=minutes))
    return Captured(signed_assertion() if data is None else data, at)


@case("accept", None)
def only_the_assertion_signed() -> bytes:
    return signed_assertion()


@case("accept", None)
def only_the_response_signed() -> bytes:
    return signed_response()


@case("accept", None)
def both_signed() -> bytes:
    return signed_both()


@case("accept", None)
def initiated_by_the_identity_provider() -> Captured:
    data = f'NotOnOrAfter="{moment(5)}" Recipient="{REPLY_URL}"'
    xml = response(assertion(about=subject(data=data)), request=None)
    return Captured(signed_assertion(xml), replace(expected(), in_response_to=None))


@case("accept", None)
def response_without_an_issuer_of_its_own() -> bytes:
    return signed_assertion(response(issuer=None))


@case("accept", None)
def nothing_expected_of_the_name_id() -> Captured:
    free = replace(expected(), name_id=None, name_id_formats=())
    return Captured(_assertion(about=subject("S-1-5-21", name_id_format=None)), free)


@case("accept", None)
def format_left_out_where_unspecified_is_expected() -> Captured:
    unspecified = replace(expected(), name_id_formats=(EMAIL.replace("emailAddress", "unspecified"),))
    return Captured(_assertion(about=subject(name_id_format=None)), unspecified)


@case("accept", None)
def active_certificate_not_known() -> Captured:
    return Captured(signed_assertion(), replace(expected(), active=None))


@case("accept", None)
def one_of_two_audiences() -> bytes:
    return _assertion(under=conditions(audience_restriction("https://other.example", AUDIENCE)))


@case("accept", None)
def just_within_the_clock_skew() -> Captured:
    return _at(6.9)


@case("accept", None)
def outside_by_the_clock_skew_and_no_more() -> Captured:
    return _at(7)


@case("reject", "expired")
def beyond_the_clock_skew() -> Captured:
    return _at(7 + 1 / 60)


@case("accept", None)
def the_session_ended_as_long_ago_as_the_clock_skew() -> bytes:
    return _assertion(statement=f' SessionNotOnOrAfter="{moment(-2)}"')


@case("accept", None)
def before_its_time_but_within_the_clock_skew() -> Captured:
    return _at(-7)


@case("reject", "not-yet-valid")
def before_its_time_by_more_than_the_clock_skew() -> Captured:
    return _at(-7.1)


@case("reject", "expired")
def without_any_clock_skew_at_the_very_end() -> Captured:
    exact = replace(expected(), at=NOW + timedelta(minutes=5), clock_skew=timedelta(0))
    return Captured(signed_assertion(), exact)


@case("accept", None)
def without_any_clock_skew_at_the_very_beginning() -> Captured:
    exact = replace(expected(), at=NOW - timedelta(minutes=5), clock_skew=timedelta(0))
    return Captured(signed_assertion(), exact)


@case("reject", "expired")
def conditions_expired() -> bytes:
    return _assertion(under=conditions(attributes=f'NotOnOrAfter="{moment(-10)}"'))


@case("reject", "expired")
def session_expired() -> bytes:
    return _assertion(statement=f' SessionNotOnOrAfter="{moment(-10)}"')


@case("reject", "time-unreadable")
def conditions_with_a_time_nobody_can_read() -> bytes:
    return _assertion(under=conditions(attributes='NotOnOrAfter="tomorrow"'))


@case("reject", "time-unreadable")
def conditions_beginning_at_a_time_nobody_can_read() -> bytes:
    return _assertion(under=conditions(attributes=f'NotBefore="" NotOnOrAfter="{moment(60)}"'))


@case("reject", "not-on-or-after-missing")
def conditions_without_an_end() -> bytes:
    return _assertion(under=conditions(attributes=f'NotBefore="{moment(-5)}"'))


@case("reject", "not-on-or-after-missing")
def confirmation_without_an_end() -> bytes:
    return _confirmed(f'InResponseTo="{REQUEST}" Recipient="{REPLY_URL}"')


@case("reject", "not-yet-valid")
def confirmation_not_yet_valid() -> bytes:
    times = f'NotBefore="{moment(30)}" NotOnOrAfter="{moment(60)}"'
    return _confirmed(f'InResponseTo="{REQUEST}" {times} Recipient="{REPLY_URL}"')


@case("reject", "conditions-missing")
def no_conditions() -> bytes:
    return _assertion(under="")


@case("reject", "audience-missing")
def no_audience_restriction() -> bytes:
    return _assertion(under=conditions(""))


@case("reject", "audience")
def empty_audience_restriction() -> bytes:
    return _assertion(under=conditions(audience_restriction()))


@case("reject", "audience")
def another_audience() -> bytes:
    return _assertion(under=conditions(audience_restriction("https://other.example")))


@case("reject", "audience")
def audience_in_other_case() -> bytes:
    return _assertion(under=conditions(audience_restriction(AUDIENCE.upper())))


@case("reject", "audience")
def audience_with_a_slash_behind() -> bytes:
    return _assertion(under=conditions(audience_restriction(f"{AUDIENCE}/")))


@case("reject", "audience")
def second_restriction_to_another_audience() -> bytes:
    both = audience_restriction(AUDIENCE) + audience_restriction("https://other.example")
    return _assertion(under=conditions(both))


@case("reject", "issuer")
def another_issuer() -> bytes:
    return _assertion(issuer="https://sts.windows.net/11111111-2222-4333-8444-555555555555/")


@case("reject", "issuer")
def issuer_without_its_slash() -> bytes:
    return _assertion(issuer=ENTITY_ID.removesuffix("/"))


@case("reject", "issuer")
def issuer_empty() -> bytes:
    return _assertion(issuer="")


@case("warn", "issuer")
def unsigned_issuer_of_the_response_differs() -> bytes:
    return signed_assertion(response(issuer=f"https://{ATTACKER}/"))


@case("reject", "issuer")
def signed_issuer_of_the_response_differs() -> bytes:
    return signed_response(response(issuer="https://other.example/"))


@case("warn", "destination")
def unsigned_destination_differs() -> bytes:
    return signed_assertion(response(destination=f"https://{ATTACKER}/"))


@case("reject", "destination")
def signed_destination_differs() -> bytes:
    return signed_response(response(destination="https://other.example/acs"))


@case("reject", "recipient")
def another_recipient() -> bytes:
    end = f'InResponseTo="{REQUEST}" NotOnOrAfter="{moment(5)}"'
    return _confirmed(f'{end} Recipient="https://other.example/acs"')


@case("reject", "recipient-missing")
def no_recipient() -> bytes:
    return _confirmed(f'InResponseTo="{REQUEST}" NotOnOrAfter="{moment(5)}"')


@case("reject", "confirmation-method")
def confirmed_by_holder_of_key() -> bytes:
    return _assertion(about=subject(method="urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"))


@case("reject", "confirmation-method")
def confirmed_by_sender() -> bytes:
    return _assertion(about=subject(method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"))


@case("reject", "confirmation-missing")
def not_confirmed() -> bytes:
    return _assertion(about=f"<Subject><NameID>{USER}</NameID></Subject>")


@case("reject", "confirmation-missing")
def no_subject() -> bytes:
    return _assertion(about="")


@case("reject", "version")
def assertion_of_version_1() -> bytes:
    return _assertion(version="1.1")


@case("reject", "version")
def response_of_version_1() -> bytes:
    return signed_assertion(response(version="1.1"))


@case("reject", "in-response-to")
def confirmation_answers_another_request() -> bytes:
    return _confirmed(f'InResponseTo="_other" NotOnOrAfter="{moment(5)}" Recipient="{REPLY_URL}"')


@case("reject", "in-response-to")
def response_answers_another_request() -> bytes:
    return signed_assertion(response(request="_other"))


@case("warn", "in-response-to-missing")
def answers_no_request_although_one_was_made() -> bytes:
    data = f'NotOnOrAfter="{moment(5)}" Recipient="{REPLY_URL}"'
    return signed_assertion(response(assertion(about=subject(data=data)), request=None))


@case("reject", "status")
def sign_on_refused() -> bytes:
    message = "AADSTS50105: The signed in user mallory@attacker.example is not assigned to a role."
    return response("", outcome=status("Responder", second="RequestDenied", message=message)).encode()


@case("reject", "ambiguous")
def two_subjects() -> bytes:
    return _assertion(about=subject() + subject(ATTACKER))


@case("reject", "ambiguous")
def two_name_ids() -> bytes:
    return _assertion(about=subject().replace("</NameID>", f"</NameID><NameID>{ATTACKER}</NameID>"))


@case("reject", "ambiguous")
def two_conditions() -> bytes:
    return _assertion(under=conditions() + conditions("", attributes=""))


@case("reject", "ambiguous")
def an_element_inside_the_name_id() -> bytes:
    return _assertion(about=subject(f"{USER}<b>x</b>"))


@case("reject", "status")
def two_statuses() -> bytes:
    return signed_assertion(response(outcome=status() + status("Requester")))


@case("reject", "status")
def status_that_names_somebody() -> bytes:
    code = status("Responder").replace("urn:oasis:names:tc:SAML:2.0:status:Responder", f"urn:{ATTACKER}")
    return response("", outcome=code.replace(ATTACKER, "attacker.example")).encode()


@case("reject", "status")
def status_missing() -> bytes:
    return signed_assertion(response(outcome="<samlp:Extensions/>"))


@case("reject", "status")
def status_of_another_kind_around_a_genuine_assertion() -> bytes:
    return signed_assertion(response(outcome=status("Requester")))


@case("reject", "status")
def success_only_as_the_second_status() -> bytes:
    return signed_assertion(response(outcome=status("Responder", second="Success")))


@case("reject", "assertion-count")
def no_assertion() -> bytes:
    return signed_response(response(""))


@case("reject", "assertion-count")
def two_assertions() -> bytes:
    return signed_response(response(assertion() + assertion(identifier="_second")))


@case("reject", "not-a-response")
def an_assertion_alone() -> bytes:
    document = etree.fromstring(signed_assertion())
    return etree.tostring(document[-1])


@case("reject", "not-a-response")
def logout_response() -> bytes:
    return signed_assertion().replace(b"samlp:Response", b"samlp:LogoutResponse")


@case("reject", "not-a-response")
def response_of_version_1_1_of_the_protocol() -> bytes:
    return signed_assertion().replace(b"SAML:2.0:protocol", b"SAML:1.0:protocol")
