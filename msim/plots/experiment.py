"""Experiment of a run, rebuilt once for all panels."""

from __future__ import annotations

import functools
import json

from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.models.model import Roles
from msim.storage.provenance import experiment_from_provenance
from msim.storage.run_store import Run


def experiment_of(run: Run) -> ExperimentDefinition:
    """Return the experiment that a run carried out."""
    return _rebuilt(json.dumps(run.provenance))


def roles_of(run: Run) -> Roles:
    """Return what of the model of a run figures look for; nothing for a run of an earlier model without roles."""
    return experiment_of(run).model.roles


@functools.lru_cache(maxsize=4)
def _rebuilt(provenance: str) -> ExperimentDefinition:
    return experiment_from_provenance(json.loads(provenance))
