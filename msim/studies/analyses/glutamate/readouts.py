"""Numbers of the readouts of glutamate and synapses: 13C-MRS, and PET of mGluR5 and SV2A."""

from __future__ import annotations

from dataclasses import dataclass

from msim.definitions.files.read import find
from msim.definitions.models.read_model import read_part
from msim.measures.energy_use import EnergyUse
from msim.measures.glutamate_cycle import GlutamateCycle
from msim.measures.receptor_pet import ReceptorPet
from msim.measures.synapse_pet import SynapsePet


@dataclass(frozen=True)
class GlutamateReadouts:
    """Numbers of models/imaging/mrs.toml and models/imaging/pet.toml in SI units."""

    cycle: GlutamateCycle
    energy: EnergyUse
    mglur5: ReceptorPet
    sv2a: SynapsePet


def read_glutamate_readouts() -> GlutamateReadouts:
    """Read the shipped numbers of the readouts of glutamate and synapses."""
    mrs = read_part(find("imaging/mrs", "models"))
    pet = read_part(find("imaging/pet", "models"))
    return GlutamateReadouts(
        GlutamateCycle(**mrs.parameters("cycle")),
        EnergyUse(**mrs.parameters("energy")),
        ReceptorPet(**pet.parameters("mglur5")),
        SynapsePet(**pet.parameters("sv2a")),
    )
