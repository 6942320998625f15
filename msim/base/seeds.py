"""Random streams, each named by its purpose and its cell, never by a rank."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator

import numpy as np

from msim.base.errors import InputError


GIVEN = 2**32  # seeds below are those that files and options give
DERIVED = 2**62  # those from here to twice as much are derived


def derived_seed(root: int, name: str, purpose: str) -> int:
    """Return the seed of all that is drawn for one of many, such as a participant or a scan.

    The seed is a hash of root, name and purpose, not a number that is counted up: otherwise the second item of one
    study would share its seed with the first of the next. It has 62 bits, because a million seeds of 32 bits would
    coincide about a hundred times.
    name: of the item, unique within the root and purpose
    """
    return DERIVED + _hashed(int(root), name, purpose) // 4


def stream(root: int, purpose: str, gid: int = 0) -> np.random.Generator:
    """Return a counter-based generator; the same three names give the same numbers on any machine."""
    return np.random.Generator(np.random.Philox(key=_key(root, purpose, gid)))


def streams(root: int, purpose: str, gids: Iterable[int]) -> Iterator[np.random.Generator]:
    """Yield the `stream` of each cell in turn, in a tenth of the time; each stream ends where the next one is drawn."""
    bits = np.random.Philox(key=_key(root, purpose, 0))
    generator, state = np.random.Generator(bits), bits.state
    for gid in gids:
        state["state"]["key"][1] = gid
        bits.state = state
        yield generator


def _key(root: int, purpose: str, gid: int) -> np.ndarray:
    if not 0 <= root < 2 * DERIVED:
        raise InputError(f"seed: wants a number from 0 to {GIVEN // 2 - 1}, got {root}")
    if root < GIVEN:
        return np.array([(root << 32) ^ zlib.crc32(purpose.encode()), gid], dtype=np.uint64)
    return np.array([_hashed(int(root), purpose), gid], dtype=np.uint64)


def _hashed(*parts: int | str) -> int:
    """Return 64 bits of the SHA-256 of some names and numbers, separated so that none runs into the next."""
    return int.from_bytes(hashlib.sha256(json.dumps(parts).encode()).digest()[:8])


def stream_seed(root: int, purpose: str) -> int:
    """Return a 32-bit seed for a generator that accepts nothing else."""
    return int(stream(root, purpose).integers(2**32))
