"""A probe that is recorded in pieces is the one burst that it would be, to the last bit."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msim.backends.cpp.burst_pieces import Tally, piece_lengths
from msim.backends.cpp.column import CompiledColumn
from msim.backends.failures import validate_rates
from msim.backends.mpi import SERIAL
from msim.base.errors import SimulationError
from msim.base.settings import with_settings
from msim.definitions.models.model import ModelDefinition
from msim.network.column_plan import STEP, column_plan
from msim.recording.spool import Spool, SpoolFile

BURN_IN, SECONDS = 0.05, 0.7


def column(model: ModelDefinition) -> CompiledColumn:
    """A hundred cells that have been running for a while, so that nothing begins at step 0."""
    made = CompiledColumn(column_plan(model.with_value("column.n_cells", 100), 3), SERIAL)
    made.burst(0.0, 0.0123, keep_field=False)
    return made


@pytest.mark.parametrize("piece", [0.7, 0.35, 0.21, 0.0137])
def test_pieces_are_the_whole(model: ModelDefinition, piece: float) -> None:
    """Averages, spikes and fields of pieces that end with the halves, beside them, and between two samples.

    The burst after it is the same too: nothing is left over.
    """
    one, other = column(model), column(model)
    whole = one.burst(BURN_IN, SECONDS, keep_field=True)
    with with_settings(burst_piece=piece):
        pieces = other.recorded(BURN_IN, SECONDS, SpoolFile())
    assert set(pieces.burst.halves) == set(whole.halves) and not pieces.burst.spikes
    assert (pieces.burst.seconds, pieces.burst.field_rate) == (whole.seconds, whole.field_rate)
    for name, values in whole.halves.items():
        np.testing.assert_array_equal(pieces.burst.halves[name], values, strict=True, err_msg=name)
    assert sum(times.size for times, _ in whole.spikes.values()) > 50
    for name, trains in whole.spikes.items():
        for found, wanted in zip(pieces.spikes[name], trains, strict=True):
            assert isinstance(found, Spool)
            np.testing.assert_array_equal(np.asarray(found), wanted, strict=True)
        np.testing.assert_array_equal(np.asarray(pieces.field[name]), whole.field[name], strict=True)
    for left, right in zip(*(each.burst(0.0, 0.1, False).spikes["pyramidal"] for each in (one, other)), strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("target", ["numpy"])
def test_other_targets_lay_down_what_their_burst_has(model: ModelDefinition, target: str) -> None:
    from msim.backends.context import Context, build_network

    small = model.with_value("column.n_cells", 20)
    whole = build_network(small, 3, Context(target=target)).burst(0.01, 0.04, keep_field=True)
    found = build_network(small, 3, Context(target=target)).recorded(0.01, 0.04, SpoolFile())
    for name, values in whole.field.items():
        assert isinstance(found.field[name], Spool)
        np.testing.assert_array_equal(np.asarray(found.field[name]), values)
        np.testing.assert_array_equal(np.asarray(found.spikes[name][0]), whole.spikes[name][0])
    assert set(found.burst.halves) == set(whole.halves)


@given(st.integers(0, 400), st.integers(1, 4000), st.integers(1, 500))
@settings(deadline=None)
def test_pieces_add_up_to_the_burst(burn_in: int, seconds: int, piece: int) -> None:
    """In steps, the burn-in within the first; none is longer than was asked for."""
    with with_settings(burst_piece=piece * STEP):
        lengths = list(piece_lengths(burn_in * STEP, seconds * STEP))
    assert sum(lengths) == burn_in + seconds
    assert lengths[0] <= burn_in + piece and all(0 < one <= piece for one in lengths[1:])


@given(
    st.lists(st.integers(0, 6000), min_size=5, max_size=60), st.lists(st.integers(1, 5999), max_size=4),
    st.integers(1, 12),
)  # fmt: skip
@settings(deadline=None, max_examples=200)
def test_a_runaway_is_seen_across_pieces_as_in_the_whole(steps: list[int], cuts: list[int], most: int) -> None:
    """With the same words, wherever the burst is cut; and every spike is counted once, in its half."""
    n_cells, began, seconds = 5, 1000, 0.5
    train = np.array(sorted(steps)), np.arange(len(steps), dtype=np.int32) % n_cells
    plan: Any = SimpleNamespace(
        spec=SimpleNamespace(cells=[SimpleNamespace(name="e", size=n_cells)]), highest_rates={"e": most / 0.5}
    )
    tally = Tally(plan, began, seconds)
    kept = []
    for low, high in zip([0, *sorted(cuts)], [*sorted(cuts), 6001], strict=True):
        own = (train[0] >= low) & (train[0] < high)
        kept.append(tally.take({"e": (train[0][own], train[1][own])})["e"])
    wanted = ""
    try:
        validate_rates("e", ((train[0] - began) * STEP, train[1]), n_cells, most / 0.5, began * STEP)
    except SimulationError as problem:
        wanted = str(problem)
    assert ("e" in tally.runaways) == bool(wanted)
    times = (train[0][train[0] >= began] - began) * STEP
    np.testing.assert_array_equal(np.concatenate([one[0] for one in kept]), times)
    assert tally.counts["e"].sum(axis=1).tolist() == [np.sum(times < 0.25), np.sum(times >= 0.25)]
