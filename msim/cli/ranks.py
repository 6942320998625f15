"""Start of several MPI ranks from one command: run mpiexec, or join the ranks that it started."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msim.backends.mpi import SERIAL, RankGroup, started_by_mpi, validate_same_codes, world
from msim.base.errors import InputError, MsimError
from msim.base.start import start_command
from msim.cli.options import core_count

CROWD = 4  # ranks a core: waiting ranks spin, and a crowd of them stops the machine
BATCH = ("SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "COBALT_JOBID")


@contextmanager
def shared_out(wanted: int, check: Callable[[], None]) -> Iterator[RankGroup]:
    """Yield the ranks that share a run; all but the first serve it here, and exit.

    wanted: number of ranks; 0 takes those that mpiexec started, or one
    check: called before ranks are started; raises where the run is impossible
    raises: InputError where mpiexec started another number, or there is no mpiexec
    """
    if not started_by_mpi():
        if wanted > 1:
            _validate_rank_count(wanted)
            check()
            _start(wanted)
        yield SERIAL
        return
    ranks = _world(wanted)
    if ranks.size == 1:
        yield ranks
        return
    from msim.backends.cpp.distributed import dismiss, serve

    if ranks.rank:
        serve(ranks)
        sys.exit(0)
    try:
        yield ranks
    except BaseException as problem:
        dismiss(ranks, getattr(problem, "exit_code", getattr(problem, "exit_status", 1)))
        raise
    dismiss(ranks, 0)


@contextmanager
def alongside(wanted: int) -> Iterator[RankGroup]:
    """Yield ranks that all run the same program and refuse the same; rank 0 alone prints and writes.

    wanted: as for `shared_out`
    raises: InputError where mpiexec started another number, or there is no mpiexec
    """
    if not started_by_mpi():
        if wanted > 1:
            _validate_rank_count(wanted)
            _start(wanted)
        yield SERIAL
        return
    ranks = _world(wanted)
    try:
        yield ranks
    except MsimError as problem:
        if ranks.rank:
            sys.exit(problem.exit_status)  # rank 0 says why
        raise
    except BaseException as problem:
        if ranks.size == 1:
            raise
        from msim.backends.cpp.distributed import end_all

        # The others wait for this rank: they have to end, whatever it was.
        stopped = isinstance(problem, KeyboardInterrupt)
        end_all(ranks, "stopped" if stopped else traceback.format_exc(), 130 if stopped else 1)


def _world(wanted: int) -> RankGroup:
    """Return the ranks that mpiexec started, if they are as many as wanted."""
    ranks = world()
    if wanted and wanted != ranks.size:
        if ranks.rank:
            sys.exit(2)  # rank 0 says why
        raise InputError(f"--ranks: mpiexec started {ranks.size}, but --ranks says {wanted}; leave one of them out")
    validate_same_codes(ranks)
    return ranks


def _validate_rank_count(wanted: int) -> None:
    """Refuse far more ranks than cores, unless a batch system places them elsewhere."""
    cores = core_count()
    if wanted > CROWD * cores and not any(name in os.environ for name in BATCH):
        raise InputError(f"--ranks: this machine has {cores} cores; wants at most {CROWD * cores} ranks, got {wanted}")


def _start(wanted: int) -> None:
    """Replace this process by mpiexec, which runs the same command on every rank."""
    launcher = _mpiexec()
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(launcher[0], [*launcher, "-n", str(wanted), *start_command(), "-m", "msim", *sys.argv[1:]])


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
