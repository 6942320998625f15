"""Page of a sweep, finished or not: the status of its trials, and its results over its axes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msim.base.errors import InputError
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.plots.sweep_values import SweepValues, sweep_values
from msim.report.blocks import Block, Mark, Page, Section, Sign, Table, Warned, Words
from msim.report.figures import arm_styles
from msim.report.limits import limits_section
from msim.report.parameters import model_kinds, parameter_sections
from msim.report.predictions_section import arms_section, asked_table, question_section
from msim.report.provenance_section import provenance_section
from msim.report.run_page import cited_by, notes_of
from msim.report.sweep_drawings import sweep_drawings
from msim.report.texts import counted
from msim.storage.trial_store import TrialStore
from msim.sweep.plan import Plan
from msim.sweep.plan_files import latest_plan, read_plan
from msim.sweep.status import Status, rows, status

MOST_ROWS = 500  # trials that a table lists
LONGEST_REASON = 400


def sweep_page(root: Path) -> Page:
    """Build the page of a sweep: question, arms, axes, trials, figures, limits, parameters, sources and provenance.

    raises: StorageError where the folder cannot be read as a sweep
    """
    plan, store = read_plan(latest_plan(root)), TrialStore(root)
    how, about = status(store, plan), plan.about
    experiment = plan.experiment()
    styles = arm_styles(about["arms"])
    target = str(about.get("target", ""))
    parameters, sources = parameter_sections(experiment.model, cited_by(experiment))
    sections = (
        question_section(experiment), arms_section(experiment, styles), _axes(plan), _trials(store, plan, how),
        Section("figures", "Figures", _figures(root, styles)), *_predictions(experiment),
        limits_section(experiment.model.files, notes_of(experiment), target.startswith("emulator")), parameters,
        sources,
        provenance_section(about, (("plan", plan.id), ("code", plan.code))),
    )  # fmt: skip
    facts = (f"{how.done} of {counted(how.asked, 'trial')} done", *([f"{how.failed} failed"] if how.failed else []),
             *([f"{how.pending} pending"] if how.pending else []), counted(len(about["arms"]), "arm"),
             counted(len(about["seeds"]), "seed"), f"target {target}", str(about.get("started", ""))[:10],
             model_kinds(experiment.model))  # fmt: skip
    arms = tuple(Sign(name, styles[name]) for name in about["arms"])
    return Page("sweep", experiment.title, tuple(one for one in facts if one), sections, arms)


def _predictions(experiment: ExperimentDefinition) -> list[Section]:
    if not experiment.predictions:
        return []
    why = "A sweep is not judged point by point: msim run and msim judge hold one point against them."
    return [Section("verdicts", "Predictions", (asked_table(experiment, why),))]


def _axes(plan: Plan) -> Section:
    table = [
        (one.name, one.path, ", ".join(str(value) for value in one.values) or "–", one.units or "as given")
        for one in plan.design.axes
    ]  # fmt: skip
    kind = "every combination of values" if plan.design.sample == "grid" else f"a sample: {plan.design.sample}"
    rows_table = Table("Axes", ("axis", "path", "values", "unit of the axis in figures"), table)
    return Section("axes", "Axes", (Words((f"Trials at {kind}, for each arm and seed.",)), rows_table))


def _trials(store: TrialStore, plan: Plan, how: Status) -> Section:
    every = rows(store, plan)
    axes = [one.name for one in plan.design.axes]
    told = f"{how.done} done, {how.failed} failed, {how.pending} pending: {how.asked} asked for."
    blocks: list[Block] = [Words((told,))]
    if how.failed or how.pending:
        blocks.insert(0, Warned("This sweep is not whole.", (
            f"Figures and tables leave out {counted(how.failed + how.pending, 'trial')}. The command that began it, "
            "below under provenance, does only what is missing.",)))  # fmt: skip
    failed = [one for one in every if one["status"] == "failed"]
    if failed:
        blocks.append(Table("Failed trials", (*axes, "arm", "seed", "reason"), [
            (*(str(one.get(name, "")) for name in axes), one["arm"], str(one["seed"]),
             str(one["reason"])[:LONGEST_REASON]) for one in failed[:MOST_ROWS]]))  # fmt: skip
    listed = [
        (one["key"], *(str(one.get(name, "")) for name in axes), one["arm"], str(one["seed"]), Mark(one["status"]),
         _seconds(one)) for one in every[:MOST_ROWS]
    ]  # fmt: skip
    more = f"The first {MOST_ROWS} of {len(every)}; msim table has all of them." if len(every) > MOST_ROWS else ""
    columns = ("key", *axes, "arm", "seed", "state", "s on the clock")
    blocks.append(Table(f"All {counted(len(every), 'trial')}", columns, listed, numbers=("s on the clock",), note=more,
                        folded=True))  # fmt: skip
    return Section("trials", "Trials", tuple(blocks))


def _seconds(one: dict[str, Any]) -> str:
    return "–" if one["seconds"] is None else f"{one['seconds']:.1f}"


def _figures(root: Path, styles: Any) -> tuple[Block, ...]:
    try:
        values: SweepValues = sweep_values(root)
        found = sweep_drawings(values, styles)
    except InputError as problem:
        return (Words((f"There is nothing to draw yet: {problem}",)),)
    if not found:
        return (Words(("The experiment probes nothing, and its [sweep] has no 'show', so there is nothing to draw.",)),)
    return tuple(found)
