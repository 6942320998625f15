"""Values between two ends: whatever the parser reads as an end, the values lie where they should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from msim.base.errors import DefinitionError
from msim.base.quantities import Quantity, dimensions_of, parse_quantity, text_like
from msim.definitions.experiments.ranges import Range, counted, spaced
from msim.definitions.files.takes import Takes

UNITS = ("minute", "M", "uM", "/ uM / second", "nS", "mM * ms**-1", "kg", "mg / L", "percent", "1 / minute**2")
WAYS = ("{x!r} {unit}", "{x!r}*{unit}", "10**{k} * {unit}", "{x!r} * 10**{k} * {unit}", "({x!r} * {unit})",
        "1/2 * {unit}", "{unit} * {x!r}", "2 ** 3 / 5 * {unit}")  # fmt: skip


@st.composite
def quantities(draw: st.DrawFn, unit: str) -> str:
    """A quantity above 0 in a unit, in any of the ways that the parser reads."""
    x = draw(st.floats(1e-3, 1e3).map(lambda one: float(f"{one:.6g}")))
    unit = unit.removeprefix("/ ") if unit.startswith("/") else unit
    return draw(st.sampled_from(WAYS)).format(x=x, k=draw(st.integers(-9, 9)), unit=f"({unit})")


@st.composite
def ends(draw: st.DrawFn) -> tuple[str, str]:
    """Two quantities of one unit, in order."""
    unit = draw(st.sampled_from(UNITS))
    low, high = sorted((draw(quantities(unit)), draw(quantities(unit))), key=lambda one: si(one))
    assume(si(high) > si(low) * (1 + 1e-6))
    return low, high


def si(text: str | int | float) -> float:
    return float(parse_quantity(text, "x"))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(between=ends(), count=st.integers(2, 7), log=st.booleans())
def test_a_range_is_spaced_in_si_whatever_its_ends_are_written_as(
    between: tuple[str, str], count: int, log: bool
) -> None:
    """Ends come back as they are; steps are equal, to the twelve digits that values are written with."""
    low, high = (si(one) for one in between)
    takes = Takes(Quantity(1.0, dimensions_of(parse_quantity(between[0], "x"))))
    values = spaced(Range(*between, log, takes, "x"), np.linspace(0, 1, count))
    numbers = np.array([takes.si(one, "x") for one in values])
    assert (numbers[0], numbers[-1]) == (low, high)
    assert all(np.diff(numbers) > 0)
    wanted = np.geomspace(low, high, count) if log else np.linspace(low, high, count)
    np.testing.assert_allclose(numbers, wanted, rtol=1e-11)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(like=st.sampled_from(UNITS).flatmap(quantities), number=st.floats(1e-15, 1e15))
def test_a_number_is_read_back_from_the_text_that_it_is_given(like: str, number: float) -> None:
    """In the dimensions of the one that it is written like."""
    text = text_like(number, like, "x")
    read = parse_quantity(text, "x")
    assert read.dim == parse_quantity(like, "x").dim
    assert float(read) == pytest.approx(number, rel=1e-11)


@pytest.mark.parametrize(
    ("like", "text"),
    [("5 minute", "2.5 minute"), ("0.1 / second", "150 / second"), ("10**-7 * M", "150 mM"), (0.5, 150.0),
     ("3 µM", "150000 uM"), ("(2 * minute)", "150 s")],
)  # fmt: skip
def test_the_unit_of_the_end_is_kept_where_it_is_one_number_and_units(like: str | float, text: str | float) -> None:
    assert text_like(150.0, like, "x") == text


@settings(max_examples=100, deadline=None, derandomize=True)
@given(low=st.integers(-5, 5), more=st.integers(1, 5), parts=st.lists(st.floats(0, 1, exclude_max=True), min_size=1))
def test_counts_are_drawn_from_all_whole_numbers(low: int, more: int, parts: list[float]) -> None:
    values = counted(Range(low, low + more, False, Takes(whole=True), "x"), parts)
    assert all(type(one) is int and low <= one <= low + more for one in values)
    every = counted(Range(low, low + more, False, Takes(whole=True), "x"), (np.arange(more + 1) + 0.5) / (more + 1))
    assert list(every) == list(range(low, low + more + 1))


@pytest.mark.parametrize(
    ("low", "high", "log", "message"),
    [("2 s", "1 s", False, "more than low"), ("0 s", "1 s", True, "more than 0 for steps"),
     ("1 s", "2 kg", False, "in s"), ("1", "2 s", False, "in s"), ("1 banana", "2 s", False, "unknown unit")],
)  # fmt: skip
def test_ends_between_which_nothing_lies_are_refused(low: str, high: str, log: bool, message: str) -> None:
    with pytest.raises(DefinitionError, match=message):
        spaced(Range(low, high, log, Takes(parse_quantity("1 s", "x")), "x"), [0.5])
