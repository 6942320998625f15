"""A Sphinx extension: writes what the site takes from msim and from elsewhere in the repository."""

from __future__ import annotations

from typing import Any

from _ext import api, commands, docstrings, mechanisms, pages, parameters


def generate(app: Any) -> None:
    """Write all generated pages before Sphinx looks for pages."""
    pages.write_copies()
    pages.write("parameters.md", parameters.page())
    pages.write("sources.md", parameters.sources_page())
    pages.write("mechanisms.md", mechanisms.page())
    pages.write("commands.md", commands.page())
    pages.write("api.md", api.page())


def setup(app: Any) -> dict[str, bool]:
    """Sphinx calls this."""
    app.connect("builder-inited", generate)
    app.connect("source-read", pages.resolve)
    app.connect("autodoc-process-docstring", docstrings.process)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
