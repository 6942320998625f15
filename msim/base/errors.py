"""The exceptions a user can meet, and the nearest known name to put into them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class MsimError(Exception):
    """Anything that msim refuses or fails at, with one message that a user can act on."""

    exit_status = 1


class InputError(MsimError):
    """The user's input cannot be used; nothing was run and nothing was written."""

    exit_status = 2


class DefinitionError(InputError):
    """A model or experiment file says something that msim cannot accept."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")
        self.where = where
        self.problem = problem


class StorageError(InputError):
    """A run folder cannot be written or read."""


class SimulationError(MsimError):
    """A trial could not be simulated to its end."""

    exit_status = 3


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name is nearest, as a clause to append to a message.

    returns: "; nearest known: 'x'", or the known names where none is near and there are few, or ""
    """
    names = sorted(set(known))
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"; nearest known: '{close[0]}'"
    if 0 < len(names) <= 12:
        return "; known: " + ", ".join(f"'{one}'" for one in names)
    return ""
