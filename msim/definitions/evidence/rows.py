"""Evidence rows: published outcomes as data, read and checked without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from msim.base.errors import DefinitionError, nearest
from msim.base.quantities import parse_in, parse_quantity, quantity_text, second
from msim.base.sources import check_source, read_sources
from msim.definitions.evidence.schema import EvidenceFile, ReadoutEntry, RegimenEntry, RowEntry
from msim.definitions.experiments.doses import check_doses
from msim.definitions.files import schema as e
from msim.definitions.files.read import display_name, find, read_entries, read_text, shipped, shipped_names
from msim.definitions.models.interventions import KINDS, check_act
from msim.definitions.models.preparations import check_bath
from msim.pharmacology.regimen import BATH

NAMED = TypeVar("NAMED", RegimenEntry, ReadoutEntry)
FOLDER = "evidence/"
AGAINST = ("vehicle", "no_drug", "no_manipulation", "before", "nothing")
ACUTE_LEAD = 600.0  # s that a trial is at rest before the first thing is done to it or read
LEAST_END = 60.0  # s; no trial ends before
LONGEST = 1000 * 86400.0  # s from time 0 to what is read or done; keeps the samples of a trial to what it may have


@dataclass(frozen=True)
class Readout:
    """A sum of quantities, each times a factor (a number, or the path of a value of the model), that a row reads."""

    name: str
    meaning: str
    terms: tuple[tuple[str, str | float], ...]
    statistic: str = "mean"


@dataclass(frozen=True)
class Condition:
    """Manipulations and settings of the model in one trial, as plain entries that can be compared."""

    doses: tuple[e.DoseEntry, ...] = ()
    interventions: tuple[tuple[str, e.ActEntry], ...] = ()
    preparation: str = ""
    state: str = ""
    set: tuple[tuple[str, Any], ...] = ()
    variant: str = ""


@dataclass(frozen=True)
class EvidenceRow:
    """One published outcome; time and before in s, margin, low and high as the file gives them.

    against: the comparison: 'vehicle', 'no_drug', 'no_manipulation', 'before', 'nothing', or a row's id
    """

    id: str
    fact: str
    statement: str
    condition: Condition
    readout: Readout
    time: float
    direction: str
    against: str
    before: float | None
    margin: str | float | None
    low: str | float | None
    high: str | float | None
    compare: str
    source: str
    note: str
    role: str
    where: str


def read_evidence(paths: Sequence[str | Path]) -> list[EvidenceRow]:
    """Read the rows of several files; regimens and readouts of one file hold in all of them.

    raises: DefinitionError that names file, row and key
    """
    sources = read_sources(shipped("models") / "sources.bib")
    regimens: dict[str, RegimenEntry] = {}
    readouts: dict[str, ReadoutEntry] = {}
    rows: dict[str, EvidenceRow] = {}
    files = [_file(one) for one in dict.fromkeys(find(str(one), "experiments").resolve() for one in paths)]
    for where, entry in files:
        for name, one in entry.regimens.items():
            check_doses(one.doses, f"{where}: regimens.{name}.doses", LONGEST)
        _add_named(regimens, entry.regimens, f"{where}: regimens")
        _add_named(readouts, entry.readouts, f"{where}: readouts")
    for where, entry in files:
        for index, given in enumerate(entry.row):
            row = _row(given, f"{where}: row.{index} ({given.id})", regimens, readouts, sources)
            if row.id in rows:
                raise DefinitionError(row.where, f"wants an id of its own, got that of {rows[row.id].where}")
            rows[row.id] = row
    for row in rows.values():
        _check_against(row, rows)
    return list(rows.values())


def _add_named(known: dict[str, NAMED], own: Mapping[str, NAMED], where: str) -> None:
    for name, inside in own.items():
        if name in known and known[name] != inside:
            raise DefinitionError(f"{where}.{name}", "is defined already, and differently")
        known[name] = inside


def _file(path: Path) -> tuple[str, EvidenceFile]:
    where = display_name(path)
    return where, read_entries(read_text(path), where, EvidenceFile)


def shipped_evidence() -> list[str]:
    """Return the names of the files of evidence rows that come with msim."""
    return [name for name in shipped_names("experiments") if name.startswith(FOLDER)]


def own_rows(path: Path) -> list[EvidenceRow]:
    """Read the rows of one file, together with the shipped files, whose regimens and readouts it may name.

    A file with the name of a shipped one, such as a copy of it, takes the place of the shipped one.
    """
    others = [one for one in shipped_evidence() if find(one, "experiments").name != path.name]
    rows = read_evidence([*others, path])
    return [one for one in rows if one.where.startswith(f"{display_name(path.resolve())}: ")]


def chosen(rows: Sequence[EvidenceRow], names: Sequence[str] | None) -> list[EvidenceRow]:
    """Return the rows with these ids and all rows of these facts; all rows where no names are given.

    raises: DefinitionError where a name is neither
    """
    if names is None:
        return list(rows)
    known = {one.id for one in rows} | {one.fact for one in rows}
    for name in names:
        if name not in known:
            raise DefinitionError("--only", f"no evidence row or fact is called '{name}'{nearest(name, known)}")
    return [one for one in rows if one.id in names or one.fact in names]


def under_variant(rows: Sequence[EvidenceRow], name: str) -> list[EvidenceRow]:
    """Return rows that a variant of the model is to run."""
    return [replace(one, condition=replace(one.condition, variant=name)) for one in rows]


def _row(
    given: RowEntry, where: str, regimens: Mapping[str, RegimenEntry], readouts: Mapping[str, ReadoutEntry],
    sources: Mapping[str, Any],
) -> EvidenceRow:  # fmt: skip
    check_source(given.source, given.note, sources, f"{where}.source")
    interventions = tuple((kind, intervention) for kind in KINDS for intervention in getattr(given, kind))
    condition = Condition(
        _doses(given, regimens, where), interventions, given.preparation, given.state, tuple(sorted(given.set.items()))
    )
    time = _within_reach(given.time, f"{where}.time")
    _check_done(given, condition, time, where)
    before = None if given.before is None else _within_reach(given.before, f"{where}.before")
    if before is not None and not before < time:
        wanted = f"wants a time before {quantity_text(time * second)}"
        raise DefinitionError(f"{where}.before", f"{wanted}, got {given.before!r}")
    if given.compare == "ratio" and given.direction != "within":
        raise DefinitionError(f"{where}.compare", f"wants direction 'within' with a ratio, got '{given.direction}'")
    row = EvidenceRow(
        given.id, given.fact or given.id.partition("_")[0], " ".join(given.statement.split()), condition,
        _readout(given.readout, readouts), time, given.direction, given.against, before, given.margin, given.low,
        given.high, given.compare, given.source, given.note, given.role, where,
    )  # fmt: skip
    row_range(row)
    return row


def row_range(row: EvidenceRow, unit: Any = None) -> tuple[float, float]:
    """Return low and high of a row, or its margin on both sides of zero, in SI units.

    unit: of the readout; None where no model is known that gives it
    raises: DefinitionError where they are not in that unit, or leave nothing between them
    """
    if row.direction == "within":
        given = parse_quantity(row.low or 0, f"{row.where}.low")
        wanted = given if unit is None else unit
        low, high = (float(parse_in(getattr(row, key), wanted, f"{row.where}.{key}")) for key in ("low", "high"))
        if low >= high:
            raise DefinitionError(f"{row.where}.high", f"wants more than low ({row.low}), got {row.high!r}")
        return low, high
    text = 0 if row.margin is None else row.margin
    margin = float(parse_quantity(text, f"{row.where}.margin") if unit is None else
                   parse_in(text, unit, f"{row.where}.margin"))  # fmt: skip
    if margin < 0 or (margin == 0 and row.direction == "0"):
        least = "more than 0 with direction '0'" if row.direction == "0" else "at least 0"
        raise DefinitionError(f"{row.where}.margin", f"wants {least}, got {row.margin!r}")
    return -margin, margin


def _within_reach(text: Any, where: str) -> float:
    time = float(parse_in(text, second, where))
    if abs(time) > LONGEST:
        wanted = f"wants a time from {quantity_text(-LONGEST * second)} to {quantity_text(LONGEST * second)}"
        raise DefinitionError(where, f"{wanted}, got {text!r}")
    return time


def _check_done(given: RowEntry, condition: Condition, time: float, where: str) -> None:
    """Refuse doses, manipulations and values that no model could take in a trial that ends with the readout."""
    end = max(time, LEAST_END)
    check_doses(condition.doses, f"{where}.doses", end)
    # Which preparations lie in a bath only a model knows; that all doses come the same way is known without.
    in_bath = bool(given.preparation) and any(one.route == BATH for one in condition.doses)
    check_bath(condition.doses, in_bath, f"{where}.doses")
    for kind in KINDS:
        for number, intervention in enumerate(getattr(given, kind)):
            check_act(intervention, (-LONGEST, end), f"{where}.{kind}.{number}")
    for path, text in given.set.items():
        parse_quantity(text, f"{where}.set.{path}")


def _doses(given: RowEntry, regimens: Mapping[str, RegimenEntry], where: str) -> tuple[e.DoseEntry, ...]:
    if not isinstance(given.doses, str):
        return tuple(given.doses)
    if given.doses not in regimens:
        raise DefinitionError(f"{where}.doses", f"unknown regimen '{given.doses}'{nearest(given.doses, regimens)}")
    return tuple(regimens[given.doses].doses)


def _readout(name: str, readouts: Mapping[str, ReadoutEntry]) -> Readout:
    """Return the readout of a name; a name that no file declares is the address of an output, checked with a model."""
    if name not in readouts:
        return Readout(name, "", ((name, 1.0),))
    entry = readouts[name]
    terms = tuple((one.quantity, one.times) for one in entry.sum or ()) or ((str(entry.quantity), 1.0),)
    return Readout(name, entry.meaning, terms, entry.statistic)


def _check_against(row: EvidenceRow, rows: Mapping[str, EvidenceRow]) -> None:
    known = [*AGAINST, *rows]
    if row.against not in known or row.against == row.id:
        wanted = "wants 'vehicle', 'no_drug', 'no_manipulation', 'before', 'nothing' or the id of another row"
        raise DefinitionError(f"{row.where}.against", f"{wanted}, got '{row.against}'{nearest(row.against, known)}")
    if row.direction == "~" and row.against != "no_manipulation":
        wanted = "wants 'no_manipulation' with direction '~', which is held against the undisturbed effect"
        raise DefinitionError(f"{row.where}.against", f"{wanted}, got '{row.against}'")
    if row.against == "no_manipulation" and not row.condition.interventions:
        raise DefinitionError(f"{row.where}.against", "wants a row with a manipulation, got one without any")
    if row.against == "no_drug" and not row.condition.doses:
        raise DefinitionError(f"{row.where}.against", "wants a row with doses, got one without any")
