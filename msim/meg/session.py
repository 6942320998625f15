"""One participant of an MEG study: recorded before and after a drug, written as files, and fitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msim.backends.context import Context
from msim.base.errors import InputError
from msim.definitions.experiments.definition import Arm
from msim.definitions.models.model import ModelDefinition
from msim.emulator.library import emulators_of
from msim.imaging.bids import start_derivatives
from msim.imaging.fields import evoked_of, raw_of, write_evoked, write_raw
from msim.imaging.scan import Label
from msim.meg.fields import BEFORE, Receptors, Sensors, Source, receptors_at, seen
from msim.meg.fit import Comparison, compared
from msim.multiscale.simulate import Protocol

SESSIONS = ("pre", "post")
REGION = "S1"
LEAD = 60.0  # s that a protocol begins before the first time that is asked for


@dataclass(frozen=True)
class Session:
    """Recordings of a column before and after a drug, and the neural mass that was fitted to them.

    receptors, sources: before and after
    """

    receptors: tuple[Receptors, Receptors]
    sources: tuple[Source, Source]
    comparison: Comparison


def states_of(arm: Arm, times: tuple[float, ...], seed: int) -> list[dict[str, float]]:
    """Return gains and block at some times of an arm, followed on its column's emulator (fitted where there is none).

    times: s on the clock of the doses, increasing
    """
    if any(late <= early for early, late in zip(times, times[1:], strict=False)):
        raise InputError(f"times: wants increasing ones, got {', '.join(f'{one:g} s' for one in times)}")
    context = Context(target="emulator", emulators=emulators_of({arm.name: arm.model}, None))
    begin = min(times[0], min((one.start_s for one in arm.doses), default=times[0])) - LEAD
    protocol = Protocol(begin, times[-1] + 1.0, arm.body_weight, arm.doses, arm.changes)
    return receptors_at(arm.model, protocol, times, seed, context)


def session(
    model: ModelDefinition, receptors: Sequence[Receptors], sensors: Sensors, seconds: float, trials: int, seed: int
) -> Session:
    """Simulate a column twice, with the same wiring and background, and fit a mass to both spectra.

    receptors: before and after, as `states_of` gives them
    """
    first, second = receptors
    before, after = (seen(model, one, sensors, seconds, trials, seed) for one in (first, second))
    return Session((first, second), (before, after), compared(model, before, after, (first, second)))


def write_session(root: Path, name: str, found: Session) -> list[Path]:
    """Write both recordings of one participant as .fif files in folders as BIDS has them.

    raises: StorageError where the folder holds something already
    """
    start_derivatives(root, "", None, {"Name": name})
    return write_session_files(root, "01", found)


def write_session_files(root: Path, subject: str, found: Session) -> list[Path]:
    """Write both recordings of a participant into a folder of derivatives."""
    written = []
    for label, source in zip(SESSIONS, found.sources, strict=True):
        folder = root / f"sub-{subject}" / f"ses-{label}" / "meg"
        folder.mkdir(parents=True)
        rest, touch = (Label(subject, task, label).stem for task in ("rest", "touch"))
        written += [folder / f"{rest}_raw.fif", folder / f"{touch}-ave.fif"]
        write_raw(written[-2], raw_of([REGION], source.ongoing[None], source.rate_hz))
        evoked = evoked_of([REGION], source.evoked[None], source.rate_hz, -BEFORE, source.trials)
        write_evoked(written[-1], evoked)
    return written
