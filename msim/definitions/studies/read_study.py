"""Reader of study files, with the files that they name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msim.base.errors import DefinitionError, nearest
from msim.base.sources import check_source, read_sources
from msim.definitions.brains.brain import BrainDefinition, read_brain
from msim.definitions.experiments.doses import check_doses
from msim.definitions.files.read import display_name, find, read_entries, read_text, shipped
from msim.definitions.models.preparations import check_routes
from msim.definitions.studies.analysis import analyses, study_format
from msim.definitions.studies.participants import Population, read_participants
from msim.definitions.studies.roles import check_roles
from msim.definitions.studies.schema import Group, StudyFile, Visit
from msim.definitions.studies.study import LAST, LEAST, StudyDefinition

PREPARATION = "human"


def read_study(name: str | Path) -> StudyDefinition:
    """Read and check a study file and the files that it names.

    name: a path, or a shipped name such as 'siegel2021_resting_fc' or 'studies/siegel2021_resting_fc'
    raises: DefinitionError or InputError that names file and key
    """
    path = find(_full_name(str(name)), "experiments")
    where = display_name(path)
    entry = read_entries(read_text(path), where, study_format())
    sources = read_sources(shipped("models") / "sources.bib")
    check_source(entry.source, entry.notes, sources, f"{where}: source")
    population = read_participants(_beside(path, entry.participants, f"{where}: participants"))
    _check_groups(entry.groups, population, where)
    _check_visits(entry.visits, entry.groups, where)
    first = min(one.time for one in entry.visits)
    if entry.begin >= first:
        wanted = f"wants a time before the first visit ({first:g} s)"
        raise DefinitionError(f"{where}: begin", f"{wanted}, got {entry.begin:g} s")
    _check_doses(entry.groups, entry.visits, population, where)
    brain = _brain(entry, population, path, where)
    for index, one in enumerate(entry.reported):
        check_source(one.source, one.note, sources, f"{where}: reported.{index}.source")
    study = StudyDefinition(
        path.stem, entry.title, entry.question, entry.source, entry.notes, where, population, brain, entry.coupling,
        entry.begin, entry.seed, entry.groups, entry.visits, entry.analysis, getattr(entry, entry.analysis),
        entry.reported,
    )
    check_roles(study, analyses()[study.analysis])
    return study


def _full_name(name: str) -> str:
    """Return the name of a study with its folder: shipped studies lie in 'studies/', which a name may omit."""
    short = "/" not in name and not Path(name).is_file()
    return f"studies/{name}" if short else name


def _beside(path: Path, name: str, where: str) -> str:
    own = path.parent / f"{name.removesuffix('.toml')}.toml"
    return str(own) if own.is_file() else name


def _check_groups(groups: Sequence[Group], population: Population, where: str) -> None:
    """Refuse groups that share a name, are too small, or have a health or doses that the population's model lacks."""
    names: set[str] = set()
    for index, one in enumerate(groups):
        place = f"{where}: groups.{index}"
        if one.name in names:
            raise DefinitionError(f"{where}: groups", f"wants each name once, got '{one.name}' twice")
        names.add(one.name)
        if one.health not in population.health:
            hint = nearest(one.health, population.health)
            raise DefinitionError(f"{place}.health", f"{population.file} has no health '{one.health}'{hint}")
        if one.n < LEAST:
            raise DefinitionError(f"{place}.n", f"wants at least {LEAST} participants, as fewer have no spread, "
                                                f"got {one.n}")
        check_routes(population.model, PREPARATION, one.doses, f"{place}.doses")
    _validate_namesakes(groups, where)


def _validate_namesakes(groups: Sequence[Group], where: str) -> None:
    """Refuse groups whose participants would share a name: they would be one person, and share a folder."""
    known: dict[str, str] = {}
    for group in groups:
        for name in map(group.participant, range(1, group.n + 1)):
            if name in known:
                raise DefinitionError(f"{where}: groups", f"wants names that tell participants apart, got '{name}' in "
                                                          f"'{known[name]}' and in '{group.name}'")
            known[name] = group.name


def _check_visits(visits: Sequence[Visit], groups: Sequence[Group], where: str) -> None:
    """Refuse visits of unknown groups or participants, too few participants, visits alike, and groups without any."""
    if not visits:
        raise DefinitionError(f"{where}: visits", "wants at least one time at which somebody is seen, got none")
    sizes = {one.name: one.n for one in groups}
    found: list[Visit] = []
    for index, one in enumerate(visits):
        place = f"{where}: visits.{index}"
        if one.group not in sizes:
            raise DefinitionError(f"{place}.group", f"unknown group '{one.group}'{nearest(one.group, sizes)}")
        own = [other for other in found if other.group == one.group]
        if one.name in [other.name for other in own]:
            raise DefinitionError(place, f"wants each visit of a group once, got '{one.name}' twice")
        wrong = [number for number in sorted(one.absent) if not 1 <= number <= sizes[one.group]]
        if wrong:
            raise DefinitionError(f"{place}.absent", f"wants numbers from 1 to {sizes[one.group]}, got {wrong[0]}")
        if sizes[one.group] - len(one.absent) < LEAST:
            raise DefinitionError(f"{place}.absent", f"wants at least {LEAST} participants who are there")
        alike = [other.name for other in own if other.session == one.session]
        if alike:
            raise DefinitionError(place, f"wants visits whose names differ in letters or digits, got '{one.name}' "
                                         f"beside '{alike[0]}'")
        found.append(one)
    for name in sizes:
        if name not in {one.group for one in visits}:
            raise DefinitionError(f"{where}: groups", f"group '{name}' has no visit")


def _check_doses(groups: Sequence[Group], visits: Sequence[Visit], population: Population, where: str) -> None:
    """Refuse drugs that the model does not have, and doses after a group was seen for the last time."""
    drugs = [one.name for one in population.model.on_scale("drug")]
    for index, one in enumerate(groups):
        last = max(visit.time for visit in visits if visit.group == one.name)
        check_doses(one.doses, f"{where}: groups.{index}.doses", last + LAST, drugs)


def _brain(entry: StudyFile, population: Population, path: Path, where: str) -> BrainDefinition | None:
    if not analyses()[entry.analysis].needs_brain:
        if entry.brain:
            raise DefinitionError(f"{where}: brain", f"wants none, as {entry.analysis} looks at columns alone")
        return None
    if not entry.brain:
        raise DefinitionError(f"{where}: brain", f"missing key 'brain', which {entry.analysis} wants")
    brain = read_brain(_beside(path, entry.brain, f"{where}: brain"))
    if brain.column.name != population.model.name:
        raise DefinitionError(f"{where}: brain", f"wants one of columns '{population.model.name}', which participants "
                                                 f"vary, got '{brain.column.name}'")
    return brain
