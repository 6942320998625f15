"""What the compiled engine does not do it refuses by name, before anything is compiled or run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from msim.backends.cpp.generate import generated
from msim.backends.cpp.network import CompiledNetwork
from msim.backends.partition import by_cell
from msim.base.errors import InputError
from msim.network.spec import Cells, Drive, NetworkSpec, Projection, TimedInput

STEP = 1e-4
CELLS = Cells(
    "cells", 3, "dv/dt = (push + shared - v)/tau : 1 (unless refractory)\ntotal : 1", "v > 1", "v = 0", "2*ms", "euler",
    {"push": (np.array([0.5, 1.0, 1.5]), "1"), "shared": (0.2, "1"), "tau": (5e-3, "second")},
)  # fmt: skip
LINK = Projection("link", "cells", "cells", "v_post += w*gain", variables={"w": "1"}, constants={"gain": (1.0, "1")})
DRIVE = Drive("drive", "cells", 100.0, "v += events*kick", {"kick": (0.1, "1")})


def spec(cells: Mapping[str, Any] = {}, link: Mapping[str, Any] = {}, drive: Mapping[str, Any] = {}) -> NetworkSpec:
    """A small network with some things said otherwise."""
    parts = (replace(CELLS, **cells),), (replace(LINK, **link),), (replace(DRIVE, **drive),)
    return NetworkSpec(STEP, *parts)


CANNOT: dict[str, tuple[dict[str, dict[str, Any]], str]] = {
    "last spike": ({"cells": {"reset": "v = (t - lastspike)/tau"}}, "cells: 'lastspike' is not supported"),
    "last spike of a target": ({"link": {"on_pre": "v_post += w*int(lastspike_post > t)"}}, "link: .*'lastspike_post'"),
    "origin's state": ({"link": {"on_pre": "v_post += w*v_pre"}}, "link: 'v_pre' lives with the origin"),
    "origin's constant": ({"link": {"on_pre": "v_post += w*push_pre"}}, "link: 'push_pre' lives with the origin"),
    "unknown function": ({"cells": {"reset": "v = arctan2(v, 1)"}}, "cells: .*arctan2"),
    "function of Brian2's alone": ({"cells": {"reset": "v = i0(v)"}}, "cells: .*i0"),
    "linked variable": ({"cells": {"equations": f"{CELLS.equations}\nx : 1 (linked)"}}, r"cells: .*flag '\(linked\)'"),
    "unknown flag": ({"cells": {"equations": CELLS.equations + "\nother : 1 (often)"}}, r"cells: the flag '\(often\)'"),
    "unknown flag of synapses": ({"link": {"equations": "other : 1 (often)"}}, r"link: the flag '\(often\)'"),
    "sum onto the origin": ({"link": {"equations": "total_pre = w : 1 (summed)"}}, "link: 'total_pre' sums onto"),
    "write to what is shared": ({"cells": {"reset": "v = 0\nshared = 1"}}, "cells: .*'shared'"),
    "drive's write to what is shared": ({"drive": {"statements": "shared += events"}}, "cells: .*'shared'"),
    "synapse's write to what is shared": ({"link": {"on_pre": "gain += 1"}}, "link: .*'gain'"),
    "constant twice": ({"drive": {"constants": {"kick": (1, "1"), "push": (1, "1")}}}, "drive: .*'push' is already"),
    "unit of equation": ({"cells": {"equations": "dv/dt = -v*tau : 1\ntotal : 1"}}, "cells: .*unit"),
    "unit of threshold": ({"cells": {"threshold": "v > tau"}}, "cells: .*unit"),
    "unit of reset": ({"cells": {"reset": "v = tau"}}, "cells: .*unit"),
    "unit of refractory time": ({"cells": {"refractory": "tau*tau"}}, "cells: .*"),
    "unit of watched": ({"cells": {"watched": ("v + tau",)}}, "cells: .*unit"),
    "unit of on_pre": ({"link": {"on_pre": "v_post += tau_post"}}, "link: .*unit"),
    "unit of drive": ({"drive": {"statements": "v += events*tau"}}, "drive: .*unit"),
    "unit of sum": ({"link": {"equations": "total_post = w*tau_post : second (summed)"}}, "link: .*unit"),
    "unknown name in equation": ({"cells": {"equations": "dv/dt = -v/taux : 1\ntotal : 1"}}, "cells: .*taux"),
    "unknown name in threshold": ({"cells": {"threshold": "v > top"}}, "cells: .*top"),
    "unknown name in reset": ({"cells": {"reset": "v = bottom"}}, "cells: .*bottom"),
    "unknown name in refractory time": ({"cells": {"refractory": "wait"}}, "cells: .*wait"),
    "unknown name in watched": ({"cells": {"watched": ("current",)}}, "cells: .*current"),
    "unknown name in on_pre": ({"link": {"on_pre": "v_post += weight"}}, "link: .*weight"),
    "unknown name in drive": ({"drive": {"statements": "v += events*much"}}, "drive: .*much"),
    "syntax of equation": ({"cells": {"equations": "dv/dt = (v : 1\ntotal : 1"}}, "cells: "),
    "syntax of reset": ({"cells": {"reset": "v = = 1"}}, "cells: "),
    "syntax of on_pre": ({"link": {"on_pre": "v_post += "}}, "link: "),
    "syntax of drive": ({"drive": {"statements": "v + events"}}, "drive: "),
    "unit of constant": ({"cells": {"constants": {**CELLS.constants, "tau": (5e-3, "seconds")}}}, "cells: .*seconds"),
    "method": ({"cells": {"method": "exactly"}}, "cells: .*'exactly'.*exact"),
    "method that cannot": ({"cells": {"equations": "dv/dt = -v**3/tau : 1", "method": "exact"}}, "cells: .*linear"),
    "moving refractory time": ({"cells": {"refractory": "v*ms"}}, "cells.*'v'"),
    "noise in synapses": (
        {"link": {"equations": "ds/dt = -s/ms + xi*ms**-0.5 : 1 (clock-driven)", "method": "euler"}}, "link: random"),
    "noise in watched": ({"cells": {"watched": ("v*rand()",)}}, "cells: random"),
    "noise that is shared": (
        {"cells": {"equations": CELLS.equations + "\nx = rand() : 1 (constant over dt, shared)"}}, "cells: .*'x'"),
    "sums that are held": (
        {"cells": {"equations": CELLS.equations + "\nheld = total : 1 (constant over dt)"},
         "link": {"equations": "total_post = w : 1 (summed)"}}, "cells: .*'total'"),
}  # fmt: skip


@pytest.mark.parametrize("case", CANNOT)
def test_what_cannot_be_compiled_is_refused_by_name(case: str) -> None:
    """The message begins with the population, projection or drive at fault."""
    changes, message = CANNOT[case]
    with pytest.raises(InputError, match=f"^{message}"):
        generated(spec(**changes))


def test_two_sums_onto_one_variable_are_refused() -> None:
    equations = "total_post = w : 1 (summed)"
    both = tuple(replace(LINK, name=name, equations=equations) for name in ("first", "second"))
    with pytest.raises(InputError, match="second.*total"):
        generated(replace(spec(), projections=both))


def test_the_network_without_faults_compiles_to_code() -> None:
    """Else everything above might be refused for another reason."""
    assert "update_cells" in generated(spec()).vector


# ---- names and sizes


@pytest.mark.parametrize(("changes", "message"), [
    ({"cells": (replace(CELLS, name="two words"),)}, "two words"),
    ({"cells": (CELLS, CELLS)}, "'cells' is given twice"),
    ({"projections": (replace(LINK, to="nobody"),)}, "link: .*nobody"),
    ({"drives": (replace(DRIVE, to="nobody"),)}, "drive: .*nobody"),
])  # fmt: skip
def test_networks_that_contradict_themselves_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(spec(), projections=(), drives=(), **changes) if "cells" in changes else replace(spec(), **changes)


def contacts(pre: object = (0,), delay: object = (1e-3,), **values: object) -> Callable[[int], Any]:
    """The same contacts onto every cell."""
    given = {name: np.asarray(value, float) for name, value in (values or {"w": [0.1]}).items()}
    return lambda cell: (np.asarray(pre), np.asarray(delay, float), given)


@pytest.fixture(scope="module")
def net() -> CompiledNetwork:
    return CompiledNetwork(spec())


REFUSED: dict[str, tuple[Callable[[CompiledNetwork], object], str]] = {
    "set in nobody": (lambda net: net.set("cell", "v", 0), "population 'cell'.*cells"),
    "set nothing": (lambda net: net.set("cells", "puhs", 0), "cells: .*'puhs'.*push"),
    "set shared by cell": (lambda net: net.set("cells", "shared", [1, 2, 3]), "cells.shared: .*3 values"),
    "set too few": (lambda net: net.set("cells", "v", [1.0, 2.0]), "cells.v: .*3.*2"),
    "view nothing": (lambda net: net.view("cells", "vv"), "cells: .*'vv'.*v"),
    "rate of nothing": (lambda net: net.set_rate("driv", 1), "'driv'.*drive"),
    "negative rate": (lambda net: net.set_rate("drive", -1), "drive: .*0 Hz"),
    "too few rates": (lambda net: net.set_rate("drive", [1.0, 2.0]), "drive: .*3.*2"),
    "constant of nothing": (lambda net: net.set_constant("lin", "gain", 1), "'lin'.*link"),
    "no constant": (lambda net: net.set_constant("link", "gian", 1), "link: .*'gian'.*gain"),
    "constant by contact": (lambda net: net.set_constant("link", "gain", np.ones(3)), "link.gain: .*got 3"),
    "state of no synapse": (lambda net: net.synapse_state("link", "x"), "link: .*'x'"),
    "short delay": (lambda net: net.connect("link", contacts(delay=[0.4e-4])), "link: .*delay"),
    "source beyond": (lambda net: net.connect("link", contacts(pre=[3])), "link: .*sources from 0 to 2"),
    "source before": (lambda net: net.connect("link", contacts(pre=[-1])), "link: .*sources from 0 to 2"),
    "no values": (lambda net: net.connect("link", contacts(x=[1.0])), "link: .*'w'"),
    "too few values": (lambda net: net.connect("link", contacts(pre=[0, 1], delay=[1e-3] * 2)), "link: .*6.*'w'.*3"),
    "too few delays": (lambda net: net.connect("link", contacts(pre=[0, 1], w=[1.0, 2.0])), "link: .*6.*delay.*3"),
    "exact sums not kept": (lambda net: net.exact_sums("cells", 0), "cells: .*means"),
    "samples every nothing": (lambda net: net.watch(0, 1, 0), "watch: .*got 0"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_wrong_names_and_sizes_are_refused(net: CompiledNetwork, case: str) -> None:
    ask, message = REFUSED[case]
    with pytest.raises(InputError, match=message):
        ask(net)


def test_an_interval_beyond_what_delays_allow_is_refused() -> None:
    for interval in (0, 1001):
        late = CompiledNetwork(spec(), interval=interval)
        with pytest.raises(InputError, match=f"interval: .*got {interval}"):
            late.settle()


def test_a_partition_for_other_ranks_is_refused() -> None:
    with pytest.raises(InputError, match="partition: wants 1 ranks.*got 2"):
        CompiledNetwork(spec(), partition=by_cell({"cells": np.ones(3)}, 2))


def test_a_partition_of_other_sizes_is_refused() -> None:
    with pytest.raises(InputError, match="partition: .*3 cells of cells.*4"):
        CompiledNetwork(spec(), partition=by_cell({"cells": np.ones(4)}, 1))


@pytest.mark.parametrize("precision", ["half", ""])
def test_an_unknown_precision_is_refused(precision: str) -> None:
    with pytest.raises(InputError, match=f"precision: .*'{precision}'"):
        CompiledNetwork(spec(), precision=precision)


@pytest.mark.parametrize(("values", "message"), [
    ({"cells": {"start": {"volt": 1.0}}}, "cells: .*'volt'"),
    ({"cells": {"start": {"v": np.zeros(2)}}}, "cells.v: .*3.*2"),
    ({"link": {"start": {"x": 1.0}}}, "link: .*'x'"),
    ({"link": {"constants": {"gain": (np.ones(2), "1")}}}, "link.gain: "),
])  # fmt: skip
def test_first_values_that_do_not_fit_are_refused(values: dict[str, dict[str, Any]], message: str) -> None:
    with pytest.raises(InputError, match=f"^{message}"):
        CompiledNetwork(spec(**values)).connect("link", contacts())


def test_an_input_with_fewer_columns_than_cells_stops_by_name() -> None:
    """As in Brian2, a cell without a column reads no number."""
    cells = replace(CELLS, equations=CELLS.equations.replace("shared -", "0*shared + given(t, i) -"))
    inputs = {"given": TimedInput(np.zeros((4, 2)), 1e-3)}
    net = CompiledNetwork(NetworkSpec(STEP, (cells,), (), (), inputs))
    outcome = net.run(1000)
    assert (outcome.population, outcome.variable, outcome.cell) == ("cells", "v", 2)
