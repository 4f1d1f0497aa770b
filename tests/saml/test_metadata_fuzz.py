"""Whatever is done to a document, the answer is a verdict; what was rejected is never accepted for it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from auditor.saml.finding import Verdict
from auditor.saml.metadata import EntityDescriptor
from auditor.saml.metadata_check import MetadataCheck, check_metadata
from auditor.saml.signature import SignatureState
from tests.saml.federation import active, attacker, entity, listing, sign
from tests.saml.metadata_cases import expected, without_pins

GENUINE = sign(entity(), active())
FOREIGN = sign(listing(attacker()), attacker())
PIECES = (
    *(b"", b"<", b">", b"/>", b"<!--", b"-->", b"<?a", b"?>", b"<![CDATA[", b"]]>", b"&amp;", b"&#0;"),
    *(
        b'"',
        b"'",
        b" ID='_x'",
        b" id='_x'",
        b"<!DOCTYPE a>",
        b"xmlns=''",
        b"\x00",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
    ),
)
ATTRIBUTES = ("ID", "Id", "id", "URI", "Algorithm", "entityID", "Location", "use")
EDITS = st.tuples(st.integers(0, len(GENUINE)), st.integers(0, 60), st.sampled_from(PIECES))


def _check(data: bytes) -> MetadataCheck:
    return check_metadata(data, expected=expected())


TRUSTED = _check(GENUINE).entity


def _assert_nothing_false(result: MetadataCheck) -> None:
    """Only the genuine document's own values may be trusted, whatever surrounds them."""
    assert TRUSTED is not None
    if result.verdict is Verdict.REJECT:
        return
    assert result.pinned
    assert _values(result.entity) == _values(TRUSTED)


def _values(entity: EntityDescriptor | None) -> object:
    assert entity is not None
    return entity.entity_id, entity.single_sign_on, entity.single_logout, entity.certificates


@given(st.binary(max_size=2000))
def test_any_bytes_are_rejected(data: bytes) -> None:
    assert _check(data).verdict is Verdict.REJECT


@given(st.lists(EDITS, min_size=1, max_size=4))
@settings(max_examples=300, deadline=None)
def test_edited_bytes_never_carry_other_values(edits: list[tuple[int, int, bytes]]) -> None:
    data = GENUINE
    for place, removed, added in edits:
        data = data[:place] + added + data[place + removed :]
    _assert_nothing_false(_check(data))


@st.composite
def edited_trees(draw: st.DrawFn, data: bytes) -> bytes:
    """The document after a few cuts, copies, moves and renamings."""
    root = etree.fromstring(data)
    foreign = list(etree.fromstring(FOREIGN).iter())
    for _ in range(draw(st.integers(1, 4))):
        nodes = list(root.iter("*"))
        node = draw(st.sampled_from(nodes))
        target = draw(st.sampled_from(nodes))
        edit = draw(st.sampled_from(["remove", "copy", "graft", "rename", "attribute", "text", "unwrap"]))
        parent = node.getparent()
        if edit == "remove" and parent is not None:
            parent.remove(node)
        elif edit == "copy":
            target.append(etree.fromstring(etree.tostring(node)))
        elif edit == "graft":
            target.insert(0, etree.fromstring(etree.tostring(draw(st.sampled_from(foreign)))))
        elif edit == "rename":
            node.tag = str(target.tag)
        elif edit == "attribute":
            name = draw(
                st.sampled_from(["ID", "Id", "id", "URI", "Algorithm", "entityID", "Location", "use"])
            )
            node.set(name, draw(st.sampled_from([value for one in nodes for value in one.attrib.values()])))
        elif edit == "text":
            node.text = draw(st.sampled_from([one.text for one in nodes]))
        elif edit == "unwrap" and parent is not None:
            parent.extend(list(node))
    return etree.tostring(root)


@given(edited_trees(GENUINE))
@settings(max_examples=300, deadline=None)
def test_edited_trees_never_carry_other_values(data: bytes) -> None:
    _assert_nothing_false(_check(data))


@given(edited_trees(GENUINE))
@settings(max_examples=150, deadline=None)
def test_a_connection_vouches_for_whole_documents_only(data: bytes) -> None:
    result = check_metadata(data, expected=without_pins(), over_tls_from="login.microsoftonline.com")
    if result.verdict is not Verdict.REJECT:
        assert result.signature is SignatureState.VALID
        assert _values(result.entity) == _values(TRUSTED)


@given(edited_trees(FOREIGN))
@settings(max_examples=150, deadline=None)
def test_a_rejected_document_never_becomes_an_accepted_one(data: bytes) -> None:
    assert _check(data).verdict is Verdict.REJECT


@pytest.mark.parametrize("data", [GENUINE, FOREIGN])
def test_every_truncation_is_rejected(data: bytes) -> None:
    for length in range(0, len(data), 97):
        assert _check(data[:length]).verdict is Verdict.REJECT
