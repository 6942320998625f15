"""Verdicts of a run as a section of its page."""

from __future__ import annotations

from collections.abc import Sequence

from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.files.citations import cited, known_sources
from msim.plots.wording import duration_text
from msim.report.blocks import Block, Mark, Section, Table, Words
from msim.report.texts import DASH
from msim.storage.run_store import Run
from msim.verdicts.hypothesis_discrimination import ToldApart, best_manipulation, told_apart
from msim.verdicts.verdict import Verdict
from msim.verdicts.verdict_text import (
    SPREAD_OF_SEEDS,
    ci_text,
    effect_text,
    noise_text,
    shown_in,
    verdicts_text,
    wanted_text,
)

COLUMNS = ("prediction", "verdict", "outcome was", "claim", "effect", "95 % interval", "wanted", "d", "seeds", "source")
HELD = (
    "yes: the whole interval agrees with the claim. no: all of it disagrees. undecided: neither. The published outcome "
    "was fitted to: it is a calibration row, one that values of the model are fitted to; held out: nothing was fitted "
    "to it; never compared: the prediction names none."
)


def verdict_section(run: Run, experiment: ExperimentDefinition, verdicts: Sequence[Verdict]) -> Section:
    """Return a section with effect, interval and verdict of every prediction, and differences between hypotheses."""
    if not verdicts:
        nothing = "No prediction can be settled with these arms and times."
        return Section("verdicts", "Verdicts", (Words((nothing,)),))
    several = len(run.seeds) > 1
    how = SPREAD_OF_SEEDS if several else "With one seed there is no interval, so nothing can be decided."
    notes = {one.id: one.note for one in experiment.predictions}
    has_spread = any(one.standardized is not None for one in verdicts)
    columns = COLUMNS if has_spread else tuple(name for name in COLUMNS if name != "d")
    rows = [_row(one, notes.get(one.id, ""), has_spread) for one in verdicts]
    numbers = ("effect", "95 % interval", "wanted", *(["d"] if has_spread else []), "seeds")
    blocks: list[Block] = [
        Words((f"{verdicts_text(verdicts)}.",)),
        Table("Predictions, settled before the run, and what came of them", columns, rows, numbers=numbers,
              note=f"{HELD} {noise_text(experiment.schedule, has_spread)} {how}"),
    ]  # fmt: skip
    if experiment.hypotheses:
        blocks += _apart(run, experiment, verdicts)
    return Section("verdicts", "Verdicts", tuple(blocks))


def _row(one: Verdict, note: str, has_spread: bool) -> tuple[str | Mark, ...]:
    known = known_sources()
    spread = [DASH if one.standardized is None else f"{one.standardized:+.3g}"] if has_spread else []
    return (
        one.id, Mark(one.verdict), one.outcome_was, f"{one.claim}\n{one.quantity}, {duration_text(one.time)}",
        effect_text(one), ci_text(one).replace(" .. ", " to "),
        wanted_text(one), *spread, str(one.n), ": ".join(part for part in (cited(one.source, known), note) if part),
    )  # fmt: skip


def _apart(run: Run, experiment: ExperimentDefinition, verdicts: Sequence[Verdict]) -> list[Block]:
    found = told_apart(run, experiment, verdicts)
    asked = {one.asked: one for one in verdicts}
    rows = [
        (" and ".join(one.hypotheses), one.asked, " / ".join(one.verdicts), *_difference(one, asked[one.asked]),
         f"{one.margins:.2g}")
        for one in found
    ]  # fmt: skip
    best = best_manipulation(found)
    told = f"'{best}' answers differently for most pairs of hypotheses." if best else "None answers differently."
    columns = ("hypotheses", "prediction", "verdicts", "difference", "95 % interval", "margins from 0")
    return [Table("Which prediction tells two hypotheses apart, the clearest first", columns, rows,
                  numbers=columns[3:], note=told)]  # fmt: skip


def _difference(found: ToldApart, verdict: Verdict) -> tuple[str, str]:
    unit, size = shown_in(verdict)
    low, high = (f"{value / size:+.4g}" for value in found.ci)
    return f"{found.difference / size:+.4g} {unit}".rstrip(), f"{low} to {high}"
