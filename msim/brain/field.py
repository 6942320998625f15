"""Mean fields of many columns: rates relax to the steady rates of their drives, and spikes of others arrive late."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from msim.base.errors import InputError, SimulationError
from msim.base.rounding import is_constant
from msim.base.seeds import stream
from msim.base.settings import settings
from msim.brain.connectome import Connectome
from msim.brain.surface import RegionSurfaces, region_surfaces
from msim.definitions.brains.brain import BrainDefinition
from msim.emulator.emulator import Emulator
from msim.measures.scan_times import STEP


@dataclass(frozen=True)
class Field:
    """A brain ready to be integrated; arrays of regions in the order of the connectome.

    surfaces: steady rates of all populations, then the synaptic current of the origin, of every region's drives
    time_constants: of those averages, s, shape (averages,)
    rates: resting rate of each drive, Hz, shape (drives,); origin: index of the population whose spikes travel
    share: of the coupling that reaches each drive, shape (drives,)
    inputs: relative change of a region's background per relative change of another one's rate, by delay in steps,
        shape (steps, from, to); where coupling reaches 1 over the steepness of rates, the brain loses its resting state
    slow: time constant in s, standard deviation, share in common
    """

    regions: tuple[str, ...]
    surfaces: RegionSurfaces
    time_constants: np.ndarray
    rates: np.ndarray
    origin: int
    share: np.ndarray
    inputs: np.ndarray
    slow: tuple[float, float, float]


def field_of(
    brain: BrainDefinition, connectome: Connectome, emulator: Emulator, coupling: float | None = None,
    regional: Sequence[Mapping[str, float]] | None = None,
) -> Field:  # fmt: skip
    """Join the regions of a brain into mean fields.

    coupling: in place of the file's
    regional: for each region values of the emulator's axes, such as gains and block, in place of rest
    raises: InputError where a value lies outside the emulator's domain
    """
    column = brain.column
    paths = [column.resolved(f"{one}.rate").path for one in brain.targets]
    populations = list(column.populations)
    outputs = [f"{one}.firing_rate" for one in populations] + [f"{brain.origin}.synaptic_current"]
    nothing: list[Mapping[str, float]] = [{} for _ in connectome.names]
    surfaces = region_surfaces(emulator, paths, outputs, regional or nothing)
    relaxation = [emulator.relaxation[one].tau for one in populations]
    constants = np.array([*relaxation, relaxation[populations.index(brain.origin)]])
    shares = np.array([brain[f"share.{one}"] for one in brain.targets])
    strength = brain["coupling"] if coupling is None else coupling
    origin = populations.index(brain.origin)
    return Field(
        connectome.names, surfaces, constants, np.array([column[path] for path in paths]), origin,
        shares, _inputs(connectome, strength, brain["gradient"], brain["velocity"]),
        (brain["tau_slow"], brain["sd_slow"], brain["shared_slow"]),
    )  # fmt: skip


def effects(connectome: Connectome, coupling: float, gradient: float) -> np.ndarray:
    """Compute the share of a region's background that spikes of another region replace, shape (to, from).

    raises: InputError where coupling is not from 0 to 1, or the gradient cannot be scaled
    """
    if not 0 <= coupling <= 1:
        raise InputError(f"coupling: wants a share from 0 to 1, got {coupling:g}")
    # Every cell has as many afferents from afar, wherever it lies; fibres say from where.
    total = connectome.weights.sum(axis=1, keepdims=True)
    fibres = np.divide(connectome.weights, total, out=np.zeros_like(connectome.weights), where=total > 0)
    # Where T1w/T2w was not measured, below the cortex, it is taken as the mean.
    myelin = connectome.gradient
    if gradient and is_constant(myelin[np.isfinite(myelin)]):
        raise InputError("brain.gradient: wants T1w/T2w that differs between regions, got one value in all of them")
    spread = np.nanstd(myelin) if gradient else 1.0
    relative = np.nan_to_num((myelin - np.nanmean(myelin)) / spread)
    return np.asarray(coupling * (1 - gradient * relative)[:, None] * fibres)


def _inputs(connectome: Connectome, coupling: float, gradient: float, velocity: float) -> np.ndarray:
    effect = effects(connectome, coupling, gradient)
    late = np.maximum(1, np.rint(connectome.delays(velocity) / STEP)).astype(int)
    found = np.zeros((int(late.max()), *effect.shape))
    to, source = np.indices(effect.shape)
    found[late - 1, source, to] = effect
    return found


class Outside(Protocol):
    """Interface of an input from outside, such as a task, to the background of regions; it may read their rates."""

    def next(self, number: int, change: np.ndarray) -> np.ndarray:
        """Return the addition in a step, relative to the background, shape (scans, regions).

        change: of the rate that travels, relative to rest, shape (scans, regions)
        """


def integrated(
    field: Field, seconds: float, seeds: Sequence[int], outside: Outside | None = None
) -> Iterator[np.ndarray]:
    """Integrate some scans from rest, chunk by chunk, all at once; memory does not grow with the duration.

    seeds: one for each scan; outside: input of a task, nothing if left out
    yields: averages after each step, shape (steps, scans, regions, averages), in SI units
    raises: SimulationError where a region leaves its emulator's domain
    """
    regions, memory = len(field.regions), len(field.inputs)
    decay = np.exp(-STEP / field.time_constants)
    rest = field.surfaces.averages(np.broadcast_to(field.rates, (regions, field.rates.size)))
    now = np.broadcast_to(rest, (len(seeds), *rest.shape[-2:])).copy()
    change = np.zeros(now.shape[:-1])
    # The latest first, as delays count; written backwards, and copied to the end where the start is reached.
    chunk = settings().noise_steps
    past = np.zeros((chunk + memory, len(seeds), regions))
    noise = SlowNoise(field.regions, field.slow, seeds)
    low, high = field.surfaces.reach()
    total, done = round(seconds / STEP), 0
    while done < total:
        size = min(chunk, total - done)
        slow, found = noise.next(size), np.empty((size, *now.shape))
        for step in range(size):
            at = size - step
            afar = np.tensordot(past[at : at + memory], field.inputs, ((0, 2), (0, 1)))
            if outside is not None:
                afar = afar + outside.next(done + step, change)
            drives = field.rates * (1 + slow[step][..., None] + field.share * afar[..., None])
            if not ((drives >= low) & (drives <= high)).all():
                _refuse(field, drives, low, high, (done + step) * STEP)
            now = field.surfaces.averages(drives) * (1 - decay) + now * decay
            found[step] = now
            past[at - 1] = change = now[..., field.origin] / rest[..., field.origin] - 1
        past[min(chunk, total - done - size) :][:memory] = past[:memory].copy()
        done += size
        yield found


class SlowNoise:
    """Slow fluctuation of every region's background relative to its mean: Ornstein-Uhlenbeck, exact at every step."""

    def __init__(self, regions: Sequence[str], slow: tuple[float, float, float], seeds: Sequence[int]) -> None:
        """Draw the first values.

        slow: time constant in s, standard deviation, share in common; seeds: one for each scan
        """
        tau, self.sd, self.common = slow
        self.decay = float(np.exp(-STEP / tau))
        purposes = ["slow background in common", *(f"slow background of {one}" for one in regions)]
        self.random = [[stream(seed, one) for one in purposes] for seed in seeds]
        # From their steady distribution on, so that a scan needs no time to settle.
        self.last = np.array([[one.standard_normal() for one in row] for row in self.random])

    def next(self, steps: int) -> np.ndarray:
        """Return the next steps, shape (steps, scans, regions)."""
        from scipy.signal import lfilter

        fresh = np.sqrt(1 - self.decay**2) * np.stack(
            [np.stack([one.standard_normal(steps) for one in row], axis=-1) for row in self.random], axis=1
        )
        path, _ = lfilter([1.0], [1.0, -self.decay], fresh, axis=0, zi=(self.decay * self.last)[None])
        self.last = path[-1]
        own, everywhere = path[..., 1:], path[..., :1]
        return self.sd * (np.sqrt(1 - self.common) * own + np.sqrt(self.common) * everywhere)


def _refuse(field: Field, drives: np.ndarray, low: np.ndarray, high: np.ndarray, time: float) -> None:
    outside = np.argwhere(~((drives >= low) & (drives <= high)))[0]
    region, axis = field.regions[outside[1]], field.surfaces.axes[outside[2]]
    came = drives[tuple(outside)]
    raise SimulationError(
        f"region '{region}' at {time:.4g} s: {axis.name} = {came:.4g} {axis.unit} lies outside the emulator's "
        f"{axis.low:.4g} to {axis.high:.4g}; weaken coupling or sd_slow, or fit an emulator that reaches there"
    )
