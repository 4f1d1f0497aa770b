"""The form of manifest.tsr: exactly what a timestamp needs, so that nothing in it goes unread.

An authority's answer may carry what no signature covers: certificates in any order, roots, remarks. `tidied`
leaves out what is not needed when a bundle is made, `untidy` finds it when one is verified.
"""

from __future__ import annotations

from asn1crypto import cms, tsp
from cryptography import x509

from auditor.proof.signature import spellings


def tidied(data: bytes) -> bytes:
    """An answer that grants a timestamp, in DER, with the certificates between signer and root alone.

    Other bytes as they are; `untidy` says what is wrong with them.
    """
    try:
        answer = tsp.TimeStampResp.load(data, strict=True)
        if answer["status"]["status"].native != "granted":
            return data
        answer["status"] = tsp.PKIStatusInfo({"status": "granted"})
        signed = answer["time_stamp_token"]["content"]
        chain = _chain(signed)
        signed["certificates"] = cms.CertificateSet(
            [cms.CertificateChoices("certificate", each) for each in chain]
        )
        return bytes(answer.dump(force=True))
    except (ValueError, TypeError, KeyError, AttributeError, IndexError):
        return data


def untidy(data: bytes) -> str | None:
    """What an answer has that it need not have; None: nothing. Raises ValueError and its like."""
    answer = tsp.TimeStampResp.load(data, strict=True)
    token = answer["time_stamp_token"]
    signed = token["content"]
    if len(signed["signer_infos"]) != 1:
        return "it has not exactly one signer"
    info = signed["signer_infos"][0]
    algorithm = info["digest_algorithm"]
    as_expected = (
        answer.dump(force=True) == data,
        answer["status"].dump() == tsp.PKIStatusInfo({"status": "granted"}).dump(),
        token["content_type"].native == "signed_data",
        signed["version"].native == "v3",
        info["version"].native == "v1",
        signed["encap_content_info"]["content_type"].native == "tst_info",
        signed["crls"].native is None,
        info["unsigned_attrs"].native is None,
        [each.dump() for each in signed["digest_algorithms"]] == [algorithm.dump()],
        algorithm.dump() in spellings(type(algorithm), str(algorithm["algorithm"].native)),
    )
    if not all(as_expected):
        return "it has more than a timestamp needs, or is not in DER"
    if len(_chain(signed)) != len(signed["certificates"]):
        return "it carries certificates that are not above its signer's"
    return None


def certificates(data: bytes) -> list[x509.Certificate]:
    """The authority's own, then those above it."""
    signed = tsp.TimeStampResp.load(data, strict=True)["time_stamp_token"]["content"]
    return [x509.load_der_x509_certificate(each.dump()) for each in _chain(signed)]


def _chain(signed: cms.SignedData) -> list[cms.Certificate]:
    """The signer's certificate and those above it, but for a root."""
    wanted = signed["signer_infos"][0]["sid"].chosen
    there = [choice.chosen for choice in signed["certificates"]]
    chain = [
        each
        for each in there
        if each.issuer.dump() == wanted["issuer"].dump()
        and each.serial_number == wanted["serial_number"].native
    ][:1]
    while chain and chain[-1].issuer.dump() != chain[-1].subject.dump():
        above = (
            each
            for each in there
            if each.subject.dump() == chain[-1].issuer.dump()
            and each.issuer.dump() != each.subject.dump()
            and each.dump() not in [known.dump() for known in chain]
        )
        following = next(above, None)
        if following is None:
            break
        chain.append(following)
    return chain
