"""Writer of a page as one text of HTML that needs no other file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from bokeh.embed import components
from bokeh.resources import Resources
from jinja2 import Environment, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup

from msim.base.errors import printable
from msim.base.version import VERSION
from msim.report.blocks import Drawings, Mark, Page, Sign

HERE = Path(__file__).parent


def html_of(page: Page) -> str:
    """Write a page as HTML; all its contents are text and none is executed."""
    groups = [block for section in page.sections for block in section.blocks if isinstance(block, Drawings)]
    figures = {f"{at}-{number}": one.drawn for at, group in enumerate(groups)
               for number, one in enumerate(group.drawings)}  # fmt: skip
    script, places = components(figures) if figures else ("", {})
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.tests.update(mark=lambda one: isinstance(one, Mark), sign=lambda one: isinstance(one, Sign))
    environment.filters.update(marked=_marked, shown=_shown)
    template = environment.from_string(_text("page.html"))
    return template.render(
        page=page, version=VERSION, script=Markup(script), places=[Markup(one) for one in places.values()],
        resources=Markup(_resources()) if figures else "", style=Markup(_text("page.css")),
        behavior=Markup(_text("page.js")),
    )  # fmt: skip


def _text(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _resources() -> str:
    return str(Resources(mode="inline", components=["bokeh"], log_level="warn").render())


def _shown(text: str) -> str:
    """Return a text with escapes for characters that a page would obey, such as marks of writing direction."""
    return "\n".join(printable(line) for line in str(text).split("\n"))


def _marked(text: str) -> Any:
    """Turn Markdown into HTML; HTML in it stays text, and a link keeps only its words, without its file."""
    bare = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return Markup(MarkdownIt("commonmark", {"html": False}).render(bare))
