"""First code that a process started by msim runs or imports: it makes `msim` the package beside this file.

The file lies alone in a folder that stands first on sys.path, so that nothing in a user's folder can take the place of
a module before it. As a program it runs a module: msim_start.py --path FOLDERS -m MODULE WORDS.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
BESIDE_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))


class OwnPackage:
    """Finder of the package `msim` beside this file, ahead of any other package of that name."""

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Return the spec of the package `msim`, None for other names; its modules are found by its own path."""
        return PathFinder.find_spec(name, [BESIDE_PACKAGE]) if name == "msim" else None


def _run(words: list[str]) -> None:
    import runpy

    own = words[1].split(os.pathsep)
    rest = words[words.index("-m") + 1:]  # submitit puts a word of Python's own before it
    sys.path[:] = [*own, *(one for one in sys.path if one not in own)]
    sys.argv[:] = rest
    runpy.run_module(rest[0], run_name="__main__", alter_sys=True)


sys.meta_path.insert(0, OwnPackage)

if __name__ == "__main__":
    _run(sys.argv[1:])
