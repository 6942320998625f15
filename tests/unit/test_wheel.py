"""A wheel carries the models and experiments, and msim finds them in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CARRIED = ("msim", "models", "experiments")
FILES = ("setup.cfg", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of this checkout, built from a copy and unpacked where no checkout is near."""
    source, wheels, unpacked = (tmp_path_factory.mktemp(name) for name in ("source", "wheels", "unpacked"))
    for name in CARRIED:
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, source / name)
    options = ["--quiet", "--no-deps", "--no-build-isolation", "-w", str(wheels)]
    command = [sys.executable, "-m", "pip", "wheel", *options, "."]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    (wheel,) = wheels.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(unpacked)
    return unpacked


def test_every_module_is_in_the_wheel(unpacked: Path) -> None:
    here = {path.relative_to(ROOT) for path in (ROOT / "msim").rglob("*.py")}
    there = {path.relative_to(unpacked) for path in (unpacked / "msim").rglob("*.py")}
    assert here and not here - there


def test_every_definition_file_is_in_the_wheel(unpacked: Path) -> None:
    for kind in ("models", "experiments"):
        here = {path.relative_to(ROOT / kind) for path in (ROOT / kind).rglob("*.toml")}
        shipped = unpacked / "msim/shipped" / kind
        there = {path.relative_to(shipped) for path in shipped.rglob("*.toml")}
        assert here and here == there
    assert (unpacked / "msim/shipped/models/sources.bib").is_file()


def test_the_sources_of_the_engine_are_in_the_wheel(unpacked: Path) -> None:
    runtime = {path.name for path in (ROOT / "msim/backends/cpp/runtime").iterdir()}
    assert runtime and runtime == {path.name for path in (unpacked / "msim/backends/cpp/runtime").iterdir()}


def test_msim_list_finds_them(unpacked: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    code = "import msim.cli, sys; print(msim.__file__); sys.argv[1:] = ['list', '--json']; msim.cli.main()"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    where, _, listed = done.stdout.partition("\n")
    assert where.startswith(str(unpacked))
    assert "ketamine_rapid_and_sustained" in [row["name"] for row in json.loads(listed)]
