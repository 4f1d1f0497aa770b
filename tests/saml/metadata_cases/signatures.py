"""What the signature says of itself: transforms, algorithms, keys, values."""

from __future__ import annotations

import base64
import hashlib
import hmac

from lxml import etree

from tests.saml.federation import (
    DOCUMENT_ID,
    DS,
    ECDSA_SHA256,
    ENVELOPED,
    EXCLUSIVE,
    RSA_SHA1,
    SHA1,
    active,
    attacker,
    digest_of,
    entity,
    inactive,
    listing,
    reference,
    sign,
    signer,
    tenant_wide,
    x509_data,
)
from tests.saml.metadata_cases import Sent, case, expected, without_pins

XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XSL = "http://www.w3.org/1999/XSL/Transform"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"
XPATH_FILTER = "http://www.w3.org/2002/06/xmldsig-filter2"
BASE64 = "http://www.w3.org/2000/09/xmldsig#base64"
C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"


def _transformed(*transforms: str) -> bytes:
    digest = digest_of(etree.fromstring(entity()))
    inside = "".join(one if one.startswith("<") else f'<Transform Algorithm="{one}"/>' for one in transforms)
    return sign(entity(), active(), references=reference(f"#{DOCUMENT_ID}", digest, transforms=inside))


@case("reject", "transform")
def xslt_transform_in_front() -> bytes:
    sheet = (
        f'<Transform Algorithm="{XSLT}"><xsl:stylesheet version="1.0" xmlns:xsl="{XSL}">'
        '<xsl:template match="/"/></xsl:stylesheet></Transform>'
    )
    return _transformed(sheet, ENVELOPED, EXCLUSIVE)


@case("reject", "transform")
def xslt_transform_behind() -> bytes:
    return _transformed(ENVELOPED, EXCLUSIVE, XSLT)


@case("reject", "transform")
def xpath_transform() -> bytes:
    xpath = (
        f'<Transform Algorithm="{XPATH}"><XPath>not(ancestor-or-self::IDPSSODescriptor)</XPath></Transform>'
    )
    return _transformed(ENVELOPED, xpath, EXCLUSIVE)


@case("reject", "transform")
def xpath_filter_transform() -> bytes:
    return _transformed(ENVELOPED, XPATH_FILTER, EXCLUSIVE)


@case("reject", "transform")
def xpath_inside_an_allowed_transform() -> bytes:
    inside = f'<Transform Algorithm="{ENVELOPED}"><XPath>/</XPath></Transform>'
    return _transformed(inside, EXCLUSIVE)


@case("reject", "transform")
def base64_transform() -> bytes:
    return _transformed(ENVELOPED, BASE64, EXCLUSIVE)


@case("reject", "transform")
def unknown_transform() -> bytes:
    return _transformed(ENVELOPED, EXCLUSIVE, "urn:example:transform")


@case("reject", "transform")
def enveloped_transform_twice() -> bytes:
    return _transformed(ENVELOPED, ENVELOPED, EXCLUSIVE)


@case("reject", "transform")
def enveloped_transform_missing() -> bytes:
    return _transformed(EXCLUSIVE)


@case("reject", "transform")
def canonicalisation_missing() -> bytes:
    return _transformed(ENVELOPED)


@case("reject", "transform")
def inclusive_canonicalisation() -> bytes:
    return _transformed(ENVELOPED, C14N)


@case("reject", "transform")
def canonicalisation_with_comments() -> bytes:
    return _transformed(ENVELOPED, f"{EXCLUSIVE}WithComments")


@case("reject", "transform")
def transforms_in_the_wrong_order() -> bytes:
    return _transformed(EXCLUSIVE, ENVELOPED)


@case("reject", "transform")
def no_transforms() -> bytes:
    return _transformed()


@case("accept", None)
def inclusive_namespaces_listed() -> bytes:
    prefixes = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="xsi"/>'
    return _transformed(ENVELOPED, f'<Transform Algorithm="{EXCLUSIVE}">{prefixes}</Transform>')


@case("reject", "sha1")
def signature_with_sha1() -> bytes:
    return sign(entity(), active(), method=RSA_SHA1)


@case("reject", "sha1")
def digest_with_sha1() -> bytes:
    return sign(entity(), active(), digest=SHA1)


@case("reject", "sha1")
def signature_and_digest_with_sha1() -> bytes:
    return sign(entity(), active(), method=RSA_SHA1, digest=SHA1)


