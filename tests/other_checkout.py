"""Another checkout of msim, with other code."""

from __future__ import annotations

import shutil
from pathlib import Path

import msim

PACKAGE = Path(msim.__file__).resolve().parent


def other_checkout(folder: Path) -> Path:
    """The folder that holds it: a copy that differs in one constant."""
    shutil.copytree(PACKAGE, folder / "msim", ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "msim/pharmacology/channel_block.py").open("a", encoding="utf-8") as file:
        file.write("\nDOUBLED = 2.0\n")
    return folder
