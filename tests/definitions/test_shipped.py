"""Everything shipped is whole: files pass the check, numbers have unit and source, equations hold in their units."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msim.base.errors import DefinitionError
from msim.base.mechanism import Derived, Mechanism, Parameter, Port
from msim.base.quantities import dimensions_of, parse_quantity
from msim.base.sources import read_sources
from msim.base.units import meter
from msim.definitions.files.read import shipped
from msim.definitions.models.checks import check_files, check_form
from msim.definitions.models.constants import evaluated
from msim.definitions.models.mechanism_registry import MECHANISMS
from msim.definitions.models.model import ModelDefinition
from msim.multiscale.slow.ode import NUMPY, parsed

FILES = sorted(path for kind in ("models", "experiments") for path in shipped(kind).rglob("*.toml"))
SOURCES = read_sources(shipped("models") / "sources.bib")
WITH_EQUATIONS = [form for form in MECHANISMS.values() if form.equations.strip()]
WITH_REST = [form for form in MECHANISMS.values() if form.rest and form.scale in ("slow", "drug", "readout")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_shipped_file_passes_the_check(path: Path) -> None:
    """Each alone, as msim check does with one path."""
    (row,), problems = check_files([str(path)])
    assert problems == [] and row[2] != "refused"


def test_all_shipped_files_pass_together_and_every_part_belongs_to_a_model() -> None:
    rows, problems = check_files([str(shipped("models")), str(shipped("experiments"))])
    assert problems == [] and len(rows) == len(FILES)
    assert not [row for row in rows if "unchecked" in row[2]]


def tables(value: Any, key: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every table of a file with its key."""
    if isinstance(value, dict):
        yield key, value
        for name, inside in value.items():
            yield from tables(inside, f"{key}.{name}" if key else name)


@pytest.mark.parametrize("path", sorted(shipped("models").rglob("*.toml")), ids=lambda path: path.stem)
def test_every_number_of_a_model_has_a_source(path: Path) -> None:
    """Read without msim: no number stands outside a value, and no value without a source that exists."""
    for key, table in tables(tomllib.loads(path.read_text(encoding="utf-8"))):
        if "value" in table:
            assert table["source"] in {*SOURCES, "fitted", "assumed"}, key
            assert table["source"] in SOURCES or len(table["note"]) > 5, key
        else:
            assert not [name for name, one in table.items() if type(one) in (int, float)], key


def test_every_value_has_the_unit_that_its_form_declares(model: ModelDefinition) -> None:
    """The number that the engine gets is the text of the file, in SI units."""
    for path, value in model.values.items():
        holds = model.resolved(path)
        quantity = parse_quantity(holds.text, path)
        assert dimensions_of(quantity) == dimensions_of(value.unit), path
        assert model[path] == float(quantity) and np.isfinite(model[path]), path
        assert holds.source and value.meaning, path


def test_every_source_of_a_form_is_in_the_bibliography() -> None:
    assert {form.reference for form in MECHANISMS.values() if form.reference} <= set(SOURCES)


@pytest.mark.parametrize("form", MECHANISMS.values(), ids=MECHANISMS)
def test_the_equations_of_a_form_hold_in_their_units(form: Mechanism) -> None:
    check_form(form)


