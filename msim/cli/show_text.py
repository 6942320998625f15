"""Text of a model or an experiment for `msim show`: each mechanism with its equations above its values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import typer
from rich.text import Text

from msim.base.quantities import unit_text
from msim.base.sources import Source, kinds_text
from msim.cli.tables import plain, print_grid, print_text
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.files.citations import cited, known_sources
from msim.definitions.models.manipulation_tables import intervention_text, sets_text
from msim.definitions.models.model import Hypothesis, ModelDefinition, Preparation, Value
from msim.definitions.models.readouts import recordable
from msim.definitions.models.tables import (
    about,
    changed_values,
    dose_text,
    equation_lines,
    kinds_of_values,
    link_text,
    some,
    time_text,
    value_text,
    when_text,
)

Row = tuple[str, str, str, str]  # a name, a short text, a text, and what stands below it


def print_model(model: ModelDefinition) -> None:
    """Print a model: mechanisms, then populations and wiring, each with its values."""
    known = known_sources()
    if model.title:
        _print_title(model.title)
    print_text(plain(f"values: {kinds_text(kinds_of_values(model.values.values()))}"))
    typer.echo()
    for owner, values in groupby(_own_values(model), key=lambda value: value.path.split(".")[0]):
        print_text(_heading(owner, _what(model, owner)))
        if owner in model.instances:
            _print_form(model, owner)
        _print_rows(list(_values(model, values, known)))
    _print_section("links", list(_links(model, known)))
    quantities = [(one.text, unit_text(one.unit), one.meaning, "") for one in recordable(model).values()]
    _print_section("quantities", quantities)
    _print_section("manipulations", list(_manipulations(model, known)))
    _print_section("hypotheses", list(_sets(model, model.hypotheses, known)))
    _print_section("variants", list(_sets(model, model.variants, known)))


def print_experiment(experiment: ExperimentDefinition) -> None:
    """Print the hypothesis, arms, recorded quantities and predictions of an experiment."""
    known = known_sources()
    (_, title), *rows = about(experiment, known)
    _print_title(title)
    _print_rows([(key, "", text, "") for key, text in rows])
    _print_section("arms", list(_arms(experiment)))
    recorded = [(one.text, when_text(experiment, one.text), one.meaning, "") for one in experiment.quantities.values()]
    _print_section("recorded", recorded)
    _print_section("predictions", list(_predictions(experiment, known)))


def _own_values(model: ModelDefinition) -> list[Value]:
    """Return values of mechanisms, populations and wiring; links, manipulations and such sets list their own."""
    apart = {*model.links, "manipulations", "hypotheses", "variants"}
    return [value for path, value in model.values.items() if path.split(".")[0] not in apart]


def _what(model: ModelDefinition, owner: str) -> str:
    if owner in model.instances:
        one = model.instances[owner]
        return one.mechanism.name + (f" on {one.on}" if one.on else "")
    if owner in model.populations:
        cells = model.populations[owner]
        return f"population of {cells.membrane} with {', '.join(cells.receptors)}"
    if owner in model.projections:
        return f"projection from {model.projections[owner].origin} to {model.projections[owner].to}"
    return f"drive of {model.drives[owner].to}" if owner in model.drives else ""


def _print_form(model: ModelDefinition, owner: str) -> None:
    form = model.instances[owner].mechanism
    print_text(plain(form.meaning, "italic"), 2)
    for line in equation_lines(form.equations):
        # A long equation goes on further in, so that the next one is still seen to begin.
        print_text(plain(line), 4, 4)


def _values(model: ModelDefinition, values: Iterable[Value], known: Mapping[str, Source]) -> Iterator[Row]:
    for value in values:
        name = value.path.partition(".")[2]
        yield name, value_text(model, value), value.meaning, _where_from(value, known)


def _links(model: ModelDefinition, known: Mapping[str, Source]) -> Iterator[Row]:
    for one in model.links.values():
        how = link_text(model, one)
        if one.has_share:
            share = model.values[f"{one.name}.share"]
            how += f"; {_where_from(share, known)}"
        yield " +\n".join(one.origin), "", f"-> {one.to}", how


def _manipulations(model: ModelDefinition, known: Mapping[str, Source]) -> Iterator[Row]:
    for one in model.manipulations.values():
        yield one.name, one.kind, one.meaning, sets_text(model, one, known)


def _sets(
    model: ModelDefinition, named: Mapping[str, Hypothesis] | Mapping[str, Preparation], known: Mapping[str, Source]
) -> Iterator[Row]:
    for one in named.values():
        sets = (f"{path} = {model.resolved(kept).text}; {_where_from(model.resolved(kept), known)}"
                for path, kept in one.changes.items())
        yield one.name, "", one.meaning, "\n".join(sets)


def _arms(experiment: ExperimentDefinition) -> Iterator[Row]:
    for one in experiment.arms:
        doses = some([dose_text(one, dose) for dose in one.doses], most=6)
        changed = [f"{path} = {text}" for path, text in changed_values(experiment.model, one).items()]
        interventions = [intervention_text(intervention) for intervention in one.interventions]
        yield one.name, "", one.meaning or "-", "; ".join(part for part in (doses, *interventions, *changed) if part)


def _predictions(experiment: ExperimentDefinition, known: Mapping[str, Source]) -> Iterator[Row]:
    for one in experiment.predictions:
        by = "within" if one.claim.relation == "=" else "by more than"
        claim = f"{one.claim.text} {by} {one.wanted}: {one.quantity} at {time_text(one.time)}"
        outcome = f"{one.outcome_was} (row {one.row})" if one.row else one.outcome_was
        yield one.id, "", claim, f"outcome {outcome}; {_cited_with_note(one.source, one.note, known)}"


def _where_from(value: Value, known: Mapping[str, Source]) -> str:
    return f"same as {value.same_as}" if value.same_as else _cited_with_note(value.source, value.note, known)


def _cited_with_note(source: str, note: str, known: Mapping[str, Source]) -> str:
    return ": ".join(part for part in (cited(source, known), note) if part)


def _print_title(title: str) -> None:
    print_text(plain(title, "bold"))
    typer.echo()


def _print_section(title: str, rows: list[Row]) -> None:
    if rows:
        print_text(_heading(title, ""))
        _print_rows(rows)


def _print_rows(rows: list[Row]) -> None:
    """Print rows in columns, without the column that would be empty, and an empty line below them."""
    has_short = any(short for _, short, _, _ in rows)
    cells = []
    for name, short, text, below in rows:
        cell = Text("\n").join([plain(text), *([plain(below, "dim")] if below else [])])
        cells.append([plain(name, "bold"), *([plain(short)] if has_short else []), cell])
    print_grid(cells, 2)
    typer.echo()


def _heading(name: str, what: str) -> Text:
    return Text.assemble(plain(name, "bold cyan"), "  ", plain(what))
