"""[task] of a file under models/tasks: shapes that a brain sees, and the pathways of its responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from msim.base.errors import DefinitionError
from msim.base.mechanism import Parameter
from msim.base.sources import read_sources
from msim.base.units import second
from msim.definitions.brains.schema import Pathway, TaskFile
from msim.definitions.files.read import display_name, find, read_entries, read_text, shipped
from msim.definitions.models.model import Value
from msim.definitions.models.parts import validate_followers
from msim.definitions.models.values import Values

TASK = (
    Parameter("duration", second, "of the whole task", low=0, low_is_allowed=False),
    Parameter("shown", second, "how long a shape is shown", low=0, low_is_allowed=False),
    Parameter("window", second, "from the onset of a shape, in which a response counts", low=0, low_is_allowed=False),
    Parameter("trials", 1, "number of shapes", low=4, high=10000),
    Parameter("share_nogo", 1, "share of shapes that ask for no response", low=0, high=1, low_is_allowed=False),
    Parameter("shortest_pause", second, "least time from the end of a window to the next shape", low=0),
    Parameter("contrast", 1, "what a shape adds to the background of the region that sees it, relative", 0, 1),
    Parameter("memory", second, "over which regions add up what the task brings", low=0, low_is_allowed=False),
    Parameter("limit", 1, "most that the task changes a background, relative", 0, 1, low_is_allowed=False),
    Parameter("threshold", 1, "use of the moving region at which a response begins", 0, low_is_allowed=False),
    Parameter("execution", second, "from there to the response", low=0),
    Parameter("scatter", 1, "of the strength of pathways over trials, relative", low=0, high=1),
)
STRENGTH = Parameter("strength", 1, "change of a background over its limit, per use of the origin", -20, 20)


@dataclass(frozen=True)
class TaskDefinition:
    """A task as its file states it.

    stimulus_region: region that shapes excite; response_region: region whose rise is a response
    pathways: by name; values: by name in TASK, and 'pathways.NAME.strength'
    """

    name: str
    title: str
    file: str
    stimulus_region: str
    response_region: str
    pathways: Mapping[str, Pathway]
    values: Mapping[str, Value]

    def __getitem__(self, name: str) -> float:
        """Return a value in SI units."""
        return self.values[name].si

    @property
    def strengths(self) -> list[float]:
        """Return the strengths of the pathways, in their order."""
        return [self[f"pathways.{name}.strength"] for name in self.pathways]


def read_task(name: str | Path) -> TaskDefinition:
    """Read and check a task file, except for its regions, which only a brain can check.

    name: a path, or a shipped name such as 'tasks/go_nogo'
    raises: DefinitionError or InputError that names file and key
    """
    path = find(str(name), "models")
    where = display_name(path)
    entry = read_entries(read_text(path), where, TaskFile)
    validate_followers(entry, where)
    values = Values(read_sources(shipped("models") / "sources.bib"))
    values.take_all("task", {one.name: getattr(entry.task, one.name) for one in TASK}, TASK, f"{where}: task", where)
    for key, pathway in entry.task.pathways.items():
        place = f"{where}: task.pathways.{key}.strength"
        values.take(f"task.pathways.{key}.strength", pathway.strength, STRENGTH, place, where)
    found = {path.removeprefix("task."): value for path, value in values.found.items()}
    task = TaskDefinition(
        path.stem, entry.title, where, entry.task.stimulus_region, entry.task.response_region,
        entry.task.pathways, found,
    )
    _check_times(task)
    return task


def _check_times(task: TaskDefinition) -> None:
    if not task["trials"].is_integer():
        raise DefinitionError(f"{task.file}: task.trials", f"wants a whole number, got {task['trials']:g}")
    if task["shown"] > task["window"]:
        raise DefinitionError(f"{task.file}: task.shown", f"wants at most window ({task['window']:g} s), "
                                                          f"got {task['shown']:g} s")
    least = task["trials"] * (task["window"] + task["shortest_pause"])
    if least > task["duration"]:
        raise DefinitionError(f"{task.file}: task.trials", f"wants as many as fit into {task['duration']:g} s, "
                                                           f"got {task['trials']:g}, which take {least:g} s at least")
    rare = round(task["trials"] * task["share_nogo"])
    if not 2 <= rare <= task["trials"] - 2:
        raise DefinitionError(f"{task.file}: task.share_nogo", f"wants at least two shapes of each kind, got {rare} "
                                                               f"NoGo of {task['trials']:g}")
