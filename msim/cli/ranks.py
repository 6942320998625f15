"""Several MPI ranks from one command: start mpiexec, or take part in what it started."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msim.base.errors import InputError
from msim.engine.exchange import SERIAL, Ranks, started_by_mpi, world


@contextmanager
def shared_out(wanted: int) -> Iterator[Ranks]:
    """The ranks that share out a run; on all but the first this serves it and exits.

    wanted: how many; 0 takes what mpiexec started, or one
    raises: InputError where mpiexec started another number, or there is no mpiexec
    """
    if not started_by_mpi():
        if wanted > 1:
            _start(wanted)
        yield SERIAL
        return
    ranks = world()
    if wanted and wanted != ranks.size:
        raise InputError(f"--ranks: mpiexec started {ranks.size}, but --ranks says {wanted}; leave one of them out")
    if ranks.size == 1:
        yield ranks
        return
    from msim.engine.distributed import dismiss, serve

    if ranks.rank:
        serve(ranks)
        sys.exit(0)
    try:
        yield ranks
    finally:
        dismiss(ranks)


def _start(wanted: int) -> None:
    """Replace this process by mpiexec, which runs the same command on every rank."""
    launcher = _mpiexec()
    own = [one for one in sys.argv[1:]]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(launcher[0], [*launcher, "-n", str(wanted), sys.executable, "-m", "msim", *own])


def _mpiexec() -> list[str]:
    given = shlex.split(os.environ.get("MSIM_MPIEXEC", ""))
    beside = Path(sys.executable).with_name("mpiexec")
    names = [given[0]] if given else [str(beside), "mpiexec", "mpirun"]
    for name in names:
        path = shutil.which(name)
        if path:
            return [path, *given[1:]]
    raise InputError(
        f"--ranks: no {' or '.join(Path(one).name for one in names[-2:])} found; load your cluster's MPI, "
        "pip install mpich, or set MSIM_MPIEXEC to the command that starts ranks"
    )
