"""Keys of models/sources.bib, and the check that a value names where it comes from."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from msim.base.errors import DefinitionError, nearest

FITTED = "fitted"
ASSUMED = "assumed"
MEASURED = "measured"
SOFTWARE = "software default"  # of other programs
KINDS = (MEASURED, SOFTWARE, FITTED, ASSUMED)
REQUIRED = ("author", "title", "year", "journal")
FIELDS = (*REQUIRED, "volume", "number", "pages", "doi", "note")

# BibTeX, narrowed to what reads the same everywhere: '@article{key, field = {text}, ...}', or '@software{' for
# a program whose defaults values are, UTF-8 instead of
# TeX commands, lines that begin with '%' between entries.
_BETWEEN = re.compile(r"(?:\s+|%[^\n]*)*")
_HEAD = re.compile(r"@(article|software)\{\s*([^\s,{}]*)\s*,\s*")
_FIELD = re.compile(r"([A-Za-z]+)\s*=\s*\{")
_KEY = re.compile(r"[a-z]+\d{4}[a-z]?")
_BRACE_OR_NEXT_ENTRY = re.compile(r"[{}]|^@", re.MULTILINE)
_COMMA = re.compile(r"\s*(?:,\s*|(?=[}@])|\Z)")


@dataclass(frozen=True)
class Source:
    """A published work that a value of a model may cite.

    note: what about the work was not checked; is_software: a program, and values that cite it are its defaults
    """

    key: str
    authors: tuple[str, ...]
    title: str
    year: int
    journal: str
    doi: str = ""
    note: str = ""
    is_software: bool = False


def read_sources(path: Path) -> Mapping[str, Source]:
    """Read a bibliography into a frozen mapping of key to Source.

    raises: DefinitionError that names the file and the key of the first wrong entry
    """
    return _read(path, path.stat().st_mtime_ns if path.is_file() else 0)


@functools.lru_cache(maxsize=8)
def _read(path: Path, written: int) -> Mapping[str, Source]:
    """Read a bibliography once for each version of its file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise DefinitionError(str(path), f"cannot be read as a text in UTF-8: {problem}") from None
    sources: dict[str, Source] = {}
    at = _after(_BETWEEN, text, 0)
    while at < len(text):
        head = _HEAD.match(text, at)
        if head is None:
            wanted = "wants '@article{key, ...' or '@software{key, ...'"
            raise DefinitionError(str(path), f"{wanted}, got {_line(text, at)!r}")
        key, where = head[2], f"{path}: {head[2]}"
        if key in sources:
            raise DefinitionError(where, "is defined twice")
        if not _KEY.fullmatch(key):
            raise DefinitionError(where, "wants a key of first author and year, such as 'kamp2020'")
        fields, at = _fields(text, head.end(), where)
        at = _after(_BETWEEN, text, at)
        if at < len(text) and text[at] != "@":
            raise DefinitionError(where, f"braces do not balance before {_line(text, at)!r}")
        sources[key] = _source(key, fields, where, head[1] == "software")
    return MappingProxyType(sources)


def check_source(source: str, note: str, known: Mapping[str, Source], where: str) -> None:
    """Refuse a value whose source is no known key, and a fitted or assumed value whose note is empty.

    raises: DefinitionError
    """
    if source in (FITTED, ASSUMED):
        if not note.strip():
            what = "to what it was fitted" if source == FITTED else "why"
            raise DefinitionError(where, f"source is '{source}': wants a note that says {what}")
    elif source not in known:
        hint = nearest(source, (*known, FITTED, ASSUMED))
        raise DefinitionError(where, f"source wants a key of sources.bib, 'fitted' or 'assumed', got '{source}'{hint}")


def kind_of(source: str, known: Mapping[str, Source]) -> str:
    """Return the kind of a source, one of KINDS: a published work counts as measured, a program does not."""
    if source in (FITTED, ASSUMED):
        return source
    return SOFTWARE if source in known and known[source].is_software else MEASURED


def kinds_text(kinds: Mapping[str, int]) -> str:
    """Format how many values have each kind of source: '90 measured (18 %), 70 fitted (14 %), 341 assumed (68 %)'."""
    total = max(sum(kinds.values()), 1)
    defaults = kinds.get(SOFTWARE, 0)
    names = {SOFTWARE: f"{SOFTWARE}s" if defaults > 1 else SOFTWARE}
    counts = [(names.get(kind, kind), kinds.get(kind, 0)) for kind in KINDS if kind != SOFTWARE or defaults]
    return ", ".join(f"{count} {name} ({100 * count / total:.0f} %)" for name, count in counts)


def cite_text(source: Source) -> str:
    """Format a source for running text: 'Kamp et al. 2020'."""
    names = [author.partition(",")[0] for author in source.authors]
    if len(names) > 2 or "others" in names:
        return f"{names[0]} et al. {source.year}"
    return f"{' and '.join(names)} {source.year}"


def _fields(text: str, at: int, where: str) -> tuple[dict[str, str], int]:
    fields: dict[str, str] = {}
    while not text.startswith("}", at):
        head = _FIELD.match(text, at)
        if head is None and text[at : at + 1] in ("", "@"):
            raise DefinitionError(".".join((where, *list(fields)[-1:])), "braces do not balance")
        if head is None:
            raise DefinitionError(where, f"wants 'field = {{text}}' or a closing brace, got {_line(text, at)!r}")
        name = head[1].lower()
        if name in fields:
            raise DefinitionError(where, f"field '{name}' stands twice")
        if name not in FIELDS:
            raise DefinitionError(where, f"unknown field '{name}'{nearest(name, FIELDS)}")
        end = _closing_brace(text, head.end(), f"{where}.{name}")
        fields[name] = " ".join(text[head.end() : end].replace("{", "").replace("}", "").split())
        at = _after(_COMMA, text, end + 1)
    return fields, at + 1


def _closing_brace(text: str, at: int, where: str) -> int:
    depth = 1
    for place in _BRACE_OR_NEXT_ENTRY.finditer(text, at):
        if place[0] == "@":
            break
        depth += 1 if place[0] == "{" else -1
        if depth == 0:
            return place.start()
    raise DefinitionError(where, "braces do not balance")


def _source(key: str, fields: Mapping[str, str], where: str, is_software: bool) -> Source:
    for name in REQUIRED:
        if not fields.get(name):
            raise DefinitionError(where, f"missing field '{name}'")
    if not re.fullmatch(r"\d{4}", fields["year"]):
        raise DefinitionError(f"{where}.year", f"wants four digits, got {fields['year']!r}")
    authors = tuple(fields["author"].split(" and "))
    doi, note = fields.get("doi", ""), fields.get("note", "")
    return Source(key, authors, fields["title"], int(fields["year"]), fields["journal"], doi, note, is_software)


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _line(text: str, at: int) -> str:
    return text[at : at + 60].partition("\n")[0]
