"""Cache of slow systems in this process: making one takes SymPy longer than an emulator takes for a trial of weeks."""

from __future__ import annotations

import functools
from dataclasses import replace

from msim.definitions.models.model import ModelDefinition
from msim.multiscale.slow.elimination import Elimination
from msim.multiscale.slow.ode import SlowExpressions, SlowSystem, slow_system
from msim.multiscale.slow.rosenbrock import Stages

MOST = 48  # systems of one population each


def cached_systems(model: ModelDefinition) -> dict[str, SlowSystem]:
    """Return the slow systems of all populations that have one; equal models share the same objects."""
    return {name: _system(model, name) for name in dict.fromkeys(one.on for one in model.on_scale("slow"))}


_system = functools.lru_cache(MOST)(slow_system)


def with_compiled_stages(system: SlowSystem) -> SlowSystem:
    """Return the system with compiled stages, which are loaded once for each system.

    raises: InputError where there is no compiler or it fails
    """
    return replace(system, stages=_stages(system.expressions, system.elimination))


@functools.lru_cache(MOST)
def _stages(expressions: SlowExpressions, plan: Elimination) -> Stages:
    from msim.multiscale.slow.cpp_library import compiled_stages

    return compiled_stages(expressions, plan)
