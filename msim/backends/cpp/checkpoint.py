"""State of a compiled network by global numbers of cells, so that any number of ranks can continue from it."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

import numpy as np

from msim.backends.cpp.library import U32, pointer, view
from msim.backends.cpp.network import CompiledNetwork
from msim.backends.fast_network import NetworkState
from msim.base.errors import InputError

FORMAT = 1


def captured(network: CompiledNetwork) -> NetworkState:
    """Return the state of a network on rank 0; all ranks have to call this.

    Cells are sorted by number, synapses by target, source and the order in which they were drawn, spikes in transit by
    step and cell. Fixed weights are not kept: they are drawn again from the seed.
    """
    arrays: dict[str, np.ndarray] = {}
    for name in network.names:
        layout = network.layout["cells"][name]
        local = {one: network.view(name, one).copy() for one in layout["arrays"]}
        local["refractory"] = network.refractory(name).copy()
        parts = network.ranks.gathered(local)
        for one in local if parts else ():
            arrays[f"cells/{name}/{one}"] = _whole(network, name, [part[one] for part in parts])
        arrays[f"shared/{name}"] = network.shared(name)
        arrays.update(_recent(network, name))
    for name in network.projections:
        arrays.update(_synapses(network, name))
    arrays.update({f"rates/{name}": np.asarray(rate, dtype=float) for name, rate in network.rates.items()})
    contacts = {name: sum(network.ranks.all(network.contacts(name))) for name in network.projections}
    return NetworkState(arrays if network.ranks.rank == 0 else {}, {**_about(network), "contacts": contacts})


def _about(network: CompiledNetwork) -> dict[str, Any]:
    return {
        "format": FORMAT, "structure": network.spec.digest(), "seed": network.seed, "precision": network.precision,
        "step": network.step, "cells": {one.name: one.size for one in network.spec.cells},
    }  # fmt: skip


def _whole(network: CompiledNetwork, population: str, parts: list[np.ndarray]) -> np.ndarray:
    whole = np.empty(network.spec.population(population).size, dtype=parts[0].dtype)
    for rank, part in enumerate(parts):
        whole[network.partition.local(population, rank)] = part
    return whole


def _recent(network: CompiledNetwork, population: str) -> dict[str, np.ndarray]:
    p = network.names.index(population)
    first = max(0, network.step - int(network.library.ring_size(network._engine)) + 1)
    steps, cells = [], []
    for step in range(first, network.step):
        address = U32()
        n = network.library.recent(network._engine, p, step, ctypes.byref(address))
        steps.append(np.full(n, step, dtype=np.int64))
        cells.append(view(address, n, np.uint32).astype(np.int64))
    none = np.empty(0, dtype=np.int64)
    own = np.stack([np.concatenate(one or [none]) for one in (steps, cells)])
    parts = network.ranks.gathered(own)
    if not parts:
        return {}
    # Spikes that were exchanged are on every rank, the others on one.
    return {f"recent/{population}": np.unique(np.concatenate(parts, axis=1), axis=1)}


def _order(network: CompiledNetwork, projection: str) -> np.ndarray:
    contacts = network.read_contacts(projection)
    return np.lexsort((np.arange(contacts["source"].size), contacts["source"], contacts["target"]))


def _states(network: CompiledNetwork, projection: str) -> list[str]:
    layout = network.layout["projections"][projection]
    return [*layout["states"], *(["lastupdate"] if layout["keeps_time"] else [])]


def _synapses(network: CompiledNetwork, projection: str) -> dict[str, np.ndarray]:
    names = _states(network, projection)
    if not names:
        return {}
    order = _order(network, projection)
    contacts = network.read_contacts(projection)
    local = {name: network.synapse_state(projection, name)[order] for name in names}
    parts = network.ranks.gathered((contacts["target"][order], local))
    if not parts:
        return {}
    # Each target's contacts are all on one rank, in the same order on any.
    whole = np.argsort(np.concatenate([target for target, _ in parts]), kind="stable")
    return {
        f"synapses/{projection}/{name}": np.concatenate([states[name] for _, states in parts])[whole] for name in names
    }


def restore(network: CompiledNetwork, state: NetworkState | None) -> None:
    """Put a network into a state; all ranks have to call this, rank 0 with the state.

    raises: InputError on all ranks where the state is of another network
    """
    if network.ranks.size > 1:
        state = network.ranks.comm.bcast(state, root=0)
    if state is None:
        raise InputError("checkpoint: wants a state on rank 0, got none")
    _check(network, state)
    network.settle()
    arrays = state.arrays
    for name in network.names:
        own = network.local[name]
        for one in network.layout["cells"][name]["arrays"]:
            network.view(name, one)[:] = arrays[f"cells/{name}/{one}"][own]
        network.refractory(name)[:] = arrays[f"cells/{name}/refractory"][own]
        network.shared(name)[:] = arrays[f"shared/{name}"]
    for name in network.rates:
        rate = arrays[f"rates/{name}"]
        network.set_rate(name, rate if rate.ndim else float(rate))
    for name in network.projections:
        _restore_synapses(network, name, arrays)
    network.library.set_step(network._engine, int(state.about["step"]))
    for p, name in enumerate(network.names):
        _restore_recent(network, p, arrays[f"recent/{name}"], int(state.about["step"]))


def _restore_synapses(network: CompiledNetwork, projection: str, arrays: Mapping[str, np.ndarray]) -> None:
    names = _states(network, projection)
    if not names:
        return
    order = _order(network, projection)
    counts = np.zeros(network.spec.population(network.projection(projection).to).size, dtype=np.int64)
    targets = network.read_contacts(projection)["target"][order]
    for part in network.ranks.all(np.bincount(targets, minlength=counts.size)):
        counts += part
    starts = np.concatenate([[0], np.cumsum(counts)])
    own = np.unique(targets)
    places = np.concatenate([np.arange(starts[one], starts[one + 1]) for one in own] or [np.empty(0, dtype=int)])
    for name in names:
        network.synapse_state(projection, name)[order] = arrays[f"synapses/{projection}/{name}"][places]


def _restore_recent(network: CompiledNetwork, p: int, recent: np.ndarray, step: int) -> None:
    for one in range(max(0, step - int(network.library.ring_size(network._engine)) + 1), step):
        cells = np.ascontiguousarray(np.sort(recent[1][recent[0] == one]), dtype=np.uint32)
        network.library.set_recent(network._engine, p, one, cells.size, pointer(cells, U32))


def _check(network: CompiledNetwork, state: NetworkState) -> None:
    wanted = _about(network)
    for key in ("format", "structure", "seed", "precision", "cells"):
        if state.about.get(key) != wanted[key]:
            raise InputError(
                f"checkpoint: is of another network: wants {key} {wanted[key]}, got {state.about.get(key)}"
            )
    contacts = {name: sum(network.ranks.all(network.contacts(name))) for name in network.projections}
    if state.about.get("contacts") != contacts:
        raise InputError(f"checkpoint: is of another wiring: wants contacts {contacts}, got {state.about['contacts']}")
