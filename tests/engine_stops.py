"""A network that can be made to stop, and the program that mpiexec starts to stop it on several ranks.

The argument is one of CASES or REFUSALS; every rank's outcome is printed by rank 0 as JSON.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from msim.backends.cpp.network import CompiledNetwork, Outcome, Row
from msim.backends.partition import by_cell
from msim.base.errors import InputError
from msim.network.spec import Cells, NetworkSpec, Projection

REFUSALS = ("interval", "contacts", "partition")
STEP = 1e-4
FOREVER = 10**12  # steps: only a stop ends it
STEPS = 5000
CODE = 7
WINDOW = 1000  # steps between two looks at cells and rates
CASES = ("not_finite", "late", "runaway", "told", "told_before", "terminated")


def stopping(highest_rate: float = np.inf) -> NetworkSpec:
    """Cells that fire at 20 to 100 Hz and excite each other a little, and cells that grow as they are told."""
    calm = Cells("calm", 41, "dv/dt = (push - v)/tau : 1", "v > 1", "v = 0", "", "euler",
                 {"push": (np.linspace(1.05, 2.0, 41), "1"), "tau": (0.02, "second")}, {"v": 0.0},
                 highest_rate=highest_rate)  # fmt: skip
    wild = Cells("wild", 5, "dv/dt = pace*v : 1", method="euler", constants={"pace": (np.zeros(5), "Hz")},
                 start={"v": 1.0})  # fmt: skip
    link = Projection("link", "calm", "calm", "v_post += w", variables={"w": "1"})
    return NetworkSpec(STEP, (calm, wild), (link,))


def connected(
    comm: Any = None, highest_rate: float = np.inf, interval: int | None = None, first_with_short_delay: int = 41
) -> CompiledNetwork:
    """The network on this rank."""
    net = CompiledNetwork(stopping(highest_rate), comm=comm, interval=interval)

    def row(cell: int) -> Row:
        steps = 5 if cell < first_with_short_delay else 0
        return np.array([(cell + 7) % 41, (cell + 20) % 41]), np.full(2, steps * STEP), {"w": np.array([0.03, 0.05])}

    net.connect("link", row)
    return net


def refusal_of(case: str, comm: Any) -> str:
    """What a rank says to a network that only one of them, or all together, cannot run."""
    try:
        if case == "interval":
            connected(comm, interval=6).settle()
        elif case == "contacts":
            connected(comm, first_with_short_delay=40)  # which lies on the last rank
        else:
            CompiledNetwork(stopping(), comm=comm, partition=by_cell({"calm": np.ones(41), "wild": np.ones(5)}, 1))
    except InputError as problem:
        return str(problem)
    return ""


def outcome_of(case: str, comm: Any = None, folder: Path | None = None) -> Outcome:
    """How a run ends that is stopped in that way, on this rank."""
    net = connected(comm, 30.0 if case == "runaway" else np.inf)
    rank, last = net.ranks.rank, net.ranks.size - 1
    if case == "not_finite":
        net.set("wild", "pace", [0, 0, 0, 1e6, 1e7])
        return net.run(STEPS)
    if case == "late":
        net.set("wild", "pace", [0, 0, 0, 1e6, 0])
        return net.run(WINDOW)  # found in the last step of a run: no exchange of spikes comes after it
    if case == "runaway":
        return net.run(STEPS)
    if case == "told_before":
        if rank == last:
            net.tell(CODE)
        return net.run(FOREVER)
    if case == "told" and rank == last:
        once_it_runs(net, lambda: net.tell(CODE))
    if case == "terminated" and folder is not None:
        (folder / f"{rank}.pid").write_text(str(os.getpid()), encoding="utf-8")
        once_it_runs(net, lambda: (folder / f"{rank}.runs").write_text("", encoding="utf-8"))
    return net.run(FOREVER)


def once_it_runs(net: CompiledNetwork, act: Callable[[], object]) -> None:
    """Do something from another thread as soon as the loop is under way."""

    def wait() -> None:
        while net.step < 1000:
            time.sleep(0.001)
        act()

    threading.Thread(target=wait, daemon=True).start()


def state_after(net: CompiledNetwork) -> str:
    """A hash of the potentials of all calm cells, on rank 0."""
    parts = net.ranks.gathered((net.local["calm"], net.view("calm", "v").copy()))
    whole = np.zeros(41)
    for cells, values in parts:
        whole[cells] = values
    return hashlib.sha256(whole.tobytes()).hexdigest()


def main() -> None:
    """Stop in the way that the argument names; the second one is a folder for signs of life."""
    from mpi4py import MPI

    comm = MPI.COMM_WORLD
    case = sys.argv[1]
    one: Any = (
        refusal_of(case, comm) if case in REFUSALS else dataclasses.asdict(outcome_of(case, comm, Path(sys.argv[2])))
    )
    found = comm.gather(one, root=0)
    if found is not None:
        sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
