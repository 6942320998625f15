"""Table of evidence for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from msim.base.quantities import quantity_text, second, written_unit
from msim.cli.tables import print_table, say
from msim.definitions.evidence.roles import OUTCOME_WAS
from msim.definitions.evidence.rows import EvidenceRow
from msim.evidence.evidence import CONTROL, EvidenceResult, bounds_text, counted
from msim.evidence.plan import condition_text
from msim.verdicts.verdict_text import SPREAD_OF_SEEDS, agreement_text


def print_evidence(results: Sequence[EvidenceResult], seeds: int, most: int, model: str) -> None:
    """Print the rows of evidence as a table, then how many agree.

    seeds: that every row had; most: that a row could have
    """
    from rich.text import Text

    rows = []
    for one in results:
        verdict, color = ("yes", "green") if one.agrees else ("no", "yellow" if one.reason else "red")
        shown = one.simulated or "-"
        rows.append((
            f"{one.row}, {quantity_text(one.time_s * second)}: {one.statement} [{one.source}]"
            + _reason(one) + "\n",
            f"{one.expected}\n{_wanted(one)}", f"{shown}\n{_effect(one)}{_seeds(one, seeds)}",
            Text.assemble((verdict, f"bold {color}"), f"\n{_outcome_was(one)}"),
        ))  # fmt: skip
    title = f"{model}: {len(results)} rows, {seeds} seed{'s' if seeds > 1 else ''}"
    print_table(title, ("row", "expected", "simulated", "agrees"), rows)
    own = counted(results)
    lacking = sum(not one.simulated for one in results)
    aside = len(results) - len(own)
    controls = f"; {aside} are controls and do not count" if aside else ""
    told = agreement_text([(OUTCOME_WAS[one.role], one.agrees) for one in own])
    share = 100 * sum(one.agrees for one in own) / max(len(own), 1)
    say(f"{told}. That is {share:.0f} %; {lacking} cannot be run{controls}.")
    further = [one for one in results if one.n > seeds]
    if further:
        still = sum(one.wide for one in further)
        say(f"{len(further)} had more than {seeds} seeds, one after another, as their intervals were too wide to "
            f"answer; {still} still are with {most}, the most that a row may have.")
    say(SPREAD_OF_SEEDS if seeds > 1 else "With one seed there is no interval, so nothing can be decided.")


def _outcome_was(one: EvidenceResult) -> str:
    return CONTROL if one.role == CONTROL else OUTCOME_WAS[one.role]


def _reason(one: EvidenceResult) -> str:
    if not one.reason:
        return ""
    return f"\n{'has no value' if one.simulated else 'cannot be run'}: {one.reason}"


def _seeds(one: EvidenceResult, usual: int) -> str:
    return f"\n{one.n} seeds" if one.n > usual else ""


def _wanted(one: EvidenceResult) -> str:
    if one.expected == "within":
        return one.margin.replace(" .. ", "\n.. ")
    less = {"+": ">", "-": "< -", "~": "< -", "0": "within "}[one.expected]
    return f"{less}{' ' if one.expected == '+' else ''}{one.margin}"


def _effect(one: EvidenceResult) -> str:
    if one.effect is None or one.ci is None:
        return ""
    unit, size = written_unit(one.margin.partition(" .. ")[0], one.unit)
    effect, low, high = (value / size for value in (one.effect, *one.ci))
    digits = 3 if abs(effect) >= 0.001 or unit else 1
    return f"{effect:.{digits}g} {unit}".rstrip() + f"\n{low:.{digits}g} .. {high:.{digits}g}"


def row_records(rows: Sequence[EvidenceRow]) -> list[dict[str, str]]:
    """Return rows of evidence as plain JSON."""
    from msim.definitions.files.citations import cited, known_sources

    known = known_sources()
    return [
        {"row": one.id, "statement": one.statement, "condition": condition_text(one.condition),
         "readout": one.readout.name, "time": quantity_text(one.time * second), "expected": one.direction,
         "against": one.against, "wanted": bounds_text(one), "source": cited(one.source, known), "role": one.role}
        for one in rows
    ]  # fmt: skip


def print_rows(rows: Sequence[EvidenceRow]) -> None:
    """Print rows of evidence without running them."""
    table = [
        (f"{one['row']}, {one['time']}", f"{one['statement']}\n{one['readout']} against {one['against']}",
         f"{one['expected']} ({one['wanted']})", one["source"])
        for one in row_records(rows)
    ]  # fmt: skip
    print_table("", ("row", "statement, readout", "expected", "source"), table)
