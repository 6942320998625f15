"""Random streams named by what they are for and which cell, never by rank."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

import numpy as np


def stream(root: int, purpose: str, gid: int = 0) -> np.random.Generator:
    """A counter-based generator; the same three names give the same numbers on any machine."""
    return np.random.Generator(np.random.Philox(key=_key(root, purpose, gid)))


def streams(root: int, purpose: str, gids: Iterable[int]) -> Iterator[np.random.Generator]:
    """The `stream` of each cell in turn, in a tenth of the time: it ends where the next one is asked for."""
    bits = np.random.Philox(key=_key(root, purpose, 0))
    generator, state = np.random.Generator(bits), bits.state
    for gid in gids:
        state["state"]["key"][1] = gid
        bits.state = state
        yield generator


def _key(root: int, purpose: str, gid: int) -> np.ndarray:
    return np.array([(root << 32) ^ zlib.crc32(purpose.encode()), gid], dtype=np.uint64)


def stream_seed(root: int, purpose: str) -> int:
    """A 32-bit seed for a generator that takes nothing else."""
    return int(stream(root, purpose).integers(2**32))
