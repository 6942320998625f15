"""Paths that users give: read once, here, and the same file to every library from then on."""

from __future__ import annotations

import os
import re
from pathlib import Path

from msim.base.errors import InputError, StorageError

# What libraries take for an address on the net, or for several joined by '::'. A folder of such a name is './name:/'.
_ADDRESS = re.compile(r"([A-Za-z][\w+.-]*::)*[A-Za-z][\w+.-]+:/")


def given_path(given: str | os.PathLike[str], where: str = "path") -> Path:
    """Return the absolute path that a given one means: '~' is the home folder, and symbolic links are followed.

    where: option or argument, for the message
    raises: InputError where no file can have the name, or it is an address
    """
    text = os.fspath(given) if isinstance(given, str | os.PathLike) else given
    if not isinstance(text, str) or not text or "\0" in text:
        raise InputError(f"{where}: wants a path, got {text!r}")
    if _ADDRESS.match(text):
        raise InputError(f"{where}: wants a path on this machine, got the address '{text}'")
    expanded = os.path.expanduser(text)
    if text.startswith("~") and not os.path.isabs(expanded):
        hint = f"a file of that name is './{text}'"
        raise InputError(f"{where}: wants the name of a user after '~', got '{text}'; {hint}")
    whole = Path(os.path.realpath(expanded))
    if os.path.islink(whole):
        raise InputError(f"{where}: wants a path, got symbolic links that lead in a circle: '{text}'")
    return whole


def given_folder(given: str | os.PathLike[str], where: str) -> Path:
    """Return the path of a folder to be written, which needs a name: its content is first written beside it.

    raises: InputError
    """
    path = given_path(given, where) if str(given) else None
    if path is None or not path.name:
        raise InputError(f"{where}: wants the name of a folder, got '{given}'")
    return path


def given_new_folder(given: str | os.PathLike[str], where: str) -> Path:
    """Return the path of a folder to be written; it must not exist yet or be empty, and has to be writable.

    raises: InputError, or StorageError for what is on the disk
    """
    path = given_folder(given, where)
    try:
        if os.path.lexists(path) and (not path.is_dir() or any(path.iterdir())):
            raise StorageError(f"{where}: wants a folder that does not exist or is empty, got '{given}'")
    except OSError as problem:
        raise StorageError(f"{where}: '{given}' cannot be read: {problem.strerror}") from None
    above = next(one for one in (path, *path.parents) if os.path.lexists(one))
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise StorageError(f"{where}: '{given}' cannot be written: {above} is no folder that you may write")
    return path
