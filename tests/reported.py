"""Folders for reports: a hostile experiment, a small study's folder, small sweeps on an emulator."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import tomlkit
from here import msim_here

from msim.definitions.files.read import shipped

HOSTILE = "<script>document.title = 'owned'</script> {{ 7 * 7 }} </style> \" onload=x $$x$$"
STATISTICS = ("FC <b>within</b> DMN", "rating: patients - controls")


def text_of(page: str) -> str:
    """What a reader sees of a page: no scripts, no styles, no tags."""
    bare = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())


def words(text: str) -> str:
    """A text as `text_of` has it."""
    return " ".join(text.split())


def hostile_experiment(folder: Path) -> Path:
    """The main experiment with words in it that a careless page would obey."""
    tables = tomlkit.parse((shipped("experiments") / "ketamine_rapid_and_sustained.toml").read_text(encoding="utf-8"))
    tables["title"] = tables["hypothesis"] = tables["arms"][0]["meaning"] = HOSTILE
    path = folder / "hostile.toml"
    path.write_text(tomlkit.dumps(tables), encoding="utf-8")
    return path


def small_sweep_on_emulator(folder: Path, *over: str) -> Path:
    """A finished sweep of one arm over axes, two seeds, two hours after the dose."""
    axes = [part for one in over for part in ("--over", one)]
    what = ["sweep", "dose_window", "--target", "emulator", "--seeds", "1,2", "--arms", "infusion", "--workers", "1"]
    msim_here([*what, *axes, "--out", str(folder)])
    return folder


def study_folder(folder: Path, table: bool = True) -> Path:
    """What `msim study --out` leaves, of made-up numbers, with words in it that a careless page would obey."""
    folder.mkdir(parents=True)
    (folder / "study.json").write_text(json.dumps(_about()), encoding="utf-8")
    measured = [f"{name}_{visit}" for name in ("rating", "potentiation") for visit in ("before", "after")]
    people = ["\t".join(("participant_id", "group", "weight_kg", *measured))]
    for group, first in (("patients", 20.0), ("controls", 2.0)):
        for n in range(4):
            people.append(f"sub-{group}{n:02d}\t{group}\t{70 + n}\t{first + n}\t{first / 2 + n}\t0.0\t{0.1 * n:.1f}")
    (folder / "participants.tsv").write_text("\n".join(people) + "\n", encoding="utf-8")
    for group in ("patients", "controls"):
        for n in range(4):
            own = folder / f"sub-{group}{n:02d}"
            own.mkdir()
            lines = ["time_s\tV_cycle", *(f"{3600 * hour}\t{0.1 + 0.01 * hour + 0.001 * n}" for hour in range(-1, 5))]
            (own / f"{own.name}_readings.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    matrix = folder / "sub-grouppatients/ses-before/func"
    matrix.mkdir(parents=True)
    (matrix / "sub-grouppatients_ses-before_task-rest_seg-brain_stat-pearsonz_relmat.tsv").write_text(
        "a\tb\n1\t0.5\n0.5\t1\n", encoding="utf-8"
    )
    if table:
        lines = ["statistic\testimate\tlow\thigh\tkind\tvalue\tdegrees\tp\teffect\tn"]
        lines += [f"{name}\t-0.123\t-0.2\t-0.05\tt\t-3.2\t37\t0.0031\t-0.53\t40" for name in STATISTICS]
        (folder / "table.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _about() -> dict[str, Any]:
    dose = {"drug": "ketamine", "route": "intravenous", "at": "0 hour", "mg_per_kg": 0.5, "duration": "40 minute"}
    value = {"value": "spread.CL", "is": "0.13", "unit": "1", "meaning": "spread over people",
             "source": "Fanta et al. 2015 [fanta2015]", "note": HOSTILE, "same_as": "",
             "file": "adults.toml"}  # fmt: skip
    reported = {"statistic": STATISTICS[0], "sign": "-", "estimate": None, "value": None, "degrees": None,
                "p": 0.01, "source": "siegel2021"}  # fmt: skip
    return {
        "format": 1, "facts": {"cells at rest": "2.5 Hz"}, "values": {"participants": [value]},
        "study": {
            "name": "small", "title": HOSTILE, "question": "Does connectivity fall?", "source": "siegel2021",
            "notes": "", "file": "small.toml", "seed": 1, "analysis": "glutamate",
            "begin_s": -3600.0,
            "column": "circuits/cortical_column", "participants": "Adults", "brain": "", "coupling": None,
            "options": {},
            "groups": [{"name": one, "meaning": "", "health": one, "n": 4, "doses": [dose]}
                       for one in ("patients", "controls")],
            "visits": [{"name": name, "group": "patients", "at_s": at, "absent": []}
                       for name, at in (("before", -3600.0), ("after", 86400.0))],
        },
        "beside": [{"statistic": STATISTICS[0], "verdict": "agrees", "reported": reported},
                   {"statistic": STATISTICS[1], "verdict": "", "reported": None}],
        "provenance": {"versions": {"msim": "0.1.0"}, "code": "abc", "host": "h", "machine": "m",
                       "finished": "2026-01-02", "command": ["msim", "study", "small"]},
    }  # fmt: skip
