"""msim run PATH: every arm and seed of an experiment."""

from __future__ import annotations

import typer


def run(
    experiment: str = typer.Argument(help="A file or the name of a shipped experiment."),
    out: str = typer.Option(..., "--out", help="Folder of the run; must not hold anything yet."),
    arms: str = typer.Option("", help="Only these arms, separated by commas."),
    seeds: str = typer.Option("", help="These seeds instead of the experiment's, separated by commas."),
    until: str = typer.Option("", help="End earlier, such as '2 * hour'."),
    changes: list[str] = typer.Option([], "--set", help="Change a value of the model: path=value; may be repeated."),
    workers: int = typer.Option(0, min=0, help="Trials at a time; 0 takes all cores."),
    target: str = typer.Option("runtime", help="What code runs the spiking cells: runtime or numpy."),
    as_json: bool = typer.Option(False, "--json", help="Print the verdicts as JSON, without progress."),
) -> None:
    """Run all trials of an experiment with progress and time left, store them, and print the verdicts.

    An interrupted run is taken up by the same command.

    Example: msim run ketamine_rapid_and_sustained --arms vehicle,ketamine --seeds 1,2 --until "4 * hour" --out results/short
    """
    from msim.cli.options import parse_changes, parse_names, parse_seeds, parse_time
    from msim.definitions.experiment import read_experiment
    from msim.engine.context import Context

    end = parse_time(until, "--until") if until else None
    definition = read_experiment(experiment, parse_changes(changes))
    definition = definition.narrowed(parse_names(arms), parse_seeds(seeds), end)
    context = Context(target, definition.schedule)
    from msim.cli.running import run_and_report

    run_and_report(definition, out, context, workers, as_json)
