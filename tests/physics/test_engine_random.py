"""Random numbers of the compiled engine: the published generator, the wanted distributions, streams apart.

Statistical bounds are five standard errors: luck fails one of the hundred or so in this file once in 17,000 runs, and
the seeds are fixed.
"""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from msim.backends.cpp.build import COMMON, FAST, compiler
from msim.backends.cpp.library import TRACES
from msim.backends.cpp.network import CompiledNetwork
from msim.backends.cpp.thresholds import event_thresholds
from msim.base.errors import InputError
from msim.network.spec import Cells, Drive, NetworkSpec, Projection

RUNTIME = Path(compiler.__code__.co_filename).parent / "runtime"
# The published test vectors of philox4x32-10, of Random123's kat_vectors.
VECTORS = [
    "6627e8d5 e169c58d bc57ac4c 9b00dbd8", "408f276d 41c83b0e a20bc7c6 6d5451fd", "d16cfe09 94fdcceb 5001e420 24126ea1",
]  # fmt: skip


@pytest.fixture(scope="module", params=[[], ["-mno-avx512f"]], ids=["as built", "without AVX-512"])
def printed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What a program of the engine's headers prints, by first word."""
    program = tmp_path_factory.mktemp("random") / "numbers"
    source = Path(__file__).with_name("random_numbers.cpp")
    flags = [*COMMON, *FAST, *request.param, "-I", str(RUNTIME)]
    subprocess.run([*compiler(), *flags, str(source), "-o", str(program), "-lm"], check=True, timeout=120)
    lines = subprocess.run([str(program)], capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    words = [line.split(" ", 1) for line in lines]
    return {name: [rest for first, rest in words if first == name] for name, _ in words}


def test_philox_gives_the_published_numbers(printed: dict[str, list[str]]) -> None:
    assert printed["philox"] == VECTORS


def test_a_vector_of_cells_draws_what_each_draws_alone(printed: dict[str, list[str]]) -> None:
    assert printed["words"] == ["same"]


def test_exponentials_are_right_to_the_last_place(printed: dict[str, list[str]]) -> None:
    """Rounding of the polynomial's last sums gives less than one place and a half; beyond its range it is constant."""
    errors = dict(line.split() for line in printed["exp"])
    assert float(errors["double"]) < 1.5 and float(errors["float"]) < 1.5, errors
    assert printed["ends"] == ["1"]


# ---- thresholds of counts


@pytest.mark.parametrize("inputs", [None, 1, 7, 1000])
def test_thresholds_are_the_distribution_of_counts(inputs: int | None) -> None:
    """A uniform 32-bit number lies above threshold k as often as a count is larger than k."""
    mean = np.array([0.0, 1e-6, 0.003, 0.2, 0.9, 0.999]) if inputs == 1 else np.array([0.0, 1e-6, 0.01, 0.5, 3.0, 6.9])
    limits = event_thresholds(mean, inputs, "drive")
    below = (limits.astype(float) + 1) / 2**32
    for k in range(len(limits)):
        wanted = stats.poisson.cdf(k, mean) if inputs is None else stats.binom.cdf(k, inputs, mean / inputs)
        # A threshold is a whole number, and no number lies below the least one.
        assert below[k] == pytest.approx(wanted, abs=2.0**-32)
    assert np.all(np.diff(limits.astype(np.int64), axis=0) >= 0)
    most = len(limits)
    rest = stats.poisson.sf(most, mean) if inputs is None else stats.binom.sf(most, inputs, mean / inputs)
    assert np.all(rest < 2.0**-32)


@pytest.mark.parametrize(("mean", "inputs"), [(-0.1, None), (np.nan, None), (300.0, None), (2.5, 2)])
def test_counts_that_cannot_be_drawn_are_refused_by_name(mean: float, inputs: int | None) -> None:
    with pytest.raises(InputError, match="outside"):
        event_thresholds(np.array([0.1, mean]), inputs, "outside")


# ---- distributions of what networks draw

CELLS, STEPS = 500, 400
WATCHED = ("u", "z", "k", "big", "b", "u_again", "poisson_count", "binomial_count", "other_count")
EQUATIONS = """u = rand() : 1 (constant over dt)
    u_again = rand() : 1 (constant over dt)
    z = randn() : 1 (constant over dt)
    k = poisson(2.5) : 1 (constant over dt)
    big = poisson(700) : 1 (constant over dt)
    b = hits() : 1 (constant over dt)
    poisson_count : 1
    binomial_count : 1
    other_count : 1"""


def drawing(seed: int, step: float = 1e-4) -> dict[str, np.ndarray]:
    """What two populations with the same equations draw: name to values of shape (steps, cells)."""
    cells = [
        Cells(name, CELLS, EQUATIONS, watched=WATCHED, method="euler", functions={"hits": (12, 0.3)})
        for name in ("left", "right")
    ]
    drives = [
        Drive(f"{cell.name}_{kind}", cell.name, rate, f"{kind}_count += events", inputs=inputs)
        for cell in cells
        for kind, rate, inputs in (("poisson", 7000.0, None), ("binomial", 30000.0, 5), ("other", 7000.0, None))
    ]
    net = CompiledNetwork(NetworkSpec(step, tuple(cells), (), tuple(drives)), seed)
    net.watch(0, STEPS, 1, {one.name: [TRACES] * len(WATCHED) for one in cells})
    for one in cells:
        net.trace(one.name, range(CELLS))
    net.run(STEPS)
    found = {}
    for one in cells:
        for w, name in enumerate(WATCHED):
            values = net.traces(one.name, w)
            found[f"{one.name} {name}"] = np.diff(values, axis=0, prepend=0.0) if "count" in name else values
    return found


@pytest.fixture(scope="module")
def drawn() -> Mapping[str, np.ndarray]:
    return drawing(3)


DISTRIBUTIONS = {
    "u": stats.uniform(), "u_again": stats.uniform(), "z": stats.norm(), "k": stats.poisson(2.5),
    "big": stats.poisson(700), "b": stats.binom(12, 0.3), "poisson_count": stats.poisson(0.7),
    "other_count": stats.poisson(0.7), "binomial_count": stats.binom(5, 0.6),
}  # fmt: skip


@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_draws_have_the_mean_and_variance_of_their_distribution(drawn: Mapping[str, np.ndarray], name: str) -> None:
    wanted = DISTRIBUTIONS[name]
    mean, variance, excess = wanted.stats("mvk")
    for population in ("left", "right"):
        values = drawn[f"{population} {name}"].ravel()
        assert abs(values.mean() - mean) < 5 * np.sqrt(variance / values.size)
        # The variance of a squared deviation is (kurtosis - 1) times the variance squared.
        squared = (values - mean) ** 2
        assert abs(squared.mean() - variance) < 5 * variance * np.sqrt((excess + 2) / values.size)


@pytest.mark.parametrize("name", ["u", "z"])
def test_continuous_draws_follow_their_distribution(drawn: Mapping[str, np.ndarray], name: str) -> None:
    """The Kolmogorov-Smirnov distance of so many draws is larger than this once in a million."""
    values = drawn[f"left {name}"].ravel()
    assert stats.kstest(values, DISTRIBUTIONS[name].cdf).pvalue > 1e-6
    assert len(np.unique(values)) == values.size  # 52 bits: as good as never twice the same


@pytest.mark.parametrize("name", ["k", "b", "poisson_count", "binomial_count"])
def test_counts_follow_their_distribution(drawn: Mapping[str, np.ndarray], name: str) -> None:
    """Pearson's chi-squared over all counts that are expected at least ten times."""
    values = np.rint(drawn[f"right {name}"].ravel()).astype(int)
    expected = DISTRIBUTIONS[name].pmf(np.arange(values.max() + 1)) * values.size
    often = expected >= 10
    found = np.bincount(values, minlength=expected.size)
    chi_squared = float(np.sum((found - expected)[often] ** 2 / expected[often]))
    assert stats.chi2.sf(chi_squared, often.sum() - 1) > 1e-6


def test_streams_of_populations_drives_and_places_are_independent(drawn: Mapping[str, np.ndarray]) -> None:
    """No two draws are correlated: neither in one step, nor one step or one cell apart."""
    bound = 5 / np.sqrt(CELLS * STEPS)
    shifted = {"": lambda x: x, " a step later": lambda x: np.roll(x, 1, 0), " next cell": lambda x: np.roll(x, 1, 1)}
    for one, other in itertools.product(drawn, drawn):
        for how, shift in shifted.items():
            if one == other and not how:
                continue
            correlation = np.corrcoef(drawn[one].ravel(), shift(drawn[other]).ravel())[0, 1]
            assert abs(correlation) < bound, (one, other + how)


def test_seeds_give_other_draws_and_the_same_seed_the_same(drawn: Mapping[str, np.ndarray]) -> None:
    again, other = drawing(3), drawing(4)
    bound = 5 / np.sqrt(CELLS * STEPS)
    for name, values in drawn.items():
        assert np.array_equal(values, again[name])
        assert abs(np.corrcoef(values.ravel(), other[name].ravel())[0, 1]) < bound


# ---- draws of synapses and resets

RECEIVED = {
    "first": stats.uniform(), "next": stats.uniform(), "normal": stats.norm(), "count": stats.poisson(1.5),
    "trials": stats.binom(4, 0.25), "other": stats.uniform(),
}  # fmt: skip


@pytest.fixture(scope="module")
def received() -> Mapping[str, np.ndarray]:
    """What events and resets draw that happen in every cell at every step; each pair has two contacts of a kind."""
    reset = "left = rand()\nalong = randn()"
    names = (*RECEIVED, "left", "along")
    cells = Cells("cells", CELLS, "\n".join(f"{name} : 1" for name in names), "left < 2", reset, watched=names)
    contacts = Projection(
        "contacts", "cells", "cells",
        "r = rand()\nfirst_post += a*r\nnext_post += b*r\nnormal_post += a*randn()\ncount_post += a*poisson(1.5)\n"
        "trials_post += a*hits()", variables={"a": "1", "b": "1"}, functions={"hits": (4, 0.25)},
    )  # fmt: skip
    single = Projection("single", "cells", "cells", "other_post += rand()")
    net = CompiledNetwork(NetworkSpec(1e-4, (cells,), (contacts, single)), 5)
    same = np.full(2, 1e-4)
    net.connect("contacts", lambda cell: (np.full(2, cell), same, {"a": np.array([1, 0]), "b": np.array([0, 1])}))
    net.connect("single", lambda cell: (np.array([cell]), same[:1], {}))
    net.run(1)
    net.watch(1, STEPS, 1, {"cells": [TRACES] * len(names)})
    net.trace("cells", range(CELLS))
    net.run(STEPS)
    traces = {name: net.traces("cells", w) for w, name in enumerate(names)}
    return {name: np.diff(one, axis=0, prepend=0.0) if name in RECEIVED else one for name, one in traces.items()}


@pytest.mark.parametrize("name", [*RECEIVED, "left", "along"])
def test_events_and_resets_draw_from_their_distribution(received: Mapping[str, np.ndarray], name: str) -> None:
    wanted = RECEIVED.get(name) or {"left": stats.uniform(), "along": stats.norm()}[name]
    mean, variance, excess = wanted.stats("mvk")
    values = received[name].ravel()
    assert abs(values.mean() - mean) < 5 * np.sqrt(variance / values.size)
    squared = (values - mean) ** 2
    assert abs(squared.mean() - variance) < 5 * variance * np.sqrt((excess + 2) / values.size)


def test_contacts_of_a_pair_projections_and_resets_draw_apart(received: Mapping[str, np.ndarray]) -> None:
    bound = 5 / np.sqrt(CELLS * STEPS)
    for one, other in itertools.combinations(received, 2):
        for shift in (0, 1):
            later = np.roll(received[other], shift, 0)
            assert abs(np.corrcoef(received[one].ravel(), later.ravel())[0, 1]) < bound, (one, other, shift)


def test_seeds_that_differ_in_their_upper_half_alone_draw_apart(drawn: Mapping[str, np.ndarray]) -> None:
    """As seeds do that follow from others: the engine takes all 64 bits."""
    bound = 5 / np.sqrt(CELLS * STEPS)
    for name, values in drawing(3 + 2**62).items():
        assert abs(np.corrcoef(values.ravel(), drawn[name].ravel())[0, 1]) < bound, name
