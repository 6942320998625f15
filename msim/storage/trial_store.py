"""Trials on disk by their keys: failures, claims and unfinished work of all commands, and finished trials of sweeps.

Nothing here relies on locks of the file system: a file appears in one step or not at all, and has one owner.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msim.base.errors import StorageError
from msim.base.file_lease import now_at, token
from msim.base.made import make_own, remove_own

TRIALS, FAILED, CLAIMS, WORK, PLANS = "trials", "failed", "claims", "work", "plans"


@dataclass(frozen=True)
class TrialStore:
    """The folder of a sweep, or of another command that keeps its results elsewhere in it."""

    root: Path

    def trial(self, key: str) -> Path:
        """Return the path of a finished trial."""
        return self.root / TRIALS / key[:2] / f"{key}.zip"

    def record(self, key: str) -> Path:
        """Return the path of the record of a finished trial: hashes, versions, time taken."""
        return self.root / TRIALS / key[:2] / f"{key}.json"

    def failure(self, key: str) -> Path:
        """Return the path of the record of a trial's failure."""
        return self.root / FAILED / f"{key}.json"

    def claim(self, key: str) -> Path:
        """Return the path of the claim of the process that runs a trial."""
        return self.root / CLAIMS / key

    def work(self, key: str) -> Path:
        """Return the folder of a trial's checkpoints, and of its files that are not complete yet."""
        return self.root / WORK / key


def prepare(root: Path) -> TrialStore:
    """Make the folder of a sweep, or open an existing one.

    raises: StorageError where it holds something else or cannot be written
    """
    store = TrialStore(root)
    try:
        if root.exists() and any(root.iterdir()) and not (root / PLANS).is_dir():
            raise StorageError(f"{root}: holds something other than a sweep; choose another --out")
        for name in (TRIALS, FAILED, CLAIMS, WORK, PLANS):
            (root / name).mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise StorageError(f"{root}: cannot be written: {problem.strerror or problem}") from None
    return store


def prepare_own(root: Path) -> TrialStore:
    """Make the folders of failures, claims and work in a folder of msim's own, which go with it, or open existing ones.

    raises: StorageError where something else stands there
    """
    for name in (FAILED, CLAIMS, WORK):
        make_own(root / name)
    return TrialStore(root)


def done_keys(store: TrialStore) -> set[str]:
    """Return the keys of all trials that are stored complete."""
    return {
        name[:-4] for folder in _folders(store.root / TRIALS) for name in os.listdir(folder) if name.endswith(".zip")
    }


def failed_keys(store: TrialStore) -> set[str]:
    """Return the keys of all trials with a record of failure; a trial that was finished later counts as done."""
    return _names(store.root / FAILED, ".json")


def claimed_keys(store: TrialStore) -> set[str]:
    """Return the keys of all trials that a process runs, or ran when it was killed."""
    return _names(store.root / CLAIMS, "")


def _folders(root: Path) -> Iterable[str]:
    try:
        with os.scandir(root) as found:
            return [one.path for one in found if one.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _names(root: Path, ending: str) -> set[str]:
    try:
        return {one.removesuffix(ending) for one in os.listdir(root) if one.endswith(ending) and one[0] != "."}
    except OSError:
        return set()


def write_trial_file(store: TrialStore, key: str, write: Callable[[Path], Mapping[str, Any]]) -> None:
    """Store a finished trial: its record first, then the file that makes it count as done.

    write: writes the trial's file, and returns the contents of its record
    """
    with placed(store.trial(key), make_own(store.work(key))) as path:
        about = write(path)
        with path.open("rb") as handle:
            sums = {"sha256": hashlib.file_digest(handle, "sha256").hexdigest(), "bytes": path.stat().st_size}
        place_file(store.record(key), json.dumps({**about, **sums}, indent=1).encode(), store.work(key))
    store.failure(key).unlink(missing_ok=True)


def write_failure_record(store: TrialStore, key: str, reason: str, trace: str, kind: str) -> None:
    """Write the record of a failed trial; kind: as in msim.base.endings."""
    about = {"key": key, "reason": reason, "kind": kind, "traceback": trace, "by": token(), "time": now_at(store.root)}
    place_file(store.failure(key), json.dumps(about, indent=1).encode(), make_own(store.work(key)))


def read_failure_record(store: TrialStore, key: str) -> dict[str, Any]:
    """Read the record of a trial's failure; without a readable one return a reason that states so."""
    return _read_json(store.failure(key)) or {"reason": "its record of failure cannot be read", "kind": "unknown"}


def read_record(store: TrialStore, key: str) -> dict[str, Any]:
    """Read the record of a finished trial; {} where it cannot be read."""
    return _read_json(store.record(key))


def whole_trial(store: TrialStore, key: str) -> Path:
    """Return the file of a finished trial, of the size that it was written with; `verify_sweep` checks checksums.

    raises: StorageError where its size is another, or not recorded, or the file cannot be read
    """
    path, size = store.trial(key), read_record(store, key).get("bytes")
    if not isinstance(size, int):
        raise StorageError(f"{path}: is not what was stored: it has no record to hold it against")
    try:
        now = path.stat().st_size
    except OSError as problem:
        raise StorageError(f"{path}: cannot be read: {problem.strerror}") from None
    if now != size:
        raise StorageError(f"{path}: is not what was stored: it has {now} bytes, and had {size}")
    return path


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def remove_work(store: TrialStore, key: str) -> None:
    """Remove the checkpoints and incomplete files of a trial."""
    remove_own(store.work(key))


def place_file(path: Path, content: bytes, beside: Path | None = None) -> None:
    """Write a file so that it appears complete, on the disk, and in one step.

    beside: folder of the same file system in which it grows
    """
    with placed(path, beside or path.parent) as partial:
        partial.write_bytes(content)


@contextmanager
def placed(path: Path, folder: Path) -> Iterator[Path]:
    """Yield the path at which the body writes a file; after the body the file appears complete, and in one step.

    folder: of the same file system, in which the file grows
    """
    folder.mkdir(parents=True, exist_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = folder / f".{path.name}.{token()}.partial"
    try:
        yield partial
        with partial.open("rb") as handle:
            os.fsync(handle.fileno())
        if path.is_file():
            partial.chmod(stat.S_IMODE(path.stat().st_mode))
        os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
