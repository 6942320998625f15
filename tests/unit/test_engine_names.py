"""Names that generated code uses for itself are free to equations."""

from __future__ import annotations

import numpy as np
import pytest

from msim.backends.cpp.network import CompiledNetwork
from msim.network.spec import Cells, NetworkSpec, Projection

STEP = 1e-4


def network(name: dict[str, str]) -> NetworkSpec:
    """Two cells and a synapse in which everything that can be named goes by the names given."""
    n = name
    cells = Cells(
        "cells", 2, f"d{n['v']}/dt = ({n['push']} + {n['own']} - {n['v']})/{n['tau']} : 1\n{n['x']} = 2*{n['v']} : 1",
        f"{n['x']} > 1", f"{n['after']} = 0.1*{n['v']}\n{n['v']} = {n['after']}", f"{n['wait']}", "euler",
        {n["push"]: (0.8, "1"), n["own"]: (np.array([0.0, 0.2]), "1"), n["tau"]: (5e-3, "second"),
         n["wait"]: (1e-3, "second")},
        {n["v"]: 0.1}, (f"{n['x']} + {n['push']}",),
    )  # fmt: skip
    synapse = Projection(
        "contacts", "cells", "cells", f"{n['sent']} = {n['w']}*{n['gain']}\n{n['v']}_post += {n['sent']}*{n['u']}",
        f"d{n['u']}/dt = (1 - {n['u']})/{n['slow']} : 1 (event-driven)", {n["w"]: "1"},
        {n["gain"]: (0.5, "1"), n["slow"]: (0.01, "second")},
    )  # fmt: skip
    return NetworkSpec(STEP, (cells,), (synapse,))


PLAIN = ("v", "push", "own", "tau", "x", "after", "w", "gain", "sent", "u", "slow", "wait")


@pytest.mark.parametrize("taken", [
    ("k", "E", "n", "S", "P", "F", "target", "step", "source", "total", "R", "wait"),
    ("A_x", "x", "A_y", "E", "y", "target", "P", "double", "to", "A_w", "w", "k"),
])  # fmt: skip
def test_names_of_the_engine_are_free_to_equations(taken: tuple[str, ...]) -> None:
    def traces(names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
        name = dict(zip(PLAIN, names, strict=True))
        net = CompiledNetwork(network(name))
        net.connect("contacts", lambda cell: (np.array([1 - cell]), np.array([2e-3]), {name["w"]: np.array([0.3])}))
        net.watch(0, 500, 1)
        net.run(1000)
        return net.sums("cells"), np.stack(net.spikes("cells"))

    for found, wanted in zip(traces(taken), traces(PLAIN), strict=True):
        assert np.array_equal(found, wanted) and wanted.any()
