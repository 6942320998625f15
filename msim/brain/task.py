"""A task on a brain: trials, their additions to the background of regions step by step, and the responses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msim.base.errors import DefinitionError, nearest
from msim.base.seeds import stream
from msim.definitions.brains.task import TaskDefinition


@dataclass(frozen=True)
class Trials:
    """Shapes of one scan.

    onset: s from the begin of the task, increasing, shape (trials,)
    is_nogo: which of them require that no response is given
    open: strength with which each pathway is open in each trial, relative to its own, shape (trials, pathways)
    """

    onset: np.ndarray
    is_nogo: np.ndarray
    open: np.ndarray


def trials_of(task: TaskDefinition, seed: int) -> Trials:
    """Draw the trials of a scan: the first shape is never a rare one, pauses fill the time."""
    random = stream(seed, "trials of the task")
    count, rare = int(task["trials"]), round(task["trials"] * task["share_nogo"])
    is_nogo = np.zeros(count, dtype=bool)
    is_nogo[1 + random.permutation(count - 1)[:rare]] = True
    spare = task["duration"] - count * (task["window"] + task["shortest_pause"])
    parts = random.exponential(size=count)
    starts = np.arange(count) * (task["window"] + task["shortest_pause"])
    onset = starts + spare * np.concatenate([[0.0], np.cumsum(parts)[:-1]]) / parts.sum()
    strong = np.maximum(1 + task["scatter"] * random.standard_normal((count, len(task.pathways))), 0.0)
    return Trials(onset, is_nogo, strong)


@dataclass(frozen=True)
class Wiring:
    """The pathways of a task among the regions of a brain.

    stimulus_region, response_region: indices of regions; origin, to: of each pathway; strength: shape (pathways,)
    on_go, on_nogo: whether shapes of a kind open a pathway, shape (pathways,)
    """

    stimulus_region: int
    response_region: int
    origin: np.ndarray
    to: np.ndarray
    strength: np.ndarray
    on_go: np.ndarray
    on_nogo: np.ndarray


def wiring_of(task: TaskDefinition, regions: Sequence[str]) -> Wiring:
    """Find the regions of a task in a brain.

    raises: DefinitionError that names the key and the nearest region
    """

    def place(key: str, name: str) -> int:
        if name not in regions:
            raise DefinitionError(f"{task.file}: task.{key}", f"the brain has no region '{name}'"
                                                              f"{nearest(name, regions)}")
        return list(regions).index(name)

    origin = [place(f"pathways.{name}.from", one.origin) for name, one in task.pathways.items()]
    to = [place(f"pathways.{name}.to", one.to) for name, one in task.pathways.items()]
    return Wiring(
        place("stimulus_region", task.stimulus_region), place("response_region", task.response_region),
        np.array(origin), np.array(to),
        np.array(task.strengths), np.array([one.on != "nogo" for one in task.pathways.values()]),
        np.array([one.on != "go" for one in task.pathways.values()]),
    )  # fmt: skip


class TaskInput:
    """Input of a task to the background of every region, step by step, for several scans at once.

    Every region adds up, over the memory of its NMDA receptors, its input from open pathways:
    tau ds/dt = -s + contrast * shown + sum over pathways of limit * strength * opening * use of the origin,
    and its background changes by limit * tanh(s / limit). The use of a region is the rise of its rate over the rise
    that `limit` brings it: participants who practice before a scan learn to read regions by their range. A response
    starts when the use of the motor region reaches the threshold for the first time in a window.
    """

    def __init__(
        self, task: TaskDefinition, regions: Sequence[str], trials: Sequence[Trials], begin: float, step: float,
        span: np.ndarray,
    ) -> None:  # fmt: skip
        """Start before the first step.

        begin: of the task, s after the first step; step: s; span: of `scans.span_of`, shape (.., regions)
        """
        self.task, self.wiring, self.trials, self.step = task, wiring_of(task, regions), trials, step
        self.begin, self.span = begin, span
        self.state = np.zeros((len(trials), len(regions)))
        self.onsets = np.stack([one.onset for one in trials])
        self.response = np.full(self.onsets.shape, np.nan)
        self.scans = np.arange(len(trials))
        self.strong = np.stack([
            task["limit"] * self.wiring.strength * one.open
            * np.where(one.is_nogo[:, None], self.wiring.on_nogo, self.wiring.on_go)
            for one in trials
        ])  # fmt: skip

    def next(self, number: int, change: np.ndarray) -> np.ndarray:
        """Return the addition in a step, relative to the background, shape (scans, regions).

        number: of the step; change: of the rate that travels, relative to rest, shape (scans, regions)
        """
        task, wiring, use = self.task, self.wiring, change / self.span
        time = number * self.step - self.begin
        trial = np.maximum((self.onsets <= time + 1e-9).sum(axis=1) - 1, 0)
        since = time - self.onsets[self.scans, trial]
        is_open = (since >= 0) & (since < task["window"])
        self._respond(trial, since, is_open, use[:, wiring.response_region])
        incoming = np.zeros_like(self.state)
        flow = self.strong[self.scans, trial] * use[:, wiring.origin] * is_open[:, None]
        for pathway, to in enumerate(wiring.to):
            incoming[:, to] += flow[:, pathway]
        incoming[:, wiring.stimulus_region] += task["contrast"] * ((since >= 0) & (since < task["shown"]))
        decay = np.exp(-self.step / task["memory"])
        self.state = self.state * decay + incoming * (1 - decay)
        return np.asarray(task["limit"] * np.tanh(self.state / task["limit"]))

    def _respond(self, trial: np.ndarray, since: np.ndarray, is_open: np.ndarray, use: np.ndarray) -> None:
        reaction = since + self.task["execution"]
        late = np.isnan(self.response[self.scans, trial])
        now = is_open & late & (use >= self.task["threshold"]) & (reaction < self.task["window"] - 1e-9)
        self.response[self.scans[now], trial[now]] = reaction[now]
