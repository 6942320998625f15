"""Cache of compiled libraries on disk: its folder, the keys of its entries, and their writing in one step."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from msim.base.errors import InputError
from msim.base.file_lease import heartbeat, is_alive, is_claim, take
from msim.base.made import MARK, make_own, remove_own, shared_as
from msim.base.paths import given_path
from msim.base.version import VERSION

HERE = Path(__file__).parent
LIBRARY, LAYOUT, ABOUT = "model.so", "layout.json", "about.json"
WAIT = 0.1  # s between looks for a library that another process makes
FILES = (LIBRARY, LAYOUT, ABOUT, MARK, "vector.cpp", "scalar.cpp", "slow.cpp")
LIBRARY_NAME = re.compile(r"[0-9a-f]{32}")
BUILDING_NAME = re.compile(r"\.[0-9a-f]{32}\.[a-z0-9_]{8}")
CLAIM_NAME = re.compile(r"\.[0-9a-f]{32}\.claim|\.\.[0-9a-f]{32}\.claim\.[0-9a-f]{32}|\.clock\.[0-9a-f]{32}")
ABANDONED = 3600.0  # s after which nobody is still filling a folder


@dataclass(frozen=True)
class Entry:
    """A compiled library in the cache.

    network: names of its populations; made: time of compilation; seconds: time that generating and compiling took
    """

    folder: Path
    network: str
    made: str
    seconds: float

    @property
    def size(self) -> int:
        """Return the size of the files of the library, in bytes."""
        return sum(path.stat().st_size for path in self.folder.iterdir())


def cache_folder() -> Path:
    """Return the folder of compiled libraries: MSIM_CACHE, or msim in the user's cache folder."""
    given = os.environ.get("MSIM_CACHE")
    if given:
        return given_path(given, "MSIM_CACHE")
    return given_path(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "XDG_CACHE_HOME") / "msim"


@cache
def _code_digest() -> str:
    """Return the SHA-256 of all sources that generate code or are compiled."""
    digest = hashlib.sha256()
    for path in sorted([*HERE.glob("*.py"), *(HERE / "runtime").iterdir()]):
        if path.is_file():
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


@cache
def processor() -> str:
    """Return the features of this machine's processor that the compiler may use."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    wanted = ("model name", "flags", "Features", "CPU part")
    return "\n".join(line for line in lines if line.startswith(wanted)) or platform.machine()


def key_of(digest: str, compiler: list[str], flags: list[str]) -> str:
    """Return the name of a library: a hash of the network's structure, versions, compiler, flags and processor."""
    stamp = os.stat(compiler[0])
    parts = {
        "structure": digest, "code": _code_digest(), "msim": VERSION, "brian2": metadata.version("brian2"),
        "compiler": [*compiler, stamp.st_size, stamp.st_mtime_ns], "flags": flags, "processor": processor(),
    }  # fmt: skip
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def found(key: str) -> Path | None:
    """Return the folder of a library, or None unless it is there and whole."""
    folder = cache_folder() / key
    return folder if all((folder / name).is_file() for name in (LIBRARY, LAYOUT, ABOUT)) else None


def stored(key: str, make: Callable[[Path], None]) -> Path:
    """Return the folder of a library in the cache, made first where it is missing.

    `make` fills a folder beside it, which is moved into place in one step.
    Of several processes that need the same library, one makes it and the others wait for it.
    raises: InputError where the cache cannot be written
    """
    root = cache_folder()
    claim = root / f".{key}.claim"
    try:
        root.mkdir(parents=True, exist_ok=True)
        # A dead owner's claim that we may not put aside, where a folder is shared, keeps nobody waiting.
        while not take(claim) and is_alive(claim):
            time.sleep(WAIT)
            if found(key):
                return root / key
    except OSError as problem:
        raise _unwritable(root, problem) from None
    with heartbeat(claim):
        return root / key if found(key) else _filled(root, key, make)


def _unwritable(root: Path, problem: OSError) -> InputError:
    return InputError(
        f"{root}: the cache of compiled libraries cannot be written ({problem.strerror}); "
        "set MSIM_CACHE to a folder that can"
    )


def _filled(root: Path, key: str, make: Callable[[Path], None]) -> Path:
    try:
        partial = make_own(Path(tempfile.mkdtemp(prefix=f".{key}.", dir=root)))
    except OSError as problem:
        raise _unwritable(root, problem) from None
    try:
        make(partial)
        shared_as(root, partial)
        final = root / key
        try:
            os.rename(partial, final)
        except OSError:
            if found(key) is None:  # what somebody's broken copy left
                _give_way(final)
                os.rename(partial, final)
        return final
    finally:
        remove_own(partial)


def _give_way(final: Path) -> None:
    _adopt(final)
    if not remove_own(final):
        raise InputError(f"{final}: msim would write here, but did not make what is there; move it elsewhere")


def _adopt(folder: Path) -> None:
    """Mark a library that was stored before there were marks: one that holds nothing but files of a library."""
    known = folder.is_dir() and not folder.is_symlink() and LIBRARY_NAME.fullmatch(folder.name)
    if known and all(one.name in FILES and one.is_file() for one in folder.iterdir()):
        with suppress(OSError):
            make_own(folder, FILES)


def entries() -> list[Entry]:
    """Return all libraries, the newest first."""
    root = cache_folder()
    folders = [one for one in (root.iterdir() if root.is_dir() else ()) if LIBRARY_NAME.fullmatch(one.name)]
    told = [one for one in map(_entry, folders) if one is not None]
    return sorted(told, key=lambda one: -one.folder.stat().st_mtime)


def _entry(folder: Path) -> Entry | None:
    """Return the entry of a library; None where the folder holds no complete one."""
    if folder.is_symlink() or found(folder.name) is None:
        return None
    try:
        about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
        made = time.strftime("%Y-%m-%d %H:%M", time.localtime(about["made"]))
        return Entry(folder, str(about["network"]), made, float(about["generated_s"] + about["compiled_s"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def clear() -> tuple[int, int]:
    """Remove all libraries, and folders that killed builders left behind.

    Other files in the cache folder stay.
    returns: number of libraries removed, and their size in bytes
    """
    sizes = []
    for one in entries():
        size = one.size
        _adopt(one.folder)
        if remove_own(one.folder):
            sizes.append(size)
    root = cache_folder()
    for left in root.iterdir() if root.is_dir() else ():
        if time.time() - left.lstat().st_mtime > ABANDONED:
            _remove_left(left)
    return len(sizes), sum(sizes)


def _remove_left(path: Path) -> None:
    """Remove what a killed builder left: a folder that it was filling, a claim, or the file of `now_at`."""
    if BUILDING_NAME.fullmatch(path.name):
        remove_own(path)
    elif CLAIM_NAME.fullmatch(path.name) and is_claim(path):
        with suppress(OSError):
            path.unlink()
