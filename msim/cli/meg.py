"""msim meg EXPERIMENT: MEG of a column before and after a drug, and the neural mass that is fitted to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from msim.meg.session import Session


def meg(
    experiment: str = typer.Argument(help="An experiment file or the name of a shipped one, for its arms."),
    arm: str = typer.Option(..., "--arm", help="Which arm is given to the participant."),
    out: str = typer.Option(..., "--out", help="Folder of .fif files; must not hold anything yet."),
    before: str = typer.Option("-5 minute", "--before", help="Time of the first recording."),
    after: str = typer.Option("6.5 hour", "--after", help="Time of the second recording."),
    seconds: float = typer.Option(60.0, min=4, max=3600, help="Ongoing activity in each recording, s."),
    trials: int = typer.Option(100, min=1, max=10000, help="Touches in each recording."),
    seed: int = typer.Option(1, min=0, max=2**31 - 1, help="Seed of wiring and background."),
    figure: str = typer.Option("", "--figure", help="Also draw both recordings and the fit into this PNG file."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Record a spiking column twice, write .fif files, and fit a conductance-based neural mass to both spectra.

    Example: msim meg ketamine_rapid_and_sustained --arm ketamine --out results/meg --figure meg.png
    """
    from msim.base.new_folder import new_folder
    from msim.base.paths import given_new_folder
    from msim.cli.options import parse_figure, parse_time
    from msim.cli.tables import as_records, print_json, print_table
    from msim.definitions.experiments.experiment import read_experiment
    from msim.meg.fields import read_sensors
    from msim.meg.session import session, states_of, write_session

    folder, page = given_new_folder(out, "--out"), parse_figure(figure)
    given = read_experiment(experiment).arm(arm)
    times = parse_time(before, "--before"), parse_time(after, "--after")
    with new_folder(folder) as partial:
        found = session(given.model, states_of(given, times, seed), read_sensors(), seconds, trials, seed)
        written = write_session(partial, f"{experiment}, {arm}", found)
    columns, rows = ("quantity", "before", "after", "change"), _rows(found)
    if as_json:
        print_json(as_records(columns, rows))
    else:
        print_table(f"{arm}, {before} and {after}, seed {seed}", columns, rows)
        fit = found.comparison
        typer.echo(f"The mass explains {100 * fit.explained:.1f} % of the variance of log spectra. {len(written)} "
                   f"files in {folder}")
    if page:
        from msim.plots.meg import write_meg_figure

        typer.echo(write_meg_figure(found, page), err=as_json)


def _rows(found: Session) -> list[tuple[str, str, str, str]]:
    import numpy as np

    from msim.meg.fields import answer

    one, other = found.sources
    rows = []
    for name in one.firing:
        rows.append((f"{name}, Hz", one.firing[name], other.firing[name]))
    rows.append(("SD of the dipole, nA m", 1e9 * one.ongoing.std(), 1e9 * other.ongoing.std()))
    rows.append(("largest answer to touch, nA m", *(1e9 * np.abs(answer(source)).max() for source in (one, other))))
    table = [(name, f"{a:.4g}", f"{b:.4g}", f"{100 * (b / a - 1):+.1f} %") for name, a, b in rows]
    for kind, truth in found.comparison.truth.items():
        mean, sd = found.comparison.change(kind)
        table.append((f"ln {kind} by the fit", "", "", f"{mean:+.3f} (SD {sd:.3f})"))
        table.append((f"ln {kind} in the column", "", "", f"{truth:+.3f}"))
    return table
