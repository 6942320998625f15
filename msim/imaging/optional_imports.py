"""Libraries that only the extra 'imaging' brings."""

from __future__ import annotations

import importlib
from typing import Any

from msim.base.errors import InputError


def library(name: str) -> Any:
    """Import a library of the extra 'imaging'.

    raises: InputError with the command that installs it
    """
    try:
        return importlib.import_module(name)
    except ImportError as problem:
        top = name.partition(".")[0]
        raise InputError(f"{top} is not installed ({problem}); install it with: pip install 'msim[imaging]'") from None
