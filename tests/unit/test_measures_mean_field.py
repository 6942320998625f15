"""Laws of population averages."""

from __future__ import annotations

import numpy as np
import pytest

from msim.base.errors import InputError
from msim.measures.mean_field import e_i_balance, lfp_proxy, synaptic_activity, total_synaptic_current


def _currents() -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(1)
    return -generator.exponential(2, (20, 50)), generator.exponential(3, (20, 50))


def test_field_potential_adds_over_cells_and_ignores_the_sign_of_currents() -> None:
    """Currents of opposite sign must add, not cancel; two halves of the cells make the whole."""
    ampa, gaba = _currents()
    whole = lfp_proxy(ampa, gaba)
    assert whole.shape == (50,)
    assert lfp_proxy(-ampa, gaba) == pytest.approx(whole)
    assert lfp_proxy(ampa, -gaba) == pytest.approx(whole)
    assert lfp_proxy(ampa[:7], gaba[:7]) + lfp_proxy(ampa[7:], gaba[7:]) == pytest.approx(whole)
    assert lfp_proxy(ampa, 0 * gaba) + lfp_proxy(0 * ampa, gaba) == pytest.approx(whole)


def test_balance_turns_over_when_excitation_and_inhibition_change_places() -> None:
    """And it does not depend on sign or unit; without inhibition there is none."""
    excitatory, inhibitory = _currents()
    balance = e_i_balance(excitatory, inhibitory)
    assert balance * e_i_balance(inhibitory, excitatory) == pytest.approx(1)
    assert e_i_balance(-5 * excitatory, -5 * inhibitory) == pytest.approx(balance)
    assert np.isnan(e_i_balance(np.array([1.0, 0.0]), np.zeros(2))).all()


def test_activity_is_the_relative_change_of_current() -> None:
    """0 on average at rest, x when every current grows by x, -1 in silence, whatever the number of cells."""
    excitatory, inhibitory = _currents()
    resting = total_synaptic_current(excitatory, inhibitory).mean()
    assert total_synaptic_current(-excitatory, -inhibitory).mean() == pytest.approx(resting)
    at_rest = synaptic_activity(excitatory, inhibitory, resting)
    assert at_rest.mean() == pytest.approx(0, abs=1e-12)
    assert synaptic_activity(1.3 * excitatory, 1.3 * inhibitory, resting).mean() == pytest.approx(0.3)
    assert (synaptic_activity(0 * excitatory, 0 * inhibitory, resting) == -1).all()
    doubled = synaptic_activity(np.tile(excitatory, (2, 1)), np.tile(inhibitory, (2, 1)), resting)
    assert doubled == pytest.approx(at_rest)
    with pytest.raises(InputError, match="above 0"):
        synaptic_activity(excitatory, inhibitory, 0.0)
