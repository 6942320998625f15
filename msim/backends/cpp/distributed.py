"""One trial on several ranks: rank 0 runs the program and sends commands, the others simulate their cells."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from msim.backends.cpp.column import CompiledColumn
from msim.backends.fast_network import Burst, FastNetwork, NetworkState, Recorded
from msim.backends.mpi import RankGroup
from msim.base.errors import InputError, MsimError
from msim.definitions.models.model import ModelDefinition
from msim.network.column_plan import ColumnPlan, column_plan
from msim.recording.spool import SpoolFile

TAG = 1
POLL = 0.0003  # s between two looks for a command: waiting inside MPI would take a core
GRACE = 3.5    # s for rank 0 to store what was recorded, once a signal has come


class DistributedColumn(FastNetwork):
    """Interface of rank 0 to a column whose cells all ranks share."""

    def __init__(self, plan: ColumnPlan, ranks: RankGroup, options: dict[str, Any]) -> None:
        self.ranks = ranks
        self.inputs: list[tuple[str, str, str, np.ndarray]] = []
        with _together(ranks, ("build", plan, options)):
            self.column = CompiledColumn(plan, ranks, **options)

    def set_input(self, population: str, receptor: str, name: str, values: np.ndarray) -> None:
        self.inputs.append((population, receptor, name, np.asarray(values)))

    def burst(self, burn_in: float, seconds: float, keep_field: bool) -> Burst:
        inputs, self.inputs = self.inputs, []
        arguments = (burn_in, seconds, keep_field)
        self.column.report_burst = self.report_burst
        with _together(self.ranks, ("burst", inputs, arguments), self.column):
            _hand_down(self.column, inputs)
            return self.column.burst(*arguments)

    def recorded(self, burn_in: float, seconds: float, file: SpoolFile) -> Recorded:
        inputs, self.inputs = self.inputs, []
        self.column.report_burst = self.report_burst
        with _together(self.ranks, ("record", inputs, (burn_in, seconds)), self.column):
            _hand_down(self.column, inputs)
            return self.column.recorded(burn_in, seconds, file)

    def update_parameters(self, model: ModelDefinition) -> None:
        plan = column_plan(model, self.column.plan.seed)
        with _together(self.ranks, ("values", plan)):
            self.column.take_plan(plan)

    def state(self) -> NetworkState | None:
        with _together(self.ranks, ("state",)):
            return self.column.state()

    def restore(self, state: NetworkState | None) -> None:
        with _together(self.ranks, ("restore",)):
            self.column.restore(state)


# Communicators whose other ranks wait for what rank 0 will not do any more.
_left_waiting: list[Any] = []


@contextmanager
def _together(ranks: RankGroup, command: tuple[Any, ...], column: CompiledColumn | None = None) -> Iterator[None]:
    """Send a command to the other ranks and run the body, which does the same on rank 0.

    A signal can raise anywhere in rank 0's Python; if the body ends while other ranks wait for it, that is noted. Input
    that all ranks refuse alike leaves no rank waiting.
    """
    try:
        _tell(ranks, command)
        yield
    except InputError:
        raise
    except BaseException:
        if column is None or not column.in_step:
            _left_waiting.append(ranks.comm)
        raise


def _tell(ranks: RankGroup, command: tuple[Any, ...]) -> None:
    for rank in range(1, ranks.size):
        ranks.comm.send(command, dest=rank, tag=TAG)


def _hand_down(column: CompiledColumn, inputs: list[Any]) -> None:
    for one in inputs:
        column.set_input(*one)


def dismiss(ranks: RankGroup, status: int) -> None:
    """End the work of the other ranks; rank 0 calls this once, whatever happened.

    status: exit status for all, if they must be aborted because they wait for rank 0 inside MPI
    """
    if ranks.comm in _left_waiting:
        atexit.register(ranks.comm.Abort, status)  # once rank 0 has said and stored what it has to
    else:
        _tell(ranks, ("end",))


def serve(ranks: RankGroup) -> None:
    """Build and run this rank's part of the cells until rank 0 ends the work; every other rank calls this.

    An error that only this rank meets ends all ranks, with its message.
    """
    # Rank 0 answers Ctrl-C for all. A signal to end that reaches this rank alone ends them all, too.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    last: list[float] = []
    signal.signal(signal.SIGTERM, lambda *_: last.append(time.monotonic() + GRACE))
    column: CompiledColumn | None = None
    while True:
        command = _next_command(ranks, last)
        if command[0] == "end":
            return
        try:
            if command[0] == "build":
                column = None
                column = CompiledColumn(command[1], ranks, **command[2])
            elif column is not None:
                if last:
                    column.network.tell(signal.SIGTERM)  # it came between two bursts: the next one passes it on
                _act(column, command)
        except InputError:
            column = None  # rank 0 meets the same and says it
        except MsimError as problem:
            end_all(ranks, f"{problem}", problem.exit_status)
        except Exception:  # the others wait for this rank: they have to end, whatever it was
            end_all(ranks, traceback.format_exc(), 1)


def _act(column: CompiledColumn, command: tuple[Any, ...]) -> None:
    if command[0] == "state":
        column.state()
    elif command[0] == "restore":
        column.restore(None)
    elif command[0] == "values":
        column.take_plan(command[1])
    else:
        kind, inputs, arguments = command
        _hand_down(column, inputs)
        if kind == "record":
            burn_in, seconds = arguments
            column.recorded(burn_in, seconds, SpoolFile())  # into which only rank 0 writes
        else:
            column.burst(*arguments)


def _next_command(ranks: RankGroup, last: list[float]) -> tuple[Any, ...]:
    while not ranks.comm.iprobe(source=0, tag=TAG):
        if last and time.monotonic() > last[0]:
            end_all(ranks, "was told to end", 128 + signal.SIGTERM)
        time.sleep(POLL)
    return tuple(ranks.comm.recv(source=0, tag=TAG))


def end_all(ranks: RankGroup, reason: str, status: int) -> None:
    """End all ranks at once, with a reason and an exit status."""
    sys.stderr.write(f"msim: rank {ranks.rank}: {reason}\n")
    sys.stderr.flush()
    ranks.comm.Abort(status)
    os._exit(status)
