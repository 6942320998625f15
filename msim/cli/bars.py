"""Bars of progress on standard error, one line for each of several tasks, on any kind of terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from msim.base.errors import printable
from msim.base.quantities import quantity_text, second

if TYPE_CHECKING:
    from rich.progress import Progress, Task, TaskID
    from rich.text import Text

    from msim.executors.executor import ProgressEvent

LENGTH = 20  # columns of a bar


@contextmanager
def bars(what: str, total: float, done: float = 0.0) -> Iterator[tuple[Progress, TaskID]]:
    """Show one bar for the whole, and yield the display and the number of that bar; `add_part` adds parts."""
    from rich.console import Console
    from rich.progress import Progress, ProgressColumn
    from rich.table import Column

    class Line(ProgressColumn):
        """Column with all about one task in one text, which breaks between words where the terminal is narrow."""

        def render(self, task: Task) -> Text:
            return _whole(task) if task.fields["is_whole"] else _part(task)

    console = Console(stderr=True)
    with Progress(Line(table_column=Column(overflow="fold")), console=console) as shown:
        yield shown, shown.add_task(what, total=total, completed=int(done), phase="", is_whole=True)


def add_part(shown: Progress, what: str) -> TaskID:
    """Add a line for a part of the whole, which is done at 1."""
    return shown.add_task(what, total=1.0, phase="", is_whole=False)


def show_trial(shown: Progress, rows: dict[str, TaskID], name: str, news: ProgressEvent, part: float) -> None:
    """Show a trial while it runs: the part that is done, the simulated time, and the progress of a burst.

    rows: lines of running trials, by key
    """
    if news.state == "running":
        if news.key not in rows:
            rows[news.key] = add_part(shown, name)
        phase = f"at {rounded_time(news.time)}" + (f" ({news.message})" if news.message else "")
        shown.update(rows[news.key], completed=part, phase=phase)
    elif news.key in rows:
        shown.remove_task(rows.pop(news.key))


def rounded_time(seconds: float) -> str:
    """Return a time with three digits."""
    number, _, unit = quantity_text(seconds * second).partition(" ")
    return f"{float(number):.3g} {unit}"


def say_beside(shown: Progress, text: str) -> None:
    """Print a line above the bars."""
    shown.console.print(printable(text), markup=False, highlight=False, emoji=False, soft_wrap=True)


def _whole(task: Task) -> Text:
    from rich.progress import TimeElapsedColumn, TimeRemainingColumn
    from rich.text import Text

    full = round(LENGTH * task.percentage / 100)
    parts = [
        Text(f"{printable(task.description)} "), Text("\u2501" * full, style="bar.complete"),
        Text(f"{' ' * (LENGTH - full)} {_said(task)} "), TimeElapsedColumn().render(task), Text(" left "),
        TimeRemainingColumn().render(task),
    ]  # fmt: skip
    return Text.assemble(*parts)


def _part(task: Task) -> Text:
    from rich.text import Text

    return Text(f"  {printable(task.description)} {_said(task)}")


def _said(task: Task) -> str:
    return f"{task.percentage:3.0f} % {printable(task.fields['phase'])}".rstrip()
