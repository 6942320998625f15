"""A bounded store of computed results, for objects that are too large to be compared."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

Found = TypeVar("Found")


class Remembered(Generic[Found]):
    """A bounded store of results, by the identity of the frozen object that they follow from and by a further key.

    The store keeps each object alive, so that no other object takes its identity.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._found: OrderedDict[tuple[int, Hashable], tuple[Any, Found]] = OrderedDict()

    def of(self, whose: Any, make: Callable[[], Found], also: Hashable = None) -> Found:
        """Return the stored result for an object and a key, or make and store it.

        A new result replaces the one unused for longest where the store is full.
        """
        key = (id(whose), also)
        if key not in self._found:
            self._found[key] = (whose, make())
        self._found.move_to_end(key)
        while len(self._found) > self._most:
            self._found.popitem(last=False)
        return self._found[key][1]

    def __len__(self) -> int:
        return len(self._found)
