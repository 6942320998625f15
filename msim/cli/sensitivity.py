"""msim sensitivity DIR: the axes of a sample that matter most for a quantity."""

from __future__ import annotations

import typer


def sensitivity(
    sweep: str = typer.Argument(help="Folder of a sweep with --sample."),
    quantity: str = typer.Option(..., help="A recorded quantity."),
    at: str = typer.Option(..., help="At this time, such as '2 hour'."),
    arm: str = typer.Option(..., help="In this arm."),
    as_json: bool = typer.Option(False, "--json", help="Print JSON."),
) -> None:
    """Say how much of the variance of a quantity over a sample each axis accounts for, with 95 % intervals.

    Sobol's indices, first and total, for --sample saltelli; first-order indices (RBD-FAST) for the others.

    Example: msim sensitivity results/sample --quantity bdnf_trkb.BDNF --at "2 hour" --arm infusion
    """
    from dataclasses import asdict

    from msim.cli.options import parse_time
    from msim.cli.tables import print_json, print_table
    from msim.sweep.sensitivity import sensitivity as shares_of

    found = shares_of(sweep, quantity, parse_time(at, "--at"), arm)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    rows = [
        (one.axis, f"{one.first:.3f} +- {one.first_reach:.3f}",
         "" if one.total is None else f"{one.total:.3f} +- {one.total_reach:.3f}")
        for one in found
    ]  # fmt: skip
    print_table(f"Shares of the variance of {quantity} at {at}, arm {arm}", ("axis", "alone", "with others"), rows)
