"""Stages of the slow equations by a compiled library, from the cache or newly compiled."""

from __future__ import annotations

import ctypes
import hashlib
import json
import subprocess
import time
from ctypes import c_double, c_int64, c_void_p
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from msim.backends.cpp.build import COMMON, WIDE, compiler, validate_compiled
from msim.backends.cpp.cache import ABOUT, HERE, LAYOUT, LIBRARY, found, key_of, stored
from msim.multiscale.slow.cpp_code import SlowCode, slow_code
from msim.multiscale.slow.elimination import Elimination
from msim.multiscale.slow.ode import SlowExpressions
from msim.multiscale.slow.rosenbrock import DRIFT, Stages

# All of -ffast-math: without it the compiler has no powers and exponentials of vectors.
FLAGS = [*COMMON, "-O3", "-ffast-math", *WIDE]


def compiled_stages(expressions: SlowExpressions, plan: Elimination) -> Stages:
    """Return the compiled stages of a step of a system; they equal those of `stages_of` up to rounding.

    raises: InputError where there is no compiler or it fails
    """
    code = slow_code(expressions, plan)
    function = _loaded(_library(code))
    numbers = np.array([*code.numbers, 0.0])

    def stages(y: np.ndarray, outside: np.ndarray, length: float, later: float) -> np.ndarray:
        result = np.empty((len(DRIFT), *y.shape))
        held = [np.ascontiguousarray(one, dtype=np.float64) for one in (y, outside, numbers, result)]
        function(y.shape[1], length, later, *[one.ctypes.data for one in held])
        return result

    return stages


def _library(code: SlowCode) -> Path:
    command = compiler()
    key = key_of(hashlib.sha256(code.text.encode()).hexdigest(), command, FLAGS)
    return (found(key) or stored(key, lambda partial: _make(code, partial, command))) / LIBRARY


def _make(code: SlowCode, folder: Path, command: list[str]) -> None:
    begun = time.perf_counter()
    (folder / "slow.cpp").write_text(code.text, encoding="utf-8")
    # Linked without -ffast-math: with it, loading the library would change the arithmetic of the whole process.
    for words in (
        [*command, *FLAGS, "-I", str(HERE / "runtime"), "-c", "slow.cpp", "-o", "slow.o"],
        [*command, "-shared", "-o", LIBRARY, "slow.o", "-lm"],
    ):
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
        validate_compiled(done.returncode, done.stdout + done.stderr, command)
    (folder / "slow.o").unlink()
    (folder / LAYOUT).write_text("{}", encoding="utf-8")
    about = {
        "network": "slow equations", "compiler": command, "flags": [FLAGS],
        "generated_s": 0.0, "compiled_s": time.perf_counter() - begun, "made": time.time(),
    }  # fmt: skip
    (folder / ABOUT).write_text(json.dumps(about, indent=1), encoding="utf-8")


@cache
def _loaded(path: Path) -> Any:
    function = ctypes.CDLL(str(path)).msim_slow_stages
    function.restype, function.argtypes = None, [c_int64, c_double, c_double, *[c_void_p] * 4]
    return function
