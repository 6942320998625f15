"""The table of every parameter, and the works they are from, as msim's own readers see models/."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from msim.base.sources import Source, cite_text, kinds_text
from msim.definitions.files.citations import known_sources
from msim.definitions.files.file_kinds import files_of, kind_of, read_definition
from msim.definitions.files.read import shipped
from msim.definitions.models.model import ModelDefinition, Value
from msim.definitions.models.tables import kinds_of_values, value_text

Row = tuple[str, Value, str]  # path, value, its text


def all_rows() -> dict[str, dict[str, Row]]:
    """Every value of every file below models/: by file, by path."""
    rows: dict[str, dict[str, Row]] = defaultdict(dict)
    # Whole models last: only they know what a value that follows another one is.
    for file in sorted(files_of([str(shipped("models"))]), key=lambda path: kind_of(path) == "model"):
        found = read_definition(file)
        for name, value in getattr(found, "values", {}).items():
            text = value_text(found, value) if isinstance(found, ModelDefinition) else value.text
            rows[value.file][value.path] = (value.path, value, text)
    return {file: rows[file] for file in sorted(rows)}


def page() -> str:
    """The page of parameters, one table a file."""
    known, rows = known_sources(), all_rows()
    count = sum(len(one) for one in rows.values())
    kinds = kinds_text(kinds_of_values(value for one in rows.values() for _, value, _ in one.values()))
    lines = [
        "# Parameters", "",
        f"All {count} values below `models/`, file by file, read by msim itself. Without those that follow another: "
        f"{kinds}; measured means that a published work is cited. A source is a work "
        "([list](sources.md)), or says that the value was *fitted* (to what, says the note) or *assumed* "
        "(why, says the note).", "",
    ]  # fmt: skip
    for file, values in rows.items():
        lines += [f"## {file}", "", "| value | is | source | note |", "|---|---|---|---|"]
        lines += [_row(row, known) for row in values.values()]
        lines.append("")
    return "\n".join(lines)


def _row(row: Row, known: Mapping[str, Source]) -> str:
    path, value, text = row
    if value.same_as:
        source, note = "the same as", f"`{value.same_as}`"
    else:
        source, note = _cited(value.source, known), plain(value.note)
    meaning = f"<br>{plain(value.meaning)}" if value.meaning else ""
    return f"| `{path}`{meaning} | {plain(text)} | {source} | {note} |"


def _cited(key: str, known: Mapping[str, Source]) -> str:
    return f"[{plain(cite_text(known[key]))}](sources.md#{key})" if key in known else f"*{key}*"


def sources_page() -> str:
    """The page of works that values and experiments cite."""
    lines = ["# Sources", "", "The works of `models/sources.bib`, by the keys that values and experiments give.", ""]
    for key, one in sorted(known_sources().items()):
        doi = f" [doi:{one.doi}](https://doi.org/{one.doi})" if one.doi else ""
        note = f" ({plain(one.note)})" if one.note else ""
        lines += [f"({key})=", "", f"`{key}`", f": {_authors(one.authors)} ({one.year}). {plain(one.title)}. "
                  f"*{plain(one.journal)}*.{doi}{note}", ""]  # fmt: skip
    return "\n".join(lines)


def _authors(names: Iterable[str]) -> str:
    shown = ["others" if one == "others" else plain(one) for one in names]
    return " and ".join(shown) if len(shown) < 3 else f"{'; '.join(shown[:-1])} and {shown[-1]}"


def plain(text: str) -> str:
    """A text of a file as one cell of a table, in which nothing is markup."""
    text = " ".join(str(text).split())
    return "".join(f"\\{one}" if one in "\\`*_{}[]<>|#$~^" else one for one in text)
