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
REQUIRED = ("author", "title", "year", "journal")
FIELDS = (*REQUIRED, "volume", "number", "pages", "doi", "note")

# BibTeX, narrowed to what reads the same everywhere: '@article{key, field = {text}, ...}', UTF-8 instead of
# TeX commands, lines that begin with '%' between entries.
_BETWEEN = re.compile(r"(?:\s+|%[^\n]*)*")
_HEAD = re.compile(r"@article\{\s*([^\s,{}]*)\s*,\s*")
_FIELD = re.compile(r"([A-Za-z]+)\s*=\s*\{")
_KEY = re.compile(r"[a-z]+\d{4}[a-z]?")
_BRACE_OR_NEXT_ENTRY = re.compile(r"[{}]|^@", re.MULTILINE)
_COMMA = re.compile(r"\s*(?:,\s*|(?=[}@])|\Z)")


@dataclass(frozen=True)
class Source:
    """A published work that a value of a model may cite.

    note: what about the work was not checked
    """

    key: str
    authors: tuple[str, ...]
    title: str
    year: int
    journal: str
    doi: str = ""
    note: str = ""


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
            raise DefinitionError(str(path), f"wants '@article{{key, ...', got {_line(text, at)!r}")
        key, where = head[1], f"{path}: {head[1]}"
        if key in sources:
            raise DefinitionError(where, "is defined twice")
        if not _KEY.fullmatch(key):
            raise DefinitionError(where, "wants a key of first author and year, such as 'kamp2020'")
        fields, at = _fields(text, head.end(), where)
        at = _after(_BETWEEN, text, at)
        if at < len(text) and text[at] != "@":
            raise DefinitionError(where, f"braces do not balance before {_line(text, at)!r}")
        sources[key] = _source(key, fields, where)
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


def _source(key: str, fields: Mapping[str, str], where: str) -> Source:
    for name in REQUIRED:
        if not fields.get(name):
            raise DefinitionError(where, f"missing field '{name}'")
    if not re.fullmatch(r"\d{4}", fields["year"]):
        raise DefinitionError(f"{where}.year", f"wants four digits, got {fields['year']!r}")
    authors = tuple(fields["author"].split(" and "))
    doi, note = fields.get("doi", ""), fields.get("note", "")
    return Source(key, authors, fields["title"], int(fields["year"]), fields["journal"], doi, note)


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _line(text: str, at: int) -> str:
    return text[at : at + 60].partition("\n")[0]
