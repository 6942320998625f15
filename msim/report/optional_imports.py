"""Libraries that only the extras 'report' and 'explore' bring."""

from __future__ import annotations

import importlib

from msim.base.errors import InputError

WANTED = ("bokeh", "jinja2", "markdown_it")


def require_pages(extra: str = "report") -> None:
    """Import the libraries that make pages, before any module that needs them.

    raises: InputError with the command that installs them
    """
    for name in WANTED:
        try:
            importlib.import_module(name)
        except ImportError as problem:
            raise InputError(
                f"{name} is not installed ({problem}); install it with: pip install 'msim[{extra}]'"
            ) from None
