"""Every help text has an example that msim's parser takes, and words for every option."""

from __future__ import annotations

import re
from typing import Any

import pytest
from command_lines import commands, parse

COMMANDS = list(commands())


def examples(command: Any) -> list[str]:
    """Command lines of a help text."""
    text = f"{command.help or ''}\n{command.epilog or ''}"
    return [one.strip() for line in re.findall(r"(?:Example|Start with): (.*)", text) for one in line.split("; ")]


@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=[words or "msim" for words, _ in COMMANDS])
def test_help_has_an_example_that_can_be_typed(words: str, command: Any) -> None:
    found = examples(command)
    assert found, f"msim {words} --help has no example"
    for one in found:
        assert parse(one).startswith(words)


@pytest.mark.parametrize(("words", "command"), COMMANDS, ids=[words or "msim" for words, _ in COMMANDS])
def test_every_option_says_what_it_is(words: str, command: Any) -> None:
    said = {one.name: getattr(one, "help", "") or "" for one in command.params}
    assert [name for name, text in said.items() if len(text) < 4] == []
    # What stands in square brackets is markup to the printer of help, and would not be seen.
    shown = [command.help or "", command.epilog or "", *said.values()]
    assert [text for text in shown if re.search(r"(?<!\\)\[[a-z]+\]", text)] == []
