"""The checks behind `msim check`: every file is read, and the units of every equation are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msim.base.equations import Equation, read_equations
from msim.base.errors import DefinitionError, InputError, nearest
from msim.base.expressions import ExpressionError, UnitMismatch, dimension_of
from msim.base.mechanism import Mechanism, same_dimensions
from msim.base.quantities import unit_text
from msim.base.units import DIMENSIONLESS, Dimension, Quantity, dimensions_of, second
from msim.definitions.brains.brain import BrainDefinition
from msim.definitions.brains.task import TaskDefinition
from msim.definitions.evidence.exposures import Exposures
from msim.definitions.experiments.axes import read_design, sweep_entry
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.files.file_kinds import Definition, files_of, kind_of, read_definition
from msim.definitions.files.read import display_name, read_entries, read_text
from msim.definitions.files.schema import ModelFile
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.parts import given_values, needs_whole
from msim.definitions.models.read_model import read_part
from msim.definitions.studies.participants import Population
from msim.definitions.studies.study import StudyDefinition

Row = tuple[str, str, str]


def check_files(
    names: Sequence[str], further: Callable[[Definition], None] = lambda found: None
) -> tuple[list[Row], list[str]]:
    """Check every definition file; a part of a model counts as checked where a model that includes it was read.

    further: raises InputError for a definition that cannot be run
    returns: rows of file, kind, result; and the messages of refused files, each once
    """
    rows: list[Row] = []
    problems: dict[str, None] = {}
    covered: set[str] = set()
    paths = files_of(names)
    # Parts come last: only whole models tell which of them are covered.
    for path, kind in sorted(((path, _kind(path)) for path in paths), key=lambda pair: pair[1] == "part"):
        try:
            result = _checked_part(path, covered) if kind == "part" else _checked_whole(path, covered, further)
        except InputError as problem:
            problems[str(problem)] = None
            result = "refused"
        rows.append((display_name(path), kind, result))
    return rows, list(problems)


def _kind(path: Path) -> str:
    try:
        return kind_of(path)
    except InputError:
        return ""


def _checked_whole(path: Path, covered: set[str], further: Callable[[Definition], None]) -> str:
    found = read_definition(path)
    further(found)
    if isinstance(found, StudyDefinition):
        return f"{len(found.groups)} groups, {len(found.visits)} visits"
    if isinstance(found, BrainDefinition | TaskDefinition | Population):
        return f"{len(found.values)} values"
    if isinstance(found, Exposures):
        return f"{len(found.rows)} exposures"
    if isinstance(found, list):
        return f"{len(found)} rows"
    model = found.model if isinstance(found, ExperimentDefinition) else found
    check_equations(model)
    covered |= set(model.files)
    if isinstance(found, ExperimentDefinition):
        if sweep_entry(found) is not None:
            read_design(found)
        return f"{_count(len(found.arms), 'arm')}, {_count(len(found.predictions), 'prediction')}"
    return f"{len(model.values)} values, {len(model.links)} links"


def _checked_part(path: Path, covered: set[str]) -> str:
    check_equations(read_part(path))
    entry = read_entries(read_text(path), display_name(path), ModelFile)
    # What stands alone, with neither links nor wiring, is whole as it is.
    whole = display_name(path) in covered or not needs_whole(entry)
    return f"{len(list(given_values(entry)))} values" + ("" if whole else ", links unchecked")


def check_equations(model: ModelDefinition) -> None:
    """Refuse forms whose equations add or equate different units."""
    # Forms of one name differ where they are made for what a file gives.
    forms = {(one.mechanism.name, one.mechanism.equations): one.mechanism for one in model.instances.values()}
    for form in forms.values():
        check_form(form)


def check_form(form: Mechanism) -> None:
    """Check that both sides of every equation of a form have the same unit, and that its states at rest have theirs."""
    try:
        equations = read_equations(form.equations)
    except ExpressionError as problem:
        raise DefinitionError(f"form {form.name}", f"equations cannot be read: {problem}") from None
    known = _dimensions(form, equations)
    for one in form.derived:
        _compare(form, one.name, one.expression, dimensions_of(one.unit), known)
    for name, equation in equations.items():
        wanted = equation.unit.dim / second.dim if equation.is_rate else equation.unit.dim
        _compare(form, name, equation.expression, wanted, known)
        if equation.is_rate and name not in form.rest:
            raise DefinitionError(f"form {form.name}", f"state '{name}' has no value at rest")
    for name, expression in form.rest.items():
        if name not in equations:
            raise DefinitionError(f"form {form.name}", f"'{name}' is at rest but is no state{nearest(name, equations)}")
        if expression != "0":
            _compare(form, name, expression, equations[name].unit.dim, known)
    if form.scale == "synapse":
        _check_events(form, known)
    for port in form.outputs:
        if port.name in equations and not same_dimensions(port.unit, equations[port.name].unit):
            raise DefinitionError(f"form {form.name}", f"output '{port.name}' is not in {unit_text(port.unit)}")


def _check_events(form: Mechanism, known: dict[str, Dimension]) -> None:
    """Check the units of the statements that a spike runs at a contact; a name that they set first has no unit."""
    for one in form.on_event.strip().splitlines():
        left, _, right = one.partition("=")
        name = left.rstrip("+-*/ ").strip()
        _compare(form, name, right, known.setdefault(name, DIMENSIONLESS), known)


def _dimensions(form: Mechanism, equations: Mapping[str, Equation]) -> dict[str, Dimension]:
    declared = {name: dimensions_of(unit) for name, unit in form.declared.items()}
    # White noise as Brian2 has it written, of one equation or shared by several; its integral grows with root time.
    noise = dict.fromkeys(("xi", "xi_shared") if form.scale == "drive" else (), second.dim**-0.5)
    return declared | noise | {name: one.unit.dim for name, one in equations.items()}


def _compare(form: Mechanism, name: str, expression: str, wanted: Dimension, known: Mapping[str, Dimension]) -> None:
    where = f"form {form.name}"
    try:
        found = dimension_of(expression, known)
    except UnitMismatch as problem:
        raise DefinitionError(where, f"equation of '{name}' adds or compares different units: {problem}") from None
    except ExpressionError as problem:
        raise DefinitionError(where, f"equation of '{name}' cannot be read: {problem}") from None
    if found != wanted:
        units = [unit_text(Quantity(1.0, one)) for one in (wanted, found)]
        raise DefinitionError(where, f"equation of '{name}' wants {units[0]}, its right side is in {units[1]}")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
