"""Cache of slow systems in this process: making one takes SymPy longer than an emulator takes for a trial of weeks."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from dataclasses import replace

from msim.base.remembered import Remembered
from msim.definitions.models.model import ModelDefinition
from msim.multiscale.slow.ode import SlowSystem, slow_system
from msim.multiscale.slow.rosenbrock import Stages

MOST = 48
_made: OrderedDict[str, SlowSystem] = OrderedDict()
_abouts: Remembered[str] = Remembered(MOST)
_compiled: Remembered[Stages] = Remembered(MOST)


def remembered_systems(model: ModelDefinition) -> dict[str, SlowSystem]:
    """Return the slow systems of all populations that have one; equal models share the same objects."""
    populations = dict.fromkeys(one.on for one in model.on_scale("slow"))
    about = _abouts.of(model, lambda: _about(model))
    found = {}
    for name in populations:
        key = f"{about} {name}"
        if key not in _made:
            _made[key] = slow_system(model, name)
        _made.move_to_end(key)
        found[name] = _made[key]
    while len(_made) > MOST:
        _made.popitem(last=False)
    return found


def _about(model: ModelDefinition) -> str:
    """Return a hash of all that equations of a model are made of: forms, links and every number."""
    parts = [repr(model.instances), repr(model.links), repr(list(model.populations))]
    parts.append(repr([(path, model.resolved(path).si) for path in model.values]))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def remembered_compiled(system: SlowSystem) -> SlowSystem:
    """Return the system with compiled stages.

    raises: InputError where there is no compiler or it fails
    """
    from msim.multiscale.slow.cpp_library import compiled_stages

    return replace(system, stages=_compiled.of(system.expressions, lambda: compiled_stages(system)))
