"""msim reproduce DIR: repeat a stored run or trial, and compare."""

from __future__ import annotations

import typer


def reproduce(
    run: str = typer.Argument(help="Folder of a finished run, or of a sweep with --trial."),
    trial: str = typer.Option("", "--trial", help="Key of a trial of a sweep, as msim table lists it."),
    workers: int = typer.Option(0, min=0, help="Trials at a time; 0 takes all cores."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Run a run, or a trial of a sweep, again from its stored provenance alone, and compare to the last bit.

    Names what is not as it was: versions, definition files, bytes of the store. Ends with status 1 where what is
    recorded differs.

    Example: msim reproduce results/first
    """
    from msim.base.errors import InputError, printable
    from msim.base.paths import given_path
    from msim.cli.options import core_count
    from msim.cli.tables import print_json
    from msim.sweep.plan_files import is_sweep
    from msim.sweep.reproduce import reproduce_run, reproduce_trial

    root = given_path(run, "run")
    if is_sweep(root) != bool(trial):
        raise InputError(f"{run}: wants --trial KEY for a sweep, and none for a run")
    found = reproduce_trial(root, trial) if trial else reproduce_run(root, workers or core_count())
    same = not found.difference
    if as_json:
        print_json({"same": same, "difference": found.difference, "changes": found.changes, "sha256": found.sha256})
    else:
        for one in found.changes:
            typer.echo(printable(f"changed: {one}"))
        said = f"the same to the last bit: {found.sha256[0]}" if same else f"differs: {found.difference}"
        typer.echo(printable(said))
    if not same:
        raise typer.Exit(1)
