"""Page of a study of virtual participants: its own statistics, beside the reported ones."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msim.base.errors import StorageError
from msim.definitions.evidence.roles import NEVER_COMPARED, OUTCOME_WAS
from msim.definitions.files.citations import cited, known_sources
from msim.plots.wording import duration_text
from msim.report.blocks import Block, Facts, Mark, Page, Section, Sign, Table, Warned, Words
from msim.report.figures import arm_styles
from msim.report.limits import limits_section
from msim.report.parameters import kinds_fact, sections_of
from msim.report.study_drawings import study_drawings
from msim.report.study_files import PEOPLE, STATISTIC, TABLE, Rows, number_of, read_rows
from msim.report.texts import DASH, counted
from msim.studies.about import read_about
from msim.studies.outcome_text import number, signs_text

NUMBERS = ("estimate", "95 % interval", "test", "p", "effect", "n")
COLUMNS = (
    "statistic", "reported", "verdict", "outcome was", "estimate", "95 % interval", "test", "p", "effect", "n",
    "source",
)  # fmt: skip


def study_page(folder: Path) -> Page:
    """Build the page of a study: question, people, statistics, figures, limits, parameters, sources and provenance.

    raises: StorageError where a file in the folder cannot be read
    """
    about = read_about(folder)
    try:
        return _page(folder, about)
    except (KeyError, TypeError, ValueError) as problem:
        raise StorageError(f"{folder}: its record of the study cannot be read: {problem!r}") from None


def _page(folder: Path, about: Mapping[str, Any]) -> Page:
    study = about["study"]
    is_whole = (folder / TABLE).is_file()
    styles = arm_styles([one["name"] for one in study["groups"]])
    found: list[Section] = [_question(study), _people(folder, study, styles)]
    if is_whole:
        rows = read_rows(folder / TABLE, STATISTIC)
        found.append(_statistics(rows, about))
        found.append(Section("figures", "Figures", tuple(study_drawings(folder, rows, study, styles))))
    else:
        found.insert(0, _unfinished())
    further = [study["source"], *(one["reported"]["source"] for one in about["beside"] if one["reported"])]
    parameters, sources = sections_of(about["values"], {}, further)
    files = ["circuits/cortical_column", "drugs/ketamine", "signaling/"] if "cortical_column" in study["column"] else []
    found += [limits_section(files, study["notes"], analysis=study["analysis"]), parameters, sources, _origin(about)]
    facts = (*([_agreement(about)] if is_whole else ["not finished"]),
             *(f"{one['n']} {one['name']}" for one in study["groups"]), f"seed {study['seed']}",
             str(about["provenance"].get("finished", ""))[:10], kinds_fact(about["values"]))  # fmt: skip
    arms = tuple(Sign(name, style) for name, style in styles.items())
    return Page("study", study["title"], facts, tuple(found), arms)


def _unfinished() -> Section:
    why = "Its table is missing, so nothing can be said of what came of it: run msim study again, with another --out."
    return Section("state", "How far it is", (Warned("This study is not finished.", (why,)),))


def _agreement(about: Mapping[str, Any]) -> str:
    told = [one for one in about["beside"] if one["verdict"]]
    return signs_text([(_role(one["reported"]), one["verdict"] == "agrees") for one in told])


def _role(reported: Mapping[str, Any]) -> str:
    """Return the role of a reported statistic; a record from before roles were kept counts as a calibration row."""
    return str(reported.get("role", "CAL"))


def _question(study: Mapping[str, Any]) -> Section:
    facts = (
        ("asked after", cited(study["source"], known_sources())), ("analysis", study["analysis"].replace("_", " ")),
        ("participants", study["participants"]), ("columns", study["column"]),
        *([("brain", study["brain"])] if study["brain"] else []),
        *([("coupling", f"{study['coupling']:g}")] if study["coupling"] is not None else []),
        ("seed", str(study["seed"])),
    )  # fmt: skip
    return Section("question", "Question", (Words((" ".join(study["question"].split()),)), Facts(tuple(facts))))


def _people(folder: Path, study: Mapping[str, Any], styles: Mapping[str, Any]) -> Section:
    rows = [
        (Sign(one["name"], styles[one["name"]]), one["meaning"] or DASH, one["health"], str(one["n"]),
         "\n".join(_dose(dose) for dose in one["doses"]) or "nothing")
        for one in study["groups"]
    ]  # fmt: skip
    visits = [
        (one["name"], one["group"], duration_text(one["at_s"]), ", ".join(map(str, one["absent"])) or "nobody")
        for one in study["visits"]
    ]  # fmt: skip
    blocks: list[Block] = [
        Table("Groups", ("group", "meaning", "health", "n", "given"), rows, numbers=("n",)),
        Table("Visits", ("visit", "group", "at", "absent, by number"), visits),
    ]
    if (folder / PEOPLE).is_file():
        people = read_rows(folder / PEOPLE)
        columns = tuple(people[0]) if people else ()
        blocks.append(Table(f"All {counted(len(people), 'participant')}", columns,
                            [tuple(one[name] for name in columns) for one in people], numbers=columns[2:],
                            folded=True, note="Potentiation: change of AMPA conductance of affected regions since the "
                            "first visit, relative. Rating: of depression."))  # fmt: skip
    return Section("arms", "People", tuple(blocks))


def _dose(dose: Mapping[str, Any]) -> str:
    given = {name: value for name, value in dose.items() if value not in (None, "", [])}
    return ", ".join(f"{name.replace('_', ' ')} {_plain(value)}" for name, value in given.items())


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _statistics(rows: Rows, about: Mapping[str, Any]) -> Section:
    beside = {one["statistic"]: one for one in about["beside"]}
    told = [_statistic(row, beside.get(row["statistic"], {"verdict": "", "reported": None})) for row in rows]
    how = ("agrees: the simulated sign is the reported one and p < 0.05, or, for a reported 0, p > 0.05. Intervals are "
           "over virtual people.")  # fmt: skip
    facts = tuple((str(name), str(text)) for name, text in about["facts"].items())
    return Section("verdicts", "Simulated beside reported", (
        Words((f"{_agreement(about)}.",)),
        Table("Statistics of the study", COLUMNS, told, note=how, numbers=NUMBERS),
        *([Facts(facts)] if facts else []),
    ))  # fmt: skip


def _statistic(row: Mapping[str, str], beside: Mapping[str, Any]) -> Sequence[Any]:
    numbers = {name: number_of(row[name]) for name in ("estimate", "low", "high", "value", "degrees", "p", "effect")}
    estimate, low, high, value = (numbers[name] for name in ("estimate", "low", "high", "value"))
    reported, degrees = beside["reported"], numbers["degrees"]
    kind = row["kind"] if math.isnan(degrees) else f"{row['kind']}({degrees:.4g})"
    return (
        row["statistic"], _reported(reported), Mark(beside["verdict"]) if beside["verdict"] else DASH,
        OUTCOME_WAS[_role(reported)] if reported else NEVER_COMPARED,
        DASH if math.isnan(estimate) else f"{estimate:+.3g}", DASH if math.isnan(low) else f"{low:+.3g} to {high:+.3g}",
        DASH if math.isnan(value) else f"{kind} = {value:.2f}",
        number(numbers["p"], 2) or DASH, number(numbers["effect"], 2) or DASH, row["n"],
        cited(reported["source"], known_sources()) if reported else DASH,
    )  # fmt: skip


def _reported(one: Mapping[str, Any] | None) -> str:
    if not one:
        return DASH
    parts = [f"sign {one['sign']}" if one["sign"] else ""]
    parts += [f"{name} {one[name]:g}" for name in ("estimate", "value", "p") if one.get(name) is not None]
    return ", ".join(part for part in parts if part) or DASH


def _origin(about: Mapping[str, Any]) -> Section:
    made = about["provenance"]
    rows = (
        ("command", " ".join(str(one) for one in made.get("command", []))), ("study file", about["study"]["file"]),
        ("finished", str(made.get("finished", ""))), ("code", str(made.get("code", ""))),
        ("versions", ", ".join(f"{name} {value}" for name, value in made.get("versions", {}).items())),
        ("machine", f"{made.get('host', '')}, {made.get('machine', '')}"),
        ("analysis", "\n".join(f"{name} = {value}" for name, value in about["study"]["options"].items())),
    )  # fmt: skip
    return Section("provenance", "Provenance", (Facts(rows),))
