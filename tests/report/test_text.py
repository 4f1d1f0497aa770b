"""Text from the tenant, made fit to be shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.node import Json
from auditor.report.text import act, brief, first_sentence, split_unseen, value_text, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GoToMeeting", "GoToMeeting"),
        ("Büro Zürich 会議", "Büro Zürich 会議"),
        ("\u202egpj.exe", "‹U+202E›gpj.exe"),
        ("a\u200bb\ufeff", "a‹U+200B›b‹U+FEFF›"),
        ("\x1b[31m", "‹U+001B›[31m"),
        ("\ud800", "‹U+D800›"),
        ("Zalgo" + "\u0351" * 10, "Zalgo" + "\u0351" * 4 + "‹+6 marks›"),
        ("e\u0301", "e\u0301"),
    ],
    ids=range(8),
)
def test_what_cannot_be_seen_is_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(alphabet=st.characters()))
def test_nothing_unseen_is_left_and_nothing_seen_is_lost(text: str) -> None:
    shown = visible(text)
    assert not any(unicodedata.bidirectional(c) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI") for c in shown)
    assert not any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\t\n" for c in shown)
    letters = [c for c in text if unicodedata.category(c)[0] in "LN" and c.isalnum()]
    assert [c for c in letters if c not in shown] in (
        [],
        [c for c in letters if c in "\u3164\u115f\u1160\uffa0"],
    )


@given(st.text())
def test_pieces_put_together_are_the_visible_text(text: str) -> None:
    joined = "".join(f"‹{piece}›" if unseen else piece for piece, unseen in split_unseen(text))
    if "marks›" not in joined:
        assert joined == visible(text)


def test_null_empty_and_their_spellings_are_told_apart() -> None:
    values: list[Json] = [None, "", [], {}, False, 0]
    assert [value_text(value) for value in values] == ["null", '""', "[]", "{}", "false", "0"]


def test_a_thumbprint_is_cut_and_nothing_else() -> None:
    thumbprint = "D6D90F51A2B3C4D5E6F708192A3B4C5D6E7F8091"
    assert brief(f"The certificate {thumbprint} expired.") == "The certificate D6D90F51… expired."
    assert brief(f"x{thumbprint}") == f"x{thumbprint}"
    assert brief(thumbprint.lower()) == thumbprint.lower()


def test_what_to_do_begins_where_the_ways_part() -> None:
    remedy = "Entra admin center: Entra ID, Enterprise apps, the application, properties: set it. Then wait."
    assert act(remedy) == "Properties: set it."
    assert act("Ask the owner, e.g. by mail. Then wait.") == "Ask the owner, e.g."
    assert act("") == ""


@pytest.mark.parametrize(
    ("text", "first"),
    [("One. Two.", "One."), ("no stop", "no stop"), ("v1.0 is out. Go!", "v1.0 is out."), ("Stop!", "Stop!")],
)
def test_the_first_sentence_ends_at_a_stop_before_a_space(text: str, first: str) -> None:
    assert first_sentence(text) == first
