"""The compiled library in this process, through ctypes."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, Structure, c_double, c_int, c_int32, c_int64, c_uint8, c_uint32, c_uint64, c_void_p
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

RAN, STOPPED, NOT_FINITE, RUNAWAY, TOLD = range(5)
SUMS, MEANS, TRACES = 1, 2, 4


class Failure(Structure):
    """Reason why the loop ended early, as a C structure."""

    _fields_ = [
        ("status", c_int32), ("population", c_int32), ("variable", c_int32), ("rank", c_int32),
        ("cell", c_int64), ("step", c_int64),
    ]  # fmt: skip


E = c_void_p
U32, I32, I64, F64 = POINTER(c_uint32), POINTER(c_int32), POINTER(c_int64), POINTER(c_double)
SIGNATURES: dict[str, tuple[Any, list[Any]]] = {
    "version": (c_int, []),
    "new": (E, [c_uint64, c_double]),
    "delete": (None, [E]),
    "population": (None, [E, c_int, c_int64, c_int, U32]),
    "array": (c_void_p, [E, c_int, c_int]),
    "refractory": (c_void_p, [E, c_int]),
    "scalars": (F64, [E, c_int]),
    "projection_scalars": (F64, [E, c_int]),
    "limits": (None, [E, c_int, c_double, POINTER(c_int), c_int]),
    "drive": (None, [E, c_int, c_int, c_int, c_int, U32]),
    "timed": (None, [E, c_int, c_double, c_int64, c_int64, c_int64, F64]),
    "connect": (c_int64, [E, c_int, c_int64, I64, U32, I32, POINTER(F64)]),
    "contacts": (c_int64, [E, c_int]),
    "read_contacts": (None, [E, c_int, U32, U32, I32, F64]),
    "state": (c_void_p, [E, c_int, c_int]),
    "last_update": (F64, [E, c_int]),
    "contact_numbers": (POINTER(c_uint8), [E, c_int]),
    "exchange": (None, [E, c_int, c_int, c_int, c_void_p, c_void_p, c_void_p]),
    "shortest_delay": (c_int, [E]),
    "ring_size": (c_int, [E]),
    "step": (c_int64, [E]),
    "step_address": (I64, [E]),
    "set_step": (None, [E, c_int64]),
    "recent": (c_int64, [E, c_int, c_int64, POINTER(U32)]),
    "set_recent": (None, [E, c_int, c_int64, c_int64, U32]),
    "watch": (None, [E, c_int64, c_int64, c_int64]),
    "keep": (None, [E, c_int, c_int, c_int]),
    "trace": (None, [E, c_int, U32, c_int]),
    "samples": (c_int64, [E]),
    "clear_samples": (None, [E]),
    "sum": (F64, [E, c_int, c_int, c_int]),
    "means": (I64, [E, c_int, c_int]),
    "traced": (c_void_p, [E, c_int, c_int, I64]),
    "keep_spikes": (None, [E, c_int, c_int]),
    "spikes": (c_int64, [E, c_int, POINTER(I64), POINTER(U32)]),
    "clear_spikes": (None, [E, c_int]),
    "tell": (None, [E, c_int]),
    "run": (c_int, [E, c_int64]),
    "failure": (POINTER(Failure), [E]),
}


@cache
def loaded(path: Path) -> Any:
    """Load a library; return its functions by their names without 'msim_'."""
    library = ctypes.CDLL(str(path))
    functions = {}
    for name, (result, arguments) in SIGNATURES.items():
        function = getattr(library, f"msim_{name}")
        function.restype, function.argtypes = result, arguments
        functions[name] = function
    return type("Library", (), {name: staticmethod(one) for name, one in functions.items()})


def pointer(array: np.ndarray, kind: Any) -> Any:
    """Return a pointer to the data of a contiguous array."""
    return array.ctypes.data_as(kind)


def view(address: Any, count: int, dtype: Any) -> np.ndarray:
    """Return an array over memory of the library, without a copy."""
    if count == 0:
        return np.empty(0, dtype=dtype)
    place = address if isinstance(address, int) else ctypes.cast(address, c_void_p).value
    size = int(np.dtype(dtype).itemsize)
    memory: Any = (ctypes.c_char * (count * size)).from_address(place or 0)
    return np.frombuffer(memory, dtype=dtype, count=count)
