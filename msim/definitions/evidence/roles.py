"""Roles of published outcomes: what an outcome that a prediction is about was to the model."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from types import MappingProxyType

from msim.base.errors import DefinitionError, nearest
from msim.definitions.evidence.rows import read_evidence, shipped_evidence

FITTED_TO, HELD_OUT, NEVER_COMPARED = "fitted to", "held out", "never compared"
# A control only serves another row and is no outcome that anybody published.
OUTCOME_WAS = {"CAL": FITTED_TO, "TEST": HELD_OUT, "control": NEVER_COMPARED}


def known_roles(recorded: Mapping[str, str]) -> Mapping[str, str]:
    """Return the role of every evidence row by its id.

    recorded: roles that a run was made with, which count before those of today
    """
    return {**_shipped_roles(), **{row: role for row, role in recorded.items() if role in OUTCOME_WAS}}


@functools.lru_cache(maxsize=1)
def _shipped_roles() -> Mapping[str, str]:
    return MappingProxyType({one.id: one.role for one in read_evidence(shipped_evidence())})


def role_of(row: str, roles: Mapping[str, str], where: str) -> str:
    """Return the role of an evidence row.

    raises: DefinitionError where there is no such row
    """
    if row not in roles:
        raise DefinitionError(where, f"wants the id of an evidence row, got '{row}'{nearest(row, roles)}")
    return roles[row]
