"""Text to quantity and back: laws that hold for any number and any unit, and refusal of everything else."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from msim.base.errors import DefinitionError
from msim.base.quantities import known_units, parse_in, parse_quantity, quantity_text, unit_text
from msim.base.units import Quantity, dimensions_of
from msim.definitions.models.mechanism_registry import MECHANISMS

FIXED = settings(deadline=None, derandomize=True)
UNITS = sorted(known_units())
NUMBERS = st.floats(min_value=1e-9, max_value=1e9) | st.integers(min_value=1, max_value=10**9)
SIX_DIGITS = 5.1e-6  # rounding to six digits moves a number by at most half a digit of the last
ONE_ROUNDING_EACH = 1e-14
DECLARED = {
    str(dimensions_of(unit)): unit
    for form in MECHANISMS.values()
    for unit in (*form.declared.values(), *(port.unit for port in form.outputs))
}


def read(text: str | int | float) -> Quantity:
    """A quantity, with the place that messages name."""
    return parse_quantity(text, "here")


def assert_same(left: Quantity, right: Quantity, tolerance: float) -> None:
    """Equal within a relative tolerance, and of the same dimensions."""
    assert dimensions_of(left) == dimensions_of(right)
    assert float(left) == pytest.approx(float(right), rel=tolerance)


@FIXED
@given(NUMBERS, st.sampled_from(UNITS))
def test_a_number_before_a_unit_is_their_product(number: float, unit: str) -> None:
    """With and without the sign of multiplication."""
    wanted = Quantity(number * float(known_units()[unit]), dim=dimensions_of(known_units()[unit]))
    for text in (f"{number!r} {unit}", f"{number!r} * {unit}", f" {number!r}*{unit} ", f"{unit} * {number!r}"):
        assert_same(read(text), wanted, ONE_ROUNDING_EACH)


@FIXED
@given(NUMBERS, NUMBERS, st.sampled_from(UNITS), st.sampled_from(UNITS))
def test_products_and_quotients_are_those_of_their_parts(first: float, other: float, unit: str, below: str) -> None:
    """Text over text is quantity over quantity."""
    left, right = read(f"{first!r} {unit}"), read(f"{other!r} {below}")
    assert_same(read(f"{first!r} * {unit} * {other!r} * {below}"), left * right, ONE_ROUNDING_EACH)
    assert_same(read(f"{first!r} * {unit} / ({other!r} * {below})"), left / right, ONE_ROUNDING_EACH)
    assert_same(read(f"{first!r} * {unit} / {other!r} / {below}"), left / right, ONE_ROUNDING_EACH)


@FIXED
@given(st.sampled_from(UNITS), st.integers(min_value=1, max_value=4))
def test_a_power_is_a_repeated_product(unit: str, power: int) -> None:
    """Written in Python's way or with a caret, above the line or below it."""
    product = read(" * ".join([unit] * power))
    assert_same(read(f"{unit}**{power}"), product, ONE_ROUNDING_EACH)
    assert_same(read(f"{unit}^{power}"), product, ONE_ROUNDING_EACH)
    assert_same(read(f"1 / {unit}**{power}"), read(f"{unit}**-{power}"), ONE_ROUNDING_EACH)


@FIXED
@given(NUMBERS, st.sampled_from(UNITS), st.sampled_from(UNITS), st.sampled_from([-1, 0, 1]), st.booleans())
def test_what_is_written_can_be_read(number: float, unit: str, other: str, power: int, below_0: bool) -> None:
    """quantity_text rounds to six digits and changes nothing else."""
    value = read(f"{'-' if below_0 else ''}{number!r} * {unit}" + (f" * {other}**{power}" if power else ""))
    assert_same(read(quantity_text(value)), value, SIX_DIGITS)


@pytest.mark.parametrize("unit", DECLARED.values(), ids=DECLARED)
def test_a_unit_that_a_message_names_can_be_written_into_a_file(unit: object) -> None:
    """So 'wants a value in X' can be obeyed."""
    name = unit_text(unit).removesuffix(" (dimensionless)")
    text = f"3{name[1:]}" if name.startswith("1") else f"3 {name}"
    assert_same(parse_in(text, unit, "here"), Quantity(3.0, dim=dimensions_of(unit)), ONE_ROUNDING_EACH)


