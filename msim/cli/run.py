"""msim run PATH: every arm and seed of an experiment."""

from __future__ import annotations

import typer


def run(
    experiment: str = typer.Argument(help="A file or the name of a shipped experiment."),
    out: str = typer.Option(..., "--out", help="Folder of the run; must not hold anything yet."),
    arms: str | None = typer.Option(None, help="Only these arms, separated by commas."),
    seeds: str | None = typer.Option(None, help="These seeds instead of the experiment's, separated by commas."),
    until: str | None = typer.Option(None, help="End earlier, such as '2 hour'."),
    changes: list[str] = typer.Option([], "--set", help="Change a value of the model: path=value; may be repeated."),
    workers: int = typer.Option(0, min=0, help="Trials at a time; 0 takes all cores."),
    target: str = typer.Option("cpp", help="What code runs the spiking cells: cpp, runtime (Brian2) or numpy."),
    as_json: bool = typer.Option(False, "--json", help="Print the verdicts as JSON, without progress."),
) -> None:
    """Run all trials of an experiment with progress and time left, store them, and print the verdicts.

    An interrupted run is taken up by the same command.

    Example: msim run ketamine_rapid_and_sustained --arms vehicle,ketamine --until "4 hour" --out results/short
    """
    from msim.cli.options import parse_changes, parse_names, parse_out, parse_seeds, parse_time
    from msim.definitions.experiment import read_experiment
    from msim.engine.context import Context

    folder, end = parse_out(out), None if until is None else parse_time(until, "--until")
    definition = read_experiment(experiment, parse_changes(changes))
    definition = definition.narrowed(parse_names(arms, "--arms"), parse_seeds(seeds), end)
    context = Context(target, definition.schedule)
    from msim.cli.running import run_and_report

    run_and_report(definition, folder, context, workers, as_json)
