"""The compiled engine leaves the same bits behind on any number of ranks, however cells and time are cut up."""

from __future__ import annotations

from typing import Any

import pytest
from engine_networks import CHANGED_AT, SIZES, STEPS
from engine_ranks import fingerprint_of, fingerprints, needs_mpi

ODD, FULL, OVER = (15, 17, 1), (16, 16, 1), (17, 31, 1)
SMALLEST = (1, 1, 1)
CUTS = (1, 2, 3, 77, CHANGED_AT - 1, CHANGED_AT + 1, 400, STEPS - 1)

# Number of ranks to runs that are cut up in another way than the one they are held against.
JOBS: dict[int, list[dict[str, Any]]] = {
    2: [
        {"partition": "cell"},
        {"partition": "region", "interval": 1},
        {"partition": "round_robin", "interval": 2, "cuts": CUTS},
        {"partition": "cell", "sizes": ODD, "cuts": CUTS},
        {"partition": "round_robin", "sizes": OVER, "interval": 3, "precision": "single"},
        {"partition": "region", "sizes": FULL},
    ],
    3: [
        {"partition": "cell", "interval": 2},
        {"partition": "cell", "precision": "single", "cuts": CUTS},
        {"partition": "region", "sizes": OVER},
        {"partition": "round_robin", "sizes": ODD, "precision": "single"},
        {"partition": "region", "sizes": SMALLEST, "interval": 3},
        {"partition": "cell", "sizes": SMALLEST},
    ],
    4: [
        {"partition": "round_robin", "precision": "single"},
        {"partition": "cell", "sizes": FULL, "precision": "single", "interval": 1},
    ],
}  # fmt: skip

_alone: dict[tuple[Any, ...], dict[str, str]] = {}


def alone(sizes: tuple[int, ...] = SIZES, precision: str = "double") -> dict[str, str]:
    """The fingerprint of one uncut run on one rank."""
    key = (sizes, precision)
    if key not in _alone:
        _alone[key] = fingerprint_of({"sizes": sizes, "precision": precision})
    return _alone[key]


def differing(found: dict[str, str], wanted: dict[str, str]) -> list[str]:
    """Names of what is not the same."""
    assert set(found) == set(wanted)
    return [name for name in wanted if found[name] != wanted[name]]


@needs_mpi
@pytest.mark.parametrize("ranks", list(JOBS))
def test_ranks_leave_the_same_bits_as_one_process(ranks: int) -> None:
    """Spikes, states, contacts and records do not depend on partition, interval, cuts or the number of ranks."""
    wanted = [alone(tuple(job.get("sizes", SIZES)), job.get("precision", "double")) for job in JOBS[ranks]]
    found = fingerprints(ranks, JOBS[ranks])
    wrong = {str(job): differing(a, b) for job, a, b in zip(JOBS[ranks], found, wanted, strict=True)}
    assert not any(wrong.values()), wrong


@pytest.mark.parametrize("precision", ["double", "single"])
@pytest.mark.parametrize("sizes", [SIZES, ODD, FULL, OVER, SMALLEST])
def test_a_run_may_be_cut_anywhere(sizes: tuple[int, ...], precision: str) -> None:
    found = fingerprint_of({"sizes": sizes, "precision": precision, "cuts": CUTS})
    assert differing(found, alone(sizes, precision)) == []


def test_a_fingerprint_tells_seeds_and_precisions_apart() -> None:
    """Equal hashes would say nothing if they hid what differs."""
    changes = {"exc.v", "exc.g_e", "exc sums", "exc trace 0", "exact sums", "exc_exc contacts", "inh.v"}
    assert changes <= set(differing(alone(), alone(precision="single")))
    assert changes | {"exc spikes", "inh spikes"} <= set(differing(alone(), fingerprint_of({"seed": 8})))