@pytest.mark.parametrize(
    ("small", "count", "large"),
    [
        ("mV", 1e3, "V"), ("pA", 1e12, "A"), ("nS", 1e9, "S"), ("uM", 1e3, "mM"), ("nM", 1e3, "uM"), ("ms", 1e3, "s"),
        ("second", 60, "minute"), ("minute", 60, "hour"), ("h", 24, "day"), ("day", 7, "week"), ("Hz", 1e3, "kHz"),
        ("mg", 1e6, "kg"), ("mL", 1e3, "L"), ("l", 1, "liter"), ("percent", 100, "one"), ("msiemens", 1e3, "siemens"),
        ("mmol", 1e3, "mole"), ("mmol / L", 1, "mM"), ("µM", 1, "uM"),
    ],
)  # fmt: skip
def test_units_are_as_large_as_they_should_be(small: str, count: float, large: str) -> None:
    """Against tables of units, not against the code."""
    assert_same(read(f"{count!r} * {small}"), read(large), ONE_ROUNDING_EACH)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (0.00005, "50 us"), (59, "59 s"), (60, "1 minute"), (-5400, "-1.5 hour"), (604800, "7 day")],
)
def test_times_are_written_in_the_unit_that_a_reader_would_take(seconds: float, text: str) -> None:
    assert quantity_text(Quantity(seconds, dim=known_units()["s"].dim)) == text


@FIXED
@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(min_value=-(2**63), max_value=2**63))
def test_a_bare_number_is_itself_without_unit(number: float) -> None:
    """As TOML gives it, or as text."""
    for given_as in (number, repr(number)):
        assert float(read(given_as)) == float(number) and dimensions_of(read(given_as)).is_dimensionless


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 10**400, "1e400", "1e308 * 1e308", "1 / 1e-320"])
def test_what_is_not_finite_is_refused(number: str | int | float) -> None:
    """Whether it came so or became so."""
    with pytest.raises(DefinitionError, match="here: wants a finite number, got "):
        read(number)


@pytest.mark.parametrize("text", ["1 / 0", "1 / (0 second)", "0**-1", "2 / (1 * 0)"])
def test_division_by_0_is_refused(text: str) -> None:
    with pytest.raises(DefinitionError, match="^here: "):
        read(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "wants a number with a unit"), ("40minute", "wants a number with a unit"),
        ("40 minutes", "unknown unit 'minutes' in '40 minutes'; nearest known: 'minute'"),
        ("1 HZ", "nearest known: 'Hz'"), ("1 + 1", "wants a product of numbers and units"),
        ("2 second second", "wants a number with a unit"), ("second(2)", "wants a product"),
        ("second.dim", "wants a product"), ("second[0]", "wants a number with a unit"), ("~1", "wants a number"),
        ("m**2.5", "wants a whole number as exponent"), ("m**m", "wants a whole number as exponent"),
        ("m**13", "wants an exponent of at most 12"), ("True", "wants a product"), ("1j", "wants a product"),
        ("'1 second'", "wants a number with a unit"), ("1 second # sic", "wants a number with a unit"),
        ("1 second\n", "wants a number with a unit"), ("\u0661 second", "wants a number with a unit"),
    ],
)  # fmt: skip
def test_other_text_is_refused_with_what_came(text: str, said: str) -> None:
    with pytest.raises(DefinitionError, match="^here: ") as refused:
        read(text)
    assert said in str(refused.value) and repr(text)[1:-1] in str(refused.value)


def test_a_quantity_of_other_dimensions_is_refused_with_the_unit_that_was_wanted() -> None:
    with pytest.raises(DefinitionError, match=r"^here: wants a value in Hz, got '0\.22 second'$"):
        parse_in("0.22 second", known_units()["Hz"], "here")


ARITHMETIC = st.text("0123456789.eE+-*/^() _", max_size=30)
WORDS = st.sampled_from([*UNITS, "*", "/", "**", "(", ")", "2", "0", "-1", "1e200", "1e-200", " "])
SENTENCES = st.lists(WORDS, max_size=12)


@FIXED
@given(st.text() | ARITHMETIC | SENTENCES.map(" ".join) | SENTENCES.map("".join))
@example("1if 2else 3")
@example('"\\d" * second')
@example("0_0")
def test_any_text_is_a_finite_quantity_or_refused(text: str) -> None:
    """No other exception, and no warning: pytest makes errors of these."""
    try:
        value = read(text)
    except DefinitionError as problem:
        assert str(problem).startswith("here: ") and str(problem).isprintable()
    else:
        assert math.isfinite(float(value))


@FIXED
@given(st.none() | st.booleans() | st.lists(st.integers()) | st.dictionaries(st.text(), st.text()) | st.binary())
def test_what_is_neither_text_nor_number_is_refused(value: object) -> None:
    assume(not isinstance(value, (str, int, float)) or isinstance(value, bool))
    with pytest.raises(DefinitionError, match="here: wants a number with a unit as text, got "):
        read(value)  # type: ignore[arg-type]
