"""Every form that a model file may name."""

from __future__ import annotations

from msim.base.mechanism import Mechanism
from msim.circuit.neurons import ADEX
from msim.circuit.receptors import AMPA, GABA_A, NMDA
from msim.circuit.release import RESTING_ACTIVATION
from msim.measures.bold import BALLOON_WINDKESSEL
from msim.measures.lfp_band import LFP_BAND
from msim.pharmacology.channel_block import TRAPPING_BLOCK
from msim.pharmacology.compartments import THREE_COMPARTMENT
from msim.signaling.bdnf_trkb import BDNF_TRKB
from msim.signaling.calcium import RESTING_CALCIUM
from msim.signaling.eef2k import EEF2K
from msim.signaling.mecp2 import MECP2_LOOP
from msim.signaling.scaling import SCALING

FORMS: dict[str, Mechanism] = {
    form.name: form
    for form in (
        THREE_COMPARTMENT,
        TRAPPING_BLOCK,
        ADEX,
        AMPA,
        NMDA,
        GABA_A,
        RESTING_ACTIVATION,
        RESTING_CALCIUM,
        EEF2K,
        BDNF_TRKB,
        SCALING,
        MECP2_LOOP,
        BALLOON_WINDKESSEL,
        LFP_BAND,
    )
}
