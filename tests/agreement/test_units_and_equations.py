"""Our readers of units, equations and expressions against Brian2's, which read the same texts."""

from __future__ import annotations

import brian2 as b2
import numpy as np
import pytest
import sympy
from brian2 import Equations
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.core.variables import Constant, Variable
from brian2.equations.equations import dimensions_and_type_from_string
from brian2.parsing.expressions import parse_expression_dimensions
from brian2.parsing.sympytools import str_to_sympy
from brian2.units.fundamentalunits import DimensionMismatchError, get_or_create_dimension
from brian2.utils.stringtools import word_substitute
from hypothesis import given, settings
from hypothesis import strategies as st

from msim.base.equations import read_equations, slopes, subexpressions, without
from msim.base.expressions import (
    FUNCTIONS,
    ExpressionError,
    UnitMismatch,
    dimension_of,
    evaluated,
    names_in,
    read_expression,
    renamed,
)
from msim.base.mechanism import Mechanism
from msim.base.quantities import known_units, quantity_text
from msim.base.units import Dimension, Quantity, dimensions_of, unit_expression
from msim.definitions.models.mechanism_registry import MECHANISMS
from msim.multiscale.slow.ode import symbolic

FIXED = settings(deadline=None, derandomize=True, max_examples=300)
FORM = pytest.mark.parametrize("form", MECHANISMS.values(), ids=MECHANISMS)
THEIRS = {
    "V": b2.volt, "A": b2.amp, "S": b2.siemens, "F": b2.farad, "s": b2.second, "M": b2.molar, "mol": b2.mole,
    "m": b2.meter, "K": b2.kelvin, "volt": b2.volt, "amp": b2.amp, "siemens": b2.siemens, "farad": b2.farad,
    "second": b2.second, "molar": b2.molar, "mole": b2.mole, "meter": b2.meter, "ohm": b2.ohm, "coulomb": b2.coulomb,
    "hertz": b2.hertz, "joule": b2.joule, "watt": b2.watt, "kelvin": b2.kelvin, "g": b2.gram, "Hz": b2.Hz,
    "L": b2.liter, "l": b2.liter, "liter": b2.liter, "Pa": b2.pascal, "minute": 60 * b2.second,
    "hour": 3600 * b2.second, "h": 3600 * b2.second, "day": 86400 * b2.second, "week": 604800 * b2.second,
    "kilogram": b2.kilogram, "percent": b2.Quantity(0.01), "one": b2.Quantity(1.0),
}  # fmt: skip
PREFIXES = {"": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "k": 1e3}
DIMENSIONS = sorted({one.dim for one in known_units().values()}, key=str)


def brian2_dimension(dimension: Dimension) -> object:
    """The same powers as Brian2 holds them."""
    return get_or_create_dimension(dimension.powers)


def expressions(form: Mechanism) -> list[str]:
    """Every expression of a form."""
    equations = [one.expression for one in read_equations(form.equations).values()]
    return [*equations, *(one.expression for one in form.derived), *form.rest.values()]


EXPRESSIONS = sorted({text for form in MECHANISMS.values() for text in expressions(form)})


@pytest.mark.parametrize("name", sorted(known_units()))
def test_a_unit_is_that_of_brian2_times_its_prefix(name: str) -> None:
    """Every name that a file may use, read in one way only."""
    splits = [(prefix, one) for prefix in PREFIXES for one in THEIRS if prefix + one == name]
    (theirs,) = (PREFIXES[prefix] * THEIRS[one] for prefix, one in splits)
    assert float(known_units()[name]) == pytest.approx(float(theirs), rel=1e-15)
    assert brian2_dimension(known_units()[name].dim) is b2.get_dimensions(theirs)
    if name in vars(b2.units.allunits):
        assert float(theirs) == pytest.approx(float(getattr(b2.units.allunits, name)), rel=1e-15)


