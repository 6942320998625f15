"""The page of msim's public names: what it exports, and what these give back."""

from __future__ import annotations

import inspect

import msim

# What public functions return, and so what a reader meets next.
GIVEN_BACK = {
    "msim.definitions.models.model.ModelDefinition": "what `read_model` gives",
    "msim.definitions.models.model.Value": "a value of a model",
    "msim.definitions.experiments.definition.ExperimentDefinition": "what `read_experiment` gives",
    "msim.storage.run_store.Run": "what `simulate` and `open_run` give",
    "msim.verdicts.verdict.Verdict": "what `judge` gives",
    "msim.emulator.emulator.Emulator": "what `find_emulator` gives",
    "msim.base.errors.InputError": "bad input; exit status 2",
    "msim.base.errors.DefinitionError": "a definition file says what msim cannot accept",
    "msim.base.errors.StorageError": "a folder that cannot be written or read",
    "msim.base.errors.SimulationError": "a trial that failed; exit status 3",
}


def page() -> str:
    """All public names, alphabetically, functions before classes, and the figures of msim.plot."""
    lines = [
        "# From Python", "",
        "Everything public is a name of `msim`; each is imported when it is first asked for. Arrays come as xarray "
        "datasets that name their dimensions, units and meanings.", "",
    ]  # fmt: skip
    functions = [name for name in msim.__all__ if inspect.isfunction(getattr(msim, name))]
    for name in functions:
        lines += _directive("function", f"msim.{name}")
    lines += ["## What they give back", ""]
    for path, words in GIVEN_BACK.items():
        lines += [f"### {path.rpartition('.')[2]}", "", f"{words[0].upper()}{words[1:]}.", ""]
        lines += _directive("class", path, members=not path.startswith("msim.base.errors"))
    lines += ["## MsimError", "", *_directive("class", "msim.base.errors.MsimError"), "## msim.plot", ""]
    plot = msim.plot
    lines += [f"{(plot.__doc__ or '').strip()}", ""]
    for name in sorted(getattr(plot, "__all__", [one for one in dir(plot) if not one.startswith("_")])):
        thing = getattr(plot, name)
        if inspect.isfunction(thing):
            lines += _directive("function", f"{thing.__module__}.{thing.__name__}")
    return "\n".join(lines)


def _directive(kind: str, path: str, members: bool = False) -> list[str]:
    return ["```{eval-rst}", f".. auto{kind}:: {path}", *(["   :members:"] if members else []), "```", ""]
