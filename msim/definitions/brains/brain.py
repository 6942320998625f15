"""[brain] of a file under models/brains: regions of one column each, joined by a connectome."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from msim.base.errors import DefinitionError, nearest
from msim.base.mechanism import Parameter
from msim.base.sources import read_sources
from msim.base.units import meter, second
from msim.definitions.brains.schema import BrainFile
from msim.definitions.files.read import display_name, find, read_entries, read_text, shipped
from msim.definitions.models.model import ModelDefinition, Value
from msim.definitions.models.parts import validate_followers
from msim.definitions.models.read_model import read_model_beside
from msim.definitions.models.values import Values

BRAIN = (
    Parameter("velocity", meter / second, "speed of spikes along tracts", low=0, low_is_allowed=False),
    Parameter("coupling", 1, "share of a column's background that other regions of the brain make up", 0, 1),
    Parameter("gradient", 1, "how much more of it where T1w/T2w is one standard deviation lower", -1, 1),
    Parameter("tau_slow", second, "memory of the slow fluctuation of the background", low=0, low_is_allowed=False),
    Parameter("sd_slow", 1, "its standard deviation, relative to the background", low=0, high=1),
    Parameter("shared_slow", 1, "share of its variance that all regions have in common", low=0, high=1),
)
TARGET = Parameter("share", 1, "share of the coupling that reaches this drive", low=0, high=1)


@dataclass(frozen=True)
class BrainDefinition:
    """A brain as its file states it.

    connectome: folder of tables; weights: name of one of its tractograms
    column: the model of every region
    origin: population whose spikes travel; targets: drives of the column to which these spikes belong
    values: by name in BRAIN, and 'share.DRIVE'
    """

    name: str
    title: str
    file: str
    connectome: Path
    weights: str
    column: ModelDefinition
    origin: str
    targets: tuple[str, ...]
    values: Mapping[str, Value]

    def __getitem__(self, name: str) -> float:
        """Return a value in SI units."""
        return self.values[name].si


def read_brain(name: str | Path) -> BrainDefinition:
    """Read and check a brain file; its tables are read by `msim.brain.connectome`.

    name: a path, or a shipped name such as 'brains/brain19'
    raises: DefinitionError or InputError that names file and key
    """
    path = find(str(name), "models")
    where = display_name(path)
    entry = read_entries(read_text(path), where, BrainFile)
    validate_followers(entry, where)
    brain = entry.brain
    column = read_model_beside(path, brain.column, f"{where}: brain.column")
    if brain.origin not in column.populations:
        hint = nearest(brain.origin, column.populations)
        raise DefinitionError(f"{where}: brain.from", f"the column has no population '{brain.origin}'{hint}")
    values = Values(read_sources(shipped("models") / "sources.bib"))
    given = {one.name: getattr(brain, one.name) for one in BRAIN}
    values.take_all("brain", given, BRAIN, f"{where}: brain", where)
    for drive, target in brain.targets.items():
        if drive not in column.drives:
            hint = nearest(drive, column.drives)
            raise DefinitionError(f"{where}: brain.targets", f"the column has no drive '{drive}'{hint}")
        values.take(f"brain.share.{drive}", target.share, TARGET, f"{where}: brain.targets.{drive}.share", where)
    folder = path.parent / brain.connectome
    if not folder.is_dir():
        raise DefinitionError(f"{where}: brain.connectome", f"wants a folder of tables, found none at {folder}")
    found = {path.removeprefix("brain."): value for path, value in values.found.items()}
    return BrainDefinition(
        path.stem, entry.title, where, folder, brain.weights, column, brain.origin, tuple(brain.targets), found
    )
