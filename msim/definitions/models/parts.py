"""Checks of a part of a model without the files that it is used with: each of its values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from msim.base.errors import DefinitionError
from msim.base.quantities import parse_quantity
from msim.base.sources import Source, check_source
from msim.definitions.files.schema import ModelFile, ValueEntry

# Tables of which only a whole model knows what they belong to.
NEEDS_WHOLE = (
    "populations", "projections", "drives", "links", "manipulations", "hypotheses", "preparations", "states",
    "variants",
)  # fmt: skip


def needs_whole(entry: ModelFile) -> bool:
    """Return whether a file has tables that can be checked only in a whole model."""
    return any(getattr(entry, table) for table in NEEDS_WHOLE)


def given_values(entry: Any, key: str = "") -> Iterator[tuple[str, ValueEntry]]:
    """Yield every value below an entry, at any depth, with its key."""
    if isinstance(entry, ValueEntry):
        yield key, entry
        return
    for name, inside in _inside(entry):
        yield from given_values(inside, f"{key}.{name}" if key else name)


def check_given(entry: ModelFile, sources: Mapping[str, Source], where: str) -> None:
    """Refuse a value, in any table of a part, that names no source or is no quantity.

    raises: DefinitionError that names file and key
    """
    for key, one in given_values(entry):
        if not one.same_as:
            check_source(one.source, one.note, sources, f"{where}: {key}")
            parse_quantity(one.value, f"{where}: {key}")


def validate_followers(entry: BaseModel, where: str) -> None:
    """Refuse `same_as` in a file of a kind in which no value can follow another.

    raises: DefinitionError that names file and key
    """
    for key, one in given_values(entry):
        if one.same_as:
            wanted = "wants 'value' and 'source': nothing can be followed in a file of this kind"
            raise DefinitionError(f"{where}: {key}.same_as", f"{wanted}, got '{one.same_as}'")


def _inside(entry: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(entry, BaseModel):
        for name, field in type(entry).model_fields.items():
            yield field.alias or name, getattr(entry, name)
        yield from (entry.__pydantic_extra__ or {}).items()
    elif isinstance(entry, Mapping):
        yield from entry.items()
    elif isinstance(entry, (list, tuple)):
        yield from ((str(index), one) for index, one in enumerate(entry))
