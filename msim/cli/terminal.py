"""Standard streams that take any text and outlive their readers, and the width of terminal lines."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TextIO

from msim.base.endings import is_full
from msim.base.errors import DiskFullError, MsimError

NARROWEST = 20  # columns; for less, text is laid out as for so many, and the terminal breaks its lines
WIDEST = 9999
OF_FILES = 80
# What stands for signs of typography where an encoding has none; all others are written as escapes.
NEAREST = str.maketrans({
    "\u2026": "...", "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2500": "-", "\u2501": "-", "\u00d7": "x",
    "\u00b5": "u", "\u03bc": "u", "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"',
})  # fmt: skip


def encodable(text: str, encoding: str | None) -> str:
    """Return the text in characters that an encoding has, others replaced; None stands for UTF-8."""
    try:
        text.encode(encoding or "utf-8")
    except UnicodeEncodeError:
        return text.translate(NEAREST).encode(encoding or "utf-8", "backslashreplace").decode(encoding or "utf-8")
    return text


class SteadyStream(io.TextIOBase):
    """A stream that takes any character, and loses no more than what is shown when its reader goes away.

    It has no `buffer`: what writes bytes, as click does where it mistrusts an encoding, would go round it.
    """

    def __init__(self, inner: TextIO, name: str) -> None:
        self._inner, self._name, self._over = inner, name, False
        self._is_terminal = inner.isatty()  # one that is gone denies it

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """Return the encoding of the inner stream, UTF-8 where it has none."""
        return getattr(self._inner, "encoding", None) or "utf-8"

    def writable(self) -> bool:
        """Return True: what cannot be written is dropped or raises."""
        return True

    def isatty(self) -> bool:
        """Return whether the inner stream is a terminal."""
        return self._inner.isatty()

    def fileno(self) -> int:
        """Return the file descriptor of the inner stream."""
        return self._inner.fileno()

    def write(self, text: str) -> int:
        """Write a text; characters that the encoding lacks are replaced."""
        # By nothing click asks what kind of stream it is, and takes an error for an answer.
        if not self._over and text != "":
            with self._kept():
                self._inner.write(encodable(text, self.encoding))
        return len(text)

    def flush(self) -> None:
        """Flush the inner stream, unless writing has ended."""
        if not self._over:
            with self._kept():
                self._inner.flush()

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """End writing at an error in the body; raise it on standard output, unless its reader is gone."""
        try:
            yield
        except OSError as problem:
            self._end()
            # A terminal that is gone answers EIO.
            gone = problem.errno == errno.EPIPE or (problem.errno == errno.EIO and self._is_terminal)
            if self._name and is_full(problem):
                raise DiskFullError(f"the disk is full: {self._name} cannot be written: {problem.strerror}") from None
            if self._name and not gone:
                raise MsimError(f"{self._name}: cannot be written: {problem.strerror}") from None

    def _end(self) -> None:
        """End all writing, also that of Python at its exit."""
        self._over = True
        with suppress(OSError):
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self._inner.fileno())
            os.close(nowhere)


@contextmanager
def steady() -> Iterator[None]:
    """Replace standard streams in the body by open ones that take any text, and settle the width of lines."""
    _open_closed()
    _settle_size()
    before = sys.stdout, sys.stderr
    sys.stdout = SteadyStream(before[0], "standard output")
    sys.stderr = SteadyStream(before[1], "")  # nobody could be told
    try:
        yield
    finally:
        sys.stderr.flush()
        sys.stdout, sys.stderr = before


def _open_closed() -> None:
    """Connect closed standard streams to nothing, so that no file is opened under their numbers and written over."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")


def _settle_size() -> None:
    """Remove invalid sizes from the environment, as rich would print nothing for 0."""
    for name in ("COLUMNS", "LINES"):
        if name in os.environ and not _size(os.environ[name]):
            del os.environ[name]
    if "COLUMNS" in os.environ or width() == NARROWEST:
        os.environ["COLUMNS"] = str(width())


def width() -> int:
    """Return the columns to lay text out for: of COLUMNS or of the terminal, or OF_FILES where there is none."""
    wanted = _size(os.environ.get("COLUMNS", "")) or next(filter(None, map(_columns_of, range(3))), OF_FILES)
    return min(max(wanted, NARROWEST), WIDEST)


def _size(text: str) -> int:
    """Read a size above 0 from an environment variable; 0 where the text is none."""
    digits = text.strip().lstrip("0")
    if not (digits.isascii() and digits.isdecimal()):
        return 0
    return int(digits) if len(digits) < 6 else WIDEST


def _columns_of(number: int) -> int:
    try:
        return os.get_terminal_size(number).columns
    except OSError:
        return 0


def shows_bars() -> bool:
    """Return whether standard error is a terminal on which a line can be written over."""
    return sys.stderr.isatty() and os.environ.get("TERM", "") not in ("dumb", "unknown")


def show_progress(text: str, over: bool) -> None:
    """Print progress on standard error, over the line before where the terminal can; over: whether it is the last."""
    room = width() - 1
    line = f"\r{text[:room]:<{room}}" if shows_bars() else text
    sys.stderr.write(line + ("\n" if over or not shows_bars() else ""))
    sys.stderr.flush()


def clear_progress() -> None:
    """Clear the line of progress where it was written over the line before."""
    if shows_bars():
        sys.stderr.write("\r" + " " * (width() - 1) + "\r")
        sys.stderr.flush()
