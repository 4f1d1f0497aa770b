"""Signature wrapping: the signature stays true, but of something else than what is read."""

from __future__ import annotations

from lxml import etree

from tests.saml.federation import (
    DOCUMENT_ID,
    DS,
    MD,
    active,
    attacker,
    digest_of,
    entity,
    identity_provider,
    key_descriptor,
    reference,
    sign,
)
from tests.saml.metadata_cases import ATTACKER_HOST, case

EVIL_URL = f"https://{ATTACKER_HOST}/saml2"
SIGNATURE = f"{{{DS}}}Signature"


def genuine() -> etree._Element:
    """A document that is right in everything."""
    return etree.fromstring(sign(entity(), active()))


def evil(identifier: str = "_evil", *, inside: str = "") -> etree._Element:
    """What the attacker wants to be read: other keys, other URLs. `inside` stands at its end."""
    role = identity_provider(key_descriptor(attacker().text), sso=[EVIL_URL], slo=[EVIL_URL])
    return etree.fromstring(entity(role, inside, identifier=identifier, entity_id=EVIL_URL))


def take_signature(document: etree._Element) -> etree._Element:
    """The signature, cut out of its document."""
    signature = document.find(SIGNATURE)
    assert signature is not None
    document.remove(signature)
    return signature


def extensions(*children: etree._Element) -> etree._Element:
    """An Extensions element around anything."""
    element = etree.Element(f"{{{MD}}}Extensions")
    element.extend(children)
    return element


@case("reject", "signature-object")
def original_inside_an_object_of_the_signature() -> bytes:
    original, root = genuine(), evil()
    signature = take_signature(original)
    etree.SubElement(signature, f"{{{DS}}}Object").append(original)
    root.insert(0, signature)
    return etree.tostring(root)


@case("reject", "reference-target")
def original_as_last_child_of_an_evil_root() -> bytes:
    original, root = genuine(), evil()
    root.insert(0, take_signature(original))
    root.append(original)
    return etree.tostring(root)


@case("reject", "reference-target")
def original_in_extensions_of_an_evil_root() -> bytes:
    original, root = genuine(), evil()
    root.insert(0, take_signature(original))
    root.insert(1, extensions(original))
    return etree.tostring(root)


@case("reject", "signature-misplaced")
def original_with_its_signature_in_extensions() -> bytes:
    root = evil()
    root.insert(0, extensions(genuine()))
    return etree.tostring(root)


@case("reject", "duplicate-id")
def evil_root_with_the_id_of_the_original() -> bytes:
    original, root = genuine(), evil(DOCUMENT_ID)
    root.insert(0, take_signature(original))
    root.append(original)
    return etree.tostring(root)


@case("reject", "duplicate-id")
def original_hidden_behind_an_id_in_other_case() -> bytes:
    original, root = genuine(), evil(DOCUMENT_ID.upper())
    signature = take_signature(original)
    next(signature.iter(f"{{{DS}}}Reference")).set("URI", f"#{DOCUMENT_ID.upper()}")
    root.insert(0, signature)
    root.append(original)
    return etree.tostring(root)


def _with_second_id(name: str) -> bytes:
    original, root = genuine(), evil(DOCUMENT_ID)
    root.insert(0, take_signature(original))
    original.set(name, original.attrib.pop("ID"))
    root.append(original)
    return etree.tostring(root)


@case("reject", "duplicate-id")
def id_attribute_written_Id() -> bytes:
    return _with_second_id("Id")


@case("reject", "duplicate-id")
def id_attribute_written_id() -> bytes:
    return _with_second_id("id")


@case("reject", "duplicate-id")
def id_attribute_written_iD() -> bytes:
    return _with_second_id("iD")


@case("reject", "duplicate-id")
def id_attribute_of_xml() -> bytes:
    return _with_second_id("{http://www.w3.org/XML/1998/namespace}id")


@case("reject", "duplicate-id")
def id_attribute_in_a_foreign_namespace() -> bytes:
    return _with_second_id("{urn:example}ID")


@case("reject", "duplicate-id")
def id_of_the_signature_is_the_id_of_the_root() -> bytes:
    document = genuine()
    signature = document.find(SIGNATURE)
    assert signature is not None
    signature.set("Id", DOCUMENT_ID)
    return etree.tostring(document)


@case("reject", "not-an-entity-descriptor")
def entities_descriptor_around_a_signed_entity() -> bytes:
    root = etree.Element(f"{{{MD}}}EntitiesDescriptor")
    root.append(genuine())
    return etree.tostring(root)


@case("reject", "not-an-entity-descriptor")
def entities_descriptor_with_an_evil_entity_first() -> bytes:
    root = etree.Element(f"{{{MD}}}EntitiesDescriptor")
    root.extend([evil(), genuine()])
    return etree.tostring(root)


@case("reject", "signature-misplaced")
def signature_moved_behind_everything() -> bytes:
    document = genuine()
    document.append(take_signature(document))
    return etree.tostring(document)


@case("reject", "signature-misplaced")
def signature_moved_into_a_role() -> bytes:
    document = genuine()
    signature = take_signature(document)
    document[0].insert(0, signature)
    return etree.tostring(document)


