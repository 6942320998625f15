"""Names and titles of shipped definition files."""

from __future__ import annotations

import tomllib

from msim.definitions.read import read_text, shipped, shipped_names


def shipped_titles() -> list[tuple[str, str, str]]:
    """Kind, name and title of every shipped definition file."""
    return [
        (kind.removesuffix("s"), name, str(tomllib.loads(read_text(shipped(kind) / f"{name}.toml")).get("title", "")))
        for kind in ("experiments", "models")
        for name in shipped_names(kind)
    ]
