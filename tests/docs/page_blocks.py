"""Blocks of code on the pages of the site and in the README: where they stand, and what they are."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATED = ("_build", "_generated", "_ext", "jupyter_execute")
TEXTS = ("README.md", "CONTRIBUTING.md", "STYLE.md", "GLOSSARY.md", "ARCHITECTURE.md", "experiments/README.md",
         "models/README.md", "models/LIMITS.md", "models/emulators/README.md", "notebooks/README.md")  # fmt: skip
_FENCED = re.compile(r"^```(\{?[\w-]*\}?)[^\n`]*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# What is indented by four after a blank line, outside of lists and fences.
_INDENTED = re.compile(r"(?<=\n\n)(?:    .*\n(?:\n(?=    ))?)+|(?<=\n)(?<=#\n)(?:    .*\n)+")


@dataclass(frozen=True)
class Block:
    """A block of code, its page, the number of its first line and the language that it is in."""

    page: str
    line: int
    language: str
    text: str


def pages() -> list[Path]:
    """Every page that is written by hand."""
    docs = ROOT / "docs"
    inside = [one for one in sorted(docs.rglob("*.md")) if one.relative_to(docs).parts[0] not in GENERATED]
    return [ROOT / one for one in TEXTS if (ROOT / one).exists()] + inside


def blocks_of(page: Path) -> list[Block]:
    """Its blocks in order, fenced or indented."""
    text = page.read_text(encoding="utf-8")
    name = str(page.relative_to(ROOT))
    found: list[tuple[int, str, str]] = []

    def blank(match: re.Match[str]) -> str:
        found.append((match.start(), match[1], match[2]))
        return re.sub(r"[^\n]", "x", match[0])

    rest = _FENCED.sub(blank, text)
    # An indented block may follow a heading at once.
    rest = re.sub(r"(?m)^(#+ .*)\n(?=    )", lambda one: one[0][:-1] + "\n", rest)
    for match in re.finditer(r"(?m)(?:\A|(?<=\n\n)|(?<=\n))(?:(?:    .*\n)(?:\n(?=    ))?)+", rest):
        before = rest[: match.start()].rstrip("\n").rpartition("\n")[2]
        gap = rest[: match.start()].endswith("\n\n")
        if not gap and not before.startswith("#") or before.lstrip().startswith(("- ", "* ", "1. ")) and not gap:
            continue
        found.append((match.start(), "", re.sub(r"(?m)^    ", "", match[0])))
    return [
        Block(name, text[:at].count("\n") + 1, language or language_of(body), body)
        for at, language, body in sorted(found)
        if not language.startswith("{")
    ]


def language_of(text: str) -> str:
    """Of a block that does not say: console where it begins with a command, toml where it reads as that."""
    first = text.strip().split(maxsplit=1)[0]
    if first in ("msim", "make", "pip", "mpiexec", "python", ".", "cd"):
        return "console"
    try:
        return "toml" if tomllib.loads(text) else "text"
    except tomllib.TOMLDecodeError:
        return "text"


def all_blocks() -> list[Block]:
    """Every block of every page."""
    return [block for page in pages() for block in blocks_of(page)]
