"""Under which conditions something was measured: machine, load, compiler, versions."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
from pathlib import Path
from typing import Any

from benchmarks.contenders import compiler_version

# Others took part of the cores above this share of them, and the figures are no longer this machine's.
BUSY = 0.5


def processor() -> str:
    """The processor's name."""
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def version(package: str) -> str:
    """Version of an installed package, or 'none'."""
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "none"


def conditions() -> dict[str, Any]:
    """Everything, as values for JSON."""
    return {
        "processor": processor(), "cores": cores(), "load": os.getloadavg()[0], "python": platform.python_version(),
        "compiler": compiler_version(), "brian2": version("brian2"), "numpy": version("numpy"),
        "mpi4py": version("mpi4py"), "nest": version("nest-simulator"),
    }  # fmt: skip


def load_warning(load: float, count: int) -> str:
    """What to say of a busy machine; nothing of a quiet one."""
    if load <= BUSY * count:
        return ""
    return f"warning: load average {load:.2f} on {count} cores before the first run: others slow these times"


def said(found: dict[str, Any]) -> str:
    """The conditions in one line."""
    return (f"{found['processor']}, {found['cores']} cores, load {found['load']:.2f}, {found['compiler']}, "
            f"Python {found['python']}, Brian2 {found['brian2']}")


def announce(found: dict[str, Any]) -> None:
    """Tell the conditions and warn of load, on stderr: stdout may be JSON."""
    for line in filter(None, (said(found), load_warning(found["load"], found["cores"]))):
        print(line, file=sys.stderr)
