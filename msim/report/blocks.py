"""Blocks of a page: plain values that the page's template sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from msim.report.figures import Style


@dataclass(frozen=True)
class Mark:
    """A word with a color of the same meaning: yes, no, undecided, done, failed, pending."""

    text: str


@dataclass(frozen=True)
class Sign:
    """The name of an arm, with the style in which the figures draw it."""

    name: str
    style: Style


Cell = str | Mark | Sign


@dataclass(frozen=True)
class Table:
    """Rows under columns; the first cell of a row names it.

    numbers: columns that are set flush right; folded: whether it is opened by a click
    """

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]
    numbers: tuple[str, ...] = ()
    note: str = ""
    folded: bool = False
    can_filter: bool = False


@dataclass(frozen=True)
class Drawing:
    """A figure, with its explanation in words and its values as a table.

    drawn: a Bokeh figure; about: the meaning of lines, bands and dots
    is_wide: whether it takes the whole width of the page
    """

    kind: ClassVar[str] = "drawing"
    title: str
    drawn: Any
    about: str
    values: Table
    is_wide: bool = False


@dataclass(frozen=True)
class Drawings:
    """Figures side by side as far as there is room.

    group: figures of one group share their horizontal axis, which `spans` (name, start, end) move
    """

    kind: ClassVar[str] = "drawings"
    title: str
    drawings: tuple[Drawing, ...]
    spans: tuple[tuple[str, float, float], ...] = ()
    group: str = ""


@dataclass(frozen=True)
class Words:
    """Paragraphs as they are."""

    kind: ClassVar[str] = "words"
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Warned:
    """A warning that a reader has to see before all else."""

    kind: ClassVar[str] = "warned"
    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Marked:
    """A text that ships with msim, in Markdown, under a heading."""

    kind: ClassVar[str] = "marked"
    title: str
    text: str


@dataclass(frozen=True)
class Facts:
    """Names and their explanations."""

    kind: ClassVar[str] = "facts"
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Source:
    """The text of a file at the time of the run, opened by a click."""

    kind: ClassVar[str] = "source"
    title: str
    text: str


Block = Table | Drawings | Words | Warned | Marked | Facts | Source


@dataclass(frozen=True)
class Section:
    """A part of a page with an anchor of its own."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Page:
    """A whole page.

    what: 'run', 'sweep' or 'study'; facts: a few words each, for a first look
    arms: arms that can be shown and hidden in all figures
    """

    what: str
    title: str
    facts: tuple[str, ...]
    sections: tuple[Section, ...]
    arms: tuple[Sign, ...] = field(default=())
