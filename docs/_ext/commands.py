"""The page of commands, from the command line's own parser and help."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer

from _ext.parameters import plain


def all_commands() -> Iterator[tuple[str, Any]]:
    """Every command that does something, by its words after msim, groups that work alone among them."""
    from msim.cli import app

    def below(words: str, command: Any) -> Iterator[tuple[str, Any]]:
        inside = getattr(command, "commands", {})
        if not inside or command.callback is not None and command.params and words:
            yield words, command
        for name, one in inside.items():
            yield from below(f"{words} {name}".strip(), one)

    yield from below("", typer.main.get_command(app))


def page() -> str:
    """Usage, words and options of every command."""
    lines = [
        "# Commands", "",
        "`msim COMMAND --help` prints the same. Exit status: 0 done; 1 what was asked about is not so; 2 the input "
        "was refused and nothing was written; 3 trials failed; 130 or 143 stopped. "
        "[Errors and their cures](../ERRORS.md).", "",
    ]  # fmt: skip
    for words, command in all_commands():
        arguments = " ".join(_metavar(one) for one in command.params if one.param_type_name == "argument")
        lines += [f"## msim {words}", "", "```text", f"msim {words} [OPTIONS] {arguments}".rstrip(), "```", ""]
        lines += _words(command.help or "")
        rows = [one for one in command.params if not getattr(one, "hidden", False)]
        if rows:
            lines += ["| | |", "|---|---|", *[_row(one) for one in rows], ""]
    return "\n".join(lines)


def _words(text: str) -> list[str]:
    lines: list[str] = []
    for paragraph in text.replace("\b", "").strip().split("\n\n"):
        words = " ".join(paragraph.split())
        for head in ("Example:", "Examples:"):
            if words.startswith(head):
                examples = [one.strip() for one in paragraph.partition(head)[2].strip().splitlines() if one.strip()]
                lines += ["Example:", "", "```console", *examples, "```", ""]
                break
        else:
            lines += [plain(words), ""]
    return lines


def _metavar(one: Any) -> str:
    name = (one.metavar or one.name).upper()
    name += "..." if one.nargs == -1 else ""
    return name if one.required else f"[{name}]"


def _row(one: Any) -> str:
    names = ", ".join(f"`{name}`" for name in (*one.opts, *one.secondary_opts))
    if one.param_type_name == "argument":
        names = f"`{_metavar(one)}`"
    elif not one.is_flag:
        names += f" {plain(one.metavar or _kind(one))}"
    default = one.default
    unsaid = default in (None, False, (), [], "") or callable(default) or one.required
    shown = "" if unsaid else f" Default: {plain(default)}."
    return f"| {names} | {plain(getattr(one, 'help', None) or '')}{shown} |"


def _kind(one: Any) -> str:
    """The kind of an option's value, which Typer keeps as an annotation or, before 0.20, as a type of Click."""
    described = getattr(one, "type_descriptor", None)
    return str(getattr(described.annotation, "__name__", "text") if described else one.type.name).upper()
