"""Comparison of a participant's scans on mean fields and on spiking columns, in a resting study."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from msim.base.errors import InputError
from msim.brain.connectome import Connectome, connectome_of
from msim.brain.emulator_axes import brain_emulator, on_axes
from msim.brain.field import field_of
from msim.brain.scans import resting_scans, scan_seed
from msim.brain.spiking_scans import SpikingOptions, spiking_scan
from msim.definitions.brains.brain import BrainDefinition
from msim.definitions.studies.study import StudyDefinition
from msim.emulator.library import Emulators
from msim.imaging.connectivity import Band, between, functional_connectivity, similarity
from msim.imaging.scan import Label, Scan
from msim.studies.analyses.resting_connectivity import RestingEntry
from msim.studies.analyses.resting_connectivity.study import TASK, pairs_of
from msim.studies.checks import check_study, group_of
from msim.studies.cohort import held_regions
from msim.studies.columns import courses
from msim.studies.participants import recruited

KINDS = ("mean field", "spiking")


@dataclass(frozen=True)
class Fidelity:
    """One person, scanned on mean fields and on spiking columns with the same slow fluctuations.

    systems: mean Fisher z by kind and visit, then by pair of systems
    likeness: of Fisher z of both kinds over pairs of regions, Pearson's r, by visit
    spread: SD of BOLD by kind and visit, mean over regions, %
    """

    visits: tuple[str, ...]
    systems: Mapping[tuple[str, str], Mapping[str, float]]
    likeness: Mapping[str, float]
    spread: Mapping[tuple[str, str], float]


def fidelity(
    study: StudyDefinition, person: str, cells: int, emulators: Callable[[], Emulators], progress: Callable[[str], None]
) -> Fidelity:
    """Scan a person at the first visit and the last one, on mean fields and on spiking columns.

    cells: of every region; emulators: returns those of the cohort's columns, called once all input is checked
    raises: InputError for another kind of study, or a person that it does not have
    """
    if not isinstance(study.options, RestingEntry) or study.brain is None:
        raise InputError(f"{study.file}: wants a study of resting connectivity for spiking scans, got {study.analysis}")
    check_study(study)
    group_of(study, person)
    connectome = connectome_of(study.brain)
    pairs = pairs_of(study.options, connectome, study.file)
    regional = _states(study, person, connectome, emulators())
    band = Band(study.hertz("low"), study.hertz("high"))
    systems, likeness, spread = {}, {}, {}
    emulator_states = [state for states in regional.values() for state in states]
    progress("the emulator of the brain's columns")
    emulator = brain_emulator(study.brain, emulator_states)
    for visit, states in regional.items():
        label = Label(person, TASK, visit.replace("_", ""))
        seed = scan_seed(study.seed, label)
        field = field_of(study.brain, connectome, emulator, study.coupling, [on_axes(emulator, one) for one in states])
        (smooth,) = resting_scans(
            study.brain, field, study.seconds("duration"), study.seconds("tr"), [label], [seed]
        )
        spiking = _spiking(study, study.brain, connectome, label, seed, cells, states, progress)
        found = {kind: functional_connectivity(scan, band) for kind, scan in zip(KINDS, (smooth, spiking), strict=True)}
        for kind, scan in zip(KINDS, (smooth, spiking), strict=True):
            systems[kind, visit] = {name: between(found[kind], *pair) for name, pair in pairs.items()}
            spread[kind, visit] = float(scan.signal.std(axis=0).mean())
        likeness[visit] = similarity(*found.values())
    return Fidelity(tuple(regional), systems, likeness, spread)


def _spiking(
    study: StudyDefinition, brain: BrainDefinition, connectome: Connectome, label: Label, seed: int, cells: int,
    states: tuple[Mapping[str, float], ...], progress: Callable[[str], None],
) -> Scan:  # fmt: skip
    def told(label: Label, done: float, total: float) -> None:
        progress(f"spiking scan at {label.session}: {done:.0f} of {total:.0f} s")

    options = SpikingOptions(cells, study.coupling, progress=told, regional=states)
    return spiking_scan(
        brain, connectome, study.seconds("duration"), study.seconds("tr"), label, seed, options
    ).scan


def _states(
    study: StudyDefinition, person: str, connectome: Connectome, emulators: Emulators
) -> dict[str, tuple[Mapping[str, float], ...]]:
    """Return the states of all regions at the first and the last visit of a person, by visit."""
    group = group_of(study, person)
    who = next(one for one in recruited(study.population, group, study.seed) if one.id == person)
    visits = study.visits_of(group.name)
    ends = tuple(dict.fromkeys((visits[0], visits[-1])))
    found = courses(
        study.population, who, group.doses, study.begin, tuple(one.time for one in ends), emulators, study.seed
    )  # fmt: skip
    held = held_regions(study.population, group.health, connectome)
    return {
        visit.name: tuple(found["affected" if one else "spared"].states[k] for one in np.asarray(held))
        for k, visit in enumerate(ends)
    }
