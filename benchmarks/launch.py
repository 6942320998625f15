"""Starts a program, waits, and tells what it printed and how much memory it took at most."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


class BenchmarkError(Exception):
    """A program of the benchmark failed; the message holds its last words."""


def launch(command: Sequence[str], where: Path | None = None, extra: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Run a program to its end.

    extra: environment variables to add
    returns: "text", its output, and "peak_mb", the most memory that it held, MB
    raises: BenchmarkError if there is no such program or it ends with anything but 0
    """
    # The checkout comes first, so that its msim is measured and not an installed one.
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path, **(extra or {})}
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        try:
            process = subprocess.Popen(list(command), cwd=where, env=environment, stdout=out, stderr=err)
        except FileNotFoundError as missing:
            raise BenchmarkError(f"wants the program {command[0]}, found none") from missing
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if process.returncode:
            raise BenchmarkError(f"{command[0]} {command[1]} ended with {process.returncode}: {err.read()[-2000:]}")
        return {"text": out.read(), "peak_mb": usage.ru_maxrss / 1024}


def last_json(text: str) -> dict[str, Any]:
    """The last line that is a JSON object."""
    lines = [line for line in text.splitlines() if line.startswith("{")]
    if not lines:
        raise BenchmarkError(f"wanted a line of JSON, got {text[-500:]!r}")
    return dict(json.loads(lines[-1]))


def mpiexec() -> str | None:
    """The mpiexec beside this Python, or the one on the path; None where there is none or mpi4py cannot load an MPI."""
    beside = Path(sys.executable).with_name("mpiexec")
    found = str(beside) if beside.exists() else shutil.which("mpiexec")
    if not found or importlib.util.find_spec("mpi4py") is None:
        return None
    test = [found, "-n", "1", sys.executable, "-c", "import mpi4py.MPI"]
    return found if subprocess.run(test, capture_output=True, check=False).returncode == 0 else None


def msim(*arguments: object, ranks: int = 1) -> dict[str, Any]:
    """One measured run of msim in processes of its own, see `benchmarks.one_run`."""
    program = [sys.executable, "-m", "benchmarks.one_run", *map(str, arguments)]
    if ranks > 1:
        program = [mpiexec() or "mpiexec", "-n", str(ranks), *program, "--mpi"]
    return last_json(launch(program)["text"])
