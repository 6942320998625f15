"""[[record]] tables of an experiment: the quantities that a trial records, and the times of each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from msim.base.errors import DefinitionError, nearest
from msim.base.quantities import parse_in, quantity_text, second
from msim.base.readout import COURSE, SEGMENT, SPECTRUM
from msim.definitions.files import schema as e
from msim.definitions.models.addresses import Address, look_up, outputs
from msim.definitions.models.model import ModelDefinition
from msim.definitions.models.readouts import readout_of, readouts_of, recordable
from msim.recording.probe import Recording

MOST_SAMPLES = 200_000
TIME_MATCH = 1e-6  # s
Span = tuple[float, float]


def read_recording(
    entries: Sequence[e.RecordEntry], model: ModelDefinition, span: Span, where: str
) -> tuple[Recording, dict[str, Address]]:
    """Read the times and quantities of [[record]] tables.

    span: begin and end of the experiment, s
    returns: the recording, and the address of every recorded quantity
    """
    known, recorded = outputs(model), recordable(model)
    samples: set[float] = set()
    probes: set[float] = set()
    sampled: dict[str, None] = {}
    probed: dict[str, None] = {}
    quantities: dict[str, Address] = {}
    for index, one in enumerate(entries):
        place = f"{where}: record.{index}"
        address = look_up(one.quantity, known, f"{place}.quantity", "output")
        quantities[one.quantity] = address
        if address.kind == "readout":
            _check_computed(address, model, f"{place}.quantity")
        elif one.quantity not in recorded:
            near = nearest(one.quantity, recorded)
            problem = f"no burst averages '{one.quantity}', which no link reads: wants a quantity of msim show{near}"
            raise DefinitionError(f"{place}.quantity", problem)
        times = _times(one, address, model, span, place)
        if one.every is not None or follows_slowly(address, model):
            samples |= times
            sampled[one.quantity] = None
        else:
            probes |= times
            probed[one.quantity] = None
        if len(samples) > MOST_SAMPLES:
            raise DefinitionError(f"{where}: record", f"wants at most {MOST_SAMPLES} times of all samples, got more")
    kept = tuple(name for name in sampled if not quantities[name].is_fast)
    return Recording(tuple(sorted(samples)), tuple(sorted(probes)), kept, tuple(probed)), quantities


def _check_computed(address: Address, model: ModelDefinition, where: str) -> None:
    readout = readout_of(model, address.owner)
    computed = readout.outputs if readout else ()
    if address.name not in computed:
        raise DefinitionError(where, f"a trial computes {' and '.join(computed) or 'nothing'} of '{address.owner}', "
                                     f"got '{address.name}'")
    if readout:
        readout.require()


def follows_slowly(address: Address, model: ModelDefinition) -> bool:
    """Return whether a quantity is a course, known at every sample although it reads fast activity."""
    return address.kind == "readout" and address.owner in readouts_of(model, COURSE)


def times_of(address: Address, model: ModelDefinition, recording: Recording) -> tuple[float, ...]:
    """Return the times in s at which a recorded quantity is known."""
    sampled = address.text in recording.sampled or follows_slowly(address, model)
    probed = address.text in recording.probed
    return (recording.samples if sampled else ()) + (recording.probes if probed else ())


def look_up_recorded(quantity: str, quantities: Mapping[str, Address], where: str) -> Address:
    """Return the address of a recorded quantity."""
    if quantity not in quantities:
        raise DefinitionError(where, f"wants a recorded quantity, got '{quantity}'{nearest(quantity, quantities)}")
    return quantities[quantity]


def validate_recorded(
    address: Address, time: float, model: ModelDefinition, recording: Recording, where: str
) -> None:
    """Refuse a time (s) at which a recorded quantity is not known."""
    known = times_of(address, model, recording)
    if not any(abs(time - at) < TIME_MATCH for at in known):
        texts = [quantity_text(at * second) for at in known]
        when = ": wants one of " + ", ".join(texts) if len(known) <= 12 else ""
        raise DefinitionError(where, f"'{address.text}' is not recorded at {quantity_text(time * second)}{when}")


def check_shows(
    sweep: e.SweepEntry | None, model: ModelDefinition, recording: Recording, quantities: Mapping[str, Address],
    where: str,
) -> None:  # fmt: skip
    """Refuse a [[sweep.show]] of a quantity or time that is not recorded: figures are drawn only after all trials."""
    for index, one in enumerate(sweep.show if sweep else ()):
        place = f"{where}: sweep.show.{index}"
        address = look_up_recorded(one.quantity, quantities, f"{place}.quantity")
        time = float(parse_in(one.at, second, f"{place}.at"))
        validate_recorded(address, time, model, recording, f"{place}.at")


def check_probe(seconds: float, model: ModelDefinition, recording: Recording, where: str) -> None:
    """Refuse a probe that is too short for the spectra that are taken of it where a model has bands of the field."""
    bands = list(readouts_of(model, SPECTRUM))
    if not (recording.probes and bands):
        return
    recorded = segments_of(model, recording)
    name = max(recorded, key=lambda one: recorded[one], default=bands[0])
    wanted = max(SEGMENT, recorded.get(name, SEGMENT))
    if seconds < wanted:
        least = f"wants at least {quantity_text(wanted * second)}, of which the spectrum of '{name}' is taken"
        raise DefinitionError(f"{where}.probe", f"{least}, got {quantity_text(seconds * second)}")


def segments_of(model: ModelDefinition, recording: Recording) -> dict[str, float]:
    """Return by recorded readout of the field the length (s) of the pieces of which its spectrum is taken."""
    probed = {name.split(".")[0] for name in recording.probed}
    found = {name: one for name, one in readouts_of(model, SPECTRUM).items() if name in probed}
    return {name: one.segment(model.parameters(name)) for name, one in found.items()}


def _times(one: e.RecordEntry, address: Address, model: ModelDefinition, span: Span, where: str) -> set[float]:
    if one.every is not None and one.at is not None:
        raise DefinitionError(where, "wants either 'every' or 'at', got both")
    if one.at is not None:
        return {_within(text, span, f"{where}.at.{index}") for index, text in enumerate(one.at)}
    if one.every is None:
        raise DefinitionError(where, "wants 'every' or 'at', got neither")
    if address.is_fast and not follows_slowly(address, model):
        known = f"'{address.text}' is known in bursts only"
        raise DefinitionError(f"{where}.every", f"{known}: wants 'at' with times, got {one.every!r}")
    return _grid(one.every, span, f"{where}.every")


def _grid(text: Any, span: Span, where: str) -> set[float]:
    step = float(parse_in(text, second, where))
    if step <= 0:
        raise DefinitionError(where, f"wants more than 0, got {text!r}")
    if (span[1] - span[0]) / MOST_SAMPLES > step:
        raise DefinitionError(where, f"wants at most {MOST_SAMPLES} samples, got more with {text!r}")
    count = math.floor((span[1] - span[0]) / step + 1e-9) + 1
    return {round(span[0] + k * step, 9) for k in range(count)}


def _within(text: Any, span: Span, where: str) -> float:
    time = float(parse_in(text, second, where))
    if not span[0] <= time <= span[1]:
        raise DefinitionError(where, f"wants a time from begin to the end of the experiment, got {text!r}")
    return time
