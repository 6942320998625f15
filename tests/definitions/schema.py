"""The fields of every definition format, and the tables of a file that they stand in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel

from msim.definitions.brains.schema import BrainFile, TaskFile
from msim.definitions.evidence.schema import EvidenceFile
from msim.definitions.files.schema import ExperimentFile, ModelFile
from msim.definitions.studies.analysis import study_format
from msim.definitions.studies.schema import ParticipantsFile

FORMATS: dict[str, type[BaseModel]] = {
    "model": ModelFile, "experiment": ExperimentFile, "evidence": EvidenceFile, "study": study_format(),
    "participants": ParticipantsFile, "brain": BrainFile, "task": TaskFile,
}  # fmt: skip


def keys_of(kind: type[BaseModel]) -> dict[str, Any]:
    """Keys of a table, as files write them, with what may stand there; '*' for the keys that a form adds."""
    found = {field.alias or name: field.annotation for name, field in kind.model_fields.items()}
    further = get_type_hints(kind).get("__pydantic_extra__") if kind.model_config.get("extra") == "allow" else None
    return found | ({"*": get_args(further)[-1]} if further else {})


def entry_in(annotation: Any) -> type[BaseModel] | None:
    """The kind of table that an annotation leads to, through lists, tables of tables and None; None for a leaf."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inside = (entry_in(one) for one in get_args(annotation))
    return next((one for one in inside if one is not None), None)


def kinds_of(kind: type[BaseModel]) -> set[type[BaseModel]]:
    """All kinds of tables of a format."""
    found, waiting = set(), {kind}
    while waiting:
        found |= waiting
        inside = {entry_in(one) for each in waiting for one in keys_of(each).values()}
        waiting = {one for one in inside if one is not None} - found
    return found


def leaves_of(kind: type[BaseModel]) -> set[str]:
    """Every key of a format that holds no further table, as 'Entry.key'."""
    return {
        f"{each.__name__}.{key}" for each in kinds_of(kind) for key, one in keys_of(each).items()
        if entry_in(one) is None
    }  # fmt: skip


Place = tuple[str, dict[str, Any], str]  # 'Entry.key', the table, the key in it


def places_in(tables: dict[str, Any], kind: type[BaseModel]) -> Iterator[Place]:
    """Every leaf that a file holds."""
    known = keys_of(kind)
    for key, value in tables.items():
        entry = entry_in(known.get(key, known.get("*")))
        if entry is None:
            yield f"{kind.__name__}.{key}", tables, key
        else:
            for inside in _tables(value, known.get(key, known.get("*"))):
                yield from places_in(inside, entry)


def leaf_places(tables: dict[str, Any], kind: type[BaseModel]) -> dict[str, list[Place]]:
    """The places in a file of each leaf that it holds."""
    found: dict[str, list[Place]] = {}
    for one in places_in(tables, kind):
        found.setdefault(one[0], []).append(one)
    return found


def tables_in(tables: dict[str, Any], kind: type[BaseModel]) -> Iterator[str]:
    """Every key that a file holds, as 'Entry.key', whether tables follow or not."""
    known = keys_of(kind)
    for key, value in tables.items():
        yield f"{kind.__name__}.{key if key in known else '*'}"
        annotation = known.get(key, known.get("*"))
        entry = entry_in(annotation)
        for inside in _tables(value, annotation) if entry else ():
            yield from tables_in(inside, entry)


def _tables(value: Any, annotation: Any) -> Iterator[dict[str, Any]]:
    """The tables that a key leads to; what has another form, such as the name of a regimen, holds none."""
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, dict))
    elif isinstance(value, dict) and _is_table(annotation):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _tables(one, get_args(_without_none(annotation))[-1])


def _without_none(annotation: Any) -> Any:
    parts = [one for one in get_args(annotation) if one is not type(None)]
    return parts[0] if type(None) in get_args(annotation) else annotation


def _is_table(annotation: Any) -> bool:
    inside = _without_none(annotation)
    return isinstance(inside, type) and issubclass(inside, BaseModel)
