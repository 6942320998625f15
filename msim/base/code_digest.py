"""Digests of msim's own source, which tell whether two processes or stored results come from the same code."""

from __future__ import annotations

import functools
import hashlib
import json
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from msim.base.errors import StartError
from msim.base.plugins import plugin_digests
from msim.base.version import VERSION

# Packages of msim that decide what a trial records; the others only call, store, draw or print.
DECIDING = (
    "base", "pharmacology", "signaling", "circuit", "recording", "measures", "definitions", "network", "backends",
    "multiscale", "emulator", "trials",
)
NOT_DECIDING = (
    "trials/run.py", "trials/claimed.py", "trials/kept_values.py", "trials/unfinished.py",
    "definitions/models/checks.py",
)  # fmt: skip
COMPUTING = ("brian2", "numpy", "scipy", "sympy")
SOURCE = (".py", ".cpp", ".hpp", ".h")


@functools.cache
def code_digest() -> str:
    """Return the SHA-256 of all that can change a trial: msim's deciding source, plug-ins, versions of libraries."""
    root = package_folder()
    files = [path for path in root.rglob("*") if path.suffix in SOURCE and is_deciding(path, root)]
    versions = [VERSION, *(installed_version(one) for one in COMPUTING), *plugin_digests()]
    return _digest(root, files, json.dumps(versions).encode())


def is_deciding(path: Path, root: Path) -> bool:
    """Return whether a source file under the folder of the package decides what a trial records."""
    name = path.relative_to(root)
    return name.parts[0] in DECIDING and name.as_posix() not in NOT_DECIDING


@functools.cache
def source_digest() -> str:
    """Return the SHA-256 of all source files of msim: equal in two processes if they run the same code."""
    root = package_folder()
    return _digest(root, [path for path in root.rglob("*") if path.suffix in SOURCE], b"")


@dataclass(frozen=True)
class RunningCode:
    """Code that a process runs; digest: of all source, whatever its folder, and of what it computes with."""

    folder: str
    machine: str
    digest: str


def running_code() -> RunningCode:
    """Return the code that this process runs."""
    digest = hashlib.sha256((source_digest() + code_digest()).encode()).hexdigest()
    return RunningCode(str(package_folder()), platform.node(), digest)


def validate_same_code(started: RunningCode, who: str, mine: RunningCode | None = None) -> None:
    """Refuse a process that would run other code than this one.

    started: code that it runs; who: text that names it, such as 'a worker process'
    raises: StartError that names both places
    """
    own = mine or running_code()
    if started.digest != own.digest:
        raise StartError(
            f"{who} runs other code: msim of {started.folder} on {started.machine} ({started.digest[:12]}), this one "
            f"that of {own.folder} on {own.machine} ({own.digest[:12]}); start both from one place, and anew where "
            "files were changed meanwhile"
        )


def package_folder() -> Path:
    """Return the folder of the msim package that this process imported."""
    return Path(__file__).resolve().parents[1]


def installed_version(package: str) -> str:
    """Return the version of an installed distribution, or 'absent'."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _digest(root: Path, files: Iterable[Path], first: bytes) -> str:
    digest = hashlib.sha256(first)
    for path in sorted(files):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()
