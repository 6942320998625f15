"""Status of a sweep's trials: done, failed or pending, which together are all of them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from msim.base.file_lease import is_alive, now_at
from msim.storage.trial_store import (
    TrialStore,
    claimed_keys,
    done_keys,
    failed_keys,
    read_failure_record,
    read_record,
)
from msim.sweep.plan import Plan, Trial

RECENT = 20  # finished trials that tell the rate


@dataclass(frozen=True)
class Status:
    """Counts of trials; `running` are the pending ones that a living process has claimed.

    rate: trials per second lately, None where too few are done; left: s until the end at this rate
    """

    asked: int
    done: int
    failed: int
    pending: int
    running: int
    rate: float | None = None
    left: float | None = None


def states(store: TrialStore, plan: Plan) -> dict[str, str]:
    """Return 'done', 'failed' or 'pending' of every trial, by key; a stored trial is done, whatever failed before."""
    done, failed = done_keys(store), failed_keys(store)
    return {
        one.key: "done" if one.key in done else "failed" if one.key in failed else "pending" for one in plan.trials
    }


def status(store: TrialStore, plan: Plan) -> Status:
    """Count the trials of a sweep by status."""
    found = states(store, plan)
    # Two trials may be one: a value that is given twice in other words, or an arm that an axis does not touch.
    every = [found[one.key] for one in plan.trials]
    held = {key for key in claimed_keys(store) if found.get(key) == "pending" and is_alive(store.claim(key))}
    running = sum(one.key in held for one in plan.trials)
    counts = {name: every.count(name) for name in ("done", "failed", "pending")}
    rate = _rate(store, [key for key, state in found.items() if state == "done"]) if running else None
    left = counts["pending"] / rate if rate else None
    return Status(len(plan.trials), counts["done"], counts["failed"], counts["pending"], running, rate, left)


def _rate(store: TrialStore, done: Iterable[str]) -> float | None:
    """Return trials per second, from the newest files to now."""
    times = []
    for key in done:
        try:
            times.append(os.stat(store.trial(key)).st_mtime)
        except OSError:
            continue
    recent = sorted(times)[-RECENT:]
    if len(recent) < 2:
        return None
    span = now_at(store.root) - recent[0]
    return (len(recent) - 1) / span if span > 0 else None


def rows(store: TrialStore, plan: Plan) -> list[dict[str, Any]]:
    """Return one row for every trial: axes, arm, seed, status, reason where it failed, seconds where it is done."""
    found = states(store, plan)
    return [_row(store, one, found[one.key], plan) for one in plan.trials]


def _row(store: TrialStore, trial: Trial, state: str, plan: Plan) -> dict[str, Any]:
    names: Mapping[str, str] = {one.path: one.name for one in plan.design.axes}
    row: dict[str, Any] = {names[path]: value for path, value in trial.changes.items()}
    row.update(arm=trial.arm, seed=trial.seed, status=state, reason="", seconds=None, key=trial.key)
    if state == "failed":
        row["reason"] = str(read_failure_record(store, trial.key).get("reason", ""))
    if state == "done":
        row["seconds"] = read_record(store, trial.key).get("seconds")
    return row
