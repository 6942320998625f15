"""Progress of a run in the terminal, and the messages at its end."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

import typer

from msim.backends.context import Context
from msim.base.endings import ended_by
from msim.base.errors import SimulationError
from msim.cli.bars import bars, rounded_time, show_trial
from msim.cli.tables import print_json, say
from msim.cli.terminal import shows_bars
from msim.cli.verdict_table import print_outcome
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.executors.executor import Executor, ProgressEvent
from msim.storage.run_store import UNFINISHED, RunFolder, open_run
from msim.storage.trial_store import FAILED
from msim.trials.accuracy import Accuracy, run_accuracy
from msim.trials.run import run_experiment
from msim.verdicts.hypothesis_discrimination import outcome
from msim.verdicts.verdict import judge, write_verdicts


def run_and_report(
    experiment: ExperimentDefinition, out: Path, context: Context, executor: Executor, as_json: bool
) -> None:
    """Run, show progress on standard error, print verdicts; raise where a trial failed."""
    trials = [(arm.name, seed) for seed in experiment.seeds for arm in experiment.arms]
    try:
        with terminable(), _progress(experiment, trials, as_json) as report:
            result = run_experiment(experiment, out, context, executor, report)
    except KeyboardInterrupt as stop:
        raise _stopped(out, stop) from None
    if result.failures:
        listed = "\n".join(f"  {arm}, seed {seed}: {one.reason}" for (arm, seed), one in result.failures.items())
        raise ended_by(SimulationError(
            f"{len(result.failures)} of {len(trials)} trials failed:\n{listed}\nFinished trials are kept in "
            f"{result.path}, tracebacks in {result.path / FAILED}; the same command runs only what is missing."
        ), result.failures.values())  # fmt: skip
    finished = open_run(result.path)
    verdicts = judge(finished)
    path = write_verdicts(finished, verdicts)
    if as_json:
        print_json(outcome(finished, verdicts))
        return
    print_outcome(finished, verdicts)
    if context.target != "emulator":  # which simulates no spikes
        say(accuracy_text(run_accuracy(finished), finished.provenance["schedule"]["tolerance"]))
    typer.echo(f"Stored in {result.path}; verdicts in {path}; figures by: msim plot {result.path}, "
               f"a page by: msim report {result.path}")


def accuracy_text(found: Accuracy, tolerance: float) -> str:
    """Describe the share of time simulated as spikes, and the errors of leaps against the tolerance."""
    spiking = rounded_time(found.spiking)
    lines = [
        f"Spikes were simulated for {spiking} of {rounded_time(found.horizon)} in a trial, 1 s in "
        f"{found.horizon / found.spiking:,.0f}. {found.leaps:,} leaps of {found.trials} trials stood, "
        f"{found.repeated:,} were taken again. Largest error of one {found.error * tolerance:.1%} of a slow state, "
        f"sampling noise {found.noise * tolerance:.1%} (tolerance {tolerance:.1%})."
    ]
    if found.above:
        lines.append(f"{found.above:,} leaps stand above the tolerance, as they could not be shorter (shortest_leap).")
    if found.loud:
        lines.append(f"After {found.loud:,} leaps bursts would have had to be longer than longest_burst for the noise.")
    return "\n".join(lines)


def _stopped(out: Path, stop: KeyboardInterrupt) -> typer.Exit:
    unfinished = RunFolder(out).partial / UNFINISHED
    rest = f"; records of unfinished trials are in {unfinished}" if any(unfinished.glob("*/seed_*")) else ""
    return stop_exit(stop, f"finished trials are kept, the same command takes the run up again{rest}")


def stop_exit(stop: KeyboardInterrupt, kept: str) -> typer.Exit:
    """Print what is kept of a stopped run, and return the exit status that a shell expects."""
    what, number = ("terminated", signal.SIGTERM) if isinstance(stop, _Terminated) else ("interrupted", signal.SIGINT)
    typer.echo(f"msim: {what}; {kept}", err=True)
    return typer.Exit(128 + number)


class _Terminated(KeyboardInterrupt):
    """A SIGTERM, which ends the run as Ctrl-C does."""


@contextmanager
def terminable() -> Iterator[None]:
    """Turn the first SIGTERM into an exception in the body; later ones are ignored while it ends its processes."""

    def terminate(*_: Any) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise _Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _progress(
    experiment: ExperimentDefinition, trials: list[tuple[str, int]], quiet: bool
) -> Iterator[Callable[[str, int, ProgressEvent], None]]:
    if quiet:
        yield lambda arm, seed, news: None
    elif shows_bars():
        with _bars(experiment, trials) as report:
            yield report
    else:
        yield _line


def _line(arm: str, seed: int, news: ProgressEvent) -> None:
    """Print one line on a finished trial, for a log."""
    if news.state in ("stored", "done", "failed"):
        typer.echo(f"{arm}, seed {seed}: {news.state} {news.message}".rstrip(), err=True)


@contextmanager
def _bars(
    experiment: ExperimentDefinition, trials: list[tuple[str, int]]
) -> Iterator[Callable[[str, int, ProgressEvent], None]]:
    with bars(f"{len(trials)} trials", len(trials)) as (progress, whole):
        rows: dict[str, Any] = {}
        parts: dict[str, float] = {}

        def report(arm: str, seed: int, news: ProgressEvent) -> None:
            # Bursts crowd around the dose, so half of the work is done when little of the time is.
            parts[news.key] = 1.0 if news.state in ("stored", "done", "failed") else effort(experiment, news.time)
            progress.update(whole, completed=sum(parts.values()))
            show_trial(progress, rows, f"{arm}, seed {seed}", news, parts[news.key])

        yield report


def effort(experiment: ExperimentDefinition, time: float) -> float:
    """Estimate the part of a trial's work that is done at a simulated time; leaps grow about in proportion to it."""
    import math

    past = max(time - experiment.begin, 0.0)
    scale = 600.0
    return math.log1p(past / scale) / math.log1p((experiment.end - experiment.begin) / scale)
