"""The map from potentiation to a rating: placebo where there is none, saturating, never beyond all of it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from msim.definitions.files.read import find
from msim.definitions.models.read_model import read_part
from msim.measures.rating import improvement

VALUES = read_part(find("clinic/rating", "models")).parameters("rating")


def test_without_potentiation_there_is_placebo_and_luck_alone() -> None:
    random_effect = np.array([-1.0, 0.0, 1.0])
    expected = VALUES["placebo"] + VALUES["sd"] * random_effect
    assert improvement(0.0, random_effect, VALUES) == pytest.approx(expected)
    assert improvement(-0.5, random_effect, VALUES) == pytest.approx(expected)


def test_it_rises_to_its_limit_and_half_of_it_is_where_the_file_says() -> None:
    w = np.linspace(0, 1, 50)
    found = improvement(w, 0.0, VALUES)
    assert (np.diff(found) > 0).all() and (np.diff(found, 2) < 1e-12).all()
    assert improvement(VALUES["W_50"], 0.0, VALUES) - VALUES["placebo"] == pytest.approx(VALUES["E_max"] / 2)
    assert improvement(1e9, 10.0, VALUES) == 1.0


def test_as_many_respond_to_placebo_as_were_fitted() -> None:
    """28 % of those given midazolam (CL5)."""
    share = norm.sf((VALUES["response"] - VALUES["placebo"]) / VALUES["sd"])
    assert share == pytest.approx(0.28, abs=0.01)