@case("reject", "signature-method")
def signature_with_md5() -> bytes:
    return sign(entity(), active(), method="http://www.w3.org/2001/04/xmldsig-more#rsa-md5")


@case("reject", "signature-method")
def signature_method_unknown() -> bytes:
    return sign(entity(), active(), method="urn:example:signature")


@case("reject", "signature-method")
def signature_method_empty() -> bytes:
    return sign(entity(), active(), method="")


@case("reject", "digest-method")
def digest_method_unknown() -> bytes:
    digest = digest_of(etree.fromstring(entity()))
    one = reference(f"#{DOCUMENT_ID}", digest, method="urn:example:digest")
    return sign(entity(), active(), references=one)


@case("reject", "digest-method")
def digest_with_md5() -> bytes:
    digest = digest_of(etree.fromstring(entity()))
    one = reference(f"#{DOCUMENT_ID}", digest, method="http://www.w3.org/2001/04/xmldsig-more#md5")
    return sign(entity(), active(), references=one)


@case("reject", "signature-method")
def hmac_with_the_certificate_as_secret() -> bytes:
    method = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
    document = etree.fromstring(sign(entity(), active(), method=method))
    info = next(document.iter(f"{{{DS}}}SignedInfo"))
    canonical = etree.tostring(info, method="c14n", exclusive=True)
    mac = hmac.new(active().text.encode(), canonical, hashlib.sha256).digest()
    next(document.iter(f"{{{DS}}}SignatureValue")).text = base64.b64encode(mac).decode()
    return etree.tostring(document)


@case("reject", "bare-key")
def key_value_in_place_of_a_certificate() -> bytes:
    numbers = "<RSAKeyValue><Modulus>AQAB</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>"
    return sign(entity(), active(), key_info=f"<KeyInfo><KeyValue>{numbers}</KeyValue></KeyInfo>")


@case("reject", "bare-key")
def key_value_beside_the_certificate() -> bytes:
    data = f"<X509Data><X509Certificate>{active().text}</X509Certificate></X509Data>"
    numbers = "<RSAKeyValue><Modulus>AQAB</Modulus><Exponent>AQAB</Exponent></RSAKeyValue>"
    return sign(entity(), active(), key_info=f"<KeyInfo>{data}<KeyValue>{numbers}</KeyValue></KeyInfo>")


@case("reject", "bare-key")
def key_by_name() -> bytes:
    return sign(entity(), active(), key_info="<KeyInfo><KeyName>active</KeyName></KeyInfo>")


@case("reject", "bare-key")
def key_by_retrieval_method() -> bytes:
    info = '<KeyInfo><RetrievalMethod URI="https://attacker.example/key"/></KeyInfo>'
    return sign(entity(), active(), key_info=info)


@case("reject", "bare-key")
def key_info_empty() -> bytes:
    return sign(entity(), active(), key_info="<KeyInfo/>")


@case("accept", None)
def key_info_absent() -> bytes:
    return sign(entity(), active(), key_info="")


@case("warn", "key-info-differs")
def certificate_beside_the_signature_exchanged() -> bytes:
    return sign(entity(), active(), key_info=x509_data(attacker().text))


@case("accept", None)
def several_certificates_beside_the_signature() -> bytes:
    return sign(entity(), active(), key_info=x509_data(attacker().text, active().text))


@case("accept", None)
def certificate_beside_the_signature_unreadable() -> bytes:
    return sign(entity(), active(), key_info=x509_data("AAAA"))


@case("reject", "signature-broken")
def signed_by_the_attacker_under_the_genuine_certificate() -> bytes:
    return sign(entity(), attacker(), key_info=x509_data(active().text))


@case("reject", "signer-not-pinned")
def signed_by_the_attacker_under_his_own_certificate() -> bytes:
    return sign(listing(attacker()), attacker())


@case("reject", "signer-not-pinned")
def signed_by_the_attacker_with_both_certificates() -> bytes:
    return sign(entity(), attacker(), key_info=x509_data(attacker().text, active().text))


@case("reject", "signature-broken")
def signed_by_the_attacker_with_the_genuine_certificate_first() -> bytes:
    return sign(entity(), attacker(), key_info=x509_data(active().text, attacker().text))


@case("reject", "signature-broken")
def signed_by_the_attacker_without_any_certificate() -> bytes:
    return sign(entity(), attacker(), key_info="")


@case("reject", "saved-without-appid")
def signed_by_the_key_of_the_tenant() -> bytes:
    return sign(listing(tenant_wide()), tenant_wide())


