"""Synapses of a projection: their states, and the spikes that are on their way."""

from __future__ import annotations

import re

import numpy as np
from msim_example.plain_numpy.texts import Values, read

from msim.base.errors import InputError
from msim.circuit.connectivity import Row
from msim.network.spec import Projection


class Contacts:
    """Contacts of a projection, one after the other.

    target: cell of each contact; own: constants; states: by name, shape (contacts,)
    """

    def __init__(self, one: Projection, sizes: np.ndarray, drawn: Row, step: float) -> None:
        self.step, self.pre, self.weight = step, drawn.pre, drawn.weight
        self.target = np.repeat(np.arange(sizes.size), sizes)
        self.delay = np.floor(drawn.delay / step + 0.5).astype(int)
        self.equations = read(one.equations)
        self.on_pre = compile("\n".join(map(str.strip, one.on_pre.splitlines())), one.name, "exec")
        self.fed = sorted(set(re.findall(r"(\w+)_post \+=", one.on_pre)))
        if len(re.findall(r"\w+_post\b", one.on_pre)) != one.on_pre.count("_post +="):
            raise InputError(f"{one.name}: plain_numpy wants synapses that only add to their targets")
        self.states = {name: np.full(drawn.pre.size, one.start.get(name, 0.0)) for name in self.equations.rates}
        self.updated = np.zeros(drawn.pre.size)
        # By step modulo its length: whether a spike arrives at a contact then.
        self.arriving = np.zeros((int(self.delay.max(initial=0)) + 1, drawn.pre.size), dtype=bool)

    def send(self, spiked: np.ndarray, step: int) -> None:
        """Put spikes on their way; spiked: whether each cell of the origin does."""
        (contacts,) = np.nonzero(spiked[self.pre])
        self.arriving[(step + self.delay[contacts]) % len(self.arriving), contacts] = True

    def deliver(self, step: int, constants: dict[str, float], cells: dict[str, np.ndarray]) -> None:
        """Execute what the spikes that arrive in a step do to contacts and to the states of target cells."""
        row = self.arriving[step % len(self.arriving)]
        (contacts,) = np.nonzero(row)
        if not contacts.size:
            return
        row[:] = False
        states = self._at(contacts, step, constants)
        added = {f"{name}_post": np.zeros(contacts.size) for name in self.fed}
        values = Values({}, constants, states, {"weight": self.weight[contacts]}, added)
        values.execute(self.on_pre)
        for name in states:
            self.states[name][contacts] = values[name]
        for name in self.fed:
            np.add.at(cells[name], self.target[contacts], values[f"{name}_post"])

    def _at(self, contacts: np.ndarray, step: int, constants: dict[str, float]) -> dict[str, np.ndarray]:
        """Return the states of contacts now: each follows a linear equation of its own since it was last updated."""
        past = step * self.step - self.updated[contacts]
        self.updated[contacts] = step * self.step
        found = {}
        for name, rate in self.equations.rates.items():
            state = self.states[name][contacts]
            now, beside = (Values({}, constants, {name: one}).value(rate) for one in (state, state + 1))
            slope = beside - now  # of the rate; it is below 0, as states come to rest
            found[name] = state + now * np.expm1(slope * past) / slope
        return found