@FIXED
@given(st.floats(1e-30, 1e30), st.sampled_from(sorted(known_units())), st.integers(-2, 2), st.booleans())
def test_a_quantity_is_written_in_the_unit_that_brian2_finds_best(
    size: float, name: str, power: int, below_0: bool
) -> None:
    """Where a definition file may use that unit, and the quantity is no time that a reader counts in minutes."""
    value = (-size if below_0 else size) * known_units()[name] * known_units()["s"] ** power
    if value.dim.is_dimensionless or (value.dim == known_units()["s"].dim and abs(float(value)) >= 60):
        return
    best = str(b2.Quantity(float(value), dim=brian2_dimension(value.dim)).get_best_unit())
    if best in known_units():
        assert quantity_text(value).rpartition(" ")[2] == best


@FIXED
@given(st.tuples(*[st.integers(-6, 6)] * 7) | st.sampled_from(DIMENSIONS).map(lambda one: one.powers))
def test_brian2_reads_back_the_unit_that_equations_state(powers: tuple[int, ...]) -> None:
    text = unit_expression(Quantity(1.0, Dimension(powers)))
    assert dimensions_and_type_from_string(text)[0] is get_or_create_dimension(powers)


@FORM
def test_equations_are_read_as_brian2_reads_them(form: Mechanism) -> None:
    """The same lines in the same order, to the letter."""
    theirs = Equations(form.equations) if form.equations.strip() else {}
    ours = read_equations(form.equations)
    assert list(ours) == list(theirs)
    for name, one in theirs.items():
        assert ours[name].is_rate == (one.type == "differential equation")
        assert ours[name].expression == one.expr.code.strip()
        assert brian2_dimension(ours[name].unit.dim) is one.dim
        assert list(ours[name].flags) == list(one.flags)
        assert names_in(ours[name].expression) == one.expr.identifiers - {*FUNCTIONS, "inf"}


def test_a_name_that_is_set_from_outside_is_read_too() -> None:
    lines = "x : siemens (constant)\nI = x*v : amp  # a current\n\nv : volt"
    ours, theirs = read_equations(lines), Equations(lines)
    assert [(name, one.expression, one.flags) for name, one in ours.items()] == [
        (name, one.expr.code.strip() if one.expr else "", tuple(one.flags)) for name, one in theirs.items()
    ]


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_becomes_the_one_that_brian2_gives_to_sympy(text: str) -> None:
    """But for the root, which Brian2 leaves as a function without a meaning."""
    theirs = str_to_sympy(text).replace(sympy.Function("sqrt"), sympy.sqrt)
    assert symbolic(text) == theirs


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_an_expression_has_the_value_of_its_symbols(text: str) -> None:
    """SymPy writes products and powers in another order: some roundings of terms that partly cancel."""
    names = sorted(names_in(text))
    numbers = {name: np.float64(0.3 + 0.4 * index) for index, name in enumerate(names)}
    function = sympy.lambdify(names, symbolic(text), modules=[{"clip": np.clip}, "numpy"])
    assert evaluated(text, numbers) == pytest.approx(float(function(*numbers.values())), rel=1e-12, abs=1e-13)


@pytest.mark.parametrize("text", EXPRESSIONS)
def test_names_are_replaced_as_brian2_replaces_them(text: str) -> None:
    own = {name: f"own_{name}" for name in names_in(text)}
    assert renamed(text, own) == word_substitute(text, own)


def test_exchanged_names_are_exchanged() -> None:
    """And not the one by the other and back."""
    assert renamed("a + b*aa", {"a": "b", "b": "a"}) == "b + a*aa"


NAMES = {"x": "second", "y": "volt", "z": "second", "n": "one"}
TERMS = st.recursive(
    st.sampled_from(["x", "y", "z", "n", "2", "0.5", "inf", "u"]),
    lambda inner: st.builds("({} {} {})".format, inner, st.sampled_from("+-*/"), inner)
    | st.builds("{}({})".format, st.sampled_from(["exp", "abs", "sqrt", "log"]), inner)
    | st.builds("clip({}, {}, {})".format, inner, inner, inner)
    | st.builds("{}**{}".format, inner.map("({})".format), st.sampled_from(["2", "0.5", "-1", "n", "x"])),
    max_leaves=6,
)


