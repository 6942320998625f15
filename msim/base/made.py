"""Folders that msim made and may remove: each carries a mark, and no other is ever touched."""

from __future__ import annotations

import os
import shutil
import stat
import uuid
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from msim.base.errors import StorageError

MARK = ".made_by_msim"
_TEXT = "msim made this folder and will remove it with all that is in it.\n"


def make_own(folder: Path, known: Collection[str] = ()) -> Path:
    """Make a folder with the mark of msim, unless it exists with the mark, and return it.

    known: names of files that an existing folder without the mark may hold
    raises: StorageError where something else stands there
    """
    try:
        folder.mkdir(parents=True)
    except FileExistsError:
        if is_own(folder):
            return folder
        _validate_alone(folder, known)
    # In one step: of two processes that make it at once, none sees half of a mark.
    partial = folder / f"{MARK}.{uuid.uuid4().hex}"
    partial.write_text(_TEXT, encoding="utf-8")
    os.replace(partial, folder / MARK)
    return folder


def _validate_alone(folder: Path, known: Collection[str]) -> None:
    """Refuse an existing path, unless it is a folder that msim made, or is empty but for marks and known names."""
    plain = folder.is_dir() and not folder.is_symlink()
    if plain and all(one.name in known or one.name.startswith(MARK) for one in folder.iterdir()):
        return
    if not is_own(folder):  # another process may have marked it since
        raise StorageError(f"{folder}: msim would write here, but did not make what is there; move it elsewhere")


def is_own(folder: Path) -> bool:
    """Return whether a path is a folder, and no link to one, that msim has made."""
    try:
        return stat.S_ISDIR(folder.lstat().st_mode) and (folder / MARK).read_text(encoding="utf-8") == _TEXT
    except (OSError, UnicodeDecodeError):
        return False


def remove_own(folder: Path) -> bool:
    """Remove a folder, only if msim made it, and return whether it was removed."""
    if not is_own(folder):
        return False
    # The mark goes last: what a kill leaves of the rest, or a file that cannot go, can still be removed.
    for one in folder.iterdir():
        if one.is_dir() and not one.is_symlink():
            shutil.rmtree(one, ignore_errors=True)
        elif one.name != MARK:
            with suppress(OSError):
                one.unlink()
    if any(one.name != MARK for one in folder.iterdir()):
        return False
    (folder / MARK).unlink(missing_ok=True)
    folder.rmdir()
    return True


def remove_own_below(folder: Path) -> None:
    """Remove folders that msim made, at any depth below one, and folders that are empty after that."""
    if folder.is_symlink() or not folder.is_dir() or remove_own(folder):
        return
    for one in list(folder.iterdir()):
        remove_own_below(one)
    with suppress(OSError):  # it holds something that is not ours
        folder.rmdir()


def make_own_anew(folder: Path) -> Path:
    """Make an empty folder in the place of one that msim made.

    raises: StorageError where something else stands there
    """
    if not remove_own(folder) and is_own(folder):
        raise StorageError(f"{folder}: cannot be written: something in it cannot be removed")
    return make_own(folder)


def shared_as(folder: Path, own: Path) -> None:
    """Make files readable to all who may read the folder they are in, whatever the umask; write access stays as it is.

    own: a file in the folder, or a folder in it with all its contents
    """
    readers = folder.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH)
    for path in (own, *(own.rglob("*") if own.is_dir() else ())):
        if path.is_symlink():
            continue
        # Folders are to be entered too; the bit that hands their group down stays.
        enter = readers >> 2 if path.is_dir() else 0
        path.chmod(stat.S_IMODE(path.stat().st_mode) | readers | enter)


def make_shared(folder: Path) -> Path:
    """Make a folder inside one that several people may share; all who may write that one may write this one too.

    raises: OSError
    """
    above = folder.parent
    above.mkdir(parents=True, exist_ok=True)
    try:
        folder.mkdir()
    except FileExistsError:
        return folder
    kept = stat.S_ISVTX | 0o077
    folder.chmod(stat.S_IMODE(folder.stat().st_mode) | above.stat().st_mode & kept)
    return folder
