"""Values that keys of a definition take, as their entry classes declare: a number in some unit, or a word."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from msim.base.errors import DefinitionError
from msim.base.quantities import Quantity, dimensions_of, parse_in, quantity_text, unit_text


QUANTITY = "quantity"  # kind of a complaint whose text says itself what came


@dataclass(frozen=True)
class Takes:
    """A number that a key takes; in an annotation of an entry class, the reader of what a file gives into SI units.

    unit: its unit; written: the unit for figures, where the name of the key carries it and the number has none
    whole: whether it counts something; low, high: bounds in SI units; low_is_allowed: whether it may be `low` itself
    """

    unit: Any = 1
    written: str = ""
    whole: bool = False
    low: float | None = None
    high: float | None = None
    low_is_allowed: bool = True

    @property
    def units(self) -> str:
        """Return the unit as a figure shows it."""
        return self.written or unit_text(self.unit)

    def si(self, given: str | int | float, where: str) -> float:
        """Return a value as a number in SI units.

        raises: DefinitionError where it is in another unit, out of bounds, or no whole number where one is wanted
        """
        number = float(parse_in(given, self.unit, where))
        if self.whole and not number.is_integer():
            raise DefinitionError(where, f"wants a whole number, got {given!r}")
        if self.low is not None and (number < self.low or (number == self.low and not self.low_is_allowed)):
            comparison = "at least" if self.low_is_allowed else "more than"
            raise DefinitionError(where, f"wants {comparison} {self._text(self.low)}, got {given!r}")
        if self.high is not None and number > self.high:
            raise DefinitionError(where, f"wants at most {self._text(self.high)}, got {given!r}")
        return number

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of an entry class: a number in SI units, in place of the one that the annotation has."""
        return core_schema.no_info_plain_validator_function(self._read)

    def _read(self, given: Any) -> float | int:
        try:
            number = self.si(given, "")
        except DefinitionError as problem:
            raise PydanticCustomError(QUANTITY, "{problem}", {"problem": problem.problem}) from None
        return int(number) if self.whole else number

    def entry(self, given: str | int | float, where: str) -> str | int | float:
        """Return a value in the form that the key of a file takes, where a command line gives texts only."""
        number = self.si(given, where)
        if self.whole:
            return int(number)
        return number if isinstance(given, str) and dimensions_of(self.unit).is_dimensionless else given

    def _text(self, number: float) -> str:
        return quantity_text(Quantity(number, dimensions_of(self.unit)))


@functools.cache
def takes_of(kind: type) -> dict[str, Takes | None]:
    """Return the `Takes` of each key of an entry class that a change may set, None for a key that takes a word.

    Keys that hold tables or lists are left out.
    """
    return {
        name: found[0] if found else None
        for name, hint in get_type_hints(kind, include_extras=True).items()
        if name in kind.model_fields and ((found := _declared(hint)) or _is_word(hint))  # type: ignore[attr-defined]
    }


def _declared(hint: Any) -> list[Takes]:
    """List every `Takes` in an annotation, however deep in unions."""
    if isinstance(hint, Takes):
        return [hint]
    return [found for one in get_args(hint) for found in _declared(one)]


def _is_word(hint: Any) -> bool:
    kinds = {getattr(one, "__origin__", one) for one in (hint, *get_args(hint))} - {type(None)}
    return str in kinds and not kinds & {list, dict}