@FIXED
@given(TERMS)
def test_units_are_held_together_as_brian2_holds_them(text: str) -> None:
    """The same dimension, or a refusal by both."""
    known = {name: dimensions_of(known_units()[unit]) for name, unit in NAMES.items()}
    theirs = {name: Variable(name, dimensions=brian2_dimension(one)) for name, one in known.items()}
    theirs["inf"] = Constant("inf", value=float("inf"))
    try:
        wanted: object = parse_expression_dimensions(text, {**DEFAULT_FUNCTIONS, **theirs})
    except (DimensionMismatchError, KeyError, ValueError, TypeError, SyntaxError):
        wanted = ExpressionError
    try:
        found: object = brian2_dimension(dimension_of(text, known))
    except ExpressionError:
        found = ExpressionError
    assert found is wanted


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("x + y", UnitMismatch, "'x' is in s, 'y' in V"), ("exp(x)", UnitMismatch, "'x' is in s, and wants to be"),
        ("clip(x, 0, 1)", UnitMismatch, "'x' is in s, '0' in 1"), ("n**x", UnitMismatch, "'x' is in s"),
        ("x**n", ExpressionError, "'x' has a unit and wants a number as exponent"),
        ("exq(n)", ExpressionError, "unknown function 'exq'; nearest known: 'exp'"),
        ("clip(n, 1)", ExpressionError, "'clip' wants 3 arguments, got 2"),
        ("nn + 1", ExpressionError, "unknown name 'nn'; nearest known: 'n'"),
        ("x.real", ExpressionError, "wants arithmetic, got 'x.real'"), ("n if n else 1", ExpressionError, "arithmetic"),
        ("n = 1", ExpressionError, "is no arithmetic"), ("True", ExpressionError, "wants arithmetic, got 'True'"),
        ("'n'", ExpressionError, "wants arithmetic"), ("n % 2", ExpressionError, "wants arithmetic"),
        ("exp(x=1)", ExpressionError, "wants arithmetic"), ("(lambda: 1)()", ExpressionError, "wants arithmetic"),
    ],
)  # fmt: skip
def test_what_does_not_hold_together_is_refused_with_what_is_wrong(text: str, kind: type, said: str) -> None:
    with pytest.raises(kind) as refused:
        dimension_of(text, {name: dimensions_of(known_units()[unit]) for name, unit in NAMES.items()})
    assert type(refused.value) is kind and said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dx/dt = -x/tau", "wants 'NAME = EXPRESSION : UNIT'"), ("x = 1 : mV", "an SI unit without prefix, got 'mV'"),
        ("x = 1 : vlot", "unknown unit 'vlot'"), ("x = 1 : 1\nx = 2 : 1", "'x' stands on the left of two equations"),
        ("x = (1 +\n 2) : 1", "wants 'NAME = EXPRESSION : UNIT'"), ("x = 1 + : 1", "is no arithmetic"),
        ("= 1 : 1", "or 'dNAME/dt' on the left, got '= 1 : 1'"),
    ],
)  # fmt: skip
def test_lines_that_are_no_equation_are_quoted(text: str, said: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        read_equations(text)
    assert said in str(refused.value)


def test_an_expression_without_a_value_is_not_a_number() -> None:
    """And raises nothing: what a model file says decides."""
    numbers = {"a": 1.0, "zero": 0.0}
    assert np.isinf(evaluated("a / zero", numbers)) and np.isnan(evaluated("zero / zero", numbers))
    assert np.isnan(evaluated("(-a)**0.5", numbers)) and np.isinf(evaluated("exp(1000*a)", numbers))
    assert read_expression("1/0") is not None and np.isinf(evaluated("1/0", {}))


def test_equations_without_a_name_are_those_in_which_it_is_0() -> None:
    """Term by term, and without the equations of which nothing is left."""
    text = """
    lost = y * x : 1  # a product
    left = x + y / z - (y - 3 * z) * 2 : 1
    turned = y - x : 1
    bounded = clip(z + lost, 0, 2) : 1
    dgone/dt = lost - y**2 * gone : 1
    dstate/dt = x - gone * y - state : 1
    """
    known = {"x": 0.7, "z": 1.9, "state": 0.4}
    less, whole = without(text, ["y"]), {**known, "y": 0.0, "gone": 0.0}
    assert set(read_equations(less)) == {"left", "turned", "bounded", "state"}
    assert subexpressions(less, known).items() <= subexpressions(text, whole).items()
    assert slopes(less, known) == {"state": slopes(text, whole)["state"]}
    assert read_equations(without(text, [])).keys() == read_equations(text).keys()
