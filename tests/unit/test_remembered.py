"""What is remembered is given again, for the same object and nothing else."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from msim.base.remembered import Remembered


@dataclass(frozen=True)
class Large:
    """As a model: frozen, but with parts that cannot be hashed."""

    values: dict[str, float]


def test_the_same_object_is_asked_once_and_an_equal_one_anew() -> None:
    made: list[int] = []
    kept: Remembered[int] = Remembered(8)

    def make() -> int:
        made.append(len(made))
        return made[-1]

    one, equal = Large({"a": 1.0}), Large({"a": 1.0})
    assert [kept.of(one, make), kept.of(one, make), kept.of(equal, make)] == [0, 0, 1]
    assert [kept.of(one, make, "other"), kept.of(one, make, "other"), kept.of(one, make)] == [2, 2, 0]


def test_an_identity_is_never_taken_over() -> None:
    """Were objects let go while their results are kept, new ones would come to lie where they were."""
    kept: Remembered[float] = Remembered(1000)
    for number in range(1000):
        assert kept.of(Large({"a": 1.0}), functools.partial(float, number)) == number


def test_what_was_not_asked_for_longest_is_forgotten() -> None:
    kept: Remembered[str] = Remembered(2)
    a, b, c = Large({}), Large({}), Large({})
    assert (kept.of(a, lambda: "a"), kept.of(b, lambda: "b"), kept.of(a, lambda: "?")) == ("a", "b", "a")
    assert (kept.of(c, lambda: "c"), kept.of(a, lambda: "?"), kept.of(b, lambda: "anew")) == ("c", "a", "anew")
    assert len(kept) == 2
