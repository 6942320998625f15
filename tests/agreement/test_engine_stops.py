"""Runs that end early say where and why, alike on all ranks, and can be taken up again."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import engine_stops as stops
import pytest
from engine_ranks import MPIEXEC, SECONDS, launched, needs_mpi

from msim.backends.cpp.column import CompiledColumn
from msim.backends.cpp.library import NOT_FINITE, RUNAWAY, TOLD
from msim.backends.mpi import SERIAL
from msim.definitions.models.model import ModelDefinition
from msim.network.column_plan import column_plan


def on_ranks(case: str, ranks: int, folder: Path) -> list[Any]:
    """Outcomes or refusals on all ranks."""
    done = launched(ranks, stops.__file__, case, str(folder))
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))


def test_a_number_that_is_none_names_population_state_cell_and_step() -> None:
    """Cells 3 and 4 grow beyond all numbers; the first is named, at the first look after it."""
    found = stops.outcome_of("not_finite")
    assert dataclasses.astuple(found)[:5] == (NOT_FINITE, stops.WINDOW - 1, "wild", "v", 3)


def test_a_population_that_runs_away_is_named() -> None:
    found = stops.outcome_of("runaway")
    assert (found.status, found.step, found.population, found.cell) == (RUNAWAY, stops.WINDOW - 1, "calm", -1)


@needs_mpi
@pytest.mark.parametrize("ranks", [2, 3])
@pytest.mark.parametrize("case", ["not_finite", "late", "runaway", "told", "told_before"])
def test_all_ranks_end_alike(case: str, ranks: int, tmp_path: Path) -> None:
    """With the reason that one process gives; a rank that one tells ends them all at one step."""
    found = on_ranks(case, ranks, tmp_path)
    assert found == [found[0]] * ranks
    if case.startswith("told"):
        assert (found[0]["status"], found[0]["code"]) == (TOLD, stops.CODE)
    else:
        alone = dataclasses.asdict(stops.outcome_of(case))
        same = ("status", "population", "variable", "cell", *(() if case == "runaway" else ("step",)))
        assert {name: found[0][name] for name in same} == {name: alone[name] for name in same}


@needs_mpi
@pytest.mark.parametrize(("case", "message"), [
    ("interval", "interval: wants 1 to 5 steps, .* got 6"),
    ("contacts", "link: wants delays of at least one step"),
    ("partition", "partition: wants 2 ranks, .* got 1"),
])  # fmt: skip
def test_all_ranks_refuse_what_one_refuses(case: str, message: str, tmp_path: Path) -> None:
    """With one message: a rank that went on would wait for the others for ever."""
    found = on_ranks(case, 2, tmp_path)
    assert found[0] == found[1] and re.match(message, str(found[0]))


@needs_mpi
@pytest.mark.parametrize("told", [0, 1])
def test_a_signal_to_one_of_two_ranks_ends_both_at_one_step(told: int, tmp_path: Path) -> None:
    """SIGTERM inside the loop, where Python's handlers do not run; else the run would never end."""
    command = [str(MPIEXEC), "-n", "2", sys.executable, "-m", "mpi4py", stops.__file__, "terminated", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline and not all((tmp_path / f"{rank}.runs").exists() for rank in (0, 1)):
            time.sleep(0.05)
        os.kill(int((tmp_path / f"{told}.pid").read_text(encoding="utf-8")), signal.SIGTERM)
        out, errors = run.communicate(timeout=SECONDS)
    assert run.returncode == 0, errors
    found = json.loads(out)
    assert found[0] == found[1]
    assert (found[0]["status"], found[0]["code"], found[0]["rank"]) == (TOLD, signal.SIGTERM, told)


def test_a_stop_from_another_thread_ends_one_process_and_is_forgotten() -> None:
    """The step where it stopped is a cut like any other."""
    net = stops.connected()
    stops.once_it_runs(net, lambda: net.tell(stops.CODE))
    outcome = net.run(stops.FOREVER)
    assert (outcome.status, outcome.code) == (TOLD, stops.CODE) and 0 < outcome.step == net.step
    assert net.run(stops.STEPS).status == 0
    whole = stops.connected()
    whole.run(net.step)
    assert stops.state_after(net) == stops.state_after(whole)


def test_a_signal_ends_one_process_and_its_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    net = stops.connected()
    stops.once_it_runs(net, lambda: os.kill(os.getpid(), signal.SIGTERM))
    outcome = net.run(stops.FOREVER)
    assert (outcome.status, outcome.code) == (TOLD, signal.SIGTERM)
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_a_burst_goes_on_after_a_signal_that_only_asks(model: ModelDefinition) -> None:
    """What answers the signal may want the burst's end, where the trial can be kept: it comes to the same bits."""
    small = model.with_value("column.n_cells", 100)

    def burst(ask: bool) -> Mapping[str, tuple[Any, Any]]:
        column = CompiledColumn(column_plan(small, 3), SERIAL)
        if ask:
            stops.once_it_runs(column.network, lambda: os.kill(os.getpid(), signal.SIGTERM))
        return column.burst(0.0, 1.0, keep_field=False).spikes

    asked: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
    try:
        found = burst(ask=True)
    finally:
        signal.signal(signal.SIGTERM, before)
    expected = burst(ask=False)
    assert asked == [signal.SIGTERM]
    assert sum(times.size for times, _ in expected.values()) > 50
    for name, (times, cells) in expected.items():
        assert (found[name][0].tolist(), found[name][1].tolist()) == (times.tolist(), cells.tolist()), name
