"""XML signatures as SAML allows them, verified with pinned certificates.

SAML 2.0 core, section 5.4: enveloped, one reference, to the element that holds the signature, by its ID.
Entra's certificates lack the extensions that path validation asks for, so no chain can be built: a signature
is worth exactly what the pins are worth. signxml checks the cryptography; what it lets through (other
transforms, ds:Object, references to other elements, bare keys) is refused here before it is asked.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum

from cryptography.exceptions import UnsupportedAlgorithm
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.verifier import SignatureConfiguration, XMLVerifier

from auditor.saml.certificate import Certificate, CertificateError, from_base64, quiet
from auditor.saml.door import Document, elements, hardened_parser, text_of
from auditor.saml.finding import SamlFinding, reject, warn

DS = "{http://www.w3.org/2000/09/xmldsig#}"
SIGNATURE = f"{DS}Signature"

_ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
_INCLUSIVE_NAMESPACES = f"{{{_EXCLUSIVE_C14N}}}InclusiveNamespaces"
_BASE64_ELEMENTS = frozenset(f"{DS}{name}" for name in ("X509Certificate", "SignatureValue", "DigestValue"))

_XML_SPACE = re.compile(r"[ \t\r\n]+")

_USUAL = frozenset({SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512})
_UNUSUAL = frozenset(
    {
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
        SignatureMethod.DSA_SHA256,
        SignatureMethod.SHA256_RSA_MGF1,
        SignatureMethod.SHA384_RSA_MGF1,
        SignatureMethod.SHA512_RSA_MGF1,
    }
)
_SHA1 = frozenset(
    {
        SignatureMethod.RSA_SHA1,
        SignatureMethod.ECDSA_SHA1,
        SignatureMethod.DSA_SHA1,
        SignatureMethod.SHA1_RSA_MGF1,
    }
)
_DIGESTS = frozenset(
    {DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512, DigestAlgorithm.SHA1}
)

# What signxml and what it calls raise on hostile input; anything else is a defect and shall be seen.
_REFUSALS = (
    SignXMLException,
    etree.LxmlError,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    AssertionError,
    NotImplementedError,
    OverflowError,
)


class SignatureState(StrEnum):
    """What came of verifying; says nothing about who signed."""

    VALID = "valid"
    INVALID = "invalid"
    REFORMATTED = "reformatted"
    """The bytes do not verify, but do with a pinned certificate once white space is normalised."""
    ABSENT = "absent"
    NOT_CHECKED = "not-checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """The certificates that are trusted to sign, and thumbprints of such whose bytes are not at hand."""

    certificates: tuple[Certificate, ...] = ()
    thumbprints: frozenset[str] = frozenset()
    """Upper-case SHA-1 hex."""

    def __bool__(self) -> bool:
        return bool(self.certificates or self.thumbprints)

    def hold(self, certificate: Certificate) -> bool:
        """Whether this certificate is among them."""
        return certificate.thumbprint in self.thumbprints or any(
            pin.sha256 == certificate.sha256 for pin in self.certificates
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What verifying the signature of one element gave."""

    state: SignatureState
    signer: Certificate | None = None
    """Whose key verified; None when none did."""
    pinned: bool = False
    """Whether `signer` is pinned; then, and only then, `signed` is authentic."""
    signed: etree._Element | None = None
    """The signed element, parsed from the signed bytes without its signature: the only tree to read from."""
    sha1: bool = False
    """The signature or its digest uses SHA-1."""
    findings: tuple[SamlFinding, ...] = ()


