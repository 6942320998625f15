"""How the command lines of the pages are run here: as they stand, cut short, or only read; nothing is left out unsaid.

A line that begins as one of SHORTER gets further options, of which the last one counts. A line that begins as one of
ONLY_READ is put before msim's parser, which refuses unknown options and missing arguments, and not run: each says why,
and which test does the same on less. All other lines are run as they stand. An entry that no line needs is an error.
"""

from __future__ import annotations

SHORTER = {
    "msim run ketamine_rapid_and_sustained --arms vehicle,ketamine --until \"4 * hour\"":
        "--target emulator --seeds 1,2",
    "msim run ketamine_rapid_and_sustained --set ketamine_binding":
        "--target emulator --arms vehicle --until '1 hour' --seeds 1",
    "msim run ketamine_rapid_and_sustained --variant":
        "--target emulator --arms vehicle --until '1 hour' --seeds 1",
    "msim run ketamine_rapid_and_sustained --ranks 2": "--arms vehicle --seeds 1 --until '1 minute'",
    "msim run ketamine_rapid_and_sustained --target emulator": "--arms vehicle,ketamine --seeds 1,2 --until '4 hour'",
    "msim run ketamine_rapid_and_sustained --arms vehicle,ketamine --target emulator": "--seeds 1,2 --until '4 hour'",
    "msim run ketamine_rapid_and_sustained --arms vehicle,ketamine --until \"4 hour\"": "--seeds 1,2",
    "msim run my_experiment.toml": "--target emulator --seeds 1,2",
    "msim evidence --quick --only T3,T20": "--only PK2 --seeds 1,2 --set column.n_cells=60",
    "msim sweep dose_window --out": "--target emulator --arms bolus --seeds 1 --until '2 hour'",
    "msim sweep dose_window --over 'doses.mg_per_kg=0.05 to 2 in 12 log'":
        "--target emulator --over doses.mg_per_kg=0.2,0.5 --arms bolus --seeds 1 --until '2 hour'",
    "msim plot results/doses": "--quantity ampar_scaling.AMPAR_scale --at '2 hour'",
    "msim brain scan brains/brain19 --out": "--minutes 4",
    "msim brain scan brains/brain19 --minutes 12 --out": "--minutes 4",
    "msim brain scan brains/brain19 --minutes 12 --tr 2.2 --subjects": "--minutes 4",
    "msim brain coupling": "--minutes 4 --scans 1 --values 0,0.2",
    "msim brain task": "--subjects 1",
    "msim meg": "--seconds 4 --trials 2",
}  # fmt: skip

# What every msim.simulate of a page gets.
SHORTER_PYTHON = {"target": "emulator", "until": "1 hour", "arms": ["vehicle", "ketamine"], "seeds": [1, 2]}

ONLY_READ = {
    "msim brain scan brains/brain19 --minutes 12 --tr 2.2 --fidelity spiking":
        "8 minutes; tests/physics/test_brain_spiking.py scans smaller brains",
    "msim study siegel": "2 minutes; tests/agreement/test_studies.py runs each analysis with fewer people",
    "msim study krystal": "a minute; tests/agreement/test_studies.py runs each analysis with fewer people",
    "msim study sahib": "5 minutes; tests/agreement/test_studies.py runs each analysis with fewer people",
    "msim report results/krystal": "reports on the study of the line above, which is only read",
    "msim emulator fit": "4 minutes; tests/unit/test_emulator.py fits a smaller column",
    "msim sweep dose_window --sample saltelli": "768 trials; tests/unit/test_sweep_sensitivity.py takes a sample",
    "msim sensitivity": "wants the sample of the line above",
    "msim sweep dose_window --executor slurm": "wants Slurm; tests/agreement/test_sweep_clusters.py starts a cluster",
    "msim sweep status results/on_slurm": "wants the sweep of the line above",
    "msim sweep dose_window --executor dask": "wants a cluster; tests/agreement/test_sweep_dask.py starts one",
    "msim sweep dose_window --executor in_turn": "wants the package; tests/agreement/test_plugins.py installs it",
    "msim reproduce results/doses --trial KEY": "KEY stands for a key; tests/agreement/test_reproduce.py takes one",
    "msim reproduce results/": "runs again what was run above; tests/agreement/test_reproduce.py does so on less",
}  # fmt: skip

# Lines of other programs, and what is held instead of running them.
OTHERS = {
    "make": "sets up, or runs everything there is: that the Makefile has the target is held here",
    "pip": "installs: that setup.cfg has the extra is held here",
    "python": "benchmarks take minutes: that the file is there is held here",
    "jupyter": "starts a server: notebooks are executed by tests",
    ".": "sets the shell's path",
    "dask": "starts a scheduler or a worker: tests/agreement/test_sweep_dask.py starts both",
}

# Blocks that are no code to run, by page and how they begin.
NOT_RUN = {
    ("STYLE.md", "# ketamine block"): "how not to write it",
    ("STYLE.md", "TRAPPING_BLOCK = "): "an excerpt, said to be shortened",
    ("STYLE.md", "[mechanisms.block_evoked]"): "values of that excerpt; the form itself has one of each by subunit",
    ("STYLE.md", "def functional_connectivity("): "a signature with its docstring",
    ("STYLE.md", "raise DefinitionError("): "one line of a function",
    ("STYLE.md", "models/receptors/nmdar.toml: "): "a message",
    ("STYLE.md", "def test_closed_channel_keeps_its_blocker("): "a test of tests/physics, in short",
    ("ARCHITECTURE.md", "base <- "): "a picture of layers",
    ("ARCHITECTURE.md", "msim/"): "a picture of folders",
    ("ARCHITECTURE.md", "msim run X.toml"): "a picture of what happens in a run",
    ("docs/ERRORS.md", "models/receptors/nmdar.toml: "): "a message",
    ("docs/howto/dask.md", "from dask_jobqueue"): "wants dask-jobqueue and its batch system",
    ("docs/GLUTAMATE.md", "dI/dt "): "equations; msim/measures has them as code",
    ("docs/SWEEPS.md", "DIR/plans/ID.json "): "a picture of folders",
}
