"""msim hash RUN...: a hash of each run, which tells whether they recorded the same, to the last bit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from msim.base.errors import InputError, MsimError, printable, shortened

if TYPE_CHECKING:
    from msim.storage.digest import Digest


def hash_runs(
    runs: list[str] = typer.Argument(help="Folders of finished runs."),
    parts: bool = typer.Option(False, "--parts", help="List a hash for every trial and dataset too."),
    same: bool = typer.Option(False, "--same", help="End with status 1 where runs differ, and say where first."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Print a SHA-256 over everything that a run recorded, and nothing of how, when or where it was run.

    Runs of one experiment have the same hash whatever the number of workers or ranks.

    Example: msim hash results/first results/again --same
    """
    from msim.cli.tables import print_json
    from msim.storage.difference import first_difference
    from msim.storage.digest import digest_run

    if same and len(runs) < 2:
        raise InputError(f"--same: wants two runs or more, got '{runs[0]}' alone")
    found = [digest_run(run) for run in runs]
    if as_json:
        records = [_record(name, one, parts) for name, one in zip(runs, found, strict=True)]
        print_json(records[0] if len(records) == 1 else records)
    else:
        for name, one in zip(runs, found, strict=True):
            typer.echo("\n".join(_lines(name, one, parts)))
    for name, one in zip(runs, found, strict=True):
        if same and one.sha256 != found[0].sha256:
            raise MsimError(shortened(f"{runs[0]} and {name} differ first in {first_difference(found[0], one)}"))


def _lines(run: str, found: Digest, with_parts: bool) -> list[str]:
    own = [f"  {one.sha256}  {one.name}" for one in found.parts] if with_parts else []
    return [f"{found.sha256}  {printable(run)}", *own]


def _record(run: str, found: Digest, with_parts: bool) -> dict[str, Any]:
    record: dict[str, Any] = {"run": run, "sha256": found.sha256}
    if with_parts:
        record["parts"] = [
            {"arm": one.arm, "seed": one.seed, "dataset": one.dataset, "sha256": one.sha256} for one in found.parts
        ]
    return record
