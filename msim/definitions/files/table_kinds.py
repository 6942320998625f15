"""Kinds of definition files, told apart by the tables and keys that are in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

EXPERIMENT_KEYS = ("arms", "hypothesis", "model", "predict", "record")
PART_TABLES = (
    "mechanisms", "populations", "projections", "drives", "links", "manipulations", "hypotheses",
    "preparations", "states", "variants",
)
# Keys of which any one tells a kind, in the order in which they are looked for.
TOLD_BY = {
    "evidence": ("row",), "exposure": ("exposure",), "study": ("groups",), "participants": ("health",),
    "experiment": EXPERIMENT_KEYS,
    "brain": ("brain",), "task": ("task",), "model": ("column", "include"), "part": PART_TABLES,
}  # fmt: skip
# By the class of its entries, the words for a file and the kinds that it takes.
FILES = {
    "EvidenceFile": ("a file of evidence rows", ("evidence",)),
    "ExposureFile": ("a file of published exposures", ("exposure",)), "StudyFile": ("a study", ("study",)),
    "ParticipantsFile": ("a file of participants", ("participants",)),
    "ExperimentFile": ("an experiment", ("experiment",)), "BrainFile": ("a brain", ("brain",)),
    "TaskFile": ("a task", ("task",)), "ModelFile": ("a model", ("model", "part")),
}


def kind_of_tables(tables: Mapping[str, Any]) -> str:
    """Return the kind of a file.

    returns: a key of TOLD_BY, where 'part' makes a model only together with other files; '' where no key tells
    """
    return next((kind for kind, keys in TOLD_BY.items() if any(one in tables for one in keys)), "")


def other_kind(tables: Mapping[str, Any], entries: str) -> str:
    """Return what is wrong with a file whose keys are those of another kind than its reader's, or ''.

    entries: name of the class of entries that the reader wants
    """
    found = kind_of_tables(tables)
    words, kinds = FILES.get(entries, ("", ()))
    if not words or not found or found in kinds:
        return ""
    came = next(what for what, known in FILES.values() if found in known)
    return f"wants {words}, got {came}"
