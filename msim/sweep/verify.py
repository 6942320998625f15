"""Verification of a sweep's trials: none is missing, and each file is as it was written."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from msim.base.paths import given_path
from msim.storage.archives import UNREADABLE_ARCHIVE
from msim.storage.trial_store import TrialStore, done_keys, failed_keys, read_failure_record, read_record
from msim.storage.verify import Damage, crc_holds, damage_of
from msim.sweep.plan import Plan
from msim.sweep.plan_files import latest_plan, read_plan


def verify_sweep(path: str | Path) -> list[Damage]:
    """Check every trial against the hash of its record, and the trials against the plan; nothing is decoded.

    returns: the damages and the missing trials
    raises: StorageError where there is no sweep
    """
    root = given_path(path, "sweep")
    store, plan = TrialStore(root), read_plan(latest_plan(root))
    done = done_keys(store)
    names = {one.key: one.name for one in plan.trials}
    damages = [Damage(_told(names, key), what) for key in sorted(done) for what in trial_damage(store, key)]
    return damages + [Damage(_told(names, key), what) for key, what in _absent(store, plan, done)]


def _told(names: dict[str, str], key: str) -> str:
    return f"{names[key]} (trial {key})" if key in names else f"trial {key}"


def _absent(store: TrialStore, plan: Plan, done: set[str]) -> Iterator[tuple[str, str]]:
    failed = failed_keys(store)
    for key in dict.fromkeys(one.key for one in plan.trials):
        if key in done:
            continue
        if store.record(key).is_file():
            yield key, "is missing: it was done"
        elif key in failed:
            yield key, f"failed: {read_failure_record(store, key)['reason']}"
        else:
            yield key, "is missing: it was not run"


def trial_damage(store: TrialStore, key: str) -> Iterator[str]:
    """Describe the damages of a trial's file."""
    record = read_record(store, key)
    try:
        content = store.trial(key).read_bytes()
    except OSError as problem:
        yield f"cannot be read: {problem.strerror}"
        return
    if "sha256" not in record:
        yield "has no record to hold it against"
    elif hashlib.sha256(content).hexdigest() != record["sha256"]:
        size = int(record.get("bytes", len(content)))
        yield from _members(content) if len(content) == size else [damage_of(content, size, is_chunk=False)]


def _members(content: bytes) -> Iterator[str]:
    """Describe the members of an archive that differ from those that were written."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            damaged = [one for one in archive.namelist() if not _holds(archive, one)]
    except UNREADABLE_ARCHIVE:
        yield "is not what was written: its list of members cannot be read"
        return
    for name in damaged:
        yield f"{name} is not what was written"
    if not damaged:
        yield "is not what was written, in what stands between its members"


def _holds(archive: zipfile.ZipFile, name: str) -> bool:
    try:
        member = archive.read(name)
    except UNREADABLE_ARCHIVE:
        return False
    return "/c/" not in name or crc_holds(member)
