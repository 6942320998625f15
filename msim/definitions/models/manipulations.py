"""[manipulations] of a model: the values and states that each changes, by cells and place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from msim.base.equations import read_equations
from msim.base.errors import DefinitionError, nearest
from msim.base.mechanism import Parameter
from msim.definitions.files import schema as e
from msim.definitions.models.model import Drive, Link, Manipulation, MechanismInstance, Part, Population, Projection
from msim.definitions.models.values import Values, is_kept

AMOUNT = Parameter("amount", 1, "from 0, as normal, to 1, as the manipulation says", low=0, high=1)
LEFT = Parameter("left", 1, "share of the state that is left", low=0)


@dataclass(frozen=True)
class Parts:
    """The parts of a model that a manipulation may name."""

    instances: Mapping[str, MechanismInstance]
    populations: Mapping[str, Population]
    projections: Mapping[str, Projection]
    drives: Mapping[str, Drive]
    links: Mapping[str, Link]

    def may_move(self, path: str) -> bool:
        """Return whether a value may change while the model runs; numbers and delays of contacts may not."""
        owner, _, name = path.partition(".")
        if owner in self.instances:
            return self.instances[owner].mechanism.scale in ("slow", "membrane", "receptor")
        if owner in self.projections:
            return name.startswith("peak.")
        return owner in self.links or (owner in self.drives and name != "contacts")


def read_manipulation(
    name: str, entry: e.ManipulationEntry, file: str, values: Values, whole: Parts
) -> Manipulation:
    """Read one [manipulations.NAME] table, and keep its values with the values of the model.

    raises: DefinitionError that names file and key
    """
    place = f"{file}: manipulations.{name}"
    kept = f"manipulations.{entry.kind}.{name}"
    if entry.parts:
        parts = tuple(
            _part(one, f"{kept}.parts.{index}", f"{place}.parts.{index}", file, values, whole)
            for index, one in enumerate(entry.parts)
        )
    else:
        parts = (_part(entry, kept, place, file, values, whole),)
    _validate_set_once(parts, place)
    amount = ""
    if entry.amount is not None:
        amount = f"{kept}.amount"
        values.take(amount, entry.amount, AMOUNT, f"{place}.amount", file)
    found = Manipulation(name, entry.kind, entry.meaning, _acute(entry, parts), amount, parts, file)
    if found.acute:
        _validate_changeable(found, values, whole, place)
    return found


def _acute(entry: e.ManipulationEntry, parts: tuple[Part, ...]) -> bool:
    """Return whether a manipulation may begin or end in a trial.

    Unless the file states it, treatments and pulses may; genes differ from birth.
    """
    if entry.acute is None:
        return entry.kind == "treatment" or any(part.pulses for part in parts)
    return entry.acute


def _part(entry: e.PartEntry, kept: str, place: str, file: str, values: Values, whole: Parts) -> Part:
    for one in entry.cells:
        if one not in whole.populations:
            hint = nearest(one, whole.populations)
            raise DefinitionError(f"{place}.cells", f"the model has no population '{one}'{hint}")
    if len(set(entry.cells)) < len(entry.cells):
        raise DefinitionError(f"{place}.cells", f"wants each population once, got {', '.join(entry.cells)}")
    changes, pulses = {}, {}
    for path, given in (entry.set or {}).items():
        form = form_of(path, values, f"{place}.set")
        changes[path] = f"{kept}.{path}"
        values.take(changes[path], given, form, f"{place}.set.{path}", file)
    for path, given in (entry.pulse or {}).items():
        _validate_state(path, whole, f"{place}.pulse")
        pulses[path] = f"{kept}.pulse.{path}"
        values.take(pulses[path], given, LEFT, f"{place}.pulse.{path}", file)
    return Part(tuple(entry.cells), entry.place, changes, pulses)


def form_of(path: str, values: Values, where: str) -> Parameter:
    """Return unit and bounds of a value of the model that follows no other."""
    if path not in values.found or is_kept(path):
        known = [one for one in values.found if not is_kept(one)]
        raise DefinitionError(where, f"the model has no value '{path}'{nearest(path, known)}")
    old = values.found[path]
    if old.same_as:
        raise DefinitionError(
            f"{where}.{path}", f"wants a value that follows no other, '{path}' follows '{old.same_as}'"
        )
    return Parameter(path, old.unit, old.meaning, old.low, old.high, old.low_is_allowed)


def _validate_state(path: str, whole: Parts, where: str) -> None:
    known = [
        f"{one.name}.{name}"
        for one in whole.instances.values() if one.mechanism.scale == "slow"
        for name, equation in read_equations(one.mechanism.equations).items() if equation.is_rate
    ]  # fmt: skip
    if path not in known:
        raise DefinitionError(where, f"the model has no slow state '{path}'{nearest(path, known)}")


def _validate_set_once(parts: tuple[Part, ...], place: str) -> None:
    seen: set[str] = set()
    for index, part in enumerate(parts):
        for path in (*part.changes, *part.pulses):
            if path in seen:
                raise DefinitionError(f"{place}.parts.{index}", f"wants '{path}' in one part, got it in two")
            seen.add(path)


def _validate_changeable(found: Manipulation, values: Values, whole: Parts, place: str) -> None:
    """Refuse a manipulation in time that changes a value which only a new network could take."""
    for part in found.parts:
        for path in part.changes:
            followers = [name for name, value in values.found.items() if value.same_as == path]
            for one in (path, *followers):
                if not whole.may_move(one) and not one.startswith("manipulations."):
                    follows = "" if one == path else f" and '{one}', which follows it"
                    wanted = f"'{path}'{follows} cannot change while the model runs: wants acute = false"
                    raise DefinitionError(f"{place}.set.{path}", wanted)