@case("reject", "signature-misplaced")
def signature_moved_into_extensions() -> bytes:
    document = genuine()
    document.insert(0, extensions(take_signature(document)))
    return etree.tostring(document)


@case("reject", "not-an-entity-descriptor")
def signature_as_the_root_around_the_document() -> bytes:
    original = genuine()
    signature = take_signature(original)
    etree.SubElement(signature, f"{{{DS}}}Object").append(original)
    return etree.tostring(signature)


@case("reject", "several-signatures")
def second_signature_by_the_attacker_behind() -> bytes:
    document = genuine()
    again = etree.fromstring(sign(entity(), attacker()))
    document.append(take_signature(again))
    return etree.tostring(document)


@case("reject", "several-signatures")
def second_signature_by_the_attacker_in_front() -> bytes:
    document = genuine()
    again = etree.fromstring(sign(entity(), attacker()))
    document.insert(0, take_signature(again))
    return etree.tostring(document)


@case("reject", "several-signatures")
def signature_inside_the_signature() -> bytes:
    document = genuine()
    again = etree.fromstring(sign(entity(), attacker()))
    outer = document.find(SIGNATURE)
    assert outer is not None
    outer.append(take_signature(again))
    return etree.tostring(document)


@case("reject", "several-signatures")
def signed_role_inside_a_signed_document() -> bytes:
    keys = key_descriptor(active().text)
    xml = entity(identity_provider(keys, attributes=' ID="_role"'))
    inner = sign(xml, active(), path=f"{{{MD}}}IDPSSODescriptor", declaration="")
    return sign(inner, active())


@case("reject", "reference-target")
def only_the_identity_provider_is_signed() -> bytes:
    keys = key_descriptor(active().text)
    xml = entity(identity_provider(keys, attributes=' ID="_role"'))
    role = etree.fromstring(xml)[0]
    return sign(xml, active(), references=reference("#_role", digest_of(role)))


@case("reject", "reference-target")
def reference_to_the_whole_document() -> bytes:
    root = etree.fromstring(entity())
    return sign(entity(), active(), references=reference("", digest_of(root)))


@case("reject", "reference-target")
def reference_without_uri() -> bytes:
    root = etree.fromstring(entity())
    return sign(entity(), active(), references=reference("", digest_of(root)).replace(' URI=""', ""))


@case("reject", "reference-target")
def reference_by_xpointer_to_the_root() -> bytes:
    root = etree.fromstring(entity())
    return sign(entity(), active(), references=reference("#xpointer(/)", digest_of(root)))


@case("reject", "reference-target")
def reference_by_xpointer_to_the_id() -> bytes:
    root = etree.fromstring(entity())
    uri = f"#xpointer(id(&apos;{DOCUMENT_ID}&apos;))"
    return sign(entity(), active(), references=reference(uri, digest_of(root)))


@case("reject", "reference-target")
def reference_to_a_file() -> bytes:
    root = etree.fromstring(entity())
    return sign(entity(), active(), references=reference("file:///etc/hostname", digest_of(root)))


@case("reject", "reference-target")
def reference_to_another_host() -> bytes:
    root = etree.fromstring(entity())
    uri = f"https://{ATTACKER_HOST}/#{DOCUMENT_ID}"
    return sign(entity(), active(), references=reference(uri, digest_of(root)))


@case("reject", "reference-target")
def root_without_id() -> bytes:
    xml = entity().replace(f' ID="{DOCUMENT_ID}"', "")
    return sign(xml, active(), references=reference("#", digest_of(etree.fromstring(xml))))


@case("reject", "reference-target")
def root_with_an_id_of_another_name() -> bytes:
    xml = entity().replace(f' ID="{DOCUMENT_ID}"', f' Id="{DOCUMENT_ID}"')
    digest = digest_of(etree.fromstring(xml))
    return sign(xml, active(), references=reference(f"#{DOCUMENT_ID}", digest))


@case("reject", "reference-count")
def two_references() -> bytes:
    keys = key_descriptor(active().text)
    xml = entity(identity_provider(keys, attributes=' ID="_role"'))
    root = etree.fromstring(xml)
    both = reference(f"#{DOCUMENT_ID}", digest_of(root)) + reference("#_role", digest_of(root[0]))
    return sign(xml, active(), references=both)


@case("reject", "reference-count")
def the_same_reference_twice() -> bytes:
    once = reference(f"#{DOCUMENT_ID}", digest_of(etree.fromstring(entity())))
    return sign(entity(), active(), references=once * 2)


@case("reject", "reference-count")
def no_reference() -> bytes:
    return sign(entity(), active(), references="")


@case("reject", "signature-object")
def reference_inside_a_manifest() -> bytes:
    inner = reference(f"#{DOCUMENT_ID}", digest_of(etree.fromstring(entity())))
    manifest = f'<Object><Manifest Id="_manifest">{inner}</Manifest></Object>'
    return sign(entity(), active(), after=manifest)


@case("reject", "signature-broken")
def evil_role_added_before_the_genuine_one() -> bytes:
    document = genuine()
    document.insert(1, evil()[0])
    return etree.tostring(document)


@case("reject", "signature-broken")
def evil_role_added_after_the_genuine_one() -> bytes:
    document = genuine()
    document.append(evil()[0])
    return etree.tostring(document)
