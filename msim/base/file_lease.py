"""File leases, called claims here: each says which process does a piece of work that several processes could do.

The processes may be on several machines. A claim keeps two from doing the same work. Results do not depend on it,
because every file appears whole and in one step.
"""

from __future__ import annotations

import json
import os
import platform
import stat
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from msim.base.made import shared_as

BEAT = 10.0  # s between signs of life
SILENCE = 120.0  # s without one after which an owner on another machine is taken for dead


def token() -> str:
    """Return the machine, number and start time of this process, which no later process of the same number shares."""
    return f"{platform.node()}-{os.getpid()}-{_started(os.getpid())}"


def _started(process: int) -> str:
    """Return when a process of this machine started, in ticks of its clock; '' where there is none or it is dead."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except (OSError, ValueError):
        return "" if Path("/proc/self/stat").exists() else "0"
    return "" if fields[0] == "Z" else fields[19]


def now_at(folder: Path) -> float:
    """Return the time in s since 1970 on the machine that holds a folder, since clocks of machines differ."""
    probe = folder / f".clock.{uuid.uuid4().hex}"
    try:
        probe.touch(mode=0o600)
        return probe.stat().st_mtime
    finally:
        probe.unlink(missing_ok=True)


def take(claim: Path) -> bool:
    """Take a claim that has no owner or a dead one.

    returns: True where this process holds the claim now
    """
    for _ in range(2):
        try:
            handle = os.open(claim, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o644)
        except FileExistsError:
            if is_alive(claim):
                return False
            _put_aside(claim)
            continue
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            shared_as(claim.parent, claim)
            json.dump({"owner": token(), "machine": platform.node()}, file)
        return True
    return False


def release(claim: Path) -> None:
    """Give up a claim that this process holds."""
    if owner(claim) == token():
        claim.unlink(missing_ok=True)


def owner(claim: Path) -> str:
    """Return the token of the process that owns a claim; '' where that cannot be read."""
    try:
        return str(json.loads(claim.read_text(encoding="utf-8"))["owner"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def is_claim(path: Path) -> bool:
    """Return whether a file is a claim, or an empty file that was to become one."""
    try:
        mode = path.lstat()
        return stat.S_ISREG(mode.st_mode) and (mode.st_size == 0 or bool(owner(path)))
    except OSError:
        return False


def who_has(claim: Path) -> str:
    """Describe the process that holds a claim: its number, its machine, and since when."""
    machine, number, _ = (owner(claim).rsplit("-", 2) + ["", ""])[:3]
    try:
        since = time.strftime(" since %H:%M on %Y-%m-%d", time.localtime(claim.stat().st_ctime))
    except OSError:
        since = ""
    return f"process {number or 'unknown'} on {machine or 'another machine'}{since}"


def is_alive(claim: Path) -> bool:
    """Return whether the owner of a claim is a living process, or gave a sign of life lately."""
    machine, process, started = (owner(claim).rsplit("-", 2) + ["", ""])[:3]
    if machine == platform.node() and process.isdecimal():
        return bool(started) and _started(int(process)) == started
    try:
        return now_at(claim.parent) - claim.stat().st_mtime < SILENCE
    except OSError:
        return False


def _put_aside(claim: Path) -> None:
    """Move a dead owner's claim away; of several processes that try, one succeeds."""
    aside = claim.with_name(f".{claim.name}.{uuid.uuid4().hex}")
    with suppress(OSError):
        os.rename(claim, aside)
        if is_alive(aside):
            # Somebody else was quicker, and this is the claim that it took since.
            with suppress(OSError):
                os.link(aside, claim)
        aside.unlink(missing_ok=True)


@contextmanager
def heartbeat(claim: Path) -> Iterator[None]:
    """Give regular signs of life for a claim while the body runs, and release the claim at its end."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT):
            with suppress(OSError):
                os.utime(claim)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        release(claim)
