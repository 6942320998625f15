"""A signal that stops a process waits for what must not be left half done, and is not lost."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from msim.base.signals import STOPS, stops_held
from msim.executors.executor import Stop, Stopped
from msim.storage import journal
from msim.storage.run_store import RunFolder


class StopCame(KeyboardInterrupt):
    """Raised by the handlers of these tests."""


def stop(number: int, _: Any) -> None:
    raise StopCame(number)


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    before = {one: signal.signal(one, stop) for one in STOPS}
    yield
    for one, handler in before.items():
        signal.signal(one, handler)


@pytest.mark.parametrize("number", STOPS)
def test_a_signal_comes_after_the_body(number: signal.Signals) -> None:
    done = []
    with pytest.raises(StopCame, match=str(int(number))), stops_held():
        os.kill(os.getpid(), number)
        done.append(number)
    assert done == [number]
    assert all(signal.getsignal(one) is stop for one in STOPS)


def test_of_many_signals_the_first_is_heard() -> None:
    with pytest.raises(StopCame, match=str(int(signal.SIGTERM))), stops_held():
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)


def test_what_was_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with stops_held():
        os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


def test_without_a_handler_the_process_ends() -> None:
    script = """
import os, signal
from msim.base.signals import stops_held
with stops_held():
    os.kill(os.getpid(), signal.SIGTERM)
    print("whole", flush=True)
print("went on")
"""
    ended = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (-signal.SIGTERM, "whole\n")


def test_other_threads_hold_nothing() -> None:
    """Python lets only the main thread set handlers."""
    found: list[Any] = []

    def body() -> None:
        with stops_held():
            found.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert found == [stop]


def test_a_journal_is_whole_whenever_it_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive cannot be closed in the middle of a member: the stop would be lost in the complaint of it."""
    folder, write = RunFolder(tmp_path / "run"), np.lib.format.write_array

    def interrupted(member: io.BufferedIOBase, values: np.ndarray, **options: Any) -> None:
        write(member, values, **options)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(np.lib.format, "write_array", interrupted)
    with pytest.raises(StopCame):
        journal.write_journal(folder, "ketamine", 1, {"rate": np.arange(3.0)}, 60.0)
    arrays, reached, _ = journal.read_journal(folder, "ketamine", 1) or ({}, 0.0, "")
    assert reached == 60.0 and arrays["rate"].tolist() == [0.0, 1.0, 2.0]
    assert [path.name for path in journal.journal_path(folder, "ketamine", 1).parent.iterdir()] == ["seed_1.npz"]


def test_a_stop_that_was_lost_is_raised_with_the_next_news() -> None:
    """As in a destructor, of which Python prints what it raises, and goes on."""
    script = """
import functools, os, signal, sys
from msim.executors import worker
from msim.executors.executor import ProgressEvent, Stop, Stopped

class Cleaned:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)

stop = Stop(at_once=True)
sys.unraisablehook = worker._unless_stopped
signal.signal(signal.SIGTERM, functools.partial(worker._ask, stop))
Cleaned()
print("went on", flush=True)
try:
    worker._tell(None, stop, ProgressEvent("key", "running"))
except Stopped:
    print("stopped")
"""
    ended = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "went on\nstopped\n", "")


def test_a_stop_at_once_is_raised_by_the_first_request_alone() -> None:
    """What a trial does to keep its record is not disturbed by a second one; any other stop is noticed at a leap."""
    at_once, later = Stop(at_once=True), Stop()
    with pytest.raises(Stopped):
        at_once.ask()
    at_once.ask()
    later.ask()
    later.leapt()
    with pytest.raises(Stopped):
        later.leapt()
