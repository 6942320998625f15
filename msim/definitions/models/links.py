"""Checks of a model's links: both ends exist, units agree, every input is fed once, nothing feeds itself."""

from __future__ import annotations

from collections.abc import Mapping

from msim.base.errors import DefinitionError
from msim.base.expressions import evaluated
from msim.base.mechanism import same_dimensions
from msim.base.quantities import unit_text
from msim.base.readout import SPECTRUM
from msim.definitions.models.addresses import DISTRIBUTION, Address, inputs, look_up, outputs
from msim.definitions.models.constants import constants, resting_values
from msim.definitions.models.loops import check_loops
from msim.definitions.models.model import Link, ModelDefinition
from msim.definitions.models.readouts import readout_of

BURSTS = ("population", "receptor")
SEEN_BY_READOUTS = "synaptic_current"
SEEN_AS_FIELD = "dipole_current"  # of populations that have one
NOTHING = 1e-9  # what sums that cancel may leave of 0


def check_links(model: ModelDefinition) -> None:
    """Refuse a link to or from nothing, between different dimensions, fed twice, in a loop; and a slow input unfed."""
    known_outputs, known_inputs = outputs(model), inputs(model)
    fed: dict[str, str] = {}
    for link in model.links.values():
        place = f"{link.file}: links.{link.name}"
        target = look_up(link.to, known_inputs, f"{place}.to", "input")
        if link.to in fed:
            raise DefinitionError(f"{place}.to", f"'{link.to}' is fed already by link '{fed[link.to]}'")
        fed[link.to] = link.name
        origins = [look_up(one, known_outputs, f"{place}.from", "output") for one in link.origin]
        references = [look_up(one, known_outputs, f"{place}.relative_to", "output") for one in link.relative_to]
        for key, names in (("from", link.origin), ("relative_to", link.relative_to)):
            if len(set(names)) < len(names):
                raise DefinitionError(f"{place}.{key}", f"wants each output once, got {', '.join(names)}")
        _check_units(link, origins, references, target, place)
        _check_origins(origins, references, place)
        _check_rest(model, references, place)
        _check_target(link, origins, references, target, place)
        if link.has_share and target.kind != "readout":
            _check_share(model, link, origins, target, f"{place}.share")
        if target.kind == "readout":
            _check_readout(model, link, origins, references, target, place, known_outputs)
    for text, address in known_inputs.items():
        if address.kind in ("slow", "readout") and text not in fed:
            file = model.instances[address.owner].file
            raise DefinitionError(f"{file}: mechanisms.{address.owner}", f"no link feeds its input '{text}'")
    check_loops(model)


def _check_units(
    link: Link, origins: list[Address], references: list[Address], target: Address, place: str
) -> None:
    first = origins[0]
    for one in (*origins[1:], *references):
        if not same_dimensions(one.unit, first.unit):
            units = f"'{one.text}' is in {unit_text(one.unit)}, '{first.text}' in {unit_text(first.unit)}"
            raise DefinitionError(place, f"wants outputs of one unit, but {units}")
    given = unit_text(1 if references else first.unit)
    if not same_dimensions(1 if references else first.unit, target.unit):
        came = f"'{' + '.join(link.origin)}' gives {given}"
        raise DefinitionError(place, f"'{target.text}' wants {unit_text(target.unit)}, {came}")


def _check_origins(origins: list[Address], references: list[Address], place: str) -> None:
    if {"readout", DISTRIBUTION} & {one.kind for one in (*origins, *references)}:
        raise DefinitionError(f"{place}.from", "a readout feeds nothing")
    if len({one.kind in BURSTS for one in (*origins, *references)}) > 1:
        raise DefinitionError(f"{place}.from", "cannot hold averages of spiking cells against slow quantities")


def _check_rest(model: ModelDefinition, references: list[Address], place: str) -> None:
    """Refuse a link relative to an output that is 0 at rest, such as a drug's concentration."""
    for one in references:
        rest = model.instances[one.owner].mechanism.rest.get(one.name) if one.kind in ("drug", "slow") else None
        if one.kind == "drug" or (rest and evaluated(rest, constants(model, one.owner)) == 0):
            raise DefinitionError(f"{place}.relative_to", f"wants an output that is not 0 at rest, got '{one.text}'")


def _check_share(model: ModelDefinition, link: Link, origins: list[Address], target: Address, place: str) -> None:
    """Check that rest is known at both ends, as a share is of the change from rest, and is 0 at both or at neither."""
    if not same_dimensions(target.unit, 1):
        raise DefinitionError(place, f"wants an input without unit, got {unit_text(target.unit)}")
    came, wanted = _rest_of(model, link, origins), model.rest_of(link)
    if came is None:
        raise DefinitionError(place, "wants outputs that are known at rest: slow ones, or such as are relative to "
                                     f"themselves; got {' + '.join(link.origin)}")
    if (abs(came) < NOTHING) != (wanted == 0):
        raise DefinitionError(place, f"wants an output that is {'not ' if wanted else ''}0 at rest, as "
                                     f"'{target.text}' is, got {came:.4g}")


def _rest_of(model: ModelDefinition, link: Link, origins: list[Address]) -> float | None:
    """Return the resting sum of a link's outputs; None where only bursts would give it."""
    if link.relative_to:
        return 1.0 if set(link.relative_to) == set(link.origin) else None
    if any(one.kind in BURSTS for one in origins):
        return None
    return sum(resting_values(model, one.owner)[one.name] if one.kind == "slow" else 0.0 for one in origins)


def _check_target(
    link: Link, origins: list[Address], references: list[Address], target: Address, place: str
) -> None:
    all_of_them = (*origins, *references)
    kinds = {one.kind for one in all_of_them}
    if target.kind == "slow" and any(one.population not in ("", target.population) for one in all_of_them):
        whose = f"its own population '{target.population}' or a drug"
        raise DefinitionError(f"{place}.from", f"'{target.text}' can be fed by {whose} only")
    if target.kind == "receptor" and kinds != {"slow"}:
        raise DefinitionError(f"{place}.from", f"'{target.text}' can be fed by slow mechanisms only")
    if target.kind == "receptor" and references:
        raise DefinitionError(f"{place}.relative_to", f"'{target.text}' takes a slow quantity as it is")
    if target.kind == "receptor" and len({one.population for one in origins}) > 1:
        raise DefinitionError(f"{place}.from", "wants slow mechanisms of one population")


def _check_readout(
    model: ModelDefinition, link: Link, origins: list[Address], references: list[Address], target: Address, place: str,
    known: Mapping[str, Address],
) -> None:  # fmt: skip
    readout = readout_of(model, target.owner)
    sees_field = readout is not None and readout.kind == SPECTRUM
    dipole = sees_field and f"{origins[0].population}.{SEEN_AS_FIELD}" in known
    seen = SEEN_AS_FIELD if dipole else SEEN_BY_READOUTS
    if len(origins) != 1 or (origins[0].kind, origins[0].name) != ("population", seen):
        wanted = f"'{target.text}' sees one 'POPULATION.{seen}'"
        raise DefinitionError(f"{place}.from", f"{wanted}, got {', '.join(link.origin)}")
    if references and references != origins:
        came = ", ".join(link.relative_to)
        raise DefinitionError(f"{place}.relative_to", f"wants '{origins[0].text}' as in from, got {came}")
    if link.has_share:
        raise DefinitionError(f"{place}.share", f"'{target.text}' takes no share")
