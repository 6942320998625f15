"""The page of mechanisms: each form as its declaration says it, with the model files that give its numbers."""

from __future__ import annotations

import sys
from collections import defaultdict
from inspect import getsource
from typing import Any

from _ext.parameters import plain

from msim.base.mechanism import Mechanism
from msim.base.quantities import unit_text
from msim.base.sources import cite_text
from msim.definitions.files.citations import known_sources
from msim.definitions.models.mechanism_registry import MECHANISMS
from msim.definitions.models.read_model import read_model

MODEL = "circuits/cortical_column"


def page() -> str:
    """All forms, by scale."""
    modules, users = _modules(), _users()
    lines = [
        "# Mechanisms", "",
        "The forms that a model file may name: equations and declared names, no numbers. Each cell of its population "
        "has its own states, so that a state has the shape (cells,), and with time (cells, time). Units are those that "
        "values and links are held to; a value in other units is refused: `wants a value in ...` "
        "([errors](../ERRORS.md)).", "",
    ]  # fmt: skip
    for scale in dict.fromkeys(form.scale for form in MECHANISMS.values()):
        lines += [f"## Scale: {scale}", ""]
        for form in (one for one in MECHANISMS.values() if one.scale == scale):
            lines += _form(form, modules.get(form.name, ""), users.get(form.name, {}))
    return "\n".join(lines)


def _form(form: Mechanism, module: str, users: dict[str, set[str]]) -> list[str]:
    meaning = plain(form.meaning[0].upper() + form.meaning[1:])
    lines = [f"### {form.name}", "", f"{meaning}. Declared in `{module}`.", ""]
    if form.reference:
        lines += [f"Reference: {_cited(form.reference)}.", ""]
    if form.equations.strip():
        lines += ["```text", *[line.strip() for line in form.equations.strip().splitlines()], "```", ""]
    rows = [("input", one) for one in form.inputs] + [("parameter", one) for one in form.parameters]
    rows += [("output", one) for one in form.outputs]
    if rows:
        lines += ["| | name | unit | meaning |", "|---|---|---|---|"]
        lines += [f"| {kind} | `{one.name}` | {plain(_unit(one.unit))} | {plain(one.meaning)} |" for kind, one in rows]
        lines.append("")
    if users:
        lines += ["Sources of its values in the shipped column, by the names it has there:", ""]
    for name, sources in sorted(users.items()):
        lines.append(f"- `{name}`: {', '.join(_cited(one) for one in sorted(sources) if one)}")
    return [*lines, ""]


def _cited(key: str) -> str:
    known = known_sources()
    return f"[{plain(cite_text(known[key]))}](sources.md#{key})" if key in known else plain(key)


def _unit(unit: Any) -> str:
    return unit_text(unit) or "1"


def _modules() -> dict[str, str]:
    """Where each form is declared: the module that has it and says its name."""
    places: dict[str, str] = {}
    for name, module in sorted(sys.modules.items()):
        if name.startswith("msim.") and name != "msim.definitions.models.mechanism_registry":
            for one in vars(module).values():
                if (
                    isinstance(one, Mechanism)
                    and MECHANISMS.get(one.name) is one
                    and f'"{one.name}"' in getsource(module)
                ):
                    places.setdefault(one.name, name)
    return places


def _users() -> dict[str, dict[str, set[str]]]:
    """Sources of the values of each mechanism of the shipped column, by form and name."""
    model, users = read_model(MODEL), defaultdict[str, dict[str, set[str]]](dict)
    for name, instance in model.instances.items():
        paths = [path for path in model.values if path.split(".")[0] == name]
        users[instance.mechanism.name][name] = {model.resolved(path).source for path in paths}
    return users
