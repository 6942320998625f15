"""A backend of NumPy alone: slow, for small columns, and short enough to be read."""

from typing import Any

from msim.backends.fast_network import FastNetwork
from msim.backends.registry import Backend
from msim.definitions.models.model import ModelDefinition


def _built(model: ModelDefinition, seed: int, context: Any) -> FastNetwork:
    from msim.network.column_plan import column_plan
    from msim_example.plain_numpy.network import PlainNetwork

    return PlainNetwork(column_plan(model, seed))


BACKEND = Backend("plain_numpy", "NumPy alone, for small columns", _built)
