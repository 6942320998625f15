"""A brain of spiking columns as one network: every population holds the cells of all regions, one region after another.

Long-range fibers are contacts of the network, not rates that regions exchange: spikes of single cells arrive after
the delay of their tract, at any number of ranks, and no step of an exchange enters. Populations of all regions lie in
one array each, so that the compiled code is that of one column and as fast, whatever the number of regions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from msim.backends.partition import Partition, by_region
from msim.base.errors import InputError
from msim.base.expressions import renamed
from msim.base.seeds import stream
from msim.brain.connectome import Connectome
from msim.brain.field import effects
from msim.circuit.drive import PERIOD
from msim.definitions.brains.brain import BrainDefinition
from msim.definitions.models.fast_inputs import Address, receptor_inputs
from msim.definitions.models.model import ModelDefinition
from msim.network.cell_equations import factor_of
from msim.network.column_plan import STEP, ColumnPlan, column_plan
from msim.network.spec import Cells, Drive, NetworkSpec, Projection

# What BOLD follows: the synaptic current of a cell, A.
CURRENT = "abs(I_excitatory) + abs(I_inhibitory)"
STRENGTH = "strength"  # of all fibres, by which they are balanced
LATER = "later"  # s by which a region hears the course of the background's colour after the first one


@dataclass(frozen=True)
class Target:
    """A drive of which other regions replace a part.

    rate: of all its contacts onto one cell in the column alone, Hz; share: of the coupling that reaches it
    """

    drive: str
    to: str
    rate: float
    share: float

    @property
    def fibres(self) -> str:
        """Return the name of the projection from other regions."""
        return f"fibres_{self.drive}"

    @property
    def arrived(self) -> str:
        """Return the name of the number of events that fibers bring a cell in a step."""
        return f"arrived_{self.drive}"


@dataclass(frozen=True)
class BrainPlan:
    """All values that a rank needs to simulate its part of a brain of spiking columns.

    column: the plan of one region; spec: of all of them; sizes: cells of each population in one region
    effect: share of a region's background that another one's spikes make up, shape (to, from)
    states: values of receptors' inputs in place of rest, by population, receptor and input, shape (regions,)
    rates: of all contacts of a drive onto one cell, Hz, in place of the column's, by drive, shape (regions,)
    delays: of tracts, s, shape (to, from); slow: time constant in s, standard deviation, share in common
    """

    regions: tuple[str, ...]
    column: ColumnPlan
    spec: NetworkSpec
    sizes: Mapping[str, int]
    origin: str
    targets: tuple[Target, ...]
    effect: np.ndarray
    delays: np.ndarray
    slow: tuple[float, float, float]
    seed: int
    states: Mapping[Address, np.ndarray]
    rates: Mapping[str, np.ndarray]


def brain_plan(
    brain: BrainDefinition, connectome: Connectome, cells: int, seed: int, coupling: float | None = None,
    regional: Sequence[Mapping[str, float]] = (),
) -> BrainPlan:  # fmt: skip
    """Plan a brain whose regions have a number of cells each; each rank draws its contacts later.

    coupling: in place of the file's
    regional: for each region gains, block and rates of drives that no fiber reaches, by their names as axes of an
        emulator; rest where there are none
    raises: InputError where other regions would make up all of a background, or a state names an impossible value
    """
    model = brain.column.with_value("column.n_cells", cells)
    column = column_plan(model, seed)
    targets = tuple(_target(model, one, brain[f"share.{one}"]) for one in brain.targets)
    strength = brain["coupling"] if coupling is None else coupling
    effect = effects(connectome, strength, brain["gradient"])
    most = max(one.share for one in targets) * float(effect.sum(axis=1).max())
    if most >= 1:
        raise InputError(f"{brain.file}: brain.coupling: other regions would make up {most:.3g} of a background; "
                         "wants less than all of it")
    count = len(connectome.names)
    spec = NetworkSpec(
        STEP, tuple(_cells(one, model, count, seed, brain.origin, targets) for one in column.spec.cells),
        (*column.spec.projections, *(_fibres(one, brain.origin) for one in targets)),
        tuple(_drive(one, targets) for one in column.spec.drives), column.spec.inputs,
    )  # fmt: skip
    return BrainPlan(
        connectome.names, column, spec, {one.name: one.size for one in column.spec.cells}, brain.origin, targets,
        effect, np.maximum(connectome.delays(brain["velocity"]), STEP),
        (brain["tau_slow"], brain["sd_slow"], brain["shared_slow"]), seed, *_states(model, targets, regional),
    )  # fmt: skip


def _states(
    model: ModelDefinition, targets: Sequence[Target], regional: Sequence[Mapping[str, float]]
) -> tuple[dict[Address, np.ndarray], dict[str, np.ndarray]]:
    """Return the inputs of receptors, and the rates of drives, in every region."""
    if not regional:
        return {}, {}
    paths = {f"{name}.rate": name for name in model.drives}
    named = {path for state in regional for path in state if path in paths}
    reached = [path for path in named if paths[path] in {one.drive for one in targets}]
    if reached:
        raise InputError(f"regions: '{reached[0]}' is reached by fibres, and cannot be that of a state")
    inputs = [
        receptor_inputs(model, {name: value for name, value in state.items() if name not in paths})
        for state in regional
    ]
    states = {address: np.array([one[address] for one in inputs]) for address in inputs[0]}
    rates = {
        paths[path]: np.array([model[f"{paths[path]}.contacts"] * state.get(path, model[path]) for state in regional])
        for path in sorted(named)
    }  # fmt: skip
    return states, rates


def _target(model: ModelDefinition, drive: str, share: float) -> Target:
    return Target(drive, model.drives[drive].to, model[f"{drive}.contacts"] * model[f"{drive}.rate"], share)


def _cells(
    one: Cells, model: ModelDefinition, count: int, seed: int, origin: str, targets: tuple[Target, ...]
) -> Cells:  # fmt: skip
    """Extend a population to all regions: the first is the column alone, cell by cell."""
    start = {name: _every(value, count) for name, value in one.start.items()}
    shuffle = stream(seed, f"first potential of {one.name} in further regions")
    start["v"] = np.concatenate([one.start["v"], *(shuffle.permutation(one.start["v"]) for _ in range(count - 1))])
    constants: dict[str, Any] = {name: (_every(value, count), unit) for name, (value, unit) in one.constants.items()}
    text = one.equations
    for colour in dict.fromkeys(d.colour for d in model.drives.values() if d.colour and d.to == one.name):
        # All regions hear one course, far apart in time: it has no memory longer than a second.
        text = text.replace(factor_of(colour), factor_of(colour, f"(t + {LATER})"))
        later = np.round(np.arange(count) * PERIOD / count, 3)
        constants[LATER] = (np.repeat(later, one.size), "second")
    for target in targets:
        text += f"\n{target.arrived} : 1" if target.to == one.name else ""
    watched = (CURRENT,) if one.name == origin else ()
    return replace(one, size=count * one.size, equations=text, constants=constants, start=start, watched=watched)


def _every(value: Any, count: int) -> Any:
    return np.tile(value, count) if np.ndim(value) else value


def _drive(one: Drive, targets: tuple[Target, ...]) -> Drive:
    """Return a drive whose events include those that fibers bring, in place of some of its own."""
    for target in targets:
        if target.drive == one.name:
            text = renamed(one.statements, {"events": f"(events + {target.arrived})"})
            return replace(one, statements=f"{text}\n{target.arrived} = 0")
    return one


def _fibres(target: Target, origin: str) -> Projection:
    return Projection(
        target.fibres, origin, target.to, f"{target.arrived}_post += {STRENGTH}*weight", variables={"weight": "1"},
        constants={STRENGTH: (1.0, "1")},
    )  # fmt: skip


def shared_out(plan: BrainPlan, ranks: int) -> tuple[Partition, tuple[int, ...]]:
    """Assign whole regions to ranks.

    returns: partition of the cells, and the rank of every region
    raises: InputError where there are more ranks than regions
    """
    load = np.concatenate([one for one in plan.column.loads.values()])
    count = len(plan.regions)
    held = by_region({f"{k}": load for k in range(count)}, {f"{k}": k for k in range(count)}, ranks)
    owner = tuple(next(r for r in range(ranks) if held.local(f"{k}", r).size) for k in range(count))
    cells = {}
    for name, size in plan.sizes.items():
        whole = np.arange(count * size).reshape(count, size)
        cells[name] = tuple(whole[[one == rank for one in owner]].ravel() for rank in range(ranks))
    return Partition(ranks, cells), owner
