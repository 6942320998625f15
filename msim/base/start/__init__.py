"""Start of processes that run the code of this one, whatever lies in the working folder.

Python puts the working folder, or that of a script, first on sys.path: a `random.py` or another checkout there would
take the place of what this process imported.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

FIRST = "msim_start"
FOLDER = os.path.dirname(os.path.abspath(__file__))


def safe_path() -> list[str]:
    """Return the sys.path for a started process: that of this one, with the folders that Python put first moved last.

    Folders that PYTHONPATH names are wanted, and stay where they are.
    """
    unasked = _put_first_by_python() - _given() - set(sysconfig.get_paths().values())
    known = [os.path.abspath(one) if os.path.exists(one or ".") else one for one in sys.path]
    return [FOLDER, *(one for one in known if one not in unasked), *(one for one in known if one in unasked)]


def _put_first_by_python() -> set[str]:
    from multiprocessing import process

    began = getattr(process, "ORIGINAL_DIR", None)  # the working folder then
    script = getattr(sys.modules["__main__"], "__file__", None)
    scripts = [] if script is None else [os.path.abspath(script), os.path.realpath(script)]
    return {os.getcwd(), began or os.getcwd(), *map(os.path.dirname, scripts)}


def _given() -> set[str]:
    text = "" if sys.flags.ignore_environment else os.environ.get("PYTHONPATH", "")
    return {os.path.abspath(one) for one in text.split(os.pathsep)} if text else set()


def start_command() -> list[str]:
    """Return the command of a process that runs this one's code, to be followed by -m, a module, and its arguments."""
    return [sys.executable, "-P", os.path.join(FOLDER, f"{FIRST}.py"), "--path", _joined()]


def _joined() -> str:
    return os.pathsep.join(one for one in safe_path() if os.pathsep not in one and os.path.exists(one))


def start_environment() -> dict[str, str]:
    """Return the environment variables that a process started by Python itself needs."""
    return {"PYTHONSAFEPATH": "1", "PYTHONPATH": _joined()}


@contextmanager
def safe_start() -> Iterator[None]:
    """Give processes that multiprocessing starts in the body a safe path, and keep them from running this one's script.

    No object that they receive is defined in that script. Run again, a script without `if __name__ == "__main__":`
    would start processes of its own, and code that came through a pipe cannot be read again.
    """
    main, path = sys.modules["__main__"], list(sys.path)
    hidden: dict[str, Any] = {name: vars(main).pop(name) for name in ("__file__", "__spec__") if name in vars(main)}
    try:
        sys.path[:] = safe_path()
        main.__spec__ = None
        yield
    finally:
        sys.path[:] = path
        vars(main).update(hidden)
