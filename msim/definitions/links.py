"""Checks of a model's links: both ends exist, units agree, every input is fed once."""

from __future__ import annotations

from msim.base.errors import DefinitionError
from msim.base.mechanism import same_dimensions
from msim.base.quantities import unit_text
from msim.definitions.addresses import Address, inputs, look_up, outputs
from msim.definitions.model import Link, ModelDefinition


def check_links(model: ModelDefinition) -> None:
    """Refuse a link to or from nothing, between different dimensions, or fed twice; and a slow input unfed."""
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
        _check_units(link, origins, references, target, place)
        _check_scales(origins, references, target, place)
    for text, address in known_inputs.items():
        if address.kind in ("slow", "readout") and text not in fed:
            file = model.instances[address.owner].file
            raise DefinitionError(f"{file}: mechanisms.{address.owner}", f"no link feeds its input '{text}'")


def _check_units(
    link: Link, origins: list[Address], references: list[Address], target: Address, place: str
) -> None:
    for one in (*origins[1:], *references):
        if not same_dimensions(one.unit, origins[0].unit):
            raise DefinitionError(place, f"'{one.text}' is in {unit_text(one.unit)}, "
                                         f"'{origins[0].text}' in {unit_text(origins[0].unit)}")
    given = 1 if references else origins[0].unit
    if not same_dimensions(given, target.unit):
        raise DefinitionError(
            place, f"'{target.text}' wants {unit_text(target.unit)}, '{' + '.join(link.origin)}' gives {unit_text(given)}"
        )
    if link.has_share and not same_dimensions(target.unit, 1):
        raise DefinitionError(f"{place}.share", f"wants an input without unit, got {unit_text(target.unit)}")


def _check_scales(origins: list[Address], references: list[Address], target: Address, place: str) -> None:
    kinds = {one.kind for one in (*origins, *references)}
    if "readout" in kinds:
        raise DefinitionError(f"{place}.from", "a readout feeds nothing")
    if target.kind == "receptor" and kinds != {"slow"}:
        raise DefinitionError(f"{place}.from", f"'{target.text}' can be fed by slow mechanisms only")
    if target.kind == "slow" and any(one.population not in ("", target.population) for one in (*origins, *references)):
        raise DefinitionError(f"{place}.from", f"'{target.text}' can be fed by its own population "
                                               f"'{target.population}' or a drug only")
    if target.kind == "readout" and not kinds <= {"population", "receptor"}:
        raise DefinitionError(f"{place}.from", f"'{target.text}' can be fed by averages of a population only")
    if len({one.kind in ("population", "receptor") for one in origins}) > 1:
        raise DefinitionError(f"{place}.from", "cannot add averages of spiking cells to slow quantities")
