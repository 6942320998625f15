"""Numbers of the readouts of glutamate and synapses: 13C-MRS, and PET of mGluR5 and SV2A."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from msim.definitions.files.read import find
from msim.definitions.models.read_model import read_part


@dataclass(frozen=True)
class GlutamateReadouts:
    """Parameters of the forms in models/imaging/mrs.toml and models/imaging/pet.toml, SI units."""

    cycle: Mapping[str, float]
    energy: Mapping[str, float]
    mglur5: Mapping[str, float]
    sv2a: Mapping[str, float]


def read_glutamate_readouts() -> GlutamateReadouts:
    """Read the shipped numbers of the readouts of glutamate and synapses."""
    mrs = read_part(find("imaging/mrs", "models"))
    pet = read_part(find("imaging/pet", "models"))
    return GlutamateReadouts(
        mrs.parameters("cycle"), mrs.parameters("energy"), pet.parameters("mglur5"), pet.parameters("sv2a")
    )
