"""Without noise the compiled engine and stock Brian2 agree to the last bit, and the fast build with both in spikes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import engine_oracle as oracle
import numpy as np
import pytest

ONE_SECOND = round(1 / oracle.STEP)


@pytest.fixture(scope="module")
def brian2_alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """What a program of Brian2's own, compiled without rounding of its compiler's choice, makes of the chain."""
    folder = tmp_path_factory.mktemp("brian2")
    paths = [str(Path(oracle.__file__).parent), *sys.path]
    done = subprocess.run(
        [sys.executable, oracle.__file__, str(folder)], capture_output=True, text=True, timeout=600, check=False,
        cwd=folder, env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return dict(np.load(folder / "found.npz"))


def test_strict_build_equals_brian2_to_the_last_bit(brian2_alone: dict[str, np.ndarray]) -> None:
    """Five methods, delays of 1 to 40 steps, plastic, clock-driven and summed synapses, refractory times, inputs."""
    spec = oracle.chain()
    found = oracle.ours(spec, oracle.chain_rows(spec))
    assert set(found) == set(brian2_alone)
    assert all(found[f"{one.name} spikes"].size > 100 for one in spec.cells)
    wrong = [name for name in found if not np.array_equal(found[name], brian2_alone[name])]
    assert wrong == []


def test_fast_build_spikes_as_the_strict_one() -> None:
    """Rounding differs in the last place; in a second of a network without loops no spike moves by a step."""
    spec = oracle.chain()
    strict, fast = (oracle.ours(spec, oracle.chain_rows(spec), ONE_SECOND, strict) for strict in (True, False))
    for one in spec.cells:
        assert np.array_equal(strict[f"{one.name} spikes"], fast[f"{one.name} spikes"]), one.name
    assert any(not np.array_equal(strict[name], fast[name]) for name in strict)  # else two equal builds were compared
