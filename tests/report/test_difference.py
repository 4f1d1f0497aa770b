"""Where an observed value departs from the expected one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.model.node import Json
from auditor.report.difference import lines


def marked(value: Json, against: Json) -> list[str]:
    """Each line with its differing parts in brackets."""
    return [
        "".join(f"[{piece.text}]" if piece.differs else piece.text for piece in line.pieces)
        for line in lines(value, against=against)
    ]


ACS = "https://authentication.logmeininc.com/saml/acs"


@pytest.mark.parametrize(
    ("value", "against", "shown"),
    [
        (ACS, ACS, [ACS]),
        ("https://authentication.logmeininc.com/saml/ACS", ACS, [ACS[:-3] + "[ACS]"]),
        (
            "https://authentication.logmeinlnc.com/saml/acs",
            ACS,
            ["https://authentication.logmein[l]nc.com/saml/acs"],
        ),
        ("https://sts.windows.net/x", "https://sts.windows.net/x/", ["https://sts.windows.net/x"]),
        ("entirely other", ACS, ["[entirely other]"]),
        (["a", ACS], [ACS], ["[a]", ACS]),
        (None, ACS, ["[null]"]),
        ("", ACS, ['[""]']),
        ([], ACS, ["[[]]"]),
        (None, None, ["null"]),
        (7, 8, ["7"]),
    ],
    ids=range(11),
)
def test_the_differing_part_is_marked(value: Json, against: Json, shown: list[str]) -> None:
    assert marked(value, against) == shown


@given(st.text(min_size=1), st.text(min_size=1))
def test_the_value_is_whole_whatever_is_marked(value: str, against: str) -> None:
    (line,) = lines(value, against=against)
    assert "".join(piece.text for piece in line.pieces) == value
    if value == against:
        assert not any(piece.differs for piece in line.pieces)


def test_a_huge_value_is_not_compared_letter_by_letter() -> None:
    (line,) = lines("a" * 100_000, against="b" * 100_000)
    assert [piece.differs for piece in line.pieces] == [True]
