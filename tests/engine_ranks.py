"""What mpiexec starts in tests: runs of shared networks on all its ranks, whose fingerprints rank 0 prints as JSON.

The argument is a list of jobs: {"sizes", "precision", "partition", "interval", "seed", "cuts"}, all with defaults.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import engine_networks as networks
import pytest

MPIEXEC = shutil.which("mpiexec", path=str(Path(sys.executable).parent)) or shutil.which("mpiexec")
needs_mpi = pytest.mark.skipif(MPIEXEC is None, reason="no mpiexec: the Python package mpich brings one")
SECONDS = 120


def launched(ranks: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A Python program and its arguments on a number of ranks."""
    # Run by mpi4py, a program that fails on one rank ends all of them.
    command = [str(MPIEXEC), "-n", str(ranks), sys.executable, "-m", "mpi4py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)


def fingerprints(ranks: int, jobs: Sequence[dict[str, Any]]) -> list[dict[str, str]]:
    """Fingerprints of jobs on a number of ranks."""
    done = launched(ranks, __file__, json.dumps(jobs))
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def fingerprint_of(job: dict[str, Any], comm: Any = None) -> dict[str, str]:
    """The fingerprint of a job on this rank's communicator."""
    net = networks.connected(
        networks.everything(job.get("sizes", networks.SIZES)), comm, job.get("precision", "double"),
        job.get("partition", "cell"), job.get("interval"), job.get("seed", 7),
    )  # fmt: skip
    networks.run_in_cuts(net, job.get("cuts", ()))
    return networks.fingerprint(net)


def main() -> None:
    """Do the jobs."""
    from mpi4py import MPI

    found = [fingerprint_of(job, MPI.COMM_WORLD) for job in json.loads(sys.argv[1])]
    if MPI.COMM_WORLD.Get_rank() == 0:
        sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
