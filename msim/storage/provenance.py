"""What is needed to run it again: texts of all definitions, versions, commit, seeds, command, host."""

from __future__ import annotations

import datetime
import functools
import hashlib
import json
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import msim
from msim.definitions.experiment import ExperimentDefinition

# Layers and packages that decide what a trial records; the others only call, store, draw or print.
DECIDING = (
    "base", "pharmacology", "signaling", "circuit", "recording", "measures", "coupling", "definitions", "engine",
    "study",
)
NOT_DECIDING = ("run.py", "workers.py", "unfinished.py", "stored.py", "verdict.py", "recalibrate.py", "checks.py")
COMPUTING = ("brian2", "numpy", "scipy", "sympy")
PACKAGES = ("brian2", "numpy", "scipy", "sympy", "zarr", "xarray", "cython")


def provenance(experiment: ExperimentDefinition, target: str, command: list[str]) -> dict[str, Any]:
    """Everything about a run that its results depend on, as plain JSON."""
    return {
        "format": 1,
        "experiment": {"name": experiment.name, "file": experiment.file, "text": experiment.text},
        "model": {"name": experiment.model.name, "files": dict(experiment.model.files)},
        "changes": dict(experiment.changes),
        "hypothesis": experiment.under,
        "arms": [one.name for one in experiment.arms],
        "seeds": list(experiment.seeds),
        "begin_s": experiment.begin,
        "end_s": experiment.end,
        "schedule": vars(experiment.schedule),
        "target": target,
        "versions": {"msim": msim.__version__, "python": platform.python_version(), **_versions()},
        "commit": _commit(),
        "command": command,
        "host": {"name": platform.node(), "system": platform.platform(), "machine": platform.machine()},
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


@functools.cache
def code_version() -> str:
    """A hash of everything whose change may move a result: msim's code up to a trial, and what it computes with."""
    root = Path(msim.__file__).resolve().parent
    hashed = hashlib.sha256(json.dumps([msim.__version__, *(_version(one) for one in COMPUTING)]).encode())
    for layer in DECIDING:
        for path in sorted((root / layer).rglob("*")):
            if path.suffix in (".py", ".cpp", ".hpp", ".h") and path.name not in NOT_DECIDING:
                hashed.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return hashed.hexdigest()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _versions() -> dict[str, str]:
    return {name: _version(name) for name in PACKAGES}


def made_by() -> dict[str, Any]:
    """Versions, machine and time of what was just made."""
    return {
        "versions": {"msim": msim.__version__, "python": platform.python_version(), **_versions()},
        "code": code_version(), "host": platform.node(), "machine": platform.machine(),
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }  # fmt: skip


def _commit() -> str:
    """The commit of the checkout that runs, with '+' where files were changed; '' outside a checkout."""
    root = Path(msim.__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return ""
    try:
        head = _git(root, "rev-parse", "HEAD")
        return head + ("+" if _git(root, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, timeout=20, check=True)
    return done.stdout.strip()


def command_line() -> list[str]:
    """How this process was called."""
    return [Path(sys.argv[0]).name, *sys.argv[1:]]
