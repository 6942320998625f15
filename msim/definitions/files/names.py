"""Checks of texts that a definition file gives as a name, a dotted path of names, a number, or a quantity."""

from __future__ import annotations

import math
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StrictStr

LONGEST_NAME = 64
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def _text_or_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise ValueError("wants a text with a unit, or a number where there is none")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError("wants a finite number")
    return value


def _whole_number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValueError("wants a whole number")
    return value


def is_name(text: str) -> bool:
    """Return whether a text is letters, digits and single '_', begins with a letter, and is not too long."""
    return len(text) <= LONGEST_NAME and bool(_NAME.fullmatch(text)) and "__" not in text


def checked_name(value: str) -> str:
    """Return the text, if it is a name.

    raises: ValueError where it is none, as validators do
    """
    if not is_name(value):
        raise ValueError(f"wants a name of letters, digits and single '_' that starts with a letter, of at most "
                         f"{LONGEST_NAME} characters")
    return value


def _name_or_nothing(value: str) -> str:
    return value and checked_name(value)


def _path(value: str) -> str:
    if not all(is_name(part) for part in value.split(".")):
        raise ValueError("wants names of letters, digits and single '_', joined by '.', such as 'eef2k.tau_K'")
    return value


def _path_or_number(value: Any) -> Any:
    return _path(value) if isinstance(value, str) else _number(value)


def _several(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


A_QUANTITY = BeforeValidator(_text_or_number)
A_NUMBER = BeforeValidator(_number)
A_WHOLE_NUMBER = BeforeValidator(_whole_number)
QuantityText = Annotated[Any, A_QUANTITY]
Number = Annotated[Any, A_NUMBER]
Words = Annotated[StrictStr, Field(min_length=1)]
Name = Annotated[StrictStr, AfterValidator(checked_name)]
NameOrNothing = Annotated[StrictStr, AfterValidator(_name_or_nothing)]
# Of a value, an output or an input of a model: 'eef2k.tau_K', 'pv.firing_rate', 'pv.nmda.block'.
DottedPath = Annotated[StrictStr, AfterValidator(_path)]
PathOrNumber = Annotated[Any, BeforeValidator(_path_or_number)]
# Tuples, as whoever compares entries takes them as keys.
SomeNames = Annotated[tuple[Name, ...], Field(min_length=1), BeforeValidator(_several)]
SomePaths = Annotated[tuple[DottedPath, ...], Field(min_length=1), BeforeValidator(_several)]
