"""Writer of reports, write_report(): a run, a sweep or a study as one file of HTML."""

from __future__ import annotations

import os
from pathlib import Path

from msim.base.errors import InputError, StorageError
from msim.base.paths import given_path
from msim.report.blocks import Page
from msim.report.page import html_of
from msim.storage.run_store import MANIFEST, RunFolder, open_run
from msim.studies.about import STUDY_FILE
from msim.sweep.plan_files import is_sweep

ENDING = ".html"


def default_file(path: Path) -> Path:
    """Return the default path of a report: beside the folder, so that the stored folder stays as it is."""
    return path.parent / f"{path.name}{ENDING}"


def write_report(path: str | Path, out: str | Path = "", replace: bool = False) -> Path:
    """Write the page of a run, a sweep or a study, finished or not, and return its path.

    out: the file, in a folder that exists; left out, beside the folder; replace: a file that is there already
    raises: InputError or StorageError, with nothing written, where the folder holds none of them, or the file cannot
        be written
    """
    folder = given_path(path, "folder")
    file = given_path(out, "--out") if str(out) else default_file(folder)
    check_file(file, replace)
    text = html_of(page_of(folder))
    partial = file.with_name(f".{file.name}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        os.replace(partial, file)
    except OSError as problem:
        raise StorageError(f"{file}: cannot be written: {problem.strerror}") from None
    finally:
        if partial.is_file():
            partial.unlink()
    return file


def check_file(file: Path, replace: bool) -> None:
    """Refuse a file that could not be written, before anything is read."""
    if file.suffix != ENDING or file.is_dir():
        raise InputError(f"--out: wants a file that ends in {ENDING}, got '{file}'")
    if not file.parent.is_dir():
        raise InputError(f"--out: wants a file in a folder that exists, got '{file}'")
    if file.exists() and not replace:
        raise StorageError(f"{file}: is there already; choose another --out, or replace it with --replace")
    if not os.access(file.parent, os.W_OK):
        raise StorageError(f"{file}: cannot be written: no permission in {file.parent}")


def page_of(folder: Path) -> Page:
    """Build the page of the run, sweep or study in a folder.

    raises: StorageError where it holds none
    """
    if is_sweep(folder):
        from msim.report.sweep_page import sweep_page

        return sweep_page(folder)
    if (folder / STUDY_FILE).is_file():
        from msim.report.study_page import study_page

        return study_page(folder)
    if (folder / MANIFEST).is_file():
        from msim.report.run_page import run_page

        return run_page(open_run(folder))
    if RunFolder(folder).partial.is_dir():
        from msim.report.unfinished_page import unfinished_page

        return unfinished_page(folder)
    raise StorageError(f"{folder}: {_instead(folder)}; wants the folder of a run, a sweep or a study")


def _instead(folder: Path) -> str:
    """Describe a folder that holds nothing to report."""
    if not os.path.exists(folder):
        return "no such folder"
    if not folder.is_dir():
        return "is a file"
    if (folder / "table.tsv").is_file():
        return f"holds a study without {STUDY_FILE}, from a msim that did not write it: run msim study again"
    return "holds none of them"
