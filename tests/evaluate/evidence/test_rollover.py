"""Every row of the table of rollovers, and what it says will happen."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.evaluate.evidence.rollover import Facts, Rollover, Signing, State, moment, rollover

AT = datetime(2027, 1, 10, 2, 0, tzinfo=UTC)
MARCH = datetime(2027, 3, 14, 2, 10, tzinfo=UTC)


def certificate(name: str, *, starts: int = -700, ends: int = 300, held: bool | None = True) -> Signing:
    """`starts`, `ends` in days from AT."""
    return Signing(
        thumbprint=name, starts=AT + timedelta(days=starts), ends=AT + timedelta(days=ends), held=held
    )


ACTIVE = certificate("AAAA")
NEXT = certificate("BBBB", starts=-1, ends=1090)
OLD = certificate("CCCC", starts=-1800, ends=-20)


def told(active: Signing = ACTIVE, *inactive: Signing, **facts: object) -> Rollover:
    return rollover(Facts(at=AT, provider="GoToMeeting", active=active, inactive=inactive, **facts))  # type: ignore[arg-type]


def held(one: Signing, known: bool | None) -> Signing:
    return replace(one, held=known)


def ending(days: int, held: bool | None = True) -> Signing:
    return certificate("AAAA", ends=days, held=held)


@pytest.mark.parametrize(
    ("found", "state", "safe", "sentence"),
    [
        # none
        (told(), "none", True, "No change is under way: AAAA is valid until 6 November 2027 02:00 UTC."),
        (told(held(ACTIVE, None)), "none", None, "No change is under way"),
        (
            told(ending(20)),
            "none",
            True,
            "Sign-in breaks on 30 January 02:00 UTC unless a new certificate is made, uploaded at "
            "GoToMeeting, "
            "and then made active.",
        ),
        (told(ending(20, None)), "none", None, "Sign-in breaks on 30 January 02:00 UTC unless"),
        # expired, and still working because the service provider does not look at dates
        (
            told(ending(-3)),
            "none",
            False,
            "The active certificate AAAA expired on 7 January 02:00 UTC and there is no other. Entra "
            "still signs "
            "with it: sign-in goes on only as long as GoToMeeting does not look at dates.",
        ),
        (told(ending(-3, None)), "none", False, "only as long as GoToMeeting does not look at dates"),
        (told(ending(-3), OLD), "none", False, "only as long as GoToMeeting does not look at dates"),
        # prepared: it does not have the new one, or is not known to
        (
            told(replace(ACTIVE, ends=MARCH), held(NEXT, False)),
            "prepared",
            True,
            "Sign-in breaks on 14 March 02:10 UTC unless the new certificate is uploaded at "
            "GoToMeeting first; "
            "then make it active. It is BBBB.",
        ),
        (told(ending(20), held(NEXT, False)), "prepared", False, "Sign-in breaks on 30 January 02:00 UTC"),
        (
            told(ending(20, None), held(NEXT, None)),
            "prepared",
            None,
            "Sign-in breaks on 30 January 02:00 UTC",
        ),
        (told(ending(200, None), held(NEXT, None), OLD), "prepared", None, "It is BBBB."),
        (
            told(ending(-3), certificate("BBBB", starts=2, ends=900, held=False)),
            "prepared",
            False,
            "The active certificate expired on 7 January 02:00 UTC: sign-in breaks unless",
        ),
        # ready: it has it
        (
            told(ACTIVE, NEXT),
            "ready",
            True,
            "GoToMeeting has the new certificate BBBB. Make it active: the one that is active expires on "
            "6 November 2027 02:00 UTC, when sign-in breaks.",
        ),
        (told(ending(2), NEXT), "ready", True, "expires on 12 January 02:00 UTC"),
        # an inactive certificate in the metadata, which it may pick too early
        (told(ACTIVE, NEXT, reads_metadata=True), "ready", True, "it may pick the new one too early"),
        # it was changed there before Entra
        (
            told(held(ACTIVE, False), NEXT),
            "ready",
            False,
            "Sign-in fails until BBBB is made active: GoToMeeting has only that one, while Entra still "
            "signs with "
            "AAAA.",
        ),
        # switched-early
        (
            told(ending(-3, False), NEXT),
            "switched-early",
            True,
            "The active certificate AAAA expired on 7 January 02:00 UTC, so Entra signs with BBBB, "
            "which nobody "
            "made active. GoToMeeting has it, so sign-in goes on",
        ),
        (told(ending(-3), held(NEXT, False)), "switched-early", False, "GoToMeeting does not have it."),
        (
            told(ending(-3, None), held(NEXT, None)),
            "switched-early",
            None,
            "Sign-in fails unless GoToMeeting has",
        ),
        (told(ending(-3), held(NEXT, False), OLD), "switched-early", False, "Entra signs with BBBB"),
        # behind: it has only an old one
        (
            told(held(ACTIVE, False), OLD),
            "behind",
            False,
            "Sign-in fails: Entra signs with AAAA, and GoToMeeting has CCCC. Upload the active certificate",
        ),
        (told(held(ACTIVE, False), strangers=["DDDD"]), "behind", False, "GoToMeeting has DDDD."),
        (told(held(ACTIVE, False)), "behind", False, "GoToMeeting does not have it."),
        (told(held(ACTIVE, False), held(NEXT, False), OLD), "behind", False, "GoToMeeting has CCCC."),
        (told(ending(-3, False), OLD), "behind", False, "GoToMeeting has CCCC."),
        # behind: it has a key of the whole tenant, from metadata without appid
        (
            told(held(ACTIVE, False), held(NEXT, False), shared=True, strangers=["EEEE"]),
            "behind",
            False,
            "GoToMeeting has keys that the applications of the tenant share, because it was given metadata "
            "without appid, and Entra signs with AAAA.",
        ),
        (told(ending(-3, False), held(NEXT, False), shared=True), "behind", False, "Entra signs with BBBB."),
        (told(ACTIVE, shared=True, strangers=["EEEE"]), "finishing", True, "what is left over is EEEE."),
        # finishing: only a leftover remains
        (
            told(ACTIVE, OLD),
            "finishing",
            True,
            "The change to AAAA is done; what is left over is CCCC. It can be deleted, in Entra and at "
            "GoToMeeting.",
        ),
        (told(held(ACTIVE, None), held(OLD, None)), "finishing", None, "what is left over is CCCC."),
        (told(ACTIVE, certificate("CCCC", ends=100)), "finishing", True, "what is left over is CCCC."),
        (told(ACTIVE, OLD, strangers=["DDDD"]), "finishing", True, "what is left over is CCCC, DDDD."),
        (told(ending(20), OLD), "none", True, "Sign-in breaks on 30 January 02:00 UTC"),
    ],
)
def test_a_row(found: Rollover, state: str, safe: bool | None, sentence: str) -> None:
    assert found.state == state
    assert found.safe is safe
    assert sentence in found.sentence


def test_of_several_that_wait_the_one_that_lasts_longest_counts() -> None:
    longest = certificate("FFFF", starts=-1, ends=2000, held=False)
    assert told(ACTIVE, NEXT, longest).state is State.PREPARED
    assert "FFFF" in told(ending(-1), NEXT, longest).sentence


def test_how_long_before_its_end_it_is_time_is_configured() -> None:
    soon = timedelta(days=10)
    assert told(ending(20), held(NEXT, False), soon=soon).safe is True
    assert told(ending(10), held(NEXT, False), soon=soon).safe is False


def test_a_year_is_named_where_it_is_not_plain() -> None:
    assert moment(MARCH, AT) == "14 March 02:10 UTC"
    assert moment(MARCH, AT - timedelta(days=365)) == "14 March 2027 02:10 UTC"


certificates = st.builds(
    certificate,
    st.sampled_from(["BBBB", "CCCC", "DDDD"]),
    starts=st.integers(-2000, 10),
    ends=st.integers(11, 2000) | st.integers(-300, 10),
    held=st.booleans(),
)


@given(
    active=certificates.map(lambda one: replace(one, thumbprint="AAAA")),
    inactive=st.lists(certificates, max_size=3, unique_by=lambda one: one.thumbprint),
    shared=st.booleans(),
    strangers=st.lists(st.just("EEEE"), max_size=1),
)
def test_sign_in_is_never_called_safe_without_what_entra_signs_with(
    active: Signing, inactive: list[Signing], shared: bool, strangers: list[str]
) -> None:
    facts = Facts(at=AT, provider="it", active=active, inactive=inactive, shared=shared, strangers=strangers)
    found = rollover(facts)
    if facts.signer.held is False:
        assert found.safe is False
    if found.safe is False:
        assert facts.signer.held is False or facts.ends_soon
    nobody_knows = [replace(one, held=None) for one in inactive]
    unknown = replace(
        facts, active=replace(active, held=None), inactive=nobody_knows, shared=False, strangers=()
    )
    assert rollover(unknown).safe in (None, False)
    assert rollover(unknown).state not in (State.READY, State.BEHIND)


@given(active=certificates, inactive=st.permutations([NEXT, OLD, certificate("DDDD", ends=40, held=False)]))
def test_the_order_of_certificates_makes_no_difference(active: Signing, inactive: list[Signing]) -> None:
    named = replace(active, thumbprint="AAAA")
    assert told(named, *inactive) == told(named, *reversed(inactive))
