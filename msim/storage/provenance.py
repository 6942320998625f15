"""Provenance of a run, all that repeats it: texts of definitions, versions, commit, seeds, command, host."""

from __future__ import annotations

import datetime
import platform
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msim.base.code_digest import code_digest, installed_version, package_folder
from msim.base.version import VERSION
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.experiment import experiment_from_texts

PACKAGES = ("brian2", "numpy", "scipy", "sympy", "zarr", "xarray", "cython")


def provenance(experiment: ExperimentDefinition, target: str, command: list[str]) -> dict[str, Any]:
    """Return all facts about a run on which its results depend, as plain JSON."""
    return {
        "format": 1,
        "experiment": {"name": experiment.name, "file": experiment.file, "text": experiment.text},
        "model": {"name": experiment.model.name, "files": dict(experiment.model.files)},
        "changes": dict(experiment.changes),
        "hypothesis": experiment.under,
        "roles_of_rows": dict(experiment.roles),
        "arms": [one.name for one in experiment.arms],
        "seeds": list(experiment.seeds),
        "begin_s": experiment.begin,
        "end_s": experiment.end,
        "schedule": vars(experiment.schedule),
        "target": target,
        "versions": {"msim": VERSION, "python": platform.python_version(), **_versions()},
        "code": code_digest(),
        "commit": _commit(),
        "command": command,
        "host": {"name": platform.node(), "system": platform.platform(), "machine": platform.machine()},
        "started": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def _versions() -> dict[str, str]:
    return {name: installed_version(name) for name in PACKAGES}


def experiment_from_provenance(about: Mapping[str, Any]) -> ExperimentDefinition:
    """Rebuild the experiment that provenance describes, narrowed as the run was."""
    experiment = experiment_from_texts(
        about["experiment"]["name"], about["experiment"]["file"], about["experiment"]["text"],
        about["model"]["name"], about["model"]["files"], about["changes"],
        about.get("hypothesis", ""), about.get("roles_of_rows"),
    )  # fmt: skip
    until = about["end_s"] if about["end_s"] < experiment.end else None
    return experiment.narrowed(about["arms"], about["seeds"], until)


def made_by() -> dict[str, Any]:
    """Return versions, machine and time for a result that was just made."""
    return {
        "versions": {"msim": VERSION, "python": platform.python_version(), **_versions()},
        "code": code_digest(), "host": platform.node(), "machine": platform.machine(),
        "finished": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }  # fmt: skip


def _commit() -> str:
    """Return the commit of the checkout that runs, with '+' where files were changed; '' outside a checkout."""
    root = package_folder().parent
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
    """Return the command with which this process was started."""
    return [Path(sys.argv[0]).name, *sys.argv[1:]]
