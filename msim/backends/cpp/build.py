"""Library of a network: from the cache, or generated and compiled."""

from __future__ import annotations

import json
import os
import platform
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msim.backends.cpp.cache import ABOUT, HERE, LAYOUT, LIBRARY, found, key_of, stored
from msim.base.errors import InputError
from msim.network.spec import NetworkSpec

PRECISIONS = ("double", "single")
COMMON = ["-std=c++17", "-fPIC", "-march=native", "-fvisibility=hidden", "-Wno-unused-result"]
WIDE = ["-mprefer-vector-width=512"] if platform.machine() in ("x86_64", "AMD64") else []
# Sums keep their order: the exponential function relies on it, and cells gain nothing from another one.
FAST = ["-O3", "-ffast-math", "-fno-associative-math", *WIDE]
# Loops over events and over few cells: vectorised ones would give a cell another last digit in a remainder.
PLAIN = ["-O2", "-fno-tree-vectorize", "-fno-tree-slp-vectorize"]
STRICT = ["-O2", "-ffp-contract=off", "-fno-tree-vectorize", "-fno-tree-slp-vectorize", "-DMSIM_STRICT"]


@dataclass(frozen=True)
class Built:
    """A compiled library and the layout of the names in it.

    seconds: time that building took, 0 from the cache
    """

    library: Path
    layout: dict[str, Any]
    seconds: float


def compiler(target: str = "cpp") -> list[str]:
    """Return the path of the C++ compiler and its first arguments, from the environment variable CXX or of g++.

    raises: InputError where no compiler is found, or CXX cannot be read as a command
    """
    given = os.environ.get("CXX", "")
    try:
        name, *rest = shlex.split(given) or ["g++"]
    except ValueError as problem:
        raise InputError(f"CXX: wants a command, got '{given}': {problem}") from None
    path = shutil.which(name)
    if path is None:
        raise InputError(f"target '{target}' compiles its kernels: no C++ compiler '{name}' found; install g++, "
                         "set CXX, or choose --target numpy (slow, no compiler)")
    return [path, *rest]


def built(spec: NetworkSpec, precision: str = "double", strict: bool = False) -> Built:
    """Return the library of a network's structure, from the cache or compiled.

    precision: of states: 'double' or 'single'
    strict: the same operations in the same order as Brian2 has them, without vectors: slower
    raises: InputError where there is no compiler, it fails, or the network has a part that the engine does not support
    """
    if precision not in PRECISIONS:
        raise InputError(f"precision: wants 'double' or 'single', got '{precision}'")
    command = compiler()
    own = ["-DMSIM_SINGLE"] if precision == "single" else []
    flags = [STRICT, STRICT] if strict else [FAST, PLAIN]
    units = [[*COMMON, *one, *own] for one in flags]
    key = key_of(spec.digest(), command, [*units[0], "|", *units[1]])
    begun = time.perf_counter()
    folder = found(key)
    if folder is None:
        folder = stored(key, lambda partial: _make(spec, partial, command, units))
        seconds = time.perf_counter() - begun
    else:
        seconds = 0.0
    return Built(folder / LIBRARY, json.loads((folder / LAYOUT).read_text(encoding="utf-8")), seconds)


def _make(spec: NetworkSpec, folder: Path, command: list[str], units: list[list[str]]) -> None:
    # Brian2 is needed here only: a network whose library is there starts without it.
    from msim.backends.cpp.generate import generated

    begun = time.perf_counter()
    sources = generated(spec)
    written = time.perf_counter()
    for name, text in (("vector", sources.vector), ("scalar", sources.scalar)):
        (folder / f"{name}.cpp").write_text(text, encoding="utf-8")
    _compile(folder, command, units)
    (folder / LAYOUT).write_text(json.dumps(sources.layout), encoding="utf-8")
    about = {
        "network": ", ".join(one.name for one in spec.cells), "compiler": command, "flags": units,
        "generated_s": written - begun, "compiled_s": time.perf_counter() - written, "made": time.time(),
    }  # fmt: skip
    (folder / ABOUT).write_text(json.dumps(about, indent=1), encoding="utf-8")


def _compile(folder: Path, command: list[str], units: list[list[str]]) -> None:
    """Compile both units side by side and link them."""
    names = ("vector", "scalar")
    commands = [
        [*command, *flags, "-I", str(HERE / "runtime"), "-c", f"{name}.cpp", "-o", f"{name}.o"]
        for name, flags in zip(names, units, strict=True)
    ]
    pipe = subprocess.PIPE
    running = [subprocess.Popen(one, cwd=folder, stdout=pipe, stderr=subprocess.STDOUT, text=True) for one in commands]
    outputs = [one.communicate()[0] for one in running]
    # Linked without -ffast-math: with it, loading the library would change the arithmetic of the whole process.
    link = [*command, "-shared", "-o", LIBRARY, "vector.o", "scalar.o", "-lm"]
    for process, output in zip(running, outputs, strict=True):
        validate_compiled(process.returncode, output, command)
    done = subprocess.run(link, cwd=folder, capture_output=True, text=True)
    validate_compiled(done.returncode, done.stdout + done.stderr, command)
    for name in names:
        (folder / f"{name}.o").unlink()


def validate_compiled(code: int, output: str, command: list[str]) -> None:
    if code == 0:
        return
    lines = [line for line in output.splitlines() if "error" in line.lower()] or output.splitlines() or [""]
    raise InputError(
        f"target 'cpp': the compiler {' '.join(command)} failed: {lines[0].strip()[:300]}; "
        "check it with a small program, set CXX to another one, or choose --target numpy (slow, no compiler)"
    )
