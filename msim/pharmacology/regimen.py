"""Doses as solvers take them: amounts of drugs, dated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BATH = "bath"
ROUTES = ("intravenous", "intraperitoneal", "intranasal", "oral", BATH)
MOST_REPEATS = 10_000
LARGEST_AMOUNT = 1e6  # mg, mg/kg or mg/kg/hour; beyond, products with weight and time need not be finite
LONGEST_BATH = 1e7  # s
ROUNDING_S = 1e-6  # sums of times that meet may miss each other by their last digit


@dataclass(frozen=True)
class Dose:
    """One amount of one drug, given at once (duration 0) or at a constant rate; times in s, amount in mol.

    bath_mM: concentration that flows into the bath of a slice during the dose, in place of an amount
    """

    drug: str
    route: str
    start_s: float
    duration_s: float
    amount_mol: float
    bath_mM: float = 0.0

    @property
    def end_s(self) -> float:
        """Return the time in s at which the dose has been given completely."""
        return self.start_s + self.duration_s

    @property
    def rate_mol_per_s(self) -> float:
        """Return the constant rate of an infusion, mol/s; not for a bolus, which has none."""
        return self.amount_mol / self.duration_s


def doses_of(drug: str, doses: Sequence[Dose]) -> tuple[Dose, ...]:
    """Return the doses of one drug."""
    return tuple(dose for dose in doses if dose.drug == drug)
