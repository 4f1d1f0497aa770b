"""Sign-ins by whose matter their end was."""

from __future__ import annotations

import pytest

from auditor.evaluate.evidence.sign_in_codes import Kind, code_of
from auditor.model.node import Json
from tests.evaluate.evidence.reading import evidence, the_gap, value
from tests.evaluate.snapshots import TIME, gap, own


def log(codes: Json) -> dict[tuple[str, str], Json]:
    return own("signIns", {"windowDays": 30, "codes": codes, "lastSuccess": TIME})  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        (Kind.SUCCESS, "0"),
        (
            Kind.CONFIGURATION,
            "50003 50011 50105 50146 501241 650056 700016 7000112 75005 75008 75011 75016 75999 750054 76021",
        ),
        (Kind.USER, "50126 50053 50055 50057 50034 50020 53003"),
        (Kind.INTERRUPT, "50074 50076 50079 50140 50158 50058"),
        (Kind.UNKNOWN, "1 99999 7 750 75 7511"),
    ],
)
def test_every_code_has_its_kind(kind: Kind, codes: str) -> None:
    assert {code_of(code).kind for code in codes.split()} == {kind}


@pytest.mark.parametrize("code", ["50011", "75011", "75999"])
def test_a_configuration_code_points_at_a_setting(code: str) -> None:
    assert code_of(code).setting


def test_sign_ins_are_counted_by_kind_and_unknown_ones_only_listed() -> None:
    tree = evidence(log({"0": 20, "50011": 8, "50105": 4, "50126": 3, "50140": 5, "424242": 1000}))
    assert value(
        tree,
        "signIns.[total, succeeded, configurationFailures, userFailures, interrupts, configurationPercent]",
    ) == [40, 20, 12, 3, 5, 30]
    assert value(tree, "signIns.unknown") == ["424242"]
    assert value(tree, "signIns.codes[].[code, count, kind]") == [
        ["424242", 1000, "unknown"],
        ["0", 20, "success"],
        ["50011", 8, "configuration"],
        ["50140", 5, "interrupt"],
        ["50105", 4, "configuration"],
        ["50126", 3, "user"],
    ]
    assert value(tree, "signIns.codes[2].[meaning, setting]") == [
        "the reply URL of the request is not one that is configured",
        "Reply URL",
    ]


@pytest.mark.parametrize(
    ("configuration", "others", "over"),
    [(10, 20, False), (34, 67, True), (33_334, 66_667, True), (1, 2, False)],
)
def test_a_third_is_told_from_more_than_a_third(configuration: int, others: int, over: bool) -> None:
    percent = value(evidence(log({"50011": configuration, "0": others})), "signIns.configurationPercent")
    assert isinstance(percent, float)
    assert (percent > 33.3333) is over


@pytest.mark.parametrize("codes", [{}, None, {"424242": 3}])
def test_nobody_signed_in(codes: Json) -> None:
    assert value(evidence(log(codes)), "signIns.[total, configurationPercent, lastSuccess]") == [0, 0, TIME]


def test_an_unread_log_is_its_gap() -> None:
    assert the_gap(evidence(own("signIns", gap("signIns"))), "signIns") == gap("signIns")


def test_a_count_that_is_none_is_a_gap() -> None:
    assert "0" in the_gap(evidence(log({"0": "many"})), "signIns").detail
