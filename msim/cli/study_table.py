"""Table of a study: simulated beside reported, statistic by statistic."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import typer

from msim.cli.tables import print_table, say
from msim.definitions.evidence.roles import NEVER_COMPARED, OUTCOME_WAS
from msim.studies.outcome_text import estimate_text, number, reported_text, signs_text, test_text

if TYPE_CHECKING:
    from msim.studies.analyses.resting_connectivity.compare_mean_field_spiking import Fidelity
    from msim.studies.outcome import Outcome

COLUMNS = ("statistic", "estimate [95 %]", "test", "p", "effect", "n", "reported", "", "outcome was")


def print_outcome(found: Outcome) -> None:
    """Print the table of a study, its facts, and the number of reported statistics that agree."""
    from msim.studies.outcome import compare_with_reported, missing

    study = found.cohort.study
    rows = compare_with_reported(found.rows, study.reported)
    people = ", ".join(f"{one.n} {one.name}" for one in study.groups)
    table = [
        (one.test.name, estimate_text(one.test), test_text(one.test), number(one.test.p, 2), number(one.test.effect, 2),
         str(one.test.n), reported_text(one.reported), one.verdict,
         OUTCOME_WAS[one.reported.role] if one.reported else NEVER_COMPARED)
        for one in rows
    ]  # fmt: skip
    print_table(f"{study.title}: {people}, seed {study.seed}", COLUMNS, table)
    for name, text in found.facts.items():
        say(f"{name}: {text}")
    told = [(one.reported.role, one.verdict == "agrees") for one in rows if one.reported and one.verdict]
    say(f"{signs_text(told)}.")
    for name in missing(found.rows, study.reported):
        typer.echo(f"reported, but not computed: {name}", err=True)


def records(found: Outcome) -> dict[str, Any]:
    """Return the table of a study as plain values; an unknown value is null."""
    from msim.studies.outcome import compare_with_reported

    study = found.cohort.study
    rows = [
        {
            "statistic": one.test.name, "estimate": known(one.test.estimate), "low": known(one.test.low),
            "high": known(one.test.high), "kind": one.test.kind, "value": known(one.test.value),
            "degrees": known(one.test.degrees), "p": known(one.test.p), "effect": known(one.test.effect),
            "n": one.test.n, "verdict": one.verdict or None,
            "reported": None if one.reported is None else {
                "sign": one.reported.sign or None, "estimate": one.reported.estimate, "value": one.reported.value,
                "degrees": one.reported.degrees, "p": one.reported.p, "source": one.reported.source,
                "role": one.reported.role,
            },
        }
        for one in compare_with_reported(found.rows, study.reported)
    ]  # fmt: skip
    return {"study": study.name, "seed": study.seed, "facts": dict(found.facts), "rows": rows}


def known(value: float) -> float | None:
    """Return a number, or None for NaN."""
    return None if math.isnan(value) else value


def print_fidelity(found: Fidelity, title: str) -> None:
    """Print one person's connectivity on mean fields and on spiking columns, and whether it changes the same way."""
    first, last = found.visits[0], found.visits[-1]
    rows = []
    for one in fidelity_records(found)["systems"]:
        texts = [f"{one[kind][first]:.3f} to {one[kind][last]:.3f}" for kind in ("mean field", "spiking")]
        rows.append((one["system"], *texts, "yes" if one["same_direction"] else "no"))
    print_table(f"{title}: Fisher z, {first} to {last}", ("system", "mean field", "spiking", "same direction"), rows)
    for visit in found.visits:
        spread = [found.spread[kind, visit] for kind in ("mean field", "spiking")]
        typer.echo(f"{visit}: Fisher z of both over pairs of regions r = {found.likeness[visit]:+.2f}; SD of BOLD "
                   f"{spread[0]:.3f} and {spread[1]:.3f} %")


def fidelity_records(found: Fidelity) -> dict[str, Any]:
    """Return one person's connectivity on mean fields and on spiking columns as plain values."""
    first, last = found.visits[0], found.visits[-1]
    kinds = sorted({kind for kind, _ in found.systems})
    systems: list[dict[str, Any]] = []
    for name in found.systems[kinds[0], first]:
        values = {kind: {visit: found.systems[kind, visit][name] for visit in found.visits} for kind in kinds}
        ways = {values[kind][last] > values[kind][first] for kind in kinds}
        systems.append({"system": name, **values, "same_direction": len(ways) == 1})
    return {
        "systems": systems, "likeness": dict(found.likeness),
        "spread": [{"kind": kind, "visit": visit, "sd": sd} for (kind, visit), sd in found.spread.items()],
    }
