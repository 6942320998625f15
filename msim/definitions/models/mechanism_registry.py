"""Every form that a model file may name, and what a trial computes of readouts: msim's own, and of plug-ins."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from operator import attrgetter

from msim.base.mechanism import Mechanism
from msim.base.plugins import plugins
from msim.base.readout import Readout
from msim.circuit.drive import COLOURED_BACKGROUND
from msim.circuit.modulation import MUSCARINIC
from msim.circuit.neurons import ADEX, ADEX_WITH_DENDRITE
from msim.circuit.receptors import AMPA, GABA_A, GABA_B, NMDA
from msim.circuit.receptor_conductance import RECEPTOR_CONDUCTANCE
from msim.circuit.release import RESTING_ACTIVATION
from msim.circuit.synapses import SATURATION, SHORT_TERM_PLASTICITY
from msim.dcm.mass import NEURAL_MASS
from msim.measures.aperiodic import APERIODIC, FIELD_APERIODIC
from msim.measures.bold import BALLOON_WINDKESSEL, BOLD
from msim.measures.dipole import DIPOLE_SOURCE, SENSORY_VOLLEY
from msim.measures.energy_use import ENERGY_USE
from msim.measures.glutamate_cycle import GLUTAMATE_CYCLE
from msim.measures.lfp_band import BAND, LFP_BAND
from msim.measures.rating import RATING
from msim.measures.receptor_pet import MGLUR5_PET
from msim.measures.synapse_pet import SV2A_PET
from msim.pharmacology.channel_block import CHANNEL_BLOCKER, TRAPPING_BLOCK, trapping_block
from msim.pharmacology.compartments import NEEDS, ONE_OF, OPTIONAL, THREE_COMPARTMENT, disposition
from msim.signaling.bdnf_release import BDNF_RELEASE
from msim.signaling.bdnf_trkb import BDNF_TRKB
from msim.signaling.calcium import RESTING_CALCIUM
from msim.signaling.camkii import CAMKII
from msim.signaling.eef2k import EEF2K
from msim.signaling.mecp2 import MECP2_LOOP
from msim.signaling.mtorc1 import MTORC1
from msim.signaling.retinoic_acid import RETINOIC_ACID
from msim.signaling.scaling import SCALING
from msim.signaling.spines import SPINES
from msim.signaling.translation import TRANSLATION

MECHANISMS: dict[str, Mechanism] = {
    form.name: form
    for form in (
        THREE_COMPARTMENT,
        CHANNEL_BLOCKER,
        TRAPPING_BLOCK,
        ADEX,
        ADEX_WITH_DENDRITE,
        AMPA,
        NMDA,
        GABA_A,
        GABA_B,
        MUSCARINIC,
        SHORT_TERM_PLASTICITY,
        SATURATION,
        COLOURED_BACKGROUND,
        RESTING_ACTIVATION,
        RECEPTOR_CONDUCTANCE,
        RESTING_CALCIUM,
        EEF2K,
        MTORC1,
        TRANSLATION,
        BDNF_RELEASE,
        BDNF_TRKB,
        CAMKII,
        RETINOIC_ACID,
        SCALING,
        SPINES,
        MECP2_LOOP,
        BALLOON_WINDKESSEL,
        LFP_BAND,
        FIELD_APERIODIC,
        RATING,
        DIPOLE_SOURCE,
        SENSORY_VOLLEY,
        NEURAL_MASS,
        GLUTAMATE_CYCLE,
        ENERGY_USE,
        MGLUR5_PET,
        SV2A_PET,
    )
}

# Forms that are made for the drugs that act on them, by the names of these.
FOR_DRUGS: dict[str, Callable[[tuple[str, ...]], Mechanism]] = {TRAPPING_BLOCK.name: trapping_block}


@dataclass(frozen=True)
class GivenForm:
    """A form that is made for the parameters that a file gives.

    groups: of which it gives all or none; one_of: of each exactly one is given; needs: parameters, and those of which
        one has to be given with each; build: makes the form for the names given
    """

    groups: tuple[tuple[str, ...], ...]
    one_of: tuple[tuple[str, ...], ...]
    needs: tuple[tuple[str, tuple[str, ...]], ...]
    build: Callable[[Collection[str]], Mechanism]


FOR_GIVEN = {THREE_COMPARTMENT.name: GivenForm(OPTIONAL, ONE_OF, NEEDS, disposition)}

READOUTS: dict[str, Readout] = {one.form.name: one for one in (BOLD, BAND, APERIODIC)}
_NAME, _FORM_NAME = attrgetter("name"), attrgetter("form.name")


def mechanisms() -> dict[str, Mechanism]:
    """Return every form by its name: msim's own, and those of installed packages.

    raises: StartError for a package whose forms cannot be taken
    """
    further = plugins("msim.mechanisms", Mechanism, tuple(MECHANISMS), _NAME)
    return {**further, **{name: one.form for name, one in readouts().items()}, **MECHANISMS}


def readouts() -> dict[str, Readout]:
    """Return what trials compute, by the name of the form: msim's own, and those of installed packages.

    raises: StartError for a package whose readouts cannot be taken
    """
    return {**plugins("msim.readouts", Readout, tuple(MECHANISMS), _FORM_NAME), **READOUTS}
