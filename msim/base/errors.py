"""The exceptions that a user can meet, and helpers that shorten their texts and name the nearest known name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

LONGEST_MESSAGE = 1000
LONGEST_PART = 480


class MsimError(Exception):
    """Base of all errors of msim, with one message that a user can act on."""

    exit_status = 1


class InputError(MsimError):
    """Refusal of the user's input; nothing was run and nothing was written."""

    exit_status = 2

    def __init__(self, message: str) -> None:
        super().__init__(shortened(message, LONGEST_MESSAGE))


class DefinitionError(InputError):
    """Refusal of a model or experiment file that holds something msim cannot accept."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{shortened(where)}: {shortened(problem)}")
        self.where = where
        self.problem = problem


class StorageError(InputError):
    """Failure to write or read a run folder."""


class SimulationError(MsimError):
    """Failure to simulate a trial to its end."""

    exit_status = 3


class StartError(MsimError):
    """A process that the work needs cannot start, or would run other code; nothing was run."""

    exit_status = 4


class DiskFullError(MsimError):
    """Error for a disk that is full."""

    exit_status = 7


class OwnerError(MsimError):
    """Error for a folder that another process works in; nothing was run."""

    exit_status = 8


def printable(text: str) -> str:
    """Return the text on one line, with escapes in place of the characters that a terminal would obey."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


def shortened(text: str, longest: int = LONGEST_PART) -> str:
    """Return the text on one line, or both its ends where it is too long for a message."""
    # Cut before escaping, which takes long, and again after it, as escapes are longer than what they stand for.
    return _ends(printable(_ends(text, longest)), longest)


def _ends(text: str, longest: int) -> str:
    half = (longest - 5) // 2
    return text if len(text) <= longest else f"{text[:half]} ... {text[-half:]}"


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a clause that names the nearest known name, to append to a message.

    returns: "; nearest known: 'x'", or the known names where none is near and there are few, or ""
    """
    names = sorted(set(known))
    in_lower_case = {one.lower(): one for one in names}
    close = difflib.get_close_matches(name[:LONGEST_PART].lower(), in_lower_case, n=1, cutoff=0.5)
    if close:
        return f"; nearest known: '{in_lower_case[close[0]]}'"
    if 0 < len(names) <= 12:
        return "; known: " + ", ".join(f"'{one}'" for one in names)
    return ""