def verify(document: Document, *, holder: etree._Element, location: str, pins: Pins) -> Verification:
    """Verifies the one ds:Signature that is a child of `holder`, an element of the document.

    `location` is the path signxml looks for the signature at, from the root, as `./`. The caller has seen to
    it that there is exactly one there.
    """
    signature = holder.find(SIGNATURE)
    if signature is None:
        return Verification(state=SignatureState.ABSENT)
    problems = tuple(structure_problems(signature, holder)) + tuple(duplicate_ids(document.root))
    if problems:
        return Verification(state=SignatureState.INVALID, findings=problems)
    sha1, findings = _algorithms(signature)
    embedded = _embedded(signature)
    question = _Question(location=location, tag=str(holder.tag), id=holder.get("ID", ""))
    for certificate in _candidates(pins, embedded):
        signed = question.ask(document.data, certificate)
        if signed is not None:
            findings += _key_info_problems(certificate, embedded)
            return Verification(
                state=SignatureState.VALID,
                signer=certificate,
                pinned=pins.hold(certificate),
                signed=signed,
                sha1=sha1,
                findings=findings,
            )
    broken = reject("signature-broken", "the signature does not verify: the document was altered or damaged")
    reformatted = _without_reformatting(document.root)
    unchanged = reformatted == etree.tostring(document.root)
    for certificate in () if unchanged else _candidates(pins, embedded):
        # Under a key that nothing vouches for this proves nothing, except which kind of document it once was.
        pinned = pins.hold(certificate)
        signed = question.ask(reformatted, certificate) if pinned or certificate.tenant_wide else None
        if signed is not None:
            return Verification(
                state=SignatureState.REFORMATTED if pinned else SignatureState.INVALID,
                signer=certificate,
                pinned=pinned,
                signed=signed if pinned else None,
                sha1=sha1,
                findings=findings if pinned else (*findings, broken),
            )
    if not pins and not embedded:
        return Verification(state=SignatureState.NOT_CHECKED, sha1=sha1, findings=findings)
    return Verification(state=SignatureState.INVALID, sha1=sha1, findings=(*findings, broken))


def duplicate_ids(root: etree._Element) -> Iterator[SamlFinding]:
    """A finding when any two ID attributes hold the same value.

    Of any name that a verifier might take for an ID, and without regard to case or outer white space: the
    reader must not be able to find another element than the verifier did.
    """
    values = Counter(
        str(value).strip().casefold()
        for element in elements(root)
        for name, value in element.attrib.items()
        if etree.QName(str(name)).localname.lower() == "id"
    )
    if any(count > 1 for count in values.values()):
        yield reject(
            "duplicate-id", "two elements have the same ID, so the signature may be read as another's"
        )


def structure_problems(signature: etree._Element, holder: etree._Element) -> Iterator[SamlFinding]:
    """What makes a signature unacceptable before any cryptography."""
    if signature.find(f".//{DS}Object") is not None:
        yield reject(
            "signature-object", "the signature carries an Object, a hiding place for signed elements"
        )
    references = signature.findall(f"{DS}SignedInfo/{DS}Reference")
    if len(references) != 1 or signature.find(f".//{DS}Manifest") is not None:
        yield reject("reference-count", f"the signature has {len(references)} references; SAML allows one")
        return
    reference, identifier = references[0], holder.get("ID")
    if not identifier or reference.get("URI") != f"#{identifier}":
        yield reject("reference-target", "the signature is not over the element that holds it, by its ID")
    if not _transforms_allowed(reference):
        yield reject("transform", "the signature uses transforms other than enveloped and exclusive c14n")
    for info in signature.findall(f"{DS}KeyInfo"):
        parts = list(info.iterchildren("*"))
        if not parts or any(part.tag != f"{DS}X509Data" for part in parts):
            yield reject("bare-key", "the signature names its key by other means than a certificate")
    method = _method(signature)
    if method is None or method not in _USUAL | _UNUSUAL | _SHA1:
        yield reject("signature-method", "the signature method is not one that a certificate can vouch for")
    if _digest_method(reference) not in _DIGESTS:
        yield reject("digest-method", "the digest method is unknown or too weak")


def _transforms_allowed(reference: etree._Element) -> bool:
    transforms = reference.findall(f"{DS}Transforms/{DS}Transform")
    if [transform.get("Algorithm") for transform in transforms] != [_ENVELOPED, _EXCLUSIVE_C14N]:
        return False
    enveloped, exclusive = transforms
    return len(enveloped) == 0 and all(
        child.tag == _INCLUSIVE_NAMESPACES for child in exclusive.iterchildren("*")
    )


