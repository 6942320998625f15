"""One change of a definition file, as a wrong hand would make it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

MODEL = "models/circuits/cortical_column.toml"
EXPERIMENT = "experiments/ketamine_rapid_and_sustained.toml"


@dataclass(frozen=True)
class Edit:
    """`table`: 'mechanisms.nmda', '' above all tables, or 'arms.2' for the third of [[arms]].

    value: TOML text; None removes the key, and the whole table where `key` is '' too
    wanted: what the refusal has to say: the key first, then what was wanted and what came
    """

    name: str
    file: str
    table: str
    key: str
    value: str | None
    wanted: tuple[str, ...]

    def apply(self, root: Path) -> None:
        """Change the file below `root`."""
        path = root / self.file
        path.write_text(edited(path.read_text(), self.table, self.key, self.value))


def edited(text: str, table: str, key: str, value: str | None) -> str:
    """The text of a TOML file with another value of a key; a table that is not there is added at the end.

    A key whose value goes over several lines can be set only where it is not there yet.
    """
    start, end = _place(text, table)
    if start < 0:
        header = f"[[{table.split('.')[0]}]]" if table.rpartition(".")[2].isdecimal() else f"[{table}]"
        return f"{text}\n{header}\n{key} = {value}\n"
    if not key:
        return text[:start].rpartition("\n[")[0] + "\n" + text[end:]
    block = text[start:end]
    line = re.compile(rf"^{re.escape(key)}\s*=(?:\s*\[\n(?:.*\n)*?\]|\s*\"\"\"\n(?:.*\n)*?.*\"\"\"|.*)\n", re.MULTILINE)
    new = "" if value is None else f"{key} = {value}\n"
    if line.search(block):
        block = line.sub(lambda _: new, block, count=1)
    else:
        assert value is not None, f"{table} has no {key} to remove"
        block = new + block
    return text[:start] + block + text[end:]


def _place(text: str, table: str) -> tuple[int, int]:
    """Where the lines of a table begin and end; -1 where there is none."""
    name, _, number = table.rpartition(".")
    if number.isdecimal():
        headers = list(re.finditer(rf"^\[\[{name}\]\]\n", text, re.MULTILINE))
        found = headers[int(number)] if int(number) < len(headers) else None
    else:
        found = re.search(rf"^\[{re.escape(table)}\]\n", text, re.MULTILINE) if table else None
    if table and found is None:
        return -1, -1
    start = found.end() if found else 0
    after = re.compile(r"^\[", re.MULTILINE).search(text, start)
    return start, after.start() if after else len(text)
