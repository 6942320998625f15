"""msim verify DIR...: a check that stored runs and sweeps are as they were written."""

from __future__ import annotations

import typer


def verify(
    runs: list[str] = typer.Argument(help="Folders of finished runs, or of sweeps."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Find flipped bytes, truncated chunks and missing trials by the checksums that were stored; nothing is run.

    Ends with status 1 where anything is wrong.

    Example: msim verify results/first results/doses
    """
    from msim.base.errors import printable
    from msim.base.paths import given_path
    from msim.cli.tables import print_json
    from msim.storage.verify import verify_run
    from msim.sweep.plan_files import is_sweep
    from msim.sweep.verify import verify_sweep

    roots = {one: given_path(one, "run") for one in runs}
    found = {name: verify_sweep(one) if is_sweep(one) else verify_run(one) for name, one in roots.items()}
    if as_json:
        print_json([
            {"run": run, "damages": [{"where": one.where, "what": one.what} for one in damages]}
            for run, damages in found.items()
        ])  # fmt: skip
    else:
        for run, damages in found.items():
            for one in damages:
                typer.echo(printable(f"{run}: {one.where}: {one.what}"))
            typer.echo(printable(f"{run}: {len(damages) or 'nothing'} wrong"))
    if any(found.values()):
        raise typer.Exit(1)
