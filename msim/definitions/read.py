"""A TOML file to checked entries; every complaint names file and key."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from msim.base.errors import DefinitionError, InputError, nearest

LARGEST_FILE = 2_000_000
ENTRY = TypeVar("ENTRY", bound=BaseModel)


def shipped(kind: str) -> Path:
    """The folder of shipped models or experiments: in a checkout beside the package, else inside it.

    kind: 'models' or 'experiments'
    """
    package = Path(__file__).resolve().parent.parent
    checkout = package.parent / kind
    inside_checkout = (package.parent / "setup.cfg").is_file() and checkout.is_dir()
    return checkout if inside_checkout else package / "shipped" / kind


def find(name: str, kind: str) -> Path:
    """The file that a path or a shipped name means, such as 'circuits/cortical_column'."""
    given = Path(name)
    if given.is_file():
        return given
    root = shipped(kind)
    inside = root / (name if name.endswith(".toml") else f"{name}.toml")
    if not given.is_absolute() and ".." not in given.parts and inside.is_file():
        return inside
    raise InputError(f"{name}: no such file, and no shipped name in {kind}{nearest(name, shipped_names(kind))}")


def shipped_names(kind: str) -> list[str]:
    """Names of all shipped definition files of a kind, without '.toml'."""
    root = shipped(kind)
    return sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.toml"))


def display_name(path: Path) -> str:
    """The path as messages show it: relative to the working folder where that is shorter."""
    relative = os.path.relpath(path)
    return relative if not relative.startswith("..") else str(path)


def read_text(path: Path) -> str:
    """The text of a definition file."""
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise DefinitionError(display_name(path), f"wants at most {LARGEST_FILE} bytes")
        return path.read_text(encoding="utf-8")
    except OSError as problem:
        raise DefinitionError(display_name(path), f"cannot be read: {problem.strerror}") from None
    except UnicodeDecodeError:
        raise DefinitionError(display_name(path), "is not a text file in UTF-8") from None


def read_entries(text: str, where: str, kind: type[ENTRY]) -> ENTRY:
    """Read the text of a definition file into its entries.

    raises: DefinitionError that names the file and the first wrong key
    """
    try:
        raw = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as problem:
        raise DefinitionError(where, f"is not TOML: {problem}") from None
    try:
        return kind.model_validate(raw)
    except ValidationError as problem:
        raise _complaint(problem, where, kind) from None


def _complaint(problem: ValidationError, where: str, kind: type[BaseModel]) -> DefinitionError:
    first = problem.errors(include_url=False)[0]
    location = [part for part in first["loc"] if part not in ("constrained-str", "[key]")]
    key = ".".join(str(part) for part in location)
    place = f"{where}: {key}" if key else where
    if first["type"] == "extra_forbidden":
        known = list(_known_keys(kind, location[:-1]))
        return DefinitionError(place, f"unknown key '{location[-1]}'{nearest(str(location[-1]), known)}")
    if first["type"] == "missing":
        return DefinitionError(place, f"missing key '{location[-1]}'")
    return DefinitionError(place, f"{_wanted(first)}, got {_short(first.get('input'))}")


def _known_keys(kind: type[BaseModel], location: list[Any]) -> Iterator[str]:
    entry: Any = kind
    for part in location:
        field = _field(entry, str(part))
        entry = _entry_of(field.annotation) if field is not None else entry
    for name, field in entry.model_fields.items():
        yield field.alias or name


def _field(entry: Any, name: str) -> Any:
    return next((f for n, f in entry.model_fields.items() if name in (n, f.alias)), None)


def _entry_of(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = [_entry_of(one) for one in getattr(annotation, "__args__", ())]
    return next((one for one in inner if one is not None), None)


def _wanted(error: Any) -> str:
    message = str(error["msg"]).removeprefix("Value error, ")
    if message.startswith("wants"):
        return message
    return "wants " + message.removeprefix("Input should be ").removeprefix("a valid ")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
