"""Executor 'slurm': trials as the tasks of a job array, submitted through submitit; their outcomes are in the store.

Slurm's controller tells whether a job has ended, without an accounting database; submitit alone, where there is no
such database, would wait for ever for a job that was killed for memory.
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import shlex
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from msim.base.code_digest import running_code, validate_same_code
from msim.base.errors import InputError, MsimError
from msim.base.file_lease import is_alive
from msim.base.made import make_own, remove_own
from msim.base.start import start_command
from msim.storage.trial_store import TrialStore, read_failure_record, write_failure_record
from msim.sweep.local import LocalExecutor
from msim.sweep.plan import Trial
from msim.sweep.plan_files import read_plan
from msim.sweep.settings import ProgressEvent, Report, Settings, Sweep

POLL = 1.0  # s
ANSWER = 30.0  # s in which the controller has to answer
SILENCES = 20  # answers that may be missing in a row
ENDED = ("COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "BOOT_FAIL", "DEADLINE")
SURE = 5  # answers in a row that say a job has failed: one that is queued again is told as failed for a moment
MOST_TASKS = 1000
WARNED_BY = "USR2"  # as submitit has it
WARNING = 60  # s before its limit at which Slurm warns a job, or a quarter of the limit where that is less


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

    def __init__(self, root: Path, plan_file: Path, settings: Settings, since: float, workers: int,
                 requeues: int) -> None:  # fmt: skip
        self.root, self.plan_file, self.settings, self.since = root, plan_file, settings, since
        self.workers, self.requeues, self.code = workers, requeues, running_code()

    def __call__(self, numbers: Sequence[int]) -> None:
        """Run the trials of these numbers in the plan; where this machine cannot, write that as their failures."""
        plan = read_plan(self.plan_file)
        sweep = Sweep(TrialStore(self.root), plan, self.plan_file, self.settings, self.since)
        try:
            validate_same_code(running_code(), f"a Slurm task on {platform.node()}", self.code)
            LocalExecutor(self.workers).run(sweep, [plan.trials[one] for one in numbers], lambda news: None)
        except MsimError as problem:
            self._failed(numbers, f"{problem}", "start")

    def checkpoint(self, numbers: Sequence[int]) -> NoReturn:
        """Store the state of the trials on Slurm's warning, and queue the task again.

        Never returns: submitit would end the job while Slurm is taking it back, which Slurm may take for a failure.
        """
        for one in multiprocessing.active_children():
            one.terminate()
        for one in multiprocessing.active_children():
            one.join(max(self.settings.grace, WARNING / 2))
        if int(os.environ.get("SLURM_RESTART_COUNT", "0")) < self.requeues:
            if _asked(["scontrol", "requeue", _own_name()]) is not None:
                while True:  # until Slurm ends it
                    time.sleep(POLL)
            self._given_up(numbers, "Slurm did not queue it again")
        self._given_up(numbers, f"it was queued again {self.requeues} times, as often as asked")
        os._exit(1)

    def _given_up(self, numbers: Sequence[int], why: str) -> None:
        self._failed(numbers, f"its Slurm task ran out of time, and {why}", "limit")

    def _failed(self, numbers: Sequence[int], reason: str, kind: str) -> None:
        """Write a failure for every trial that has neither a result nor a failure; checkpoints stay."""
        store, plan = TrialStore(self.root), read_plan(self.plan_file)
        for key in (plan.trials[one].key for one in numbers):
            if not store.trial(key).is_file() and not store.failure(key).is_file():
                write_failure_record(store, key, reason, "", kind)


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

    def run(self, sweep: Sweep, trials: Sequence[Trial], report: Report) -> None:
        """Run trials; see Executor.

        raises: InputError where Slurm is not installed, or refuses the job
        """
        per_task = max(self.options.trials, -(-len(trials) // MOST_TASKS))
        chunks = [trials[start:start + per_task] for start in range(0, len(trials), per_task)]
        # What submitit keeps there it unpickles: a folder of one's own, which nobody else can write.
        folder = make_own(Path(tempfile.mkdtemp(prefix="slurm-", dir=_private())))
        names = self._submitted(sweep, chunks, folder)
        try:
            _watched(sweep, dict(zip(names, chunks, strict=True)), report)
        except BaseException:
            _cancel(names)
            raise
        remove_own(folder)

    def _submitted(self, sweep: Sweep, chunks: Sequence[Sequence[Trial]], folder: Path) -> list[str]:
        """Submit the jobs and return their names, one for each chunk."""
        try:
            import submitit
        except ImportError:
            raise InputError("--executor slurm wants submitit: pip install 'msim[slurm]'") from None
        if shutil.which("sbatch") is None:
            raise InputError("--executor slurm wants Slurm: no sbatch found")
        # The warning goes to the job's shell only, which would not pass it on: Python takes the shell's place.
        python = f"exec {shlex.join(start_command())}"
        executor = submitit.SlurmExecutor(folder, python=python)
        executor.update_parameters(**self._parameters())
        task = Task(sweep.store.root.resolve(), sweep.plan_file.resolve(), sweep.settings, sweep.since,
                    self.options.cpus, self.options.requeues)  # fmt: skip
        numbers = [[sweep.plan.number(one) for one in chunk] for chunk in chunks]
        try:
            jobs = executor.map_array(task, numbers)
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


def _watched(sweep: Sweep, chunks: Mapping[str, Sequence[Trial]], report: Report) -> None:
    """Report the outcomes of trials until all jobs have ended."""
    waiting, silent, ended = dict(chunks), 0, dict.fromkeys(chunks, 0)
    open_trials = {one.key: one for chunk in chunks.values() for one in chunk}
    while waiting:
        time.sleep(POLL)
        _report_finished(sweep, open_trials, report)
        states = _states(list(waiting))
        silent = silent + 1 if states is None else 0
        if silent > SILENCES:
            raise InputError("--executor slurm: the controller does not answer; trials go on, and are found again")
        for name in list(waiting) if states is not None else ():
            state = (states or {}).get(name, "gone")
            ended[name] = ended[name] + 1 if state == "gone" or state in ENDED else 0
            if ended[name] >= (1 if state == "COMPLETED" else SURE):
                _report_finished(sweep, open_trials, report)
                for one in waiting.pop(name):
                    if open_trials.pop(one.key, None):
                        report(_left_by(sweep, one, name, state))


def _report_finished(sweep: Sweep, open_trials: dict[str, Trial], report: Report) -> None:
    for key in list(open_trials):
        if sweep.store.trial(key).is_file():
            del open_trials[key]
            report(ProgressEvent(key, "done"))
        elif sweep.store.failure(key).is_file():
            record = read_failure_record(sweep.store, key)
            if float(record.get("time", 0.0)) >= sweep.since:
                del open_trials[key]
                report(
                    ProgressEvent(
                        key, "failed", message=str(record["reason"]), disk_is_full=record.get("kind") == "disk"
                    )
                )


def _left_by(sweep: Sweep, trial: Trial, job: str, state: str) -> ProgressEvent:
    """Return the event to report for a trial whose job ended before it."""
    claim = sweep.store.claim(trial.key)
    if claim.exists() and is_alive(claim) and state == "COMPLETED":
        return ProgressEvent(trial.key, "elsewhere")
    reason = f"its Slurm job {job} ended before it: {state}"
    with suppress(OSError):
        write_failure_record(sweep.store, trial.key, reason, "", "killed")
    return ProgressEvent(trial.key, "failed", message=reason)


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
