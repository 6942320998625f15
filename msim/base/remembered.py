"""What was worked out before, for objects that are too large to be compared."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

Found = TypeVar("Found")


class Remembered(Generic[Found]):
    """Results by the identity of the frozen object that they follow from, and by what else they hang on.

    An object is kept alive as long as it is remembered, so that its identity is nobody else's.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[tuple[int, Hashable], tuple[Any, Found]] = OrderedDict()

    def of(self, whose: Any, make: Callable[[], Found], also: Hashable = None) -> Found:
        """The result that was made before; else what `make` gives, in the place of the one not asked for longest."""
        key = (id(whose), also)
        if key not in self._found:
            self._found[key] = (whose, make())
        self._found.move_to_end(key)
        while len(self._found) > self._most:
            self._found.popitem(last=False)
        return self._found[key][1]

    def __len__(self) -> int:
        return len(self._found)
