"""The experiment of a run, rebuilt from what the run has stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msim.definitions.experiment import ExperimentDefinition, experiment_from_texts
from msim.storage.run_store import Run


def experiment_from_provenance(about: Mapping[str, Any]) -> ExperimentDefinition:
    """The experiment that provenance describes, narrowed as the run was."""
    experiment = experiment_from_texts(
        about["experiment"]["name"], about["experiment"]["file"], about["experiment"]["text"],
        about["model"]["name"], about["model"]["files"], about["changes"],
        about.get("hypothesis", ""),
    )  # fmt: skip
    until = about["end_s"] if about["end_s"] < experiment.end else None
    return experiment.narrowed(about["arms"], about["seeds"], until)


def stored_experiment(run: Run) -> ExperimentDefinition:
    """The experiment that a run carried out."""
    return experiment_from_provenance(run.provenance)
