"""Every arm and seed of an experiment, run by an executor into one run folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from msim.backends.context import Context
from msim.backends.mpi import SERIAL
from msim.backends.registry import require_target
from msim.base.endings import Failure, ended_by, is_full
from msim.base.errors import DiskFullError, InputError, SimulationError
from msim.base.file_lease import now_at
from msim.base.paths import given_folder
from msim.base.quantities import parse_in, quantity_text, second
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.experiment import read_experiment, validate_effective_changes
from msim.emulator.library import emulators_of, models_of, validate_emulated
from msim.executors.executor import Executor, Limits, ProgressEvent
from msim.executors.kinds.local import LocalExecutor
from msim.recording.spool import Series
from msim.storage.journal import journal_path, journal_reach, remove_journal, write_journal
from msim.storage.owner import owned
from msim.storage.provenance import command_line, experiment_from_provenance, provenance
from msim.storage.run_store import (
    Run,
    RunFolder,
    finish_run,
    finished_trials,
    open_run,
    start_run,
    trial_path,
    write_trial,
)
from msim.storage.trial_store import prepare_own
from msim.trials.claimed import Attempt, ClaimedWork, run_all
from msim.trials.trial import CHECKPOINT_EVERY
from msim.trials.trial_key import trial_keys


@dataclass
class RunResult:
    """Result of a run: its folder, and the trials that failed with their reasons."""

    path: Path
    failures: dict[tuple[str, int], Failure] = field(default_factory=dict)


def run_experiment(
    experiment: ExperimentDefinition, out: Path, context: Context, executor: Executor,
    report: Callable[[str, int, ProgressEvent], None] = lambda arm, seed, news: None,
) -> RunResult:  # fmt: skip
    """Run all trials that are not stored yet; a failed trial does not stop the others.

    report: called with arm, seed, and an event of that trial, whose state is 'stored' where it was done before
    returns: the finished run, or the growing folder where trials failed
    raises, before anything runs: StorageError where `out` cannot take a run, OwnerError where another process runs into
        it, StartError where no process can be started that runs this code; at any time: DiskFullError
    """
    require_target(context.target)
    keys = trial_keys(experiment, context)
    about = provenance(experiment, context.about, command_line())
    about["keys"] = {arm: {str(seed): keys[arm, seed] for seed in about["seeds"]} for arm in about["arms"]}
    try:
        with owned(out):
            return _run(start_run(out, about), about, context, executor, report)
    except OSError as problem:
        if not is_full(problem):
            raise
        raise DiskFullError(
            f"{out}: the disk is full ({problem}); finished trials are kept, the same command goes on"
        ) from None


def _run(
    folder: RunFolder, about: dict[str, Any], context: Context, executor: Executor,
    report: Callable[[str, int, ProgressEvent], None],
) -> RunResult:  # fmt: skip
    store = prepare_own(folder.partial)
    trials = RunTrials(RunFolder(folder.final.absolute()), about, replace(context, ranks=SERIAL))
    failures: dict[tuple[str, int], Failure] = {}

    def noted(news: ProgressEvent) -> None:
        arm, seed = trials.names[news.key]
        if news.state == "failed":
            news = replace(news, message=news.message + kept_text(folder, arm, seed))
            failures[arm, seed] = Failure(news.kind, news.message)
        report(arm, seed, news)

    stored = finished_trials(folder, about["arms"], about["seeds"])
    for arm, seed in stored:
        report(arm, seed, ProgressEvent(about["keys"][arm][str(seed)], "stored", about["end_s"]))
    todo = [(arm, seed) for seed in about["seeds"] for arm in about["arms"] if (arm, seed) not in stored]
    work = ClaimedWork(store, trials, _limits(), now_at(store.root))
    run_all(work, [about["keys"][arm][str(seed)] for arm, seed in todo], executor, noted)
    return RunResult(folder.partial, failures) if failures else RunResult(finish_run(folder))


def _limits() -> Limits:
    """Return limits by which a run ends within seconds, with records and last checkpoints of its trials kept."""
    return Limits(
        checkpoint_every=float(os.environ.get("MSIM_CHECKPOINT_EVERY", CHECKPOINT_EVERY)), grace=3.5, at_once=True
    )


@dataclass(frozen=True)
class RunTrials:
    """Trials of a run, each a group of its store; see `Trials`.

    folder: with an absolute path, at which every process finds it
    """

    folder: RunFolder
    about: dict[str, Any]
    context: Context

    @property
    def target(self) -> str:
        """Return what code runs the cells."""
        return self.context.target

    @property
    def names(self) -> dict[str, tuple[str, int]]:
        """Return arm and seed of every trial, by its key."""
        keys = self.about["keys"]
        return {key: (arm, int(seed)) for arm, seeds in keys.items() for seed, key in seeds.items()}

    def is_stored(self, key: str) -> bool:
        """Return whether a trial is done and stored."""
        return (self.folder.store / trial_path(*self.names[key])).is_dir()

    def simulate(self, key: str, attempt: Attempt) -> None:
        """Simulate a trial and store it; what it recorded is kept where it is stopped or killed. See `Trials`."""
        folder, (arm, seed) = self.folder, self.names[key]

        def journal(arrays: Mapping[str, Series], reached: float, reason: str) -> None:
            # Where the disk is full the trial goes on, or ends with its own reason.
            with suppress(OSError):
                write_journal(folder, arm, seed, arrays, reached, reason)

        experiment = experiment_from_provenance(self.about)
        datasets = attempt.simulate(experiment, experiment.arm(arm), seed, self.context, journal)
        write_trial(folder, arm, seed, datasets)
        remove_journal(folder, arm, seed)


def kept_text(folder: RunFolder, arm: str, seed: int) -> str:
    """Return the place of an unfinished trial's record, as a clause to append to a message, or ''."""
    reached, path = journal_reach(folder, arm, seed), journal_path(folder, arm, seed)
    return "" if reached is None else f"; its record up to {quantity_text(reached * second)} is kept in {path}"


