"""Known limits of the model, from the text that ships with it: models/LIMITS.md."""

from __future__ import annotations

from collections.abc import Iterable

from msim.base.errors import StorageError
from msim.definitions.files.read import shipped
from msim.definitions.studies.analysis import analyses
from msim.report.blocks import Block, Marked, Section, Words

FILE = "LIMITS.md"
# What concerns a model is told by the files that it is made of.
FILES = {
    "The column": "circuits/cortical_column", "Drug and receptors": "drugs/ketamine", "The cascade": "signaling/",
    "Published results that disagree": "circuits/cortical_column",
}  # fmt: skip
EMULATOR, PEOPLE = "The mean-field emulator", "Virtual people"
NOTHING = "The model is none of those that ship with msim, and their text of known limits says nothing of it."


def limits() -> dict[str, str]:
    """Return the parts of the text by their headings.

    raises: StorageError where the text is missing
    """
    path = shipped("models") / FILE
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as problem:
        raise StorageError(f"{path}: cannot be read: {problem.strerror}") from None
    parts = (part.partition("\n") for part in text.split("\n## ")[1:])
    return {title.strip(): body.strip() for title, _, body in parts}


def limits_section(files: Iterable[str], notes: str = "", emulator: bool = False, analysis: str = "") -> Section:
    """Return the limits that concern a model made of these files.

    notes: of the model's or study's own file; analysis: of a study, or ''
    """
    names = list(files)
    wanted = [title for title, part in FILES.items() if any(part in name for name in names)]
    wanted += [EMULATOR] if emulator or analysis else []
    known, own = limits(), analyses().get(analysis)
    if own is not None:
        wanted += [PEOPLE, own.limits]
        known = {own.limits: own.limits_text, **known}
    blocks: list[Block] = [Marked(title, known[title]) for title in wanted if known.get(title)]
    if notes.strip():
        blocks.append(Words(tuple(" ".join(one.split()) for one in notes.strip().split("\n\n"))))
    if not blocks:
        blocks.append(Words((NOTHING,)))
    return Section("limits", "What the model is known to get wrong", tuple(blocks))
