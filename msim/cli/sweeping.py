"""Progress of a sweep, and the messages at its end."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from msim.backends.context import Context
from msim.base.endings import exit_status_of
from msim.base.errors import SimulationError
from msim.base.paths import given_path
from msim.cli.running import stop_exit, terminable
from msim.cli.sweep_progress import progress_of, span_text
from msim.cli.tables import print_json, print_table
from msim.definitions.experiments.axes import Design
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.executors.executor import Executor, Limits
from msim.storage.trial_store import TrialStore
from msim.sweep.plan import Plan, make_plan
from msim.sweep.plan_files import latest_plan, read_plan
from msim.sweep.run import SweepResult, begin_sweep, run_sweep
from msim.sweep.status import Status, rows, status

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_LISTED = 10
COUNTS = ("asked", "done", "failed", "pending")


def sweep_and_report(
    experiment: ExperimentDefinition, design: Design, out: Path, context: Context, limits: Limits,
    chosen: Executor, as_json: bool, log: Path | None = None, log_json: Path | None = None,
) -> None:  # fmt: skip
    """Run the missing trials of a sweep, show progress, print counts; raise where a trial failed."""
    plan = make_plan(experiment, design, context)
    sweep = begin_sweep(plan, out, limits)
    try:
        with terminable(), progress_of(plan, sweep.store, as_json, log, log_json) as report:
            result = run_sweep(sweep, chosen, report)
    except KeyboardInterrupt as stop:
        said = f"{_counts(status(sweep.store, plan))}; the same command goes on from the last checkpoints"
        raise stop_exit(stop, said) from None
    if as_json:
        print_json(counts(result.status))
    _raise_failures(result, plan)
    if not as_json:
        typer.echo(f"{_counts(result.status)}; stored in {out}")
        typer.echo(f"Tables by: msim table {out}; figures by: msim plot {out}")


def _raise_failures(result: SweepResult, plan: Plan) -> None:
    if not result.failures:
        return
    names: Mapping[str, str] = {one.key: one.name for one in plan.trials}
    listed = [f"  {names[key]}: {reason}" for key, reason in list(result.failures.items())[:MOST_LISTED]]
    more = len(result.failures) - len(listed)
    listed += [f"  and {more} more"] if more > 0 else []
    problem = SimulationError(
        f"{_counts(result.status)}:\n" + "\n".join(listed) + "\n"
        f"Tracebacks are in {result.store.root / 'failed'}; the same command runs only what is missing."
    )
    problem.exit_status = exit_status_of(result.kinds)
    raise problem


def print_status(folder: str, as_json: bool) -> None:
    """Print the status of a sweep: counts, rate, time left, and failures."""
    root = given_path(folder, "sweep")
    plan = read_plan(latest_plan(root))
    now = status(TrialStore(root), plan)
    if as_json:
        print_json(counts(now))
        return
    typer.echo(_counts(now) + (f"; {now.running} running" if now.running else ""))
    if now.rate:
        typer.echo(f"{now.rate * 3600:.3g} trials per hour, about {span_text(now.left)} left")
    failed = [one for one in rows(TrialStore(root), plan) if one["status"] == "failed"]
    if failed:
        names = [one.name for one in plan.design.axes]
        columns = [*names, "arm", "seed", "reason"]
        print_table(f"{len(failed)} failed", columns, [[one[name] for name in columns] for one in failed])


def counts(now: Status) -> dict[str, int]:
    """Return the counts of a status as plain JSON; the last three add up to the first."""
    found = asdict(now)
    return {name: found[name] for name in COUNTS}


def _counts(now: Status) -> str:
    return f"{now.asked} asked: {now.done} done, {now.failed} failed, {now.pending} pending"
