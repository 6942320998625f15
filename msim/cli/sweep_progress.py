"""Progress of a sweep: bars in a terminal, a line a minute in a log, or JSON for machines."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO

from msim.base.errors import InputError, printable
from msim.cli.bars import bars, rounded_time, say_beside, show_trial
from msim.cli.terminal import shows_bars
from msim.executors.executor import ProgressEvent, Report
from msim.storage.trial_store import TrialStore
from msim.sweep.plan import Plan
from msim.sweep.status import Status, status

MINUTE = 60.0  # s between lines of a log
OVER = ("done", "failed")


@contextmanager
def progress_of(
    plan: Plan, store: TrialStore, quiet: bool, log: Path | None, log_json: Path | None
) -> Iterator[Report]:
    """Yield a function that receives the progress of a sweep and shows it."""
    with ExitStack() as held:
        takers: list[Report] = []
        if not quiet:
            shown = _bars(plan, store) if shows_bars() else _lines(plan, store, sys.stderr)
            takers.append(held.enter_context(shown))
        for path, kind in ((log, _lines), (log_json, _json_lines)):
            if path:
                takers.append(held.enter_context(kind(plan, store, held.enter_context(_opened(path)))))

        def report(news: ProgressEvent) -> None:
            for taker in takers:
                taker(news)

        yield report


def _opened(path: Path) -> TextIO:
    try:
        return path.open("a", encoding="utf-8")
    except OSError as problem:
        raise InputError(f"{path}: the log cannot be written: {problem.strerror}") from None


def span_text(seconds: float | None) -> str:
    """Format the time that is left."""
    return "an unknown time" if seconds is None else rounded_time(seconds)


class _Count:
    """Counts of trials, from those of the store at the start of this command, and the time left."""

    def __init__(self, plan: Plan, store: TrialStore) -> None:
        self.names = {one.key: one.name for one in plan.trials}
        self.weights = {key: 0 for key in self.names}
        for one in plan.trials:
            self.weights[one.key] += 1
        self.begun: Status = status(store, plan)
        self.over: dict[str, str] = {}
        self.began = time.monotonic()

    def take(self, news: ProgressEvent) -> None:
        if news.state in OVER:
            self.over[news.key] = news.state

    @property
    def done(self) -> int:
        return self.begun.done + sum(self.weights[key] for key, state in self.over.items() if state == "done")

    @property
    def failed(self) -> int:
        return sum(self.weights[key] for key, state in self.over.items() if state == "failed")

    @property
    def left(self) -> float | None:
        ended = sum(self.weights[key] for key in self.over)
        rest = self.begun.asked - self.begun.done - ended
        return (time.monotonic() - self.began) / ended * rest if ended else None

    @property
    def ended(self) -> str:
        return f"{self.done} of {self.begun.asked} done, {self.failed} failed"

    @property
    def text(self) -> str:
        return f"{self.ended}, {span_text(self.left)} left"


@contextmanager
def _lines(plan: Plan, store: TrialStore, file: TextIO) -> Iterator[Report]:
    """Yield a reporter that prints a line for every failure, and one a minute."""
    count, due = _Count(plan, store), time.monotonic() + MINUTE

    def report(news: ProgressEvent) -> None:
        nonlocal due
        count.take(news)
        if news.state == "failed":
            print(f"{printable(count.names[news.key])}: failed: {printable(news.message)}", file=file, flush=True)
        if time.monotonic() >= due:
            due = time.monotonic() + MINUTE
            print(f"{time.strftime('%H:%M:%S')} {count.text}", file=file, flush=True)

    yield report
    print(f"{time.strftime('%H:%M:%S')} {count.text}", file=file, flush=True)


@contextmanager
def _json_lines(plan: Plan, store: TrialStore, file: TextIO) -> Iterator[Report]:
    """Yield a reporter that prints an object for the end of every trial, and one a minute for the whole sweep."""
    count, due = _Count(plan, store), time.monotonic() + MINUTE

    def write(**about: Any) -> None:
        print(json.dumps({"time": time.time(), **about}), file=file, flush=True)

    def stand() -> None:
        write(event="sweep", asked=count.begun.asked, done=count.done, failed=count.failed, seconds_left=count.left)

    def report(news: ProgressEvent) -> None:
        nonlocal due
        count.take(news)
        if news.state in OVER:
            write(event="trial", key=news.key, trial=count.names[news.key], state=news.state, reason=news.message)
        if time.monotonic() >= due:
            due = time.monotonic() + MINUTE
            stand()

    yield report
    stand()


@contextmanager
def _bars(plan: Plan, store: TrialStore) -> Iterator[Report]:
    """Yield a reporter that shows bars of the sweep and of its running trials, with the phase of each.

    The phase is the simulated time and the progress of a burst.
    """
    count, end, begin = _Count(plan, store), float(plan.about["end_s"]), float(plan.about["begin_s"])
    with bars("sweep", count.begun.asked, count.begun.done) as (progress, whole):
        rows: dict[str, Any] = {}

        def report(news: ProgressEvent) -> None:
            count.take(news)
            progress.update(whole, completed=count.done + count.failed, phase=count.ended)
            show_trial(progress, rows, count.names[news.key], news, (news.time - begin) / (end - begin))
            if news.state == "failed":
                say_beside(progress, f"{count.names[news.key]}: failed: {news.message}")

        yield report
