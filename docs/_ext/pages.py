"""Pages of the site that are files elsewhere in the repository, and links between them wherever they lie."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "_generated"  # of docs/, and not under version control
PAGES = {
    "README.md": f"{FOLDER}/readme.md",
    "models/README.md": f"{FOLDER}/model_files.md",
    "models/LIMITS.md": f"{FOLDER}/limits.md",
    "models/emulators/README.md": f"{FOLDER}/shipped_emulators.md",
    "models/brains/brain19/README.md": f"{FOLDER}/brain19.md",
    "experiments/README.md": f"{FOLDER}/experiment_files.md",
    "notebooks/README.md": f"{FOLDER}/notebooks_read_me.md",
    "ARCHITECTURE.md": f"{FOLDER}/architecture.md",
    "GLOSSARY.md": f"{FOLDER}/glossary.md",
    "STYLE.md": f"{FOLDER}/style.md",
    "CONTRIBUTING.md": f"{FOLDER}/contributing.md",
    "CHANGELOG.md": f"{FOLDER}/changelog.md",
}
_LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]*)(#[^)\s]*)?\)")
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)


def write(name: str, text: str) -> None:
    """Write a generated page, and leave it alone where it says so already, so that it is not built again."""
    path = ROOT / "docs" / FOLDER / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def write_copies() -> None:
    """Bring pages and notebooks from elsewhere into the site; those that are not there are left out."""
    for source, target in PAGES.items():
        if (ROOT / source).exists():
            text = (ROOT / source).read_text(encoding="utf-8")
            write(target.removeprefix(f"{FOLDER}/"), with_links(text, source, target))
    notebooks = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
    folder = ROOT / "docs" / FOLDER / "notebooks"
    folder.mkdir(parents=True, exist_ok=True)
    for old in {one.name for one in folder.glob("*.ipynb")} - {one.name for one in notebooks}:
        (folder / old).unlink()
    for one in notebooks:
        write(f"notebooks/{one.name}", _notebook(one))


def _notebook(path: Path) -> str:
    """A notebook with the links of its texts as the site has them."""
    content = json.loads(path.read_text(encoding="utf-8"))
    for cell in content["cells"]:
        if cell["cell_type"] == "markdown":
            text = "".join(cell["source"])
            cell["source"] = with_links(text, f"notebooks/{path.name}", f"{FOLDER}/notebooks/{path.name}")
    return json.dumps(content, indent=1, ensure_ascii=False)


def with_links(text: str, source: str, target: str) -> str:
    """The text of a file of the repository as a page of the site.

    Links to files that are pages lead to these, those to figures of docs/ stay, others become the names of files.
    source: its path in the repository; target: its path in docs/
    """
    parts = _CODE.split(text)
    return "".join(
        part if place % 2 else _LINK.sub(lambda one: _link(one, source, target), part)
        for place, part in enumerate(parts)
    )


def _link(found: re.Match[str], source: str, target: str) -> str:
    figure, words, path, anchor = found[1], found[2], found[3], found[4] or ""
    if not path or "://" in path or path.startswith("mailto:"):
        return found[0]
    file = _normal(PurePosixPath(source).parent / path)
    here = PurePosixPath(target).parent
    if file in PAGES:
        return f"{figure}[{words}]({_relative(PAGES[file], here)}{anchor})"
    if file.startswith("docs/"):
        return f"{figure}[{words}]({_relative(file.removeprefix('docs/'), here)}{anchor})"
    notebook = PurePosixPath(file).with_suffix(".ipynb")
    if notebook.parent.name == "notebooks" and (ROOT / notebook).exists():
        return f"[{words}]({_relative(f'{FOLDER}/{notebook}', here)})"
    return f"{words} (`{file}`)" if words.strip("`") != file else f"`{file}`"


def _normal(path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _relative(page: str, folder: PurePosixPath) -> str:
    return "../" * len(folder.parts) + page


def resolve(app: Any, name: str, content: list[str]) -> None:
    """Sphinx asks for this when it has read a page: links of pages that lie in docs/ themselves."""
    page = f"{name}.md"
    if not name.startswith(FOLDER) and (ROOT / "docs" / page).exists():
        content[0] = with_links(content[0], f"docs/{page}", page)
