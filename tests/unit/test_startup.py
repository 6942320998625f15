"""What a process imports before its first spike: nothing that takes longer than the spike."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = ("brian2", "sympy", "scipy", "xarray", "zarr", "matplotlib")
PLANNED = """
import sys
from msim.definitions.experiments.experiment import read_experiment
from msim.trials.trial import simulate_trial
from msim.network.column_plan import column_plan
experiment = read_experiment("ketamine_rapid_and_sustained")
plan = column_plan(experiment.model.with_value("column.n_cells", 50), 1)
assert plan.spec.drives and all(plan.contacts(one, range(3))[0].size for one in plan.wirings)
"""
STORED = """
from pathlib import Path
from msim.storage.provenance import provenance
from msim.trials.run import start_run
start_run(Path(sys.argv[1]) / "run", provenance(experiment, "runtime", []))
"""


def imported(code: str, *arguments: str) -> list[str]:
    """Heavy packages that a process of its own holds after the code."""
    code += f"\nimport json; print(json.dumps([one for one in {HEAVY} if one in sys.modules]))"
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return list(json.loads(done.stdout))


def test_a_network_is_laid_out_without_heavy_imports() -> None:
    """From the files to every contact."""
    assert imported(PLANNED) == []


def test_a_run_is_begun_without_heavy_imports(tmp_path: object) -> None:
    """Its folder is laid down before the first spike."""
    assert imported(PLANNED + STORED, str(tmp_path)) == []
