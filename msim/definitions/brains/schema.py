"""Schema of the tables in a file of a brain or of a task: names and types, no science."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, StrictStr

from msim.definitions.files.names import Name, Words
from msim.definitions.files.schema import Entry, ValueEntry


class TargetEntry(Entry):
    """A drive of the column to which spikes of other regions belong."""

    share: ValueEntry


class BrainEntry(Entry):
    """Regions of one column each, and how they are joined."""

    connectome: Words
    weights: Words = "weights.csv"
    column: Words
    origin: Name = Field(alias="from")
    velocity: ValueEntry
    coupling: ValueEntry
    gradient: ValueEntry
    tau_slow: ValueEntry
    sd_slow: ValueEntry
    shared_slow: ValueEntry
    targets: dict[Name, TargetEntry] = Field(min_length=1)


class BrainFile(Entry):
    """One file under models/brains/."""

    title: StrictStr = ""
    notes: StrictStr = ""
    brain: BrainEntry


class Pathway(Entry):
    """A pathway from region to region that a task opens.

    on: the shapes that open it
    """

    origin: Words = Field(alias="from")
    to: Words
    on: Literal["go", "nogo", "any"]
    strength: ValueEntry


class TaskEntry(Entry):
    """Shapes that a brain sees, and the responses to them."""

    stimulus_region: Words
    response_region: Words
    duration: ValueEntry
    shown: ValueEntry
    window: ValueEntry
    trials: ValueEntry
    share_nogo: ValueEntry
    shortest_pause: ValueEntry
    contrast: ValueEntry
    memory: ValueEntry
    limit: ValueEntry
    threshold: ValueEntry
    execution: ValueEntry
    scatter: ValueEntry
    pathways: dict[Name, Pathway] = Field(min_length=1)


class TaskFile(Entry):
    """One file under models/tasks/."""

    title: StrictStr = ""
    notes: StrictStr = ""
    task: TaskEntry
