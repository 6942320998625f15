"""Rest of the signalling of a pyramidal cell: of every form, and of all of them linked, in every genotype."""

from __future__ import annotations

import numpy as np
import pytest
from signaling_form import Form, shipped_parameters
from smooth_network import SmoothNetwork

from msim.definitions.models.interventions import manipulated
from msim.definitions.models.model import ModelDefinition
from msim.multiscale.slow.scale import SlowScale, slow_scale
from msim.multiscale.slow.steady_state import STANDS_STILL
from msim.signaling.bdnf_trkb import BDNF_TRKB
from msim.signaling.eef2k import EEF2K
from msim.signaling.mecp2 import MECP2_LOOP
from msim.signaling.mtorc1 import MTORC1
from msim.signaling.scaling import SCALING
from msim.signaling.spines import SPINES

# What a knock-out takes away or an inhibitor holds back, and what is doubled, for life.
AMOUNTS = {"eEF2K", "activity", "BDNF_gene", "transcription", "trafficking", "TrkB", "GluA2", "S421", "N_0"}
SIGNALING = {"resting_calcium", "eef2k", "translation", "mtorc1", "bdnf_release", "bdnf_trkb", "camkii",
             "retinoic_acid", "ampar_scaling", "spines", "mecp2_loop"}  # fmt: skip
LIVES = {
    "as shipped": {},
    "no kinase": {"eef2k.eEF2K": 0},
    "half of the kinase inhibited": {"eef2k.activity": 0.5},
    "twice the kinase": {"eef2k.eEF2K": 2},
    "no BDNF": {"bdnf_trkb.BDNF_gene": 0, "bdnf_release.BDNF_pre": 0},
    "no presynaptic BDNF": {"bdnf_release.BDNF_pre": 0},
    "no presynaptic TrkB": {"bdnf_release.TrkB_pre": 0},
    "no TrkB": {"bdnf_trkb.TrkB": 0},
    "no GluA2": {"ampar_scaling.GluA2": 0},
    "no CaMKII": {"camkii.CaMKII": 0},
    "no mTORC1": {"mtorc1.mTOR": 0},
    "S421A": {"mecp2_loop.S421": 0},
    "no transcription": {"mecp2_loop.transcription": 0},
    "no synthesis": {"translation.T_prot": 0},
    "twice the synthesis": {"translation.T_prot": 2},
    "less regulated secretion": {"bdnf_release.regulated": 0.5, "bdnf_trkb.trafficking": 0.5},
    "an antibody": {"bdnf_release.scavenged": 0.9},
    "no RARalpha": {"retinoic_acid.RARalpha": 0},
    "fewer spines": {"spines.N_0": 0.8},
}


@pytest.mark.parametrize("form", [EEF2K, MTORC1, BDNF_TRKB, SCALING, SPINES, MECP2_LOOP], ids=lambda one: one.name)
def test_the_declared_rest_stands_still(form, model: ModelDefinition) -> None:  # type: ignore[no-untyped-def]
    """Under resting inputs every slope vanishes to rounding, with the shipped numbers and without each amount."""
    one = Form(form)
    own = shipped_parameters(model)[form.name]
    for changed in [{}] + [{name: 0.0} for name in AMOUNTS & own.keys()]:
        parameters = own | changed
        slopes = one.slopes(one.rest(parameters), parameters, {})
        assert all(abs(slope) < 1e-15 for slope in slopes.values())


def at_rest(model: ModelDefinition) -> tuple[SlowScale, dict[str, np.ndarray]]:
    """The slow scale of a model without drug, and the averages of its baseline."""
    baseline = SmoothNetwork(model).burst(0.0, 1.0, keep_field=False)
    scale = slow_scale(model, lambda time: {"ketamine.C_e": 0.0}, baseline, 0.0)
    return scale, scale.averages(baseline)


@pytest.mark.parametrize("life", LIVES)
def test_every_life_rests_unpotentiated(model: ModelDefinition, life: str) -> None:
    """Links included: nothing moves, no TrkB is active and each spine has its normal AMPA receptors.

    A cell is used to what it has always had, more protein or less.
    """
    tiny = model.with_value("column.n_cells", 10)
    for path, value in LIVES[life].items():
        tiny = tiny.with_value(path, value)
    scale, averages = at_rest(tiny)
    for system in scale.systems.values():
        slopes = system.derivative(system.rest, scale.outside(system, 0.0, averages))
        assert np.abs(slopes).max() < STANDS_STILL
    outputs = scale.outputs(scale.rest(), 0.0, averages)
    for name, expected in (("bdnf_trkb.p_TrkB", 0.0), ("ampar_scaling.A", 1.0), ("mecp2_loop.p_MeCP2", 0.0)):
        np.testing.assert_allclose(outputs[name], expected, rtol=0, atol=1e-9)


def test_every_declared_manipulation_of_the_signalling_rests(model: ModelDefinition) -> None:
    """Each that can hold from birth: nothing moves, and no TrkB is active."""
    tiny = model.with_value("column.n_cells", 10)
    seen = {
        one.name: one.kind
        for one in tiny.manipulations.values() for part in one.parts for path in part.changes
        if path.split(".")[0] in SIGNALING
    }  # fmt: skip
    assert {"BDNF", "TrkB", "BDNF_Val66Met", "mTOR_inhibitor", "ryanodine"} <= seen.keys()
    for name, kind in seen.items():
        scale, averages = at_rest(manipulated(tiny, kind, name))
        outputs = scale.outputs(scale.rest(), 0.0, averages)
        np.testing.assert_allclose(outputs["bdnf_trkb.p_TrkB"], 0.0, rtol=0, atol=1e-9)


def test_without_the_kinase_more_protein_is_made_for_life(model: ModelDefinition) -> None:
    """SG8: no p-eEF2 at all, and synthesis up by all that the brake held back, 1 + beta_d."""
    scale, averages = at_rest(model.with_value("column.n_cells", 10).with_value("eef2k.eEF2K", 0))
    outputs = scale.outputs(scale.rest(), 0.0, averages)
    np.testing.assert_allclose(outputs["eef2k.p_eEF2"], 0.0, rtol=0, atol=1e-30)
    np.testing.assert_allclose(outputs["translation.rate"], 1 + model["translation.beta_d"], rtol=1e-12)
    np.testing.assert_allclose(outputs["bdnf_trkb.set_point"], outputs["bdnf_trkb.BDNF"], rtol=1e-9)
