"""Which axes the emulator of a task has: the drives that fibres reach, and what somebody's state moves."""

from __future__ import annotations

from pathlib import Path

import pytest

from msim.brain import emulator_axes as reach
from msim.brain.emulator_axes import AS_AT_REST, REACH, brain_emulator, moved_axes
from msim.definitions.brains.brain import read_brain

BRAIN = read_brain("brains/brain19")
DRIVES = ["background_pyramidal.rate", "background_pv.rate"]
GAIN, BLOCK = "ampar_scaling.AMPAR_scale", "block_pv.b"


def names(*states: dict[str, float]) -> list[str]:
    return [one.name for one in moved_axes(BRAIN, states)]


def test_without_a_drug_only_drives_move() -> None:
    assert names() == names({GAIN: 1.0, BLOCK: 0.0}) == DRIVES
    for one in moved_axes(BRAIN, []):
        assert (one.low / one.rest, one.high / one.rest) == pytest.approx(REACH, rel=1e-6)


def test_what_one_state_moves_is_an_axis_and_what_hardly_moves_is_none() -> None:
    assert names({GAIN: 1.0}, {GAIN: 1.3, BLOCK: 0.5 * AS_AT_REST}) == [GAIN, *DRIVES]
    assert names({BLOCK: 2 * AS_AT_REST}, {GAIN: 0.9}) == [BLOCK, GAIN, *DRIVES]


def test_a_state_is_cut_down_to_the_axes_of_a_emulator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Known:
        axes = moved_axes(BRAIN, [{GAIN: 1.3}])

    assert reach.on_axes(Known(), {GAIN: 1.2, BLOCK: 0.001}) == {GAIN: 1.2}  # type: ignore[arg-type]
    # An emulator that is in the cache is not fitted again.
    (tmp_path / "emulator.json").touch()
    monkeypatch.setattr("msim.emulator.library.emulator_path", lambda *_: tmp_path / "emulator.json")
    monkeypatch.setattr(reach, "read_emulator", lambda path: path.name)
    assert brain_emulator(BRAIN) == "emulator.json"  # type: ignore[comparison-overlap]