def _method(signature: etree._Element) -> SignatureMethod | None:
    element = signature.find(f"{DS}SignedInfo/{DS}SignatureMethod")
    try:
        return None if element is None else SignatureMethod(element.get("Algorithm"))
    except ValueError:
        return None


def _digest_method(reference: etree._Element) -> DigestAlgorithm | None:
    element = reference.find(f"{DS}DigestMethod")
    try:
        return None if element is None else DigestAlgorithm(element.get("Algorithm"))
    except ValueError:
        return None


def _algorithms(signature: etree._Element) -> tuple[bool, tuple[SamlFinding, ...]]:
    method = _method(signature)
    reference = signature.find(f"{DS}SignedInfo/{DS}Reference")
    digest = None if reference is None else _digest_method(reference)
    sha1 = method in _SHA1 or digest is DigestAlgorithm.SHA1
    if method in _UNUSUAL:
        return sha1, (
            warn("signature-method-unusual", "the signature method is not RSA; Entra signs with RSA"),
        )
    return sha1, ()


def _embedded(signature: etree._Element) -> tuple[Certificate, ...]:
    """The readable certificates of KeyInfo; hints, nothing more, for nothing signs them."""
    found = []
    for element in signature.findall(f"{DS}KeyInfo/{DS}X509Data/{DS}X509Certificate"):
        try:
            found.append(from_base64(text_of(element)))
        except CertificateError:
            continue
    return tuple(found)


def _candidates(pins: Pins, embedded: tuple[Certificate, ...]) -> Iterator[Certificate]:
    """Whom to try: pinned ones (those that KeyInfo names first), then the first that KeyInfo names at all."""
    named = [certificate for certificate in embedded if pins.hold(certificate)]
    others = [*pins.certificates, *embedded[:1]]
    seen = set()
    for certificate in (*named, *others):
        if certificate.sha256 not in seen:
            seen.add(certificate.sha256)
            yield certificate


def _key_info_problems(signer: Certificate, embedded: Iterable[Certificate]) -> tuple[SamlFinding, ...]:
    named = {certificate.sha256 for certificate in embedded}
    if named and signer.sha256 not in named:
        message = "the certificate beside the signature is not the one whose key signed; it was exchanged"
        return (warn("key-info-differs", message),)
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """What is asked of signxml, for one certificate after the other."""

    location: str
    tag: str
    id: str

    def ask(self, data: bytes, certificate: Certificate) -> etree._Element | None:
        """The signed element when the signature holds under this certificate's key."""
        try:
            with quiet():
                loaded = certificate.load()
                result = XMLVerifier().verify(  # a verifier keeps state: one for each question
                    data,
                    x509_cert=loaded,
                    id_attribute="ID",
                    parser=hardened_parser(),
                    expect_config=SignatureConfiguration(
                        require_x509=True,
                        location=self.location,
                        expect_references=1,
                        signature_methods=_USUAL | _UNUSUAL | _SHA1,
                        digest_algorithms=_DIGESTS,
                        # Within its validity: whether the certificate has expired is another finding.
                        verification_time=loaded.not_valid_before_utc,
                    ),
                )
        except _REFUSALS:
            return None
        signed = None if isinstance(result, list) else result.signed_xml
        if signed is None or signed.tag != self.tag or signed.get("ID") != self.id:
            return None
        return signed


def _without_reformatting(root: etree._Element) -> bytes:
    """The document as it was before an editor indented and wrapped it, if that is all that happened to it."""
    copy = deepcopy(root)
    for node in copy.iter():
        if node.tag in _BASE64_ELEMENTS:
            node.text = _XML_SPACE.sub("", node.text or "")
        elif isinstance(node.tag, str):
            node.text = _collapse(node.text)
        node.tail = _collapse(node.tail)
    return etree.tostring(copy)


def _collapse(text: str | None) -> str | None:
    return " ".join(_XML_SPACE.split((text or "").strip(" \t\r\n"))) or None
