"""The page of a finished run."""

from __future__ import annotations

from msim.base.errors import DefinitionError
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.files.read import read_tables
from msim.plots.experiment import experiment_of
from msim.report.blocks import Page, Section, Sign, Words
from msim.report.courses import course_drawings
from msim.report.figures import Style, arm_styles
from msim.report.limits import limits_section
from msim.report.parameters import model_kinds, parameter_sections
from msim.report.predictions_section import arms_section, question_section
from msim.report.probes import probe_drawings, spectrum_drawings
from msim.report.provenance_section import provenance_section
from msim.report.texts import counted
from msim.report.verdicts import verdict_section
from msim.report.zoom import zoom_drawings
from msim.storage.digest import digest_run
from msim.storage.run_store import Run
from msim.verdicts.verdict import judge
from msim.verdicts.verdict_text import verdicts_text


def run_page(run: Run) -> Page:
    """Build the page of a run: question, arms, verdicts, figures, known limits, parameters, sources and provenance."""
    experiment, verdicts = experiment_of(run), judge(run)
    styles = arm_styles(run.arms)
    target = str(run.provenance.get("target", ""))
    parameters, sources = parameter_sections(experiment.model, cited_by(experiment))
    facts = (
        verdicts_text(verdicts) if verdicts else "nothing to judge", counted(len(run.arms), "arm"),
        counted(len(run.seeds), "seed"), f"target {target}", str(run.provenance.get("started", ""))[:10],
        model_kinds(experiment.model),
    )  # fmt: skip
    sections = (
        question_section(experiment), arms_section(experiment, styles), verdict_section(run, experiment, verdicts),
        _figures(run, styles),
        limits_section(experiment.model.files, notes_of(experiment), emulator=target.startswith("emulator")),
        parameters,
        sources, provenance_section(run.provenance, (("hash of all that was recorded", digest_run(run.path).sha256),)),
    )  # fmt: skip
    arms = tuple(Sign(name, styles[name]) for name in run.arms)
    return Page("run", experiment.title, tuple(one for one in facts if one), sections, arms)


def _figures(run: Run, styles: dict[str, Style]) -> Section:
    drawings = (
        *course_drawings(run, styles), *zoom_drawings(run, styles), *probe_drawings(run, styles),
        *spectrum_drawings(run, styles),
    )  # fmt: skip
    if not drawings:
        return Section("figures", "Figures", (Words(("The run recorded nothing that a figure could show.",)),))
    how = (
        "Buttons above figures choose the time shown. Tools above a figure: move, zoom into a box, zoom by wheel "
        "(press it first), in and out, undo, start again, save as PNG. Rest the pointer on a line to read it."
    )
    return Section("figures", "Figures", (Words((how,)), *drawings))


def cited_by(experiment: ExperimentDefinition) -> list[str]:
    """Return the keys of the works that an experiment cites."""
    return [experiment.source, *(one.source for one in experiment.predictions)]


def notes_of(experiment: ExperimentDefinition) -> str:
    """Return the notes of the model's own file, the one with the model's name."""
    for name, text in experiment.model.files.items():
        if name.removesuffix(".toml").endswith(experiment.model.name):
            try:
                return str(read_tables(text, name).get("notes", ""))
            except DefinitionError:
                return ""
    return ""