def with_another_unit(form: Mechanism, name: str) -> Mechanism:
    """The form with one of its names declared in another unit."""

    def changed(declared: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(
            dataclasses.replace(one, unit=one.unit * meter) if one.name == name else one for one in declared
        )

    return dataclasses.replace(
        form, inputs=changed(form.inputs), parameters=changed(form.parameters), derived=changed(form.derived)
    )


def read_names(form: Mechanism) -> list[str]:
    """Declared names that some equation, derived constant or resting state reads."""
    texts = (form.equations, *(one.expression for one in form.derived), *form.rest.values())
    read = set(re.findall(r"[A-Za-z]\w*", " ".join(texts)))
    return [name for name in form.declared if name in read]


BROKEN_NAMES = [(form, name) for form in MECHANISMS.values() for name in read_names(form)]


@pytest.mark.parametrize(("form", "name"), BROKEN_NAMES, ids=[f"{form.name}.{name}" for form, name in BROKEN_NAMES])
def test_a_name_in_another_unit_breaks_its_form(form: Mechanism, name: str) -> None:
    """So no declared unit could be wrong without notice."""
    with pytest.raises(DefinitionError, match=f"^form {form.name}: "):
        check_form(with_another_unit(form, name))


@pytest.mark.parametrize("form", WITH_EQUATIONS, ids=lambda form: form.name)
def test_an_equation_in_another_unit_breaks_its_form(form: Mechanism) -> None:
    """Each left side in turn."""
    lines = form.equations.strip().splitlines()
    for index, line in enumerate(lines):
        broken = re.sub(r" : [\w/]+", " : kelvin", line)
        assert broken != line
        with pytest.raises(DefinitionError, match=f"^form {form.name}: "):
            check_form(dataclasses.replace(form, equations="\n".join([*lines[:index], broken, *lines[index + 1 :]])))


WHOLE = Mechanism(
    name="decay", meaning="a test", scale="slow", equations="dx/dt = -x / tau : 1",
    parameters=(Parameter("tau", 1 * parse_quantity("1 s", ""), "time constant"),),
    outputs=(Port("x", 1, "what decays"),), rest={"x": "0"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"equations": "dx/dt = -x / tou : 1"}, "equation of 'x' cannot be read"),
        ({"equations": "dx/dt = -x / : 1"}, "equations cannot be read"),
        ({"equations": "dx/dt = -x : 1"}, "equation of 'x' wants Hz, its right side is in 1 (dimensionless)"),
        ({"outputs": (Port("x", meter, "what decays"),)}, "output 'x' is not in"),
        ({"rest": {}}, "state 'x' has no value at rest"),
        ({"rest": {"x": "tau"}}, "equation of 'x' wants 1 (dimensionless), its right side is in s"),
        ({"rest": {"x": "0", "X": "1"}}, "'X' is at rest but is no state; nearest known: 'x'"),
        ({"derived": (Derived("k", meter, "1 / tau"),)}, "equation of 'k' wants m, its right side is in Hz"),
        ({"derived": (Derived("k", 1, "tau +"),)}, "equation of 'k' cannot be read"),
    ],
)
def test_a_broken_form_is_refused_with_what_is_wrong(change: dict[str, Any], said: str) -> None:
    check_form(WHOLE)
    with pytest.raises(DefinitionError) as refused:
        check_form(dataclasses.replace(WHOLE, **change))
    assert str(refused.value).startswith("form decay: ") and said in str(refused.value)


def numbers_in_bounds(form: Mechanism, draw: st.DataObject) -> dict[str, float]:
    """A number for each parameter, within its bounds and neither tiny nor huge."""
    numbers = {}
    for one in form.parameters:
        low = max(one.low if one.low is not None else -10.0, -10.0) + 1e-3
        high = min(one.high if one.high is not None else 10.0, 10.0) - 1e-3
        numbers[one.name] = draw.draw(st.floats(low, high), label=one.name)
    for derived in form.derived:
        numbers[derived.name] = evaluated(derived.expression, numbers)
    return numbers


def slopes(form: Mechanism, values: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Each state's rate of change, and the size of the largest term in it."""
    import sympy

    rates, algebra = parsed(form)
    found = {}
    for state, rate in rates.items():
        while any(str(one) in algebra for one in rate.free_symbols):
            rate = rate.xreplace({one: algebra[str(one)] for one in rate.free_symbols if str(one) in algebra})
        names = sorted(rate.free_symbols, key=str)
        terms = sympy.Add.make_args(sympy.expand_mul(rate))
        numbers = [
            float(sympy.lambdify(names, term, modules=NUMPY)(*(np.float64(values[str(one)]) for one in names)))
            for term in (rate, *terms)
        ]
        found[state] = numbers[0], max(abs(one) for one in numbers[1:])
    return found


@pytest.mark.parametrize("form", WITH_REST, ids=lambda form: form.name)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(draw=st.data())
def test_nothing_moves_at_rest(form: Mechanism, draw: st.DataObject) -> None:
    """Whatever the parameters: with inputs at rest, the declared resting states have no slope.

    Terms of a slope cancel to some roundings of the largest of them; powers of up to 10 make tens of these.
    """
    numbers = numbers_in_bounds(form, draw)
    values = {port.name: port.at_rest for port in form.inputs} | numbers
    if "body_weight" in values:
        values["body_weight"] = draw.draw(st.floats(0.02, 100.0), label="body_weight")
    values |= {state: evaluated(text, numbers) for state, text in form.rest.items()}
    for state, (slope, largest) in slopes(form, values).items():
        assert abs(slope) <= 1e-13 * max(largest, 1e-300), state
