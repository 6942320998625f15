"""Every block of code in the README and on the site is executed, or says in tests/docs/shortened.py why not.

The first page is typed as a reader types it, each command a process with workers of its own; others run in this one.
"""

from __future__ import annotations

import functools
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from command_lines import parse
from here import msim_here, trials_here
from page_blocks import ROOT, Block, all_blocks
from shortened import NOT_RUN, ONLY_READ, OTHERS, SHORTER, SHORTER_PYTHON

import msim
from msim.definitions.files.read import shipped

BLOCKS = all_blocks()
# Formats of files have tests of their own: every example there is checked or is a part of a shipped file.
HELD_ELSEWHERE = {"experiments/README.md", "models/README.md"}
# Pages in the order in which a reader who types everything would meet them; others follow.
FIRST = ("docs/start.md", "README.md")
PAGES = sorted({one.page for one in BLOCKS}, key=lambda page: (page not in FIRST, page != FIRST[0], page))


def is_not_run(block: Block) -> bool:
    return any(block.page == page and block.text.strip().startswith(first) for page, first in NOT_RUN)


def command_lines(block: Block) -> list[str]:
    """Commands of a console block, one a line, several where a ; parts them."""
    lines = re.sub(r"\\\n\s*", "", block.text).splitlines()
    # What follows # or a wide gap is said to the reader.
    said = [re.sub(r"\s#\s.*$|\s{3,}.*$", "", line.strip()) for line in lines]
    return [one.strip() for line in said for one in line.split("; ") if one.strip()]


def begins(line: str, table: dict[str, str]) -> str | None:
    """The longest entry that a line begins with."""
    return max((one for one in table if line.startswith(one)), key=len, default=None)


CONSOLE = [
    (one, line) for one in BLOCKS if one.language == "console" and not is_not_run(one) for line in command_lines(one)
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader types what the pages say, with what they are told to write themselves."""
    folder = tmp_path_factory.mktemp("reader")
    for name in ("models", "experiments"):
        (folder / name).symlink_to(ROOT / name)
    own = next(one for one in BLOCKS if one.page == "docs/start.md" and one.language == "toml")
    (folder / "my_experiment.toml").write_text(own.text, encoding="utf-8")
    return folder


def run(arguments: list[str], folder: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg", "COLUMNS": "120"}
    done = subprocess.run(arguments, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{shlex.join(arguments[2:])}\n{done.stdout[-600:]}\n{done.stderr[-1500:]}"


def words_of(line: str, folder: Path) -> list[str]:
    """The words after msim of a line, cut short, in a folder that is ready for them."""
    more = begins(line, SHORTER)
    words = shlex.split(line)[1:] + (shlex.split(SHORTER[more]) if more else [])
    if "--out" in words and words[1:2] != ["dose_window"] and words[0] in ("run", "brain", "meg"):
        # Pages use the same names of folders; a reader would choose another one, or go on.
        shutil.rmtree(folder / words[words.index("--out") + 1], ignore_errors=True)
    if "results/again" in words:
        shutil.copytree(folder / "results/short", folder / "results/again", dirs_exist_ok=True)
    if words[0] == "report" and "--replace" not in words:
        words.append("--replace")
    return words


def python_of(blocks: list[Block]) -> str:
    return "\n".join(one.text for one in blocks)


def run_in_processes(lines: list[str], python: list[Block], folder: Path) -> None:
    """Command lines as processes of their own, and Python as a program, which simulates on the emulator for an hour."""
    for line in lines:
        run([sys.executable, "-m", "msim", *words_of(line, folder)], folder)
    shorter = f"""
import functools, msim
if __name__ == "__main__":
    msim.simulate = functools.partial(msim.simulate, **{SHORTER_PYTHON})
"""
    body = "".join(f"    {line}\n" for line in python_of(python).splitlines())
    (folder / "typed.py").write_text(f"{shorter}\nif __name__ == '__main__':\n{body}", encoding="utf-8")
    run([sys.executable, "typed.py"], folder)


def run_here(lines: list[str], python: list[Block], folder: Path) -> None:
    """The same in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "120")
        for line in lines:
            words = words_of(line, folder)
            if "--ranks" in words:  # which start this command anew, once a rank
                run([sys.executable, "-m", "msim", *words], folder)
            else:
                msim_here(words)
        if python:
            patch.setattr(msim, "simulate", functools.partial(msim.simulate, **SHORTER_PYTHON))
            with trials_here():
                exec(compile(python_of(python), python[0].page, "exec"), {"msim": msim})


