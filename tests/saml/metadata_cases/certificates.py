"""Which certificates an authentic document lists, and in what state."""

from __future__ import annotations

from dataclasses import replace

from tests.saml.federation import (
    AT,
    Signer,
    active,
    attacker,
    entity,
    identity_provider,
    inactive,
    key_descriptor,
    listing,
    sign,
    signer,
    ws_federation,
)
from tests.saml.metadata_cases import Sent, case, expected

OTHER_TENANT = "11111111-2222-4333-8444-555555555555"


def _keys(*signers: Signer) -> str:
    return "".join(key_descriptor(one.text) for one in signers or (active(),))


@case("reject", "no-signing-certificate")
def no_certificate() -> bytes:
    return sign(entity(identity_provider("")), active())


@case("reject", "no-signing-certificate")
def certificate_for_encryption_only() -> bytes:
    return sign(entity(identity_provider(key_descriptor(active().text, use="encryption"))), active())


@case("reject", "no-signing-certificate")
def certificate_of_another_role_only() -> bytes:
    return sign(entity(ws_federation(_keys()), identity_provider("")), active())


def _only(text: str) -> bytes:
    return sign(entity(identity_provider(key_descriptor(text))), active())


@case("reject", "no-signing-certificate")
def certificate_empty() -> bytes:
    return _only("")


@case("reject", "no-signing-certificate")
def certificate_not_base64() -> bytes:
    return _only("Not a certificate!")


@case("reject", "no-signing-certificate")
def certificate_with_junk_that_lenient_decoders_drop() -> bytes:
    text = active().text
    return _only(f"{text[:50]}****{text[50:]}")


@case("reject", "no-signing-certificate")
def certificate_with_padding_in_the_middle() -> bytes:
    return _only(f"AAA={active().text}")


@case("reject", "no-signing-certificate")
def certificate_truncated() -> bytes:
    return _only(active().text[:400])


@case("reject", "no-signing-certificate")
def certificate_with_bytes_behind() -> bytes:
    text = active().text
    assert len(text) % 4 == 0
    return _only(text.rstrip("=") + "AAAA" if text[-1] != "=" else text[:-4] + "AAAAAAAA")


@case("reject", "no-signing-certificate")
def certificate_in_pem_armour() -> bytes:
    return _only(active().pem.decode())


@case("reject", "no-signing-certificate")
def certificate_that_is_only_a_key() -> bytes:
    return _only("MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAL8=")


@case("warn", "certificate-unreadable")
def one_of_two_certificates_unreadable() -> bytes:
    keys = _keys() + key_descriptor("AAAA")
    return sign(entity(identity_provider(keys)), active())


@case("accept", None)
def certificate_wrapped() -> bytes:
    text = active().text
    lines = "\n      ".join(text[start : start + 64] for start in range(0, len(text), 64))
    return _only(f"\n      {lines}\n    ")


@case("accept", None)
def use_absent() -> bytes:
    return sign(entity(identity_provider(key_descriptor(active().text, use=None))), active())


@case("accept", None)
def the_same_certificate_twice() -> bytes:
    return sign(entity(identity_provider(_keys(active(), active()))), active())


@case("warn", "certificate-expired")
def signer_expired() -> Sent:
    expired = signer(serial=3, starts=-800, ends=-1)
    return Sent(sign(listing(expired), expired), expected(expired))


@case("warn", "certificate-not-yet-valid")
def signer_not_yet_valid() -> Sent:
    future = signer(serial=4, starts=1, ends=800)
    return Sent(sign(listing(future), future), expected(future))


@case("warn", "certificate-expiring")
def signer_within_the_first_threshold() -> Sent:
    expiring = signer(serial=5, starts=-800, ends=60)
    return Sent(sign(listing(expiring), expiring), expected(expiring))


@case("accept", None)
def signer_one_day_before_the_first_threshold() -> Sent:
    fresh = signer(serial=6, starts=-800, ends=61)
    return Sent(sign(listing(fresh), fresh), expected(fresh))


@case("warn", "certificate-weak")
def signer_with_a_short_key() -> Sent:
    weak = signer(serial=7, bits=1024)
    return Sent(sign(listing(weak), weak), expected(weak))


@case("warn", "certificate-weak")
def listed_certificate_with_an_elliptic_curve() -> bytes:
    return sign(listing(active(), signer(curve=True)), active())


@case("warn", "certificate-weak")
def signer_signed_with_sha1() -> Sent:
    old = signer(serial=8, sha1=True)
    return Sent(sign(listing(old), old), expected(old))


@case("warn", "further-certificate")
def inactive_certificate_listed() -> Sent:
    both = sign(listing(active(), inactive()), active())
    return Sent(both, expected(active(), inactive()))


@case("warn", "further-certificate")
def unknown_certificate_listed() -> bytes:
    return sign(listing(active(), attacker()), active())


@case("warn", "further-certificate")
def unknown_certificate_for_encryption_listed() -> bytes:
    keys = _keys() + key_descriptor(attacker().text, use="encryption")
    return sign(entity(identity_provider(keys)), active())


@case("warn", "further-certificate")
def further_certificate_while_the_active_one_is_not_known() -> Sent:
    both = sign(listing(active(), inactive()), active())
    return Sent(both, replace(expected(active(), inactive()), active=None))


@case("warn", "active-certificate-missing")
def active_certificate_not_listed() -> Sent:
    old = sign(listing(active()), active())
    return Sent(old, expected(active(), inactive(), is_active=inactive()))


@case("warn", "active-not-signer")
def active_certificate_listed_but_not_the_signer() -> Sent:
    both = sign(listing(active(), inactive()), active())
    return Sent(both, expected(active(), inactive(), is_active=inactive()))


@case("warn", "ws-federation-certificates")
def other_certificates_for_ws_federation() -> bytes:
    return sign(entity(ws_federation(_keys(attacker())), identity_provider(_keys())), active())


@case("warn", "ws-federation-certificates")
def unreadable_certificate_for_ws_federation() -> bytes:
    roles = ws_federation(_keys() + key_descriptor("AAAA")), identity_provider(_keys())
    return sign(entity(*roles), active())


@case("warn", "ws-federation-issuer")
def other_issuer_for_ws_federation() -> bytes:
    role = ws_federation(_keys(), issuer=f"https://sts.windows.net/{OTHER_TENANT}/")
    return sign(entity(role, identity_provider(_keys())), active())


@case("accept", None)
def judged_years_before_as_if_it_were_now() -> Sent:
    usual = expected()
    return Sent(sign(entity(), active()), replace(usual, at=AT.replace(year=2026, month=6)))
