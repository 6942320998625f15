"""Sections on an experiment: question, arms, and the predictions settled before it ran."""

from __future__ import annotations

from collections.abc import Mapping

from msim.base.errors import MsimError
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.files.citations import cited, known_sources
from msim.definitions.files.read import read_tables
from msim.definitions.models.manipulation_tables import intervention_text
from msim.definitions.models.tables import changed_values, dose_text, some, weights_text
from msim.plots.wording import duration_text
from msim.report.blocks import Facts, Section, Sign, Table, Words
from msim.report.figures import Style

DOSES = 6  # that an arm's row tells


def question_section(experiment: ExperimentDefinition) -> Section:
    """Return a section with hypothesis, model, and simulated time."""
    known = known_sources()
    rows = (
        ("asked after", cited(experiment.source, known)),
        ("model", f"{experiment.model.name}: {experiment.model.title}".rstrip(": ")),
        ("followed", f"from {duration_text(experiment.begin)} to {duration_text(experiment.end)}, the first dose at 0"),
        ("seeds", ", ".join(str(one) for one in experiment.seeds)),
        ("body weight", weights_text(experiment)),
    )  # fmt: skip
    words = [" ".join(experiment.hypothesis.split()), *_notes(experiment)]
    return Section("question", "Question", (Words(tuple(words)), Facts(rows)))


def _notes(experiment: ExperimentDefinition) -> list[str]:
    try:
        notes = read_tables(experiment.text, experiment.file).get("notes", "")
    except MsimError:
        return []
    return [" ".join(str(notes).split())] if notes else []


def arms_section(experiment: ExperimentDefinition, styles: Mapping[str, Style]) -> Section:
    """Return a section with the doses and changes of every arm."""
    rows = []
    for one in experiment.arms:
        doses = some([dose_text(one, dose) for dose in one.doses], most=DOSES) or "nothing"
        changed = [f"{path} = {text}" for path, text in changed_values(experiment.model, one).items()]
        done = [*(intervention_text(intervention) for intervention in one.interventions), *changed]
        done += [f"{key} {name}" for key in ("variant", "hypothesis") if (name := getattr(one, key))]
        rows.append((Sign(one.name, styles[one.name]), one.meaning or "–", doses, "\n".join(done) or "–"))
    return Section("arms", "Arms", (Table("Arms of the experiment", ("arm", "meaning", "given", "changed"), rows),))


def asked_table(experiment: ExperimentDefinition, why: str) -> Table:
    """Return a table of predictions that have no verdict yet.

    why: the reason
    """
    known = known_sources()
    rows = [
        (one.id, one.outcome_was, one.claim.text, one.quantity, duration_text(one.time),
         ("within " if one.claim.relation == "=" else "by more than ") + one.wanted, cited(one.source, known))
        for one in experiment.predictions
    ]  # fmt: skip
    columns = ("prediction", "outcome was", "claim", "quantity", "at", "wanted", "source")
    return Table("Predictions, not judged", columns, rows, note=why)