@case("reject", "saved-without-appid")
def signed_by_the_key_of_the_tenant_which_is_given_too() -> Sent:
    return Sent(sign(listing(tenant_wide()), tenant_wide()), expected(active(), tenant_wide()))


@case("reject", "saved-without-appid")
def signed_by_the_key_of_the_tenant_and_reformatted() -> bytes:
    return sign(listing(tenant_wide()), tenant_wide()).replace(b"><", b">\n<")


@case("accept", None)
def signed_by_the_key_of_the_tenant_for_an_application_without_its_own() -> Sent:
    return Sent(sign(listing(tenant_wide()), tenant_wide()), expected(tenant_wide()))


@case("reject", "not-pinned")
def file_without_any_certificate_to_compare_with() -> Sent:
    return Sent(sign(entity(), active()), without_pins())


@case("warn", "not-pinned")
def fetched_without_any_certificate_to_compare_with() -> Sent:
    return Sent(sign(entity(), active()), without_pins(), "login.microsoftonline.com")


@case("reject", "not-pinned")
def fetched_from_elsewhere_without_any_certificate() -> Sent:
    return Sent(sign(entity(), active()), without_pins(), "attacker.example")


@case("reject", "not-pinned")
def fetched_from_another_cloud_without_any_certificate() -> Sent:
    return Sent(sign(entity(), active()), without_pins(), "login.microsoftonline.us")


@case("reject", "signature-broken")
def fetched_but_altered_without_any_certificate() -> Sent:
    data = sign(entity(), active()).replace(b"HTTP-POST", b"HTTP-GET")
    return Sent(data, without_pins(), "login.microsoftonline.com")


@case("reject", "signature-broken")
def fetched_but_reformatted_without_any_certificate() -> Sent:
    data = sign(listing(tenant_wide()), tenant_wide()).replace(b"><", b">\n<")
    return Sent(data, without_pins(), "login.microsoftonline.com")


@case("reject", "not-pinned")
def fetched_without_any_certificate_in_it() -> Sent:
    return Sent(sign(entity(), active(), key_info=""), without_pins(), "login.microsoftonline.com")


@case("reject", "signature-absent")
def not_signed() -> bytes:
    return entity().encode()


@case("reject", "signature-broken")
def signature_value_truncated() -> bytes:
    document = etree.fromstring(sign(entity(), active()))
    value = next(document.iter(f"{{{DS}}}SignatureValue"))
    value.text = (value.text or "")[:-8]
    return etree.tostring(document)


@case("reject", "signature-broken")
def signature_value_empty() -> bytes:
    document = etree.fromstring(sign(entity(), active()))
    next(document.iter(f"{{{DS}}}SignatureValue")).text = None
    return etree.tostring(document)


@case("reject", "signature-broken")
def signature_value_not_base64() -> bytes:
    document = etree.fromstring(sign(entity(), active()))
    next(document.iter(f"{{{DS}}}SignatureValue")).text = "é"
    return etree.tostring(document)


@case("reject", "signature-broken")
def digest_value_exchanged() -> bytes:
    document = etree.fromstring(sign(entity(), active()))
    document.set("entityID", "https://attacker.example/")
    next(document.iter(f"{{{DS}}}DigestValue")).text = digest_of(etree.fromstring(entity()))
    return etree.tostring(document)


@case("reject", "signature-broken")
def signature_of_another_document_of_the_same_signer() -> bytes:
    other = etree.fromstring(sign(entity(entity_id="https://example.com/"), active()))
    document = etree.fromstring(entity())
    document.insert(0, other[0])
    return etree.tostring(document)


@case("reject", "signature-broken")
def unknown_element_inside_the_signature() -> bytes:
    return sign(entity(), active(), after="<Nonsense/>")


@case("warn", "certificate-weak")
def signed_with_an_elliptic_curve() -> Sent:
    curve = signer(curve=True)
    return Sent(sign(listing(curve), curve, method=ECDSA_SHA256), expected(curve))


@case("reject", "signature-broken")
def elliptic_curve_method_under_an_rsa_certificate() -> bytes:
    curve = signer(curve=True)
    return sign(entity(), curve, method=ECDSA_SHA256, key_info=x509_data(active().text))


@case("warn", "signature-method-unusual")
def signed_with_probabilistic_padding() -> bytes:
    return sign(entity(), active(), method="http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1")


@case("warn", "active-not-signer")
def signed_by_the_inactive_certificate() -> Sent:
    both = listing(active(), inactive())
    return Sent(sign(both, inactive()), expected(active(), inactive()))
