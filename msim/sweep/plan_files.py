"""Plans in the folder of a sweep: each under its own name, and the name of the latest."""

from __future__ import annotations

import json
import re
from pathlib import Path

from msim.base.errors import StorageError
from msim.storage.trial_store import PLANS, TrialStore, place_file
from msim.sweep.plan import Plan, plan_from_json, plan_json

LATEST = "latest.json"
LARGEST_PLAN = 200_000_000  # bytes
_ID = re.compile(r"[0-9a-f]{64}")


def write_plan(store: TrialStore, plan: Plan) -> Path:
    """Write a plan, and mark it as the latest.

    returns: its path
    """
    path = store.root / PLANS / f"{plan.id}.json"
    if not path.is_file():
        place_file(path, json.dumps(plan_json(plan)).encode())
    place_file(store.root / PLANS / LATEST, json.dumps({"format": 1, "plan": plan.id}).encode())
    return path


def is_sweep(root: Path) -> bool:
    """Return whether a folder holds a sweep."""
    return (root / PLANS / LATEST).is_file()


def latest_plan(root: Path) -> Path:
    """Return the file of the latest plan.

    raises: StorageError where a folder holds no sweep
    """
    latest = root / PLANS / LATEST
    if not is_sweep(root):
        raise StorageError(f"{root}: holds no sweep")
    try:
        return plan_file(root, str(json.loads(latest.read_bytes())["plan"]))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise StorageError(f"{latest}: cannot be read: {problem}") from None


def plan_file(root: Path, name: str) -> Path:
    """Return the file of a plan by its id.

    raises: StorageError where it is not the id of a plan
    """
    if not _ID.fullmatch(name):
        raise StorageError(f"{root / PLANS}: wants the id of a plan, got {name!r}")
    return root / PLANS / f"{name}.json"


def read_plan(path: Path) -> Plan:
    """Read the plan in a file.

    raises: StorageError where it cannot be read
    """
    try:
        if path.stat().st_size > LARGEST_PLAN:
            raise StorageError(f"{path}: wants at most {LARGEST_PLAN} bytes")
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as problem:
        raise StorageError(f"{path}: cannot be read: {problem}") from None
    return plan_from_json(found if isinstance(found, dict) else {}, str(path))
