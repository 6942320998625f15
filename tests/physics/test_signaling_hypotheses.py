"""What tells the rival accounts of the shipped model apart: which route makes BDNF, and whether its release waits."""

from __future__ import annotations

import pytest
from signaling_form import Form

from msim.definitions.models.hypotheses import under
from msim.definitions.models.model import ModelDefinition
from msim.signaling.bdnf_release import BDNF_RELEASE
from msim.signaling.translation import TRANSLATION

SYNTHESIS, RELEASE = Form(TRANSLATION), Form(BDNF_RELEASE)
# Hypothesis: whether the kinase's brake makes BDNF, whether a surge does, whether release needs AMPA currents.
ROUTES = {
    "H1": (True, False, False),
    "H2": (False, True, True),
    "H3": (True, True, False),
    "H4": (True, False, True),
}


@pytest.mark.parametrize("name", ROUTES)
def test_routes_act_as_the_account_says(model: ModelDefinition, name: str) -> None:
    """Each is there in full or not at all, so that a knock-out of the kinase or an antagonist decides between them."""
    direct, disinhibition, permitted = ROUTES[name]
    own = under(model, name, "test")
    synthesis, release = own.parameters("translation"), own.parameters("bdnf_release")

    def made(**inputs: float) -> bool:
        return SYNTHESIS.shown("rate", {}, synthesis, inputs) > 1

    assert (made(brake=0.5), made(surge=0.5)) == (direct, disinhibition)
    blocked = RELEASE.shown("release", {}, release | {"AMPAR": 0.0}, {"D": 0.0})
    assert blocked == (0 if permitted else pytest.approx(1, rel=1e-12))


@pytest.mark.parametrize("name", ROUTES)
def test_all_accounts_share_their_rest(model: ModelDefinition, name: str) -> None:
    """Synthesis and release are 1 at rest: they differ in what a drug does, not in what they start from."""
    own = under(model, name, "test")
    assert SYNTHESIS.shown("rate", {}, own.parameters("translation"), {}) == 1
    assert RELEASE.shown("release", {}, own.parameters("bdnf_release"), {}) == pytest.approx(1, rel=1e-14)


def test_the_model_as_it_stands_is_the_account_in_series(model: ModelDefinition) -> None:
    """H4 changes no value."""
    series = under(model, "H4", "test")
    assert all(series[path] == model[path] for path in model.values)
