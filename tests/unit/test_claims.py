"""Claims are read into two sides and a relation, and everything else is refused."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from msim.base.errors import DefinitionError
from msim.definitions.experiments.claims import Claim, Side, parse_claim

ARMS = ("vehicle", "ketamine", "at", "ketamine_no_eEF2K")
HOUR = 3600.0
FIXED = settings(deadline=None, derandomize=True)


def read(text: str) -> Claim:
    """A claim between ARMS about what is recorded at one hour."""
    return parse_claim(text, ARMS, HOUR, "here")


@FIXED
@given(
    st.sampled_from(ARMS), st.sampled_from(ARMS), st.sampled_from("<>="),
    st.integers(-600, 600), st.sampled_from(["", " ", "   "]),
)  # fmt: skip
def test_a_claim_says_what_its_parts_say(left: str, right: str, relation: str, minutes: int, gap: str) -> None:
    """Whatever the arms, the time and the blanks."""
    assume(left != right or minutes != 60)
    text = f"{gap}{left}{gap}{relation}{gap}{right}  at {minutes} minute{gap}"
    assert read(text) == Claim(text, Side(left, HOUR), relation, Side(right, minutes * 60.0))


def test_a_side_without_a_time_stands_at_that_of_the_prediction() -> None:
    claim = read("ketamine > vehicle")
    assert claim.left.time == claim.right.time == HOUR


def test_an_arm_may_be_held_against_itself_at_another_time_only() -> None:
    """A claim of a thing with itself is no claim."""
    assert read("vehicle = vehicle at -5 minute").right == Side("vehicle", -300.0)
    for text in ("vehicle = vehicle", "vehicle < vehicle at 60 minute", "vehicle at 1 hour > vehicle at 3600 s"):
        with pytest.raises(DefinitionError, match="here: wants two different sides, got 'vehicle "):
            read(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ketamine", "wants 'ARM > ARM', 'ARM < ARM' or 'ARM = ARM', got 'ketamine'"),
        ("ketamine == vehicle", "wants 'ARM > ARM'"),
        ("ketamine => vehicle", "wants 'ARM > ARM'"),
        ("vehicle < ketamine < at", "wants 'ARM > ARM'"),
        ("> vehicle", "wants 'ARM > ARM'"),
        ("ketamine > ", "wants an arm, or 'ARM at TIME', got ' '"),
        ("ketamine > ketamin", "wants an arm, got 'ketamin'; nearest known: 'ketamine'"),
        ("Vehicle > ketamine", "nearest known: 'vehicle'"),
        ("ketamine > 1.1 * vehicle", "wants an arm, or 'ARM at TIME', got '1.1 * vehicle'"),
        ("ketamine > vehicle at", "wants an arm, or 'ARM at TIME'"),
        ("ketamine > vehicle at 3 hours", "unknown unit 'hours'"),
        ("ketamine > vehicle at 3 mg", "wants a value in s, got '3 mg'"),
        ("ketamine > vehicle at 3", "wants a value in s, got '3'"),
        ("ketamine > vehicle " + " " * 200, "wants 'ARM > ARM'"),
    ],
)
def test_a_wrong_claim_is_refused_with_what_came(text: str, said: str) -> None:
    with pytest.raises(DefinitionError, match="^here: ") as refused:
        read(text)
    assert said in str(refused.value)


@FIXED
@given(st.text() | st.text("ketamineveh <>=0123456789at."))
def test_any_text_is_a_claim_or_refused(text: str) -> None:
    """No other exception."""
    try:
        assert {read(text).left.arm, read(text).right.arm} <= set(ARMS)
    except DefinitionError as problem:
        assert str(problem).startswith("here: ") and str(problem).isprintable()
