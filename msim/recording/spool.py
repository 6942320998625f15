"""Arrays that grow in a file rather than in memory."""

from __future__ import annotations

import os
import tempfile
import weakref
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

# Plain reads and writes: pages of a mapped file would count as this process's memory.


class SpoolFile:
    """A file without a name that holds spools; it disappears with the last of them, or with the process.

    folder: folder on the disk that holds the file; the folder of temporary files if left out
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.size = 0
        self._file: int | None = None

    def append(self, content: bytes) -> int:
        """Append bytes to the file, and return the offset at which they begin.

        raises: OSError where the disk is full
        """
        if self._file is None:
            with tempfile.TemporaryFile(dir=self.folder) as made:
                self._file = os.dup(made.fileno())
            weakref.finalize(self, os.close, self._file)
        start, done = self.size, 0
        while done < len(content):
            done += os.pwrite(self._file, content[done:], start + done)
        self.size += done
        return start

    def read(self, start: int, size: int) -> bytes:
        """Return bytes from the file."""
        found = b""
        while len(found) < size and self._file is not None:
            part = os.pread(self._file, size - len(found), start + len(found))
            if not part:
                break
            found += part
        if len(found) != size:
            raise OSError(f"wants {size} bytes at {start} of a temporary file, got {len(found)}")
        return found


class Spool:
    """A one-dimensional array in a file, to which values are appended; slices and NumPy read it."""

    ndim = 1

    def __init__(self, file: SpoolFile, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)
        self._file = file
        # Where in the file, in bytes, and up to which value: what is written in one go lies together.
        self._starts: list[int] = []
        self._ends: list[int] = []

    @property
    def size(self) -> int:
        """Return the number of values."""
        return self._ends[-1] if self._ends else 0

    @property
    def shape(self) -> tuple[int]:
        """Return the shape, as NumPy states it: (size,)."""
        return (self.size,)

    def __len__(self) -> int:
        return self.size

    def append(self, values: np.ndarray) -> None:
        """Append values to the array."""
        if not values.size:
            return
        own = np.ascontiguousarray(values, dtype=self.dtype)
        start, before = self._file.append(own.tobytes()), self.size
        if self._starts and start == self._starts[-1] + (before - self._first(-1)) * self.dtype.itemsize:
            self._ends[-1] += own.size
        else:
            self._starts.append(start)
            self._ends.append(before + own.size)

    def _first(self, part: int) -> int:
        """Return the index of the first value in a part."""
        return self._ends[part - 1] if part % len(self._ends) else 0

    def __getitem__(self, asked: slice) -> np.ndarray:
        start, stop, step = asked.indices(self.size)
        if step != 1:
            return np.asarray(self)[asked]
        found = np.empty(max(0, stop - start), dtype=self.dtype)
        for part in range(bisect_right(self._ends, start), len(self._ends)):
            first, low, high = self._first(part), max(start, self._first(part)), min(stop, self._ends[part])
            if low >= high:
                break
            size = self.dtype.itemsize
            content = self._file.read(self._starts[part] + (low - first) * size, (high - low) * size)
            found[low - start:high - start] = np.frombuffer(content, dtype=self.dtype)
        return found

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self[:] if dtype is None else self[:].astype(dtype)


# What is long is a spool, what is short an array; slices of both are arrays.
Series = np.ndarray | Spool


def blocks(values: Series, length: int) -> Iterator[np.ndarray]:
    """Yield consecutive pieces of `length` values; the last piece holds the rest."""
    return joined_blocks([values], length)


def joined_blocks(many: Iterable[Series], length: int) -> Iterator[np.ndarray]:
    """Yield consecutive pieces of `length` values of several arrays joined end to end; the last one holds the rest."""
    held: list[np.ndarray] = []
    missing = length
    for one in many:
        start = 0
        while start < one.size:
            held.append(one[start:start + missing])
            start, missing = start + held[-1].size, missing - held[-1].size
            if not missing:
                yield np.concatenate(held)
                held, missing = [], length
    if held:
        yield np.concatenate(held)


def spooled(values: np.ndarray, file: SpoolFile) -> Spool:
    """Return a copy of an array in a file."""
    made = Spool(file, values.dtype)
    made.append(values)
    return made
