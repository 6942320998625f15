"""Twins on disk: found by the hash of the cells that they stand for, and fitted where there is none.

Those of shipped models come with msim, under models/twins; what was fitted here goes before them.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from contextlib import suppress
from pathlib import Path

from msim.base.errors import InputError
from msim.base.made import make_shared, shared_as
from msim.definitions.experiment import ExperimentDefinition
from msim.definitions.model import ModelDefinition
from msim.definitions.read import shipped
from msim.engine.cpp.cache import cache_folder
from msim.engine.network import FastNetwork, NetworkSource
from msim.twin.axes import Axis, axes_of
from msim.twin.definition import fast_digest
from msim.twin.files import read_twin, write_twin
from msim.twin.fit import Effort, fit_twin
from msim.twin.network import TwinNetwork, refuse_other_model
from msim.twin.twin import Twin

# How points are laid: a twin fitted to others is another one.
POINTS = "kept at rest at random"
Progress = Callable[[int, int], None]


def twin_folder() -> Path:
    """Where fitted twins are kept: beside the compiled libraries."""
    return cache_folder() / "twins"


def shipped_twins() -> Path:
    """Where twins of shipped models are that come with msim."""
    return shipped("models") / "twins"


def twin_name(model: ModelDefinition, axes: Iterable[Axis]) -> str:
    """Name of the file of a model's twin with these axes: another range, or value of the cells, is another twin."""
    known = list(axes)
    ranges = "".join(f"{one.name}{one.low!r}{one.high!r}" for one in known)
    key = hashlib.sha256((fast_digest(model, known) + ranges + POINTS).encode()).hexdigest()
    return f"{key[:32]}.json"


def twin_path(model: ModelDefinition, axes: Iterable[Axis]) -> Path:
    """The file of a model's twin with these axes: in the cache, or what came with msim, or where it is to be."""
    name = twin_name(model, axes)
    kept, came = twin_folder() / name, shipped_twins() / name
    return came if came.is_file() and not kept.is_file() else kept


def kept_or_fitted(model: ModelDefinition, axes: Iterable[Axis], fitted: Callable[[], Twin]) -> Path:
    """The file of a model's twin with these axes, which is fitted now where there is none."""
    path = twin_path(model, axes)
    if not path.is_file():
        twin = fitted()
        with suppress(OSError):  # writing says what is wrong
            make_shared(path.parent)
        write_twin(twin, path)
        shared_as(path.parent, path)
    return path


def find_twin(model: ModelDefinition, effort: Effort = Effort(), progress: Progress = lambda *_: None) -> Twin:
    """The model's twin with the axes and ranges that are usual: from the cache, or fitted now and kept there."""
    axes = axes_of(model)
    path = kept_or_fitted(model, axes, lambda: fit_twin(model, axes, effort, progress))
    return _read(path, path.stat().st_mtime_ns)


@dataclass(frozen=True)
class Twins(NetworkSource):
    """Makes the network of a model from the one of these twins that is of its cells."""

    paths: tuple[Path, ...]
    about: str = ""

    def network(self, model: ModelDefinition, seed: int) -> FastNetwork:
        """The twin of a model, drawn anew for every seed from what its bursts leave open.

        raises: InputError where none of the twins is one of its cells
        """
        drawn = [_drawn(path, path.stat().st_mtime_ns, seed) for path in self.paths]
        return TwinNetwork(drawn[0], model, drawn[1:], seed)


@functools.lru_cache(maxsize=16)
def _read(path: Path, written: int) -> Twin:
    """A twin that is read once, as long as its file stays as it is."""
    return read_twin(path)


@functools.lru_cache(maxsize=64)
def _drawn(path: Path, written: int, seed: int) -> Twin:
    return _read(path, written).drawn(seed)


def models_of(experiment: ExperimentDefinition) -> dict[str, ModelDefinition]:
    """The models whose cells an experiment runs: of every arm, and what becomes of it on the way."""
    found = {}
    for arm in experiment.arms:
        found[arm.name] = arm.model
        found.update({f"{arm.name} from {one.time:g} s": one.model for one in arm.changes})
    return found


def twins_of(
    models: Mapping[str, ModelDefinition], given: Path | None,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Twins:  # fmt: skip
    """The twins of several models, such as those of an experiment's arms.

    given: a file that has to do for all of them, or None to look in the cache and fit what is missing
    progress: told whose twin is fitted, and how many bursts of how many are done
    raises: InputError before anything is fitted where the given one is another model's
    """
    if given is not None:
        twin = read_twin(given)
        for name, model in models.items():
            try:
                refuse_other_model(twin, model)
            except InputError as problem:
                raise InputError(f"{given}: arm '{name}': {problem}") from None
        return Twins((given,), twin.digest[:12])
    found: dict[Path, Twin] = {}
    for name, model in models.items():
        if not any(_answers(one, model) for one in found.values()):
            twin = find_twin(model, progress=functools.partial(progress, name))
            found[twin_path(model, axes_of(model))] = twin
    return Twins(tuple(found), ", ".join(one.digest[:12] for one in found.values()))


def _answers(twin: Twin, model: ModelDefinition) -> bool:
    """Whether a twin is one of these cells, and was sampled around the values that the model has."""
    try:
        TwinNetwork(twin, model).burst(0.0, 1.0, keep_field=False)
    except InputError:
        return False
    return True
