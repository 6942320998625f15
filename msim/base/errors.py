"""The exceptions a user can meet, and the nearest known name to put into them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST_PART = 500


class MsimError(Exception):
    """Anything that msim refuses or fails at, with one message that a user can act on."""

    exit_status = 1


class InputError(MsimError):
    """The user's input cannot be used; nothing was run and nothing was written."""

    exit_status = 2

    def __init__(self, message: str) -> None:
        super().__init__(printable(message))


class DefinitionError(InputError):
    """A model or experiment file says something that msim cannot accept."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{shortened(where)}: {shortened(problem)}")
        self.where = where
        self.problem = problem


class StorageError(InputError):
    """A run folder cannot be written or read."""


class SimulationError(MsimError):
    """A trial could not be simulated to its end."""

    exit_status = 3


def printable(text: str) -> str:
    """The text on one line, with escapes for what a terminal would obey instead of showing it."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def shortened(text: str) -> str:
    """The text, or both its ends where it is too long for a message."""
    half = LONGEST_PART // 2
    return text if len(text) <= LONGEST_PART else f"{text[:half]} ... {text[-half:]}"


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name is nearest, as a clause to append to a message.

    returns: "; nearest known: 'x'", or the known names where none is near and there are few, or ""
    """
    names = sorted(set(known))
    name = name[:LONGEST_PART]
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"; nearest known: '{close[0]}'"
    if 0 < len(names) <= 12:
        return "; known: " + ", ".join(f"'{one}'" for one in names)
    return ""
