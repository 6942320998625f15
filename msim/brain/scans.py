"""Resting scans of a brain, and the correlation of their connectivity with the measured one by coupling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msim.base.errors import InputError, SimulationError
from msim.base.seeds import derived_seed
from msim.brain.connectome import Connectome
from msim.brain.field import Field, Outside, integrated
from msim.brain.tables import read_matrix
from msim.brain.task import TaskInput, Trials, trials_of
from msim.definitions.brains.brain import BrainDefinition
from msim.definitions.brains.task import TaskDefinition
from msim.imaging.connectivity import Band, functional_connectivity, mean_connectivity, similarity, validate_length
from msim.imaging.scan import Label, Scan
from msim.measures.bold import BALLOON_WINDKESSEL, BalloonWindkessel
from msim.measures.bold_stream import BoldStream
from msim.measures.scan_times import STEP, discarded_volumes, simulated_seconds

MEASURED = ("fc_fisher_z_mean7.csv", "fc_fisher_z_sd7.csv")
SUBJECTS = 7


@dataclass(frozen=True)
class Correspondence:
    """Correlation with the measured connectivity: Pearson's r of Fisher z over pairs of regions.

    coupling, simulated: couplings, and r of the simulated connectivity at each, shape (couplings,)
    subject: expected r of one subject with the mean of the others, from means and standard deviations: the ceiling
    fibres: r of the weights of fibers: the floor
    """

    coupling: np.ndarray
    simulated: np.ndarray
    subject: float
    fibres: float

    @property
    def best(self) -> float:
        """Return the coupling of the largest correlation."""
        return float(self.coupling[int(np.argmax(self.simulated))])


def bold_parameters(brain: BrainDefinition) -> BalloonWindkessel:
    """Return the column's numbers of the Balloon-Windkessel model."""
    found = [one.name for one in brain.column.on_scale("readout") if one.mechanism is BALLOON_WINDKESSEL]
    if len(found) != 1:
        raise InputError(f"{brain.file}: brain.column: wants one readout of BOLD in '{brain.column.name}', "
                         f"got {len(found)}")
    return BalloonWindkessel(**brain.column.parameters(found[0]))


def scan_seed(root: int, label: Label) -> int:
    """Return the seed of a scan, derived from its whole name, so that no two scans share their fluctuations."""
    return derived_seed(root, label.stem, "scan")


def validate_short_scan(seconds: float, tr: float, label: Label, band: Band | None = None) -> None:
    """Refuse a scan whose TR does not fit, or which is too short for a band: the usual one if left out.

    raises: InputError
    """
    whole = simulated_seconds(seconds, tr, f"scan {label.stem}")
    validate_length(label.stem, whole - discarded_volumes(tr) * tr, tr, band)


def resting_scans(
    brain: BrainDefinition, field: Field, seconds: float, tr: float, labels: Sequence[Label], seeds: Sequence[int]
) -> list[Scan]:
    """Simulate scans at rest, all at once; the result of each is independent of the others.

    seconds, tr: length of a scan and time between volumes, s
    raises: InputError where TR does not fit, SimulationError where a region leaves its emulator's domain
    """
    volumes = _volumes(brain, field, seconds, tr, seeds, None)
    return [Scan(label, field.regions, volumes[:, k], tr) for k, label in enumerate(labels)]


def task_scans(
    brain: BrainDefinition, field: Field, task: TaskDefinition, tr: float, labels: Sequence[Label],
    seeds: Sequence[int],
) -> tuple[list[Scan], list[Trials], np.ndarray]:  # fmt: skip
    """Simulate scans during a task, all at once; the first volume and the task begin together.

    returns: scans, their trials, and responses in s from the onset, NaN without one, shape (scans, trials)
    raises: as `resting_scans`; DefinitionError where the brain lacks a region of the task
    """
    trials = [trials_of(task, seed) for seed in seeds]
    given = TaskInput(task, field.regions, trials, discarded_volumes(tr) * tr, STEP, span_of(field, task["limit"]))
    volumes = _volumes(brain, field, task["duration"], tr, seeds, given)
    return [Scan(label, field.regions, volumes[:, k], tr) for k, label in enumerate(labels)], trials, given.response


def span_of(field: Field, limit: float) -> np.ndarray:
    """Return the rise of the rate that travels, relative to rest, where a region's background alone rises by `limit`.

    returns: shape (regions,), or (scans, regions) where regions differ between scans
    raises: SimulationError for a region that does not rise
    """
    size = (len(field.regions), field.rates.size)
    rates = [
        field.surfaces.averages(np.broadcast_to(field.rates * more, size))[..., field.origin]
        for more in (np.ones_like(field.rates), 1 + limit * field.share)
    ]
    span = np.asarray(rates[1] / rates[0] - 1)
    if not (span > 0).all():
        region = field.regions[int(np.argwhere(~(span > 0))[0][-1])]
        raise SimulationError(f"region '{region}': its rate does not rise with its background: no task moves it")
    return span


def _volumes(
    brain: BrainDefinition, field: Field, seconds: float, tr: float, seeds: Sequence[int], outside: Outside | None
) -> np.ndarray:
    whole = simulated_seconds(seconds, tr)
    shape = (len(seeds), len(field.regions))
    stream = BoldStream(bold_parameters(brain), shape, STEP, tr)
    current = field.surfaces.rest[-1]
    parts = [
        stream.taken(averages[..., -1] / current - 1)
        for averages in integrated(field, whole, seeds, outside)
    ]
    return np.concatenate(parts)[discarded_volumes(tr):]


def scan_connectivity(scans: Sequence[Scan]) -> np.ndarray:
    """Return the mean Fisher z over scans, shape (regions, regions)."""
    return mean_connectivity([functional_connectivity(one) for one in scans])


def ceiling(mean: np.ndarray, sd: np.ndarray, subjects: int = SUBJECTS) -> float:
    """Return the expected correlation of one subject's connectivity with the mean of the others.

    The true variance between pairs of regions is the variance of the means less the part that subjects add by chance.
    """
    rows, columns = np.triu_indices(len(mean), k=1)
    both = np.isfinite(mean[rows, columns]) & np.isfinite(sd[rows, columns])
    scatter = float(np.mean(sd[rows, columns][both] ** 2))
    truth = float(np.var(mean[rows, columns][both])) - scatter / subjects
    return truth / float(np.sqrt((truth + scatter) * (truth + scatter / (subjects - 1))))


def measured_connectivity(brain: BrainDefinition, connectome: Connectome) -> tuple[np.ndarray, np.ndarray]:
    """Read mean and standard deviation over subjects of Fisher z; NaN where it was not measured."""
    mean, sd = (read_matrix(brain.connectome / one, connectome.names) for one in MEASURED)
    return mean, sd


def correspondence(
    brain: BrainDefinition, connectome: Connectome, couplings: Sequence[float], matrices: Sequence[np.ndarray]
) -> Correspondence:
    """Correlate simulated connectivity, a matrix for each coupling, with the measured one."""
    mean, sd = measured_connectivity(brain, connectome)
    simulated = np.array([similarity(one, mean) for one in matrices])
    return Correspondence(np.array(couplings), simulated, ceiling(mean, sd), similarity(connectome.weights, mean))
