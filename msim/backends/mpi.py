"""Ranks: one process, or the processes of an MPI communicator."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from msim.base.code_digest import running_code, validate_same_code
from msim.base.errors import InputError, StartError

T = TypeVar("T")


@dataclass(frozen=True)
class RankGroup:
    """Processes that run one network together.

    comm: an mpi4py communicator, None for a single process
    """

    rank: int = 0
    size: int = 1
    comm: Any = None

    @classmethod
    def of(cls, comm: Any) -> RankGroup:
        """Build the ranks of an mpi4py communicator."""
        return cls(comm.Get_rank(), comm.Get_size(), comm)

    def first_alone(self, work: Callable[[], T]) -> T:
        """Run some work on rank 0 first, and on the other ranks once it is done there.

        raises: on every rank the exception of rank 0
        """
        if self.size == 1:
            return work()
        problem = None
        result: Any = None
        if self.rank == 0:
            try:
                result = work()
            except Exception as raised:  # the others wait for its result and have to hear of it
                problem = raised
        problem = self.comm.bcast(problem, root=0)
        if problem is not None:
            raise problem
        return result if self.rank == 0 else work()

    def smallest(self, number: int) -> int:
        """Return the smallest of the ranks' numbers."""
        return int(min(self.comm.allgather(number))) if self.size > 1 else number

    def all(self, value: T) -> list[T]:
        """Return every rank's value, in the order of ranks."""
        return list(self.comm.allgather(value)) if self.size > 1 else [value]

    def gathered(self, value: T) -> list[T]:
        """Return every rank's value on rank 0, in the order of ranks; nothing on the others."""
        if self.size == 1:
            return [value]
        return list(self.comm.gather(value, root=0) or [])

    def addresses(self) -> tuple[Any, Any, Any]:
        """Return the address of MPI_Allgather, and the handles of the communicator and of 32-bit integers."""
        if self.size == 1:
            return None, None, None
        from mpi4py import MPI

        library = ctypes.CDLL(str(_mpi_library()))
        function = ctypes.cast(library.MPI_Allgather, ctypes.c_void_p).value
        return function, _handle(self.comm), _handle(MPI.INT32_T)


SERIAL = RankGroup()


def _handle(mpi_object: Any) -> int:
    from mpi4py import MPI

    return int(MPI._handleof(mpi_object))


def _mpi_library() -> Path:
    """Return the MPI library that mpi4py has loaded into this process."""
    maps = Path("/proc/self/maps").read_text(encoding="utf-8")
    found = sorted({line.split()[-1] for line in maps.splitlines() if re.search(r"/libmpi(ch)?\.so", line)})
    if not found:
        raise InputError("ranks: mpi4py has loaded no MPI library that msim knows (libmpi)")
    return Path(found[0])


# What launchers tell the processes that they start.
LAUNCHED = ("PMI_SIZE", "PMIX_RANK", "OMPI_COMM_WORLD_SIZE", "MPI_LOCALNRANKS", "PMI_RANK")


def started_by_mpi() -> bool:
    """Return whether mpiexec or a similar launcher started this process, without loading MPI."""
    return any(name in os.environ for name in LAUNCHED)


def world() -> RankGroup:
    """Return the ranks that mpiexec started.

    raises: InputError where mpi4py cannot reach MPI
    """
    try:
        from mpi4py import MPI
    except (ImportError, RuntimeError) as problem:
        first = str(problem).splitlines()[0]
        raise InputError(
            f"ranks: mpi4py cannot load MPI ({first}); load your cluster's MPI or pip install mpich"
        ) from None
    return RankGroup.of(MPI.COMM_WORLD) if MPI.COMM_WORLD.Get_size() > 1 else SERIAL


def validate_same_codes(ranks: RankGroup) -> None:
    """Refuse ranks that would run other code than rank 0.

    raises: StartError on rank 0, which says why; the others end
    """
    first, *others = ranks.all(running_code())
    try:
        for number, one in enumerate(others, 1):
            validate_same_code(one, f"rank {number}", first)
    except StartError as problem:
        if ranks.rank:
            sys.exit(problem.exit_status)
        raise
