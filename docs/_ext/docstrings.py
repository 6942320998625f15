"""msim's docstrings, which are plain text, as what Sphinx's autodoc wants."""

from __future__ import annotations

import re
from typing import Any

_KEY = re.compile(r"^([A-Za-z_][\w, ]*): (.+)$")


def _escaped(text: str) -> str:
    return re.sub(r"([\\*`|_])", r"\\\1", text)


def process(app: Any, what: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Rewrite a docstring in place: 'name: text' becomes a list of terms, what is indented a literal block."""
    fields: list[str] = []
    out: list[str] = []
    for block in "\n".join(lines).strip().split("\n\n"):
        rows = block.splitlines()
        if rows and all(row.startswith("    ") for row in rows):
            out += ["::", "", *[f"    {row}" for row in rows], ""]
        elif rows and _KEY.match(rows[0]) and (out or len(rows) > 1):
            fields += _fields(rows)
        else:
            out += [_escaped(" ".join(row.strip() for row in rows)), ""]
    lines[:] = [*out, *fields, ""]


def _fields(rows: list[str]) -> list[str]:
    found: list[str] = []
    for row in rows:
        key = _KEY.match(row)
        # What follows on further lines belongs to the same key.
        found += [f"``{key[1]}``", f"    {_escaped(key[2])}"] if key else [f"    {_escaped(row.strip())}"]
    return found
