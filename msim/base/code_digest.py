"""Which code runs: digests of msim's own source, by which processes and stored results know whether they agree."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msim

# Packages of msim that decide what a trial records; the others only call, store, draw or print.
DECIDING = (
    "base", "pharmacology", "signaling", "circuit", "recording", "measures", "coupling", "definitions", "engine",
    "twin", "study",
)
NOT_DECIDING = ("run.py", "workers.py", "unfinished.py", "stored.py", "verdict.py", "recalibrate.py", "checks.py")
COMPUTING = ("brian2", "numpy", "scipy", "sympy")
SOURCE = (".py", ".cpp", ".hpp", ".h")


@functools.cache
def code_digest() -> str:
    """SHA-256 of everything whose change may move a trial: msim's deciding source, and what it computes with."""
    root = package_folder()
    files = [
        path for name in DECIDING for path in (root / name).rglob("*")
        if path.suffix in SOURCE and path.name not in NOT_DECIDING
    ]  # fmt: skip
    versions = [msim.__version__, *(installed_version(one) for one in COMPUTING)]
    return _digest(root, files, json.dumps(versions).encode())


@functools.cache
def source_digest() -> str:
    """SHA-256 of all source files of msim: equal in two processes if they run the same code."""
    root = package_folder()
    return _digest(root, [path for path in root.rglob("*") if path.suffix in SOURCE], b"")


def package_folder() -> Path:
    """The folder of the msim package that this process imported."""
    return Path(msim.__file__).resolve().parent


def installed_version(package: str) -> str:
    """The version of an installed distribution, or 'absent'."""
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
