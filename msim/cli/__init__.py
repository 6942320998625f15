"""The msim command: parse, call, and turn a refusal into one message and an exit status."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import NoReturn

import typer

from msim.base.version import VERSION
from msim.cli import (
    brain,
    cache,
    calibrate,
    check,
    emulator,
    evidence,
    explore,
    exposure,
    hashing,
    judge,
    listing,
    meg,
    physiology,
    plot,
    report,
    reproduce,
    run,
    sensitivity,
    show,
    study,
    sweep,
    table,
    tune_background_rates,
    verify,
)

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    help="Simulate how a drug changes a brain: from a dose to a verdict.",
    epilog="Start with: msim run ketamine_rapid_and_sustained --out results/first",
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"msim {VERSION}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    pass


app.command("list")(listing.list_shipped)
app.command("show")(show.show)
app.command("check")(check.check)
app.command("run")(run.run)
app.command("sweep")(sweep.sweep)
app.command("table")(table.table)
app.command("sensitivity")(sensitivity.sensitivity)
app.command("judge")(judge.judge)
app.command("evidence")(evidence.evidence)
app.command("calibrate")(calibrate.calibrate)
app.command("plot")(plot.plot)
app.command("report")(report.report)
app.command("explore")(explore.explore)
app.command("verify")(verify.verify)
app.command("reproduce")(reproduce.reproduce)
app.command("hash")(hashing.hash_runs)
app.command("cache")(cache.cache)
app.command("tune-background-rates")(tune_background_rates.tune_background_rates)
app.command("meg")(meg.meg)
app.command("study")(study.study)
app.command("physiology")(physiology.physiology)
app.command("exposure")(exposure.exposure)
app.add_typer(emulator.app, name="emulator")
app.add_typer(brain.app, name="brain")


def main() -> None:
    """Run the command line; a refusal is one line on standard error and exit status 2, never a traceback."""
    from msim.base.errors import MsimError
    from msim.cli.terminal import steady

    with steady():
        try:
            _run()
        except MsimError as problem:
            _end(f"{problem}", problem.exit_status)
        except (OSError, MemoryError) as problem:
            from msim.base.endings import EXIT_STATUS, failure_of

            found = failure_of(problem)
            if found.kind not in ("disk", "memory"):
                raise
            _end(found.reason, EXIT_STATUS[found.kind])


def _run() -> None:
    try:
        app()
    finally:
        sys.stdout.flush()  # what cannot be written is said here, not by Python at its end


def _end(text: str, status: int) -> NoReturn:
    # Where the disk is full, so may be the one that standard error goes to.
    with suppress(OSError):
        typer.echo(f"msim: {text}", err=True)
    sys.exit(status)