def simulate(
    experiment: str | Path | ExperimentDefinition,
    out: str | Path,
    *,
    arms: Sequence[str] | None = None,
    seeds: Sequence[int] | None = None,
    until: str | None = None,
    changes: Mapping[str, str | int | float] | None = None,
    hypothesis: str = "",
    workers: int | None = None,
    target: str = "cpp",
) -> Run:
    """Run an experiment into a folder and open what was stored.

    experiment: a file, the name of a shipped one, or a definition that was read before
    out: a folder that does not exist or is empty
    arms, seeds, until: narrow it, such as until="2 * hour"
    changes, hypothesis: values of the model by dotted path, and one of its hypotheses for all arms; not with a
        definition that was read before
    workers: trials at a time; all cores if left out
    target: backend that runs the cells, such as 'cpp'; 'emulator' is fitted first where there is none
    raises: InputError for bad input, SimulationError where a trial failed
    """
    folder = given_folder(out, "out")
    if isinstance(experiment, ExperimentDefinition):
        if changes or hypothesis:
            raise InputError("changes, hypothesis: give them to read_experiment, which checks them with the rest")
        definition = experiment
    else:
        definition = read_experiment(experiment, changes, hypothesis)
    end = float(parse_in(until, second, "until")) if until else None
    definition = definition.narrowed(arms, seeds, end)
    validate_effective_changes(definition)
    emulators = None
    if target == "emulator":
        validate_emulated(definition)
        emulators = emulators_of(models_of(definition), None)
    context = Context(target, definition.schedule, emulators=emulators)
    result = run_experiment(definition, folder, context, LocalExecutor(workers or os.cpu_count() or 1))
    if result.failures:
        reasons = "; ".join(f"{arm}, seed {seed}: {one.reason}" for (arm, seed), one in result.failures.items())
        problem = SimulationError(
            f"{len(result.failures)} trials failed: {reasons}; the others are kept in {result.path}"
        )
        raise ended_by(problem, result.failures.values())
    return open_run(result.path)
