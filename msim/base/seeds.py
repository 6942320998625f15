"""Random streams named by what they are for and which cell, never by rank."""

from __future__ import annotations

import zlib

import numpy as np


def stream(root: int, purpose: str, gid: int = 0) -> np.random.Generator:
    """A counter-based generator; the same three names give the same numbers on any machine."""
    key = np.array([(root << 32) ^ zlib.crc32(purpose.encode()), gid], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key))


def stream_seed(root: int, purpose: str) -> int:
    """A 32-bit seed for a generator that takes nothing else."""
    return int(stream(root, purpose).integers(2**32))
