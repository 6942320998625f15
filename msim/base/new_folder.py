"""A folder that appears in one step, when all that belongs in it is written."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msim.base.endings import is_full
from msim.base.errors import OwnerError, StorageError
from msim.base.file_lease import heartbeat, take, who_has
from msim.base.made import make_own, remove_own


@contextmanager
def new_folder(final: Path) -> Iterator[Path]:
    """Make a folder under a temporary name and rename it at the end; it is removed where the body raises.

    The final name is claimed while the body runs, so that a second process that wants it is refused at the beginning.
    yields: the folder under its temporary name
    raises: StorageError where the name is taken or cannot be written, OwnerError where another process writes it
    """
    final = final.resolve()
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        _validate_full(final)
        claim = final.parent / f".{final.name}.claim"
        if not take(claim):
            raise OwnerError(f"{final}: {who_has(claim)} writes it; wait for it, stop it, or choose another folder")
        with heartbeat(claim):
            yield from _grown(final)
    except OSError as problem:
        if is_full(problem):
            raise
        raise StorageError(f"{final}: cannot be written: {problem.strerror or problem}") from None


def _grown(final: Path) -> Iterator[Path]:
    holder = make_own(final.parent / f".{final.name}.{uuid.uuid4().hex}.partial")
    partial = holder / final.name
    partial.mkdir()
    try:
        yield partial
        _validate_full(final)
        os.rename(partial, final)  # onto an empty folder too, but never onto a full one
    finally:
        remove_own(holder)


def _validate_full(final: Path) -> None:
    if os.path.lexists(final) and (not final.is_dir() or any(final.iterdir())):
        raise StorageError(f"{final}: wants a folder that does not exist or is empty")
