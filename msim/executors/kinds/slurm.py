"""Executor 'slurm': trials as the tasks of a job array, submitted through submitit; their outcomes are in the store.

Slurm's controller tells whether a job has ended, without an accounting database; submitit alone, where there is no
such database, would wait for ever for a job that was killed for memory.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import platform
import re
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NoReturn

from msim.base.endings import Failure
from msim.base.errors import InputError, MsimError, nearest
from msim.base.made import make_own, remove_own
from msim.base.paths import given_path
from msim.base.start import start_command
from msim.executors.executor import ProgressEvent, Report, SentWork, Work, opened, sent
from msim.executors.kinds.local import LocalExecutor
from msim.executors.registry import ExecutorKind, ExecutorOptions

POLL = 1.0  # s
ANSWER = 30.0  # s in which the controller has to answer
SILENCES = 20  # answers that may be missing in a row
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "BOOT_FAIL", "DEADLINE")
SURE = 5  # answers in a row that say a job has failed: one that is queued again is told as failed for a moment
MOST_TASKS = 1000
WARNED_BY = "USR2"  # as submitit has it
WARNING = 60  # s before its limit at which Slurm warns a job, or a quarter of the limit where that is less
_WORD = re.compile(r"[A-Za-z0-9][\w.,:+-]*")


@contextmanager
def _start(options: ExecutorOptions) -> Iterator[SlurmExecutor]:
    """Yield an executor by its options; nothing is asked of Slurm yet."""
    yield SlurmExecutor(slurm_options(options))


EXECUTOR = ExecutorKind(_start, takes=("slurm", "profile"), package="submitit", install="msim[slurm]")


@dataclass(frozen=True)
class SlurmOptions:
    """Resources that a sweep requests from Slurm.

    minutes: of a task; memory: of a task, as Slurm writes it, such as '2GB'; together: tasks that may run at once
    trials: that a task runs one after the other; requeues: number of times that a task out of time is continued
    """

    partition: str = ""
    account: str = ""
    minutes: int = 60
    memory: str = ""
    cpus: int = 1
    trials: int = 1
    together: int = 100
    requeues: int = 3
    setup: tuple[str, ...] = ()


class Task:
    """Work of one task of the array: some trials, run on the machine that Slurm chose."""

    def __init__(self, parcel: SentWork, workers: int, requeues: int) -> None:
        self.parcel, self.workers, self.requeues = parcel, workers, requeues

    def __call__(self, keys: Sequence[str]) -> None:
        """Run the trials with these keys; where this machine cannot, write that as their failures."""
        try:
            work = opened(self.parcel, f"a Slurm task on {platform.node()}")
            LocalExecutor(self.workers).run(work, keys, lambda news: None)
        except MsimError as problem:
            self._failed(keys, Failure("start", f"{problem}"))

    def checkpoint(self, keys: Sequence[str]) -> NoReturn:
        """Store the state of the trials on Slurm's warning, and queue the task again.

        Never returns: submitit would end the job while Slurm is taking it back, which Slurm may take for a failure.
        """
        for one in multiprocessing.active_children():
            one.terminate()
        for one in multiprocessing.active_children():
            one.join(max(self._work().limits.grace, WARNING / 2))
        if int(os.environ.get("SLURM_RESTART_COUNT", "0")) < self.requeues:
            if _asked(["scontrol", "requeue", _own_name()]) is not None:
                while True:  # until Slurm ends it
                    time.sleep(POLL)
            self._given_up(keys, "Slurm did not queue it again")
        self._given_up(keys, f"it was queued again {self.requeues} times, as often as asked")
        os._exit(1)

    def _given_up(self, keys: Sequence[str], why: str) -> None:
        self._failed(keys, Failure("limit", f"its Slurm task ran out of time, and {why}"))

    def _failed(self, keys: Sequence[str], failure: Failure) -> None:
        """Write a failure for every trial that has neither a result nor a failure; checkpoints stay."""
        work = self._work()
        for key in keys:
            if work.outcome(key) is None:
                work.fail(key, failure)

    def _work(self) -> Work:
        """Return the work whatever code this process runs, to write into its store."""
        work: Work = pickle.loads(self.parcel.pickled)
        return work


def _own_name() -> str:
    """Return the name of this process's job, as Slurm's commands take it."""
    known = os.environ
    if "SLURM_ARRAY_TASK_ID" in known:
        return f"{known['SLURM_ARRAY_JOB_ID']}_{known['SLURM_ARRAY_TASK_ID']}"
    return known["SLURM_JOB_ID"]


@dataclass
class SlurmExecutor:
    """Executor of trials as tasks of a job array."""

    options: SlurmOptions

    def run(self, work: Work, keys: Sequence[str], report: Report) -> None:
        """Run trials; see Executor.

        raises: InputError where Slurm is not installed, or refuses the job
        """
        per_task = max(self.options.trials, -(-len(keys) // MOST_TASKS))
        chunks = [list(keys[start:start + per_task]) for start in range(0, len(keys), per_task)]
        # What submitit keeps there it unpickles: a folder of one's own, which nobody else can write.
        folder = make_own(Path(tempfile.mkdtemp(prefix="slurm-", dir=_private())))
        names = self._submitted(Task(sent(work), self.options.cpus, self.options.requeues), chunks, folder)
        try:
            _watched(work, dict(zip(names, chunks, strict=True)), report)
        except BaseException:
            _cancel(names)
            raise
        remove_own(folder)

    def _submitted(self, task: Task, chunks: Sequence[Sequence[str]], folder: Path) -> list[str]:
        """Submit the jobs and return their names, one for each chunk."""
        import submitit

        if shutil.which("sbatch") is None:
            raise InputError("--executor slurm wants Slurm: no sbatch found")
        # The warning goes to the job's shell only, which would not pass it on: Python takes the shell's place.
        python = f"exec {shlex.join(start_command())}"
        executor = submitit.SlurmExecutor(folder, python=python)
        executor.update_parameters(**self._parameters())
        try:
            jobs = executor.map_array(task, chunks)
        except (submitit.core.utils.FailedJobError, subprocess.SubprocessError, OSError) as problem:
            raise InputError(f"--executor slurm: the job was refused: {problem}") from None
        return [one.job_id for one in jobs]

    def _parameters(self) -> dict[str, Any]:
        own = self.options
        warning = f"B:{WARNED_BY}@{min(WARNING, own.minutes * 15)}"
        found: dict[str, Any] = {
            "time": own.minutes, "cpus_per_task": own.cpus, "array_parallelism": own.together, "job_name": "msim",
            "additional_parameters": {"signal": warning}, "use_srun": False, "setup": list(own.setup),
            "stderr_to_stdout": True,
        }  # fmt: skip
        optional = {"partition": own.partition, "account": own.account, "mem": own.memory}
        return found | {name: value for name, value in optional.items() if value}


def _private() -> Path:
    folder = Path.home() / ".cache" / "msim" / "slurm"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    return folder


def _watched(work: Work, chunks: Mapping[str, Sequence[str]], report: Report) -> None:
    """Report the outcomes of trials until all jobs have ended."""
    waiting, silent, ended = dict(chunks), 0, dict.fromkeys(chunks, 0)
    still = {key for chunk in chunks.values() for key in chunk}
    while waiting:
        time.sleep(POLL)
        _report_finished(work, still, report)
        states = _states(list(waiting))
        silent = silent + 1 if states is None else 0
        if silent > SILENCES:
            raise InputError("--executor slurm: the controller does not answer; trials go on, and are found again")
        for name in list(waiting) if states is not None else ():
            state = (states or {}).get(name, "gone")
            ended[name] = ended[name] + 1 if state == "gone" or state in ENDED else 0
            if ended[name] >= (1 if state == "COMPLETED" else SURE):
                _report_finished(work, still, report)
                for key in still.intersection(waiting.pop(name)):
                    still.discard(key)
                    report(_left_by(work, key, name, state))


def _report_finished(work: Work, still: set[str], report: Report) -> None:
    """Report the trials that have an outcome, and take them out of those that have none."""
    for key in list(still):
        news = work.outcome(key)
        if news is not None:
            still.discard(key)
            report(news)


def _left_by(work: Work, key: str, job: str, state: str) -> ProgressEvent:
    """Return the event to report for a trial whose job ended before it."""
    if state == "COMPLETED" and work.is_claimed(key):
        return ProgressEvent(key, "elsewhere")
    return work.fail(key, Failure("killed", f"its Slurm job {job} ended before it: {state}"))


def _states(names: Sequence[str]) -> dict[str, str] | None:
    """Return the state of every job that the controller still knows; None where it does not answer."""
    numbers = sorted({name.partition("_")[0] for name in names})
    lines = _asked(["squeue", "-h", "-r", "-t", "all", "-o", "%i|%T", "-j", ",".join(numbers)])
    if lines is None:
        return None
    found = dict(line.split("|", 1) for line in lines.splitlines() if "|" in line)
    return {name: state.split()[0] for name, state in found.items() if state.strip()}


def _asked(command: list[str]) -> str | None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER)
    except (OSError, subprocess.SubprocessError):
        return None
    # A job that it has forgotten is an error of squeue, and an answer.
    forgotten = "Invalid job id" in done.stderr
    return done.stdout if done.returncode == 0 or forgotten else None


def _cancel(names: Sequence[str]) -> None:
    numbers = sorted({name.partition("_")[0] for name in names})
    _asked(["scancel", "--quiet", *numbers])


def slurm_options(given: ExecutorOptions) -> SlurmOptions:
    """Read the request to Slurm: a profile file's keys, and 'key=value' texts in their place.

    raises: InputError for keys that are unknown and values of another kind
    """
    from msim.definitions.files.read import read_tables, read_text

    values: dict[str, Any] = {}
    if given.profile:
        values.update(read_tables(read_text(given_path(given.profile, "--profile")), given.profile))
    for one in given.slurm:
        key, equals, value = one.partition("=")
        if not equals or not value.strip():
            raise InputError(f"--slurm: wants key=value, such as partition=debug, got '{one}'")
        values[key.strip()] = value.strip()
    if given.memory is not None and values:
        values.setdefault("memory", f"{given.memory // 10**6 + 200}MB")
    known = {one.name: one for one in fields(SlurmOptions)}
    for key, value in values.items():
        if key not in known:
            raise InputError(f"--slurm: unknown key '{key}'{nearest(key, known)}")
        values[key] = _value(key, value, known[key].default)
    return SlurmOptions(**values)


def _value(key: str, value: Any, default: Any) -> Any:
    if isinstance(default, tuple):
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        raise InputError(f"--slurm: {key}: wants a list of texts in a profile file, got {value!r}")
    if isinstance(default, str):
        if isinstance(value, str) and _WORD.fullmatch(value):
            return value
        raise InputError(f"--slurm: {key}: wants a word, got {value!r}")
    least = 0 if key == "requeues" else 1
    if str(value).isdecimal() and least <= int(value) < 10**6:
        return int(value)
    raise InputError(f"--slurm: {key}: wants a whole number of at least {least}, got {value!r}")
