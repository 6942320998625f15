"""Objects that other installed packages give msim, found by entry points such as 'msim.mechanisms'."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from msim.base.errors import StartError

PREFIX = "msim."  # of groups of entry points


@functools.cache
def plugins(
    group: str, kind: type, taken: tuple[str, ...] = (), name_of: Callable[[Any], str] | None = None
) -> dict[str, Any]:
    """Load what installed packages give under a group of entry points, by the names of these.

    kind: type of the objects; taken: names of msim's own; name_of: returns the name that an object has by itself
    raises: StartError for an object that cannot be loaded, is of another type, or has another or a taken name
    """
    found: dict[str, Any] = {}
    for one in _entry_points().get(group, ()):
        where = f"{_distribution(one)}: entry point {one.name} of {group}"
        if one.name in taken or one.name in found:
            raise StartError(f"{where}: wants a name that no other object of this kind has")
        try:
            given = one.load()
        except Exception as problem:  # what somebody else's package raises may be anything
            raise StartError(f"{where}: cannot be loaded: {type(problem).__name__}: {problem}") from None
        if not isinstance(given, kind):
            raise StartError(f"{where}: wants an object of type {kind.__name__}, got {type(given).__name__}")
        if name_of is not None and name_of(given) != one.name:
            raise StartError(f"{where}: wants the name of its object, '{name_of(given)}'")
        found[one.name] = given
    return found


@functools.cache
def plugin_digests() -> tuple[str, ...]:
    """Return names, versions and SHA-256 of the source of all packages that give msim something."""
    every = [one for several in _entry_points().values() for one in several]
    packages = {(_distribution(one), one.module.partition(".")[0]) for one in every}
    return tuple(f"{distribution}: {name} {_source_digest(name)}" for distribution, name in sorted(packages))


@functools.cache
def _entry_points() -> dict[str, list[EntryPoint]]:
    """Return the entry points of msim's groups, each once although a folder may stand on the path twice."""
    known = entry_points()
    groups = sorted(group for group in known.groups if group.startswith(PREFIX))
    return {group: sorted(set(known.select(group=group)), key=lambda one: (one.name, one.value)) for group in groups}


def _distribution(one: EntryPoint) -> str:
    return f"{one.dist.name} {one.dist.version}" if one.dist else one.module


def _source_digest(package: str) -> str:
    """Hash the Python files of a package or module, without importing it."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return "absent"
    origin = Path(spec.origin)
    files = sorted(origin.parent.rglob("*.py")) if spec.submodule_search_locations else [origin]
    digest = hashlib.sha256()
    for path in files:
        digest.update(f"{path.relative_to(origin.parent).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()
