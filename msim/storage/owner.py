"""Ownership of the folder of a run: one process at a time; others are refused before anything runs."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msim.base.endings import is_full
from msim.base.errors import OwnerError, StorageError
from msim.base.file_lease import heartbeat, take, who_has
from msim.storage.run_store import RunFolder


@contextmanager
def owned(out: Path) -> Iterator[None]:
    """Hold the ownership of the folder of a run while the body runs.

    raises: OwnerError where another process holds it; the claim of a killed process does not count
    """
    folder = RunFolder(out)
    claim = folder.partial.with_suffix(".owner")
    try:
        claim.parent.mkdir(parents=True, exist_ok=True)
        ours = take(claim)
    except OSError as problem:
        if is_full(problem):
            raise
        # What stands where a folder above it would have to be.
        reason = os.strerror(errno.ENOTDIR) if isinstance(problem, FileExistsError) else problem.strerror or problem
        raise StorageError(f"{out}: cannot be written: {reason}") from None
    if not ours:
        raise OwnerError(
            f"{out}: {who_has(claim)} runs into it; wait for it, stop it, or choose another --out; "
            "its trials are kept, and the same command goes on from them"
        )
    with heartbeat(claim):
        yield
