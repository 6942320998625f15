"""Tables of plain text."""

from __future__ import annotations

from collections.abc import Sequence


def cell(value: object) -> str:
    """A value as text: three significant digits of a float, thousands apart in a large number."""
    if value is None:
        return "-"
    if isinstance(value, float):
        if value != value:
            return "-"
        return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)


def table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns as wide as their widest cell: the first to the left, the others to the right.

    raises: ValueError if a row has another number of cells than there are heads
    """
    texts = [list(heads), *([cell(value) for value in row] for row in rows)]
    if any(len(row) != len(heads) for row in texts):
        raise ValueError(f"wants {len(heads)} cells in every row")
    widths = [max(len(row[column]) for row in texts) for column in range(len(heads))]
    lines = ["  ".join(text.ljust(width) if column == 0 else text.rjust(width)
                       for column, (text, width) in enumerate(zip(row, widths, strict=True))).rstrip()
             for row in texts]  # fmt: skip
    return "\n".join([lines[0], "-" * sum(widths, 2 * len(widths) - 2), *lines[1:]])
