"""Section on the provenance of a run: versions, commit, command, machine, and the files as they were."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from msim.report.blocks import Block, Facts, Section, Source


def provenance_section(about: Mapping[str, Any], further: tuple[tuple[str, str], ...] = ()) -> Section:
    """Return a section with all that is needed to repeat a run, from its stored provenance."""
    host, model = about.get("host", {}), about["model"]
    rows = (
        ("command", shlex.join(about.get("command", []))),
        ("experiment", f"{about['experiment']['name']} ({about['experiment']['file']})"),
        ("model", model["name"]),
        ("changed values", "\n".join(f"{path} = {value}" for path, value in about["changes"].items()) or "none"),
        ("hypothesis", about.get("hypothesis") or "as the model stands"),
        ("target", str(about.get("target", ""))),
        ("schedule", ", ".join(f"{name} {value:g}" for name, value in about.get("schedule", {}).items())),
        ("started", str(about.get("started", ""))),
        ("commit", str(about.get("commit") or "not from a checkout")),
        ("versions", ", ".join(f"{name} {value}" for name, value in about.get("versions", {}).items())),
        ("machine", ", ".join(str(one) for one in (host.get("name"), host.get("system"), host.get("machine")) if one)),
        *further,
    )  # fmt: skip
    experiment = about["experiment"]
    files: list[Block] = [Source(f"Experiment as it was run: {experiment['file']}", experiment["text"])]
    files += [Source(f"Model file as it was run: {name}", text) for name, text in model["files"].items()]
    return Section("provenance", "Provenance", (Facts(rows), *files))