@pytest.fixture(scope="module")
def results(folder: Path) -> Path:
    """What pages take up from earlier ones, so that each can be tested alone."""
    lines = [
        "msim run ketamine_rapid_and_sustained --arms vehicle,ketamine --target emulator --out results/first",
        "msim sweep dose_window --out results/doses",
    ]
    run_here(lines, [], folder)
    return folder


@pytest.mark.parametrize("page", PAGES)
def test_the_code_of_a_page_runs(page: str, results: Path) -> None:
    mine = [one for one in BLOCKS if one.page == page and not is_not_run(one)]
    console = [line for block in mine if block.language == "console" for line in command_lines(block)]
    lines = [line for line in console if line.startswith("msim ")]
    for line in lines:
        parse(line)
    python = [one for one in mine if one.language == "python"]
    way = run_in_processes if page == FIRST[0] else run_here
    way([line for line in lines if not begins(line, ONLY_READ)], python, results)


def test_every_block_is_of_a_kind_that_is_executed_or_says_why_not() -> None:
    kinds = ("console", "python", "toml")
    assert [(one.page, one.line) for one in BLOCKS if one.language not in kinds and not is_not_run(one)] == []
    unused = [
        (page, first) for page, first in NOT_RUN
        if not any(one.page == page and one.text.strip().startswith(first) for one in BLOCKS)
    ]  # fmt: skip
    assert unused == []


def test_lines_of_other_programs_are_known_and_lead_somewhere() -> None:
    made, setup = (ROOT / "Makefile").read_text(encoding="utf-8"), (ROOT / "setup.cfg").read_text(encoding="utf-8")
    for block, line in CONSOLE:
        program, *words = shlex.split(line)
        assert program == "msim" or program in OTHERS, f"{block.page}: {line}"
        if program == "make":
            assert re.search(rf"^{words[0]}:", made, re.MULTILINE)
        elif program == "pip" and (extra := re.search(r"\[(\w+)\]", line)):
            assert re.search(rf"^{extra[1]} =", setup, re.MULTILINE)
        elif program == "python":
            assert (ROOT / words[0]).is_file()


def test_no_exception_is_left_that_no_line_needs() -> None:
    lines = [line for _, line in CONSOLE]
    for table in (SHORTER, ONLY_READ):
        used = {begins(line, {**SHORTER, **ONLY_READ}) for line in lines}
        assert [one for one in table if one not in used] == []
    assert set(OTHERS) == {shlex.split(line)[0] for line in lines} - {"msim"}


TOML = [one for one in BLOCKS if one.language == "toml" and one.page not in HELD_ELSEWHERE and not is_not_run(one)]


@pytest.mark.parametrize("block", TOML, ids=[f"{one.page}:{one.line}" for one in TOML])
def test_a_definition_of_a_page_is_read(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = tomllib.loads(block.text)
    if "arms" in tables:
        (tmp_path / "own.toml").write_text(block.text, encoding="utf-8")
        assert msim.read_experiment(tmp_path / "own.toml").arms
    elif "sweep" in tables:
        base = (shipped("experiments") / "dose_window.toml").read_text(encoding="utf-8").partition("[sweep]")[0]
        (tmp_path / "own.toml").write_text(base + block.text, encoding="utf-8")
        from msim.definitions.models.checks import check_files

        assert check_files([str(tmp_path / "own.toml")])[1] == []
    elif "record" in tables:
        base = (shipped("experiments") / "dose_window.toml").read_text(encoding="utf-8").partition("[[record]]")[0]
        (tmp_path / "own.toml").write_text(base + block.text, encoding="utf-8")
        assert msim.read_experiment(tmp_path / "own.toml").quantities
    elif "partition" in tables:
        from msim.executors.kinds.slurm import slurm_options
        from msim.executors.registry import ExecutorOptions

        (tmp_path / "slurm.toml").write_text(block.text, encoding="utf-8")
        options = slurm_options(ExecutorOptions(profile=str(tmp_path / "slurm.toml")))
        assert options.partition == tables["partition"]
    elif "mechanisms" in tables:
        declare_forms(block.page, monkeypatch)
        (tmp_path / "own.toml").write_text('include = ["circuits/cortical_column"]\n' + block.text, encoding="utf-8")
        assert set(tables["mechanisms"]) <= set(msim.read_model(tmp_path / "own.toml").instances)
    else:
        pytest.fail("a definition that no test reads: read it here")


def declare_forms(page: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """List the mechanism that a page declares, as the page says to."""
    from msim.base.mechanism import Mechanism
    from msim.definitions.models.mechanism_registry import MECHANISMS

    names: dict[str, object] = {}
    exec(next(one.text for one in BLOCKS if one.page == page and one.language == "python"), names)
    for one in names.values():
        if isinstance(one, Mechanism):
            monkeypatch.setitem(MECHANISMS, one.name, one)
