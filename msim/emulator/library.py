"""Emulators on disk: found by the hash of their cells, and fitted where there is none.

Emulators of shipped models come with msim, under models/emulators; those fitted on this machine go before them.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from msim.backends.cpp.cache import cache_folder
from msim.backends.fast_network import FastNetwork, NetworkSource
from msim.base.code_digest import code_digest
from msim.base.errors import InputError
from msim.base.made import make_shared, shared_as
from msim.definitions.experiments.definition import ExperimentDefinition
from msim.definitions.experiments.recordings import segments_of
from msim.definitions.files.read import shipped
from msim.definitions.models.addresses import DISTRIBUTION
from msim.definitions.models.model import ModelDefinition
from msim.emulator.axes import Axis, axes_of
from msim.emulator.definition import fast_digest
from msim.emulator.emulator import Emulator
from msim.emulator.field import SEGMENT
from msim.emulator.files import read_emulator, write_emulator
from msim.emulator.fit import FitBudget, Narrowed, everywhere, fit_emulator
from msim.emulator.network import EmulatorNetwork, validate_model

Progress = Callable[[int, int], None]


def emulator_folder() -> Path:
    """Return the folder of fitted emulators, beside the compiled libraries."""
    return cache_folder() / "emulators"


def shipped_emulators() -> Path:
    """Return the folder of the emulators that come with msim."""
    return shipped("models") / "emulators"


def emulator_name(model: ModelDefinition, axes: Iterable[Axis], budget: FitBudget = FitBudget()) -> str:
    """Return the file name of a model's emulator that ships with msim.

    It follows from the values of the cells, the ranges of the axes and the budget; not from the code, as a shipped
    emulator was fitted by the code that it ships with.
    """
    known = list(axes)
    return name_of(fast_digest(model, known), known, budget)


def name_of(digest: str, axes: Iterable[Axis], budget: FitBudget) -> str:
    """Return the file name of an emulator, from the `fast_digest` of the cells."""
    ranges = [[one.name, repr(one.low), repr(one.high)] for one in axes]
    return _hashed([digest, ranges, asdict(budget)])


def kept_name(model: ModelDefinition, axes: Iterable[Axis], budget: FitBudget = FitBudget()) -> str:
    """Return the file name of an emulator fitted on this machine, which other code would fit differently."""
    return _hashed([emulator_name(model, axes, budget), code_digest()])


def _hashed(parts: list[Any]) -> str:
    return f"{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]}.json"


def emulator_path(model: ModelDefinition, axes: Iterable[Axis], budget: FitBudget = FitBudget()) -> Path:
    """Return the file of a model's emulator with these axes: in the cache, or shipped, or where it is to be written."""
    known = list(axes)
    kept, came = emulator_folder() / kept_name(model, known, budget), shipped_emulators() / emulator_name(
        model, known, budget
    )
    return came if came.is_file() and not kept.is_file() else kept


def kept_or_fitted(
    model: ModelDefinition, axes: Iterable[Axis], budget: FitBudget,
    progress: Callable[[int, int], None] = lambda *_: None, narrowed: Narrowed = everywhere,
) -> Path:  # fmt: skip
    """Return the file of a model's emulator with these axes and this budget, fitted first where there is none.

    narrowed: as `fit_emulator` takes it; `budget.laid` names it
    """
    known = list(axes)
    path = emulator_path(model, known, budget)
    if not path.is_file():
        emulator = fit_emulator(model, known, budget, progress, narrowed)
        with suppress(OSError):  # writing says what is wrong
            make_shared(path.parent)
        # By it `make emulators` finds what the file is to be called where it comes with msim.
        write_emulator(replace(emulator, about={**emulator.about, "name": emulator_name(model, known, budget)}), path)
        shared_as(path.parent, path)
    return path


def emulator_marks(models: Iterable[ModelDefinition]) -> list[str]:
    """Return marks that identify the emulators of some models, whether they are fitted yet or not."""
    paths = {emulator_path(one, axes_of(one)) for one in models}
    # What is fitted here follows from its name; of what came with msim the content counts.
    return sorted(_read(one, one.stat().st_mtime_ns).digest if one.parent == shipped_emulators() else one.name
                  for one in paths)  # fmt: skip


