"""[[predict]] of an experiment: claims about recorded quantities, settled before the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from msim.base.errors import DefinitionError
from msim.base.quantities import parse_in, second
from msim.base.sources import check_source
from msim.definitions.evidence.roles import NEVER_COMPARED, OUTCOME_WAS, role_of
from msim.definitions.experiments.claims import Claim, parse_claim
from msim.definitions.experiments.recordings import look_up_recorded, validate_recorded
from msim.definitions.files import schema as e
from msim.definitions.models.addresses import Address
from msim.definitions.models.model import ModelDefinition
from msim.recording.probe import Recording


@dataclass(frozen=True)
class Prediction:
    """A claim about a recorded quantity at a time (s), settled before the run.

    margin: smallest difference that counts, in SI units of the quantity; wanted: the same as the file has it
    row: evidence row that it is about, or ''; outcome_was: what that row's outcome was to the model, 'fitted to',
        'held out' or 'never compared'
    """

    id: str
    quantity: str
    time: float
    claim: Claim
    margin: float
    source: str
    note: str
    hypothesis: str = ""
    wanted: str = "0"
    row: str = ""
    outcome_was: str = NEVER_COMPARED

    @property
    def asked(self) -> str:
        """Return the id that the file gives the prediction, the same under all hypotheses."""
        return self.id.removesuffix(f"_{self.hypothesis}") if self.hypothesis else self.id


def read_prediction(
    one: e.PredictEntry, model: ModelDefinition, quantities: Mapping[str, Address], recording: Recording,
    arms: Sequence[str], sources: Mapping[str, Any], roles: Mapping[str, str], where: str,
) -> Prediction:  # fmt: skip
    """Read a prediction: a claim of an experiment about a recorded quantity.

    roles: of the evidence rows that it may name
    raises: DefinitionError that names file and key
    """
    check_source(one.source, one.note, sources, f"{where}.source")
    address = look_up_recorded(one.quantity, quantities, f"{where}.quantity")
    time = float(parse_in(one.at, second, f"{where}.at"))
    claim = parse_claim(one.claim, arms, time, f"{where}.claim")
    for side in (claim.left, claim.right):
        validate_recorded(address, side.time, model, recording, f"{where}.{'at' if side.time == time else 'claim'}")
    margin, wanted = _margin(one, claim, address, where), "0" if one.margin is None else str(one.margin)
    outcome_was = OUTCOME_WAS[role_of(one.row, roles, f"{where}.row")] if one.row else NEVER_COMPARED
    return Prediction(
        one.id, one.quantity, time, claim, margin, one.source, one.note, wanted=wanted, row=one.row,
        outcome_was=outcome_was,
    )  # fmt: skip


def _margin(one: e.PredictEntry, claim: Claim, address: Address, where: str) -> float:
    given = 0.0 if one.margin is None else float(parse_in(one.margin, address.unit, f"{where}.margin"))
    if given < 0 or (claim.relation == "=" and given == 0):
        least = "more than 0 for a claim with '='" if claim.relation == "=" else "at least 0"
        came = "none" if one.margin is None else repr(one.margin)
        raise DefinitionError(f"{where}.margin", f"wants {least}, got {came}")
    return given
