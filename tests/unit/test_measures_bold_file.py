"""The BOLD model file gives every parameter of its form, in units and bounds that fit."""

from __future__ import annotations

import tomllib
from pathlib import Path

from msim.base.mechanism import same_dimensions
from msim.base.quantities import parse_in
from msim.measures.bold import BALLOON_WINDKESSEL, BalloonWindkessel

FILE = Path(__file__).parents[2] / "models" / "imaging" / "bold.toml"


def test_the_file_names_exactly_the_parameters_of_the_form() -> None:
    """A misspelt, missing or surplus name must not pass; the dataclass takes the same names."""
    mechanism = tomllib.loads(FILE.read_text())["mechanisms"]["bold"]
    names = {one.name for one in BALLOON_WINDKESSEL.parameters}
    assert mechanism.pop("form") == BALLOON_WINDKESSEL.name
    assert set(mechanism) == names == set(BalloonWindkessel.__dataclass_fields__)


def test_every_value_fits_its_unit_and_bounds_and_has_a_source() -> None:
    """Bounds are in SI units."""
    mechanism = tomllib.loads(FILE.read_text())["mechanisms"]["bold"]
    for one in BALLOON_WINDKESSEL.parameters:
        entry = mechanism[one.name]
        value = parse_in(entry["value"], one.unit, one.name)
        assert same_dimensions(value, one.unit)
        assert one.low is None or float(value) > one.low or (one.low_is_allowed and float(value) == one.low)
        assert one.high is None or float(value) <= one.high
        assert entry["source"] and entry["note"]
