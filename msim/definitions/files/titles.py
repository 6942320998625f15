"""Names and titles of shipped definition files."""

from __future__ import annotations

from pathlib import Path

from msim.definitions.files.read import display_name, read_tables, read_text, shipped, shipped_names


def shipped_titles() -> list[tuple[str, str, str]]:
    """Return kind, name and title of every shipped definition file."""
    return [
        (kind.removesuffix("s"), name, _title(shipped(kind) / f"{name}.toml"))
        for kind in ("experiments", "models")
        for name in shipped_names(kind)
    ]


def _title(path: Path) -> str:
    return str(read_tables(read_text(path), display_name(path)).get("title", ""))
