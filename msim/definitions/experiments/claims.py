"""Claims such as 'ketamine > vehicle' or 'vehicle = vehicle at -5 minute': read, never evaluated."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from msim.base.errors import DefinitionError, nearest
from msim.base.quantities import parse_in, second

LONGEST_CLAIM = 200
_CLAIM = re.compile(r"\s*(?P<left>[^<>=]+?)\s*(?P<relation>[<>=])\s*(?P<right>[^<>=]+?)\s*")
_SIDE = re.compile(r"(?P<arm>[A-Za-z]\w*)(?:\s+at\s+(?P<time>.+))?")


@dataclass(frozen=True)
class Side:
    """An arm of a claim, at the prediction's own time or at another (s)."""

    arm: str
    time: float


@dataclass(frozen=True)
class Claim:
    """A claim: two sides and the relation between them, '>', '<' or '='."""

    text: str
    left: Side
    relation: str
    right: Side


def parse_claim(text: str, arms: Collection[str], time: float, where: str) -> Claim:
    """Read a claim between arms.

    time: s, of sides that name none
    raises: DefinitionError where an arm is unknown or the form is another
    """
    found = _CLAIM.fullmatch(text) if len(text) <= LONGEST_CLAIM else None
    if found is None:
        raise DefinitionError(where, f"wants 'ARM > ARM', 'ARM < ARM' or 'ARM = ARM', got {text!r}")
    left, right = (_side(found[name], arms, time, where) for name in ("left", "right"))
    if left == right:
        raise DefinitionError(where, f"wants two different sides, got {text!r}")
    return Claim(text, left, found["relation"], right)


def renamed_claim(text: str, ending: str) -> str:
    """Return the claim with an ending appended to the names of its arms."""
    return re.sub(r"(^\s*|[<>=]\s*)([A-Za-z]\w*)", rf"\g<1>\g<2>{ending}", text)


def _side(text: str, arms: Collection[str], time: float, where: str) -> Side:
    found = _SIDE.fullmatch(text)
    if found is None:
        raise DefinitionError(where, f"wants an arm, or 'ARM at TIME', got {text!r}")
    if found["arm"] not in arms:
        raise DefinitionError(where, f"wants an arm, got '{found['arm']}'{nearest(found['arm'], arms)}")
    return Side(found["arm"], float(parse_in(found["time"], second, where)) if found["time"] else time)
