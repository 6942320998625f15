"""msim: how a drug such as ketamine changes a brain, from one channel to what a scanner sees.

    model = msim.read_model("circuits/cortical_column").with_value("eef2k.tau_K", "5 minute")
    run = msim.simulate("ketamine_rapid_and_sustained", "results/first", seeds=[1, 2, 3])
    run.samples["eef2k.p_eEF2"].sel(arm="ketamine").mean("seed").plot()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msim.base.version import VERSION

__version__ = VERSION

# Public names and where they live; each is imported when it is first asked for, so that
# `import msim` and `msim --help` cost nothing.
_PUBLIC = {
    "read_model": "msim.definitions.models.read_model",
    "read_experiment": "msim.definitions.experiments.experiment",
    "simulate": "msim.trials.run",
    "course": "msim.trials.trajectory",
    "open_run": "msim.storage.run_store",
    "open_unfinished": "msim.trials.unfinished",
    "find_emulator": "msim.emulator.library",
    "open_sweep": "msim.sweep.opened",
    "sweep_trial": "msim.sweep.opened",
    "read_study": "msim.definitions.studies.read_study",
    "run_study": "msim.studies.run",
    "resting_bold": "msim.brain.resting_bold",
    "connectivity_of": "msim.brain.resting_bold",
    "judge": "msim.verdicts.verdict",
    "plot": "msim.plots",
    "MsimError": "msim.base.errors",
}

__all__ = [
    "MsimError", "connectivity_of", "course", "find_emulator", "judge", "open_run", "open_sweep", "open_unfinished",
    "plot", "read_experiment", "read_model", "read_study", "resting_bold", "run_study", "simulate", "sweep_trial",
]  # fmt: skip

if TYPE_CHECKING:
    from msim import plots as plot
    from msim.base.errors import MsimError
    from msim.brain.resting_bold import connectivity_of, resting_bold
    from msim.definitions.experiments.experiment import read_experiment
    from msim.definitions.models.read_model import read_model
    from msim.definitions.studies.read_study import read_study
    from msim.emulator.library import find_emulator
    from msim.storage.run_store import open_run
    from msim.studies.run import run_study
    from msim.sweep.opened import open_sweep, sweep_trial
    from msim.trials.run import simulate
    from msim.trials.trajectory import course
    from msim.trials.unfinished import open_unfinished
    from msim.verdicts.verdict import judge


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _PUBLIC:
        raise AttributeError(f"module 'msim' has no attribute '{name}'")
    module = import_module(_PUBLIC[name])
    return module if name == "plot" else getattr(module, name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
