"""What msim check does: every file read, every equation's units held together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from brian2 import Equations
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.core.variables import Constant, Variable
from brian2.parsing.expressions import parse_expression_dimensions
from brian2.units import second
from brian2.units.fundamentalunits import Quantity, get_dimensions

from msim.base.errors import DefinitionError, InputError
from msim.base.mechanism import Mechanism, same_dimensions
from msim.base.quantities import unit_text
from msim.definitions.experiment import ExperimentDefinition
from msim.definitions.kinds import files_of, read_definition
from msim.definitions.model import ModelDefinition
from msim.definitions.read import display_name
from msim.definitions.read_model import read_part

def check_files(names: Sequence[str]) -> tuple[list[tuple[str, str, str]], list[InputError]]:
    """Check every file; parts of models count as checked where an included one is read.

    returns: rows of file, kind, result; and what was refused
    """
    rows: list[tuple[str, str, str]] = []
    problems: list[InputError] = []
    parts: list[Path] = []
    covered: set[str] = set()
    for path in files_of(names):
        try:
            found = read_definition(path)
            if found is None:
                parts.append(path)
                continue
            model = found.model if isinstance(found, ExperimentDefinition) else found
            check_equations(model)
            covered |= set(model.files)
            kind = "experiment" if isinstance(found, ExperimentDefinition) else "model"
            rows.append((display_name(path), kind, f"{len(model.values)} values, {len(model.links)} links"))
        except InputError as problem:
            problems.append(problem)
            rows.append((display_name(path), "", "refused"))
    for path in parts:
        _check_part(path, covered, rows, problems)
    return rows, problems


def _check_part(path: Path, covered: set[str], rows: list[tuple[str, str, str]], problems: list[InputError]) -> None:
    name = display_name(path)
    try:
        count = len(read_part(path).values)
    except InputError as problem:
        problems.append(problem)
        rows.append((name, "part", "refused"))
        return
    where = "with the models that include it" if name in covered else "alone; links are checked in a model"
    rows.append((name, "part", f"{count} values, checked {where}"))


def check_equations(model: ModelDefinition) -> None:
    """Refuse a form whose equations do not hold together in their units."""
    for form in {one.form.name: one.form for one in model.instances.values()}.values():
        check_form(form)


def check_form(form: Mechanism) -> None:
    """Hold both sides of every equation of a form against each other."""
    equations = Equations(form.equations) if form.equations.strip() else {}
    known = _variables(form, equations)
    for one in form.derived:
        _compare(form, one.name, one.expression, Quantity(1.0 * one.unit).dim, known)
    for name, one in equations.items():
        unit = one.dim / second.dim if one.type == "differential equation" else one.dim
        _compare(form, name, one.expr.code, unit, known)
    for port in form.outputs:
        if port.name in equations and not same_dimensions(port.unit, Quantity(1.0, dim=equations[port.name].dim)):
            raise DefinitionError(f"form {form.name}", f"output '{port.name}' is not in {unit_text(port.unit)}")


def _variables(form: Mechanism, equations: Mapping[str, Any]) -> dict[str, Variable]:
    declared = {one.name: one.unit for one in (*form.inputs, *form.parameters, *form.derived)}
    dimensions = {name: get_dimensions(unit) for name, unit in declared.items()}
    dimensions.update({name: one.dim for name, one in equations.items()})
    known: dict[str, Variable] = {name: Variable(name, dimensions=dim) for name, dim in dimensions.items()}
    known["inf"] = Constant("inf", value=float("inf"))
    return known


def _compare(form: Mechanism, name: str, expression: str, wanted: Any, known: dict[str, Variable]) -> None:
    where = f"form {form.name}"
    try:
        found = parse_expression_dimensions(expression, {**DEFAULT_FUNCTIONS, **known})
    except (KeyError, ValueError, TypeError, SyntaxError) as problem:
        raise DefinitionError(where, f"equation of '{name}' cannot be read: {problem}") from None
    if found is not wanted:
        units = [unit_text(Quantity(1.0, dim=one)) for one in (wanted, found)]
        raise DefinitionError(where, f"equation of '{name}' wants {units[0]}, its right side is in {units[1]}")