def find_emulator(
    model: ModelDefinition, budget: FitBudget = FitBudget(), progress: Progress = lambda *_: None
) -> Emulator:
    """Return the model's emulator with the usual axes and ranges, from the cache, or fitted now and kept there."""
    axes = axes_of(model)
    path = kept_or_fitted(model, axes, budget, progress)
    return _read(path, path.stat().st_mtime_ns)


@dataclass(frozen=True)
class Emulators(NetworkSource):
    """Maker of networks, each from the one of some emulators that was fitted to the model's cells.

    paths: none where they are yet to be found or fitted
    about: the first digits of their digests, in words
    is_usual: whether they are those of `find_emulator`, and not from a file that the user chose
    """

    paths: tuple[Path, ...] = ()
    about: str = ""
    is_usual: bool = True

    def network(self, model: ModelDefinition, seed: int) -> FastNetwork:
        """Build the emulator of a model, drawn anew for every seed from the surfaces that its bursts allow.

        raises: InputError where none of the emulators was fitted to its cells
        """
        drawn = [_drawn(path, path.stat().st_mtime_ns, seed) for path in self.paths]
        return EmulatorNetwork(drawn[0], model, drawn[1:], seed)

    def marks(self, models: Iterable[ModelDefinition]) -> list[str]:
        """Return the digests of the emulators, or, of usual ones of these models, what they follow from."""
        if self.is_usual:
            return emulator_marks(models)
        return sorted(_read(path, path.stat().st_mtime_ns).digest for path in self.paths)


@functools.lru_cache(maxsize=16)
def _read(path: Path, written: int) -> Emulator:
    """Read an emulator once for each version of its file."""
    return read_emulator(path)


@functools.lru_cache(maxsize=64)
def _drawn(path: Path, written: int, seed: int) -> Emulator:
    return _read(path, written).drawn(seed)


def models_of(experiment: ExperimentDefinition) -> dict[str, ModelDefinition]:
    """Return the models whose cells an experiment runs: of every arm, at rest and after each change."""
    found = {}
    for arm in experiment.arms:
        found[arm.name] = arm.model
        found.update({f"{arm.name} from {one.time:g} s": one.model for one in arm.changes})
    return found


def validate_emulated(experiment: ExperimentDefinition) -> None:
    """Refuse an experiment that records what no emulator knows: single cells, and details of the field.

    raises: InputError with what is recorded, and what an emulator knows in its place
    """
    recording = experiment.recording
    segments = segments_of(experiment.model, recording)
    for name in recording.probed:
        address = experiment.quantities[name]
        if address.kind == DISTRIBUTION:
            known = f"means over the cells of a population, such as '{address.owner}.firing_rate', and no single cells"
            raise InputError(f"target 'emulator' knows {known}: '{name}' wants another target")
        segment = segments.get(address.owner, 0.0)
        if segment > SEGMENT:
            known = f"a field whose frequencies are {1 / SEGMENT:g} Hz apart"
            raise InputError(f"target 'emulator' knows {known}: '{name}', which wants them {1 / segment:.2g} Hz apart, "
                             "wants another target")  # fmt: skip


def emulators_of(
    models: Mapping[str, ModelDefinition], given: Path | None,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> Emulators:  # fmt: skip
    """Return the emulators of several models, such as those of an experiment's arms.

    given: one file for all of them, or None to look in the cache and fit missing ones
    progress: called with the model's name, and the number of bursts that are done and of all
    raises: InputError before any fit where the given emulator was fitted to other cells
    """
    if given is not None:
        emulator = read_emulator(given)
        for name, model in models.items():
            try:
                validate_model(emulator, model)
            except InputError as problem:
                raise InputError(f"{given}: arm '{name}': {problem}") from None
        return Emulators((given,), emulator.digest[:12], is_usual=False)
    found: dict[Path, Emulator] = {}
    for name, model in models.items():
        if not any(_answers(one, model) for one in found.values()):
            emulator = find_emulator(model, progress=functools.partial(progress, name))
            found[emulator_path(model, axes_of(model))] = emulator
    return Emulators(tuple(found), ", ".join(one.digest[:12] for one in found.values()))


def _answers(emulator: Emulator, model: ModelDefinition) -> bool:
    """Return whether an emulator was fitted to a model's cells and sampled around the values that the model has."""
    try:
        EmulatorNetwork(emulator, model).burst(0.0, 1.0, keep_field=False)
    except InputError:
        return False
    return True
