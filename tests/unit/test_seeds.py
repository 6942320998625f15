"""Streams differ by root, purpose and cell, and the same three names always give the same numbers."""

from __future__ import annotations

import ast
import hashlib
import itertools
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import msim
from msim.base.errors import InputError
from msim.base.seeds import GIVEN, derived_seed, stream, stream_seed, streams
from msim.definitions.files.file_kinds import kind_of
from msim.definitions.files.read import shipped
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.read_model import read_model

PROBE = "from msim.base.seeds import stream; print(stream(7, 'wiring', 12).integers(2**62, size=3).tolist())"


def first(root: int, purpose: str, gid: int) -> tuple[int, ...]:
    """The first numbers of a stream."""
    return tuple(stream(root, purpose, gid).integers(2**62, size=4).tolist())


@settings(max_examples=60, deadline=None, derandomize=True)
@given(root=st.integers(0, 2**31 - 1), purpose=st.text(max_size=12), gid=st.integers(0, 10**7))
def test_the_same_names_give_the_same_numbers(root: int, purpose: str, gid: int) -> None:
    """However many other streams were drawn from in between."""
    own = first(root, purpose, gid)
    first(root + 1, purpose, gid)
    assert first(root, purpose, gid) == own


def test_another_process_draws_the_same_numbers() -> None:
    """Nothing of this process, such as its hash seed, is in a stream."""
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(stream(7, "wiring", 12).integers(2**62, size=3).tolist())


def test_streams_in_turn_are_those_of_each_cell() -> None:
    """Whatever was drawn before the next one, also half a number of 64 bits."""
    cells = [5, 0, 5, 2**40, 6]
    for gid, random in zip(cells, streams(7, "wiring", cells), strict=True):
        own = stream(7, "wiring", gid)
        for one in (random, own):
            one.integers(2**8, size=3, dtype=np.uint32)
        assert random.standard_normal(7).tolist() == own.standard_normal(7).tolist()


def test_every_name_makes_its_own_stream() -> None:
    """All combinations of neighboring roots, purposes and cells differ, also where root and cell trade places."""
    names = list(itertools.product(range(4), ("wiring a_to_b", "wiring b_to_a", "background", ""), range(4)))
    assert len({first(*one) for one in names}) == len(names)


def test_neighboring_cells_are_not_correlated() -> None:
    """Of 2,000 pairs of first numbers the correlation has an error of 1 / sqrt(2000); 5 errors fail once in 2e6."""
    numbers = np.array([stream(1, "drive", gid).random(2) for gid in range(2001)])
    for left, right in ((numbers[:-1, 0], numbers[1:, 0]), (numbers[:, 0], numbers[:, 1])):
        assert abs(stats.pearsonr(left, right).statistic) < 5 / np.sqrt(2000)
    assert stats.kstest(numbers[:, 0], "uniform").pvalue > 1e-6


def test_a_number_for_brian2_is_a_32_bit_seed_of_its_purpose() -> None:
    """In range, the same each time, another for another root or purpose."""
    seeds = {stream_seed(root, purpose) for root in range(50) for purpose in ("background", "first potential")}
    assert len(seeds) == 100
    assert all(0 <= one < 2**32 for one in seeds)
    assert stream_seed(3, "background") == stream_seed(3, "background")


# ---- seeds that follow from others

ROOTS, NAMES, PURPOSES = range(300), [f"{one:02d}" for one in range(1, 101)], ("participant", "scan")


def test_no_two_of_many_studies_and_people_draw_from_one_stream() -> None:
    """Of 60,000 seeds of 32 bits or fewer, some would meet; none is one that a file or an option can give."""
    seeds = [derived_seed(*one) for one in itertools.product(ROOTS, NAMES, PURPOSES)]
    assert len(set(seeds)) == len(seeds) and min(seeds) >= GIVEN > 2**31
    streams_of = {first(one, "weight", 0) for one in [*seeds[:4000], *ROOTS]}
    assert len(streams_of) == 4000 + len(ROOTS)


def test_names_and_purposes_do_not_run_into_each_other() -> None:
    names = [(1, "11", "scan"), (11, "1", "scan"), (1, "1", "1scan"), (111, "", "scan"), (1, "11scan", "")]
    assert len({derived_seed(*one) for one in names}) == len(names)
    derived = derived_seed(1, "01", "scan")
    assert len({first(derived, *one) for one in (("a", 0), ("b", 0), ("a", 1), ("", 0))}) == 4


def test_a_derived_seed_is_the_same_everywhere() -> None:
    """On any machine and in any version, as published numbers hang on it."""
    assert derived_seed(1, "01", "scan") == 4611686018427387904 + int(
        hashlib.sha256(b'[1, "01", "scan"]').hexdigest()[:16], 16
    ) // 4


@pytest.mark.parametrize("root", [-1, 2**63, 2**64 + 1])
def test_a_seed_that_names_no_stream_is_refused(root: int) -> None:
    with pytest.raises(InputError, match="seed: wants a number from 0 to 2147483647"):
        stream(root, "wiring")


# ---- purposes that the code uses

PLACES = {"stream", "streams", "stream_seed"}


def purposes() -> dict[str, str]:
    """What the code asks for streams by, each with where: texts, with * where a name is filled in."""
    found = {}
    for path in (Path(msim.__file__).parent).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in PLACES:
                found[ast.unparse(node.args[1])] = path.name
    return found


# A purpose that stands in a variable, and what it can be.
FILLED: dict[str, Callable[[Sequence[ModelDefinition]], Iterable[str]]] = {
    "_purpose(wiring)": lambda models: (f"wiring {name}" for one in models for name in one.projections),
    "f'colour {name}'": lambda models: (f"colour {d.colour}" for one in models for d in one.drives.values()),
    "f'fibres onto {target.drive}'": lambda models: (f"fibres onto {name}" for one in models for name in one.drives),
    "f'first potential of {one.name} in further regions'": lambda models: (
        f"first potential of {name} in further regions" for one in models for name in one.populations
    ),
    "f'twin field of {population}'": lambda models: (
        f"twin field of {name}" for one in models for name in one.populations
    ),
    # Of a scan and of a person, whose seeds are derived: their streams are named by a hash of 64 bits.
    "one": lambda models: (), "purpose": lambda models: (),
}  # fmt: skip


def test_no_two_purposes_of_the_code_share_a_checksum() -> None:
    """Streams of a given seed are told apart by 32 bits of their purpose; so are the engine's by its names."""
    files = sorted((shipped("models") / "circuits").glob("*.toml"))
    models = [read_model(str(path)) for path in files if kind_of(path) == "model"]
    asked = purposes()
    unknown = [one for one in asked if one not in FILLED and not one.startswith("'")]
    assert not unknown, f"{unknown}: add what it can be"
    texts = {ast.literal_eval(one) for one in asked if one not in FILLED}
    texts |= {text for one in asked if one in FILLED for text in FILLED[one](models)}
    assert len({zlib.crc32(one.encode()) for one in texts}) == len(texts) > 20
    names = {f"{kind} {name}" for one in models for kind, several in (
        ("cells", one.populations), ("drive", one.drives), ("projection", one.projections)) for name in several}
    assert len({zlib.crc32(one.encode()) for one in names}) == len(names) > 10
