"""Page of a run that was stopped, killed, or is still running: progress of each trial, and no verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msim.base.errors import MsimError, StorageError
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.plots.wording import duration_text
from msim.report.blocks import Mark, Page, Section, Sign, Table, Warned
from msim.report.figures import arm_styles
from msim.report.limits import limits_section
from msim.report.parameters import parameter_sections
from msim.report.predictions_section import arms_section, asked_table, question_section
from msim.report.provenance_section import provenance_section
from msim.report.run_page import cited_by, notes_of
from msim.report.texts import counted
from msim.storage.provenance import experiment_from_provenance
from msim.storage.run_store import RunFolder, finished_trials, read_provenance
from msim.storage.trial_store import TrialStore, read_failure_record
from msim.trials.unfinished import open_unfinished

LONGEST_REASON = 400


def unfinished_page(path: Path) -> Page:
    """Build the page of an unfinished run: its plan, and the state of its trials.

    raises: StorageError where no part of it can be read
    """
    folder = RunFolder(path)
    try:
        about = read_provenance(folder.store)
    except (KeyError, ValueError, OSError) as problem:
        raise StorageError(f"{folder.partial}: cannot be read as an unfinished run: {problem}") from None
    experiment = experiment_from_provenance(about)
    styles = arm_styles(about["arms"])
    done = finished_trials(folder, about["arms"], about["seeds"])
    count = len(about["arms"]) * len(about["seeds"])
    told = Warned("This run is not finished.", (
        f"{len(done)} of {counted(count, 'trial')} are done. Nothing is judged and nothing is drawn before all are. "
        "The command that began it, below under provenance, takes it up again.",
    ))  # fmt: skip
    parameters, sources = parameter_sections(experiment.model, cited_by(experiment))
    why = "Verdicts want all trials."
    sections = (
        Section("state", "How far it is", (told, _trials(folder, experiment, about))),
        question_section(experiment), arms_section(experiment, styles),
        Section("verdicts", "Predictions", (asked_table(experiment, why),)),
        limits_section(
            experiment.model.files, notes_of(experiment), str(about.get("target", "")).startswith("emulator")
        ),
        parameters, sources, provenance_section(about),
    )  # fmt: skip
    facts = ("not finished", f"{len(done)} of {counted(count, 'trial')} done", f"target {about.get('target', '')}")
    return Page("run", experiment.title, facts, sections, tuple(Sign(name, styles[name]) for name in about["arms"]))


def _trials(folder: RunFolder, experiment: ExperimentDefinition, about: Mapping[str, Any]) -> Table:
    store, rows = TrialStore(folder.partial), []
    done = finished_trials(folder, about["arms"], about["seeds"])
    for arm, seed in [(arm.name, seed) for arm in experiment.arms for seed in experiment.seeds]:
        key = about.get("keys", {}).get(arm, {}).get(str(seed), "")
        why = str(read_failure_record(store, key)["reason"])[:LONGEST_REASON] if store.failure(key).is_file() else ""
        state, reached, reason = ("done", "its end", "–") if (arm, seed) in done else _state(folder, arm, seed, why)
        rows.append((f"{arm}, seed {seed}", Mark(state), reached, reason))
    return Table("Trials", ("trial", "state", "reached", "why no further"), rows)


def _state(folder: RunFolder, arm: str, seed: int, failure: str) -> tuple[str, str, str]:
    """Return state, time reached and reason of a trial that is not done; failure: its reason, or ''."""
    try:
        kept = open_unfinished(folder.final, arm, seed)
    except MsimError:
        return ("failed" if failure else "pending"), "–", failure or "not begun, or nothing kept yet"
    return ("failed" if failure else "stopped"), duration_text(kept.reached), failure or kept.reason
