"""The engine reads statements out of Brian2's objects, so that Brian2's version is bound to what was tried."""

from __future__ import annotations

import configparser
import importlib.metadata
import os
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

SETUP = Path(__file__).resolve().parents[2] / "setup.cfg"


def requirement() -> Requirement:
    """What msim's installation asks of Brian2."""
    setup = configparser.ConfigParser()
    setup.read(SETUP, encoding="utf-8")
    lines = setup["options"]["install_requires"].splitlines()
    (found,) = [one for one in map(Requirement, filter(None, lines)) if one.name == "brian2"]
    return found


def bounds() -> tuple[Version, Version]:
    """The oldest version that is allowed, and the first one that is not."""
    both = {one.operator: Version(one.version) for one in requirement().specifier}
    assert set(both) == {">=", "<"}, "wants a lower and an upper bound of Brian2 in setup.cfg"
    return both[">="], both["<"]


def test_brian2_has_a_bound_at_both_ends_and_lies_between() -> None:
    low, high = bounds()
    assert low <= Version(importlib.metadata.version("brian2")) < high


@pytest.mark.skipif("MSIM_CI" not in os.environ, reason="which Pythons there are is a matter of the machine")
def test_the_two_pythons_of_ci_try_both_ends() -> None:
    """The oldest Python gets the oldest Brian2, and the newest one the last before the bound."""
    low, high = bounds()
    major, minor = Version(importlib.metadata.version("brian2")).release[:2]
    if sys.version_info[:2] == (3, 11):
        assert (major, minor) == low.release[:2]
    else:
        assert (major, minor + 1) == high.release[:2], "the bound allows a Brian2 that the tests have not seen"
