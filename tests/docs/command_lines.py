"""msim's own parser, asked about a command line without running it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import Any

import typer

from msim.cli import app

TOP = typer.main.get_command(app)


def commands() -> Iterator[tuple[str, Any]]:
    """Every command and every group of commands, by its words after msim."""
    yield "", TOP
    waiting = [("", TOP)]
    while waiting:
        words, group = waiting.pop()
        for name, one in getattr(group, "commands", {}).items():
            found = (f"{words} {name}".strip(), one)
            yield found
            waiting.append(found)


def parse(line: str) -> str:
    """The command of a line that begins with msim; the parser's own error where it would refuse the line."""
    program, *words = shlex.split(line, comments=True)
    assert program == "msim"
    command, name = TOP, []
    while hasattr(command, "commands") and words and words[0] in command.commands:
        name.append(words[0])
        command, words = command.commands[words[0]], words[1:]
    assert not hasattr(command, "commands"), f"no command: {line}"
    command.make_context(" ".join(name), words)
    return " ".join(name)
