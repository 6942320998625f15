"""A one-node Slurm on loopback, without systemd, started and stopped by the test that needs it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

NEEDED = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "scontrol")
PORTS = (16827, 16828)
CONF = """ClusterName=msimtest
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={d}/run/munge.socket
CredType=cred/munge
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=1,sched_interval=1,sched_min_interval=0,batch_sched_delay=0
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
JobRequeue=1
MaxArraySize=1001
ReturnToService=2
KillWait=5
OverTimeLimit=0
MinJobAge=600
SlurmctldTimeout=30
SlurmdTimeout=30
InactiveLimit=0
StateSaveLocation={d}/state
SlurmdSpoolDir={d}/spool
SlurmctldPidFile={d}/run/slurmctld.pid
SlurmdPidFile={d}/run/slurmd.pid
SlurmctldLogFile={d}/log/slurmctld.log
SlurmdLogFile={d}/log/slurmd.log
NodeName=localhost NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=debug Nodes=localhost Default=YES MaxTime=60 DefaultTime=5 DefMemPerCPU=512 State=UP
"""


@contextmanager
def slurm_cluster(folder: Path) -> Iterator[dict[str, str]]:
    """The environment in which Slurm's commands find the cluster; skips, with the reason, where it cannot be."""
    missing = [name for name in NEEDED if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None]
    if missing:
        pytest.skip(f"Slurm is not installed: no {', '.join(missing)} (Debian: slurm-wlm munge)")
    if os.geteuid() != 0:
        pytest.skip("only root can start a Slurm of its own here")
    environment = _started(folder)
    try:
        yield environment
    finally:
        _stopped(folder, environment)


def _started(folder: Path) -> dict[str, str]:
    for name in ("state", "spool", "log", "run"):
        (folder / name).mkdir(parents=True)
    cpus = os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 8 // 10 // 2**20
    conf = folder / "slurm.conf"
    conf.write_text(CONF.format(d=folder, ports=PORTS, cpus=cpus, memory=memory), encoding="ascii")
    key = folder / "run" / "munge.key"
    key.touch(0o600)
    key.write_bytes(os.urandom(1024))
    (folder / "run").chmod(0o755)
    environment = {**os.environ, "SLURM_CONF": str(conf), "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin"}
    run = folder / "run"
    for command in (
        ["munged", "--force", "--num-threads=2", f"--key-file={key}", f"--socket={run}/munge.socket",
         f"--pid-file={run}/munged.pid", f"--log-file={folder}/log/munged.log", f"--seed-file={run}/munge.seed"],
        ["slurmctld", "-c", "-f", str(conf)],
        ["slurmd", "-c", "-N", "localhost", "-f", str(conf)],
    ):  # fmt: skip
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        if done.returncode:
            _stopped(folder, environment)
            pytest.skip(f"{command[0]} does not start here: {done.stderr.strip()[-200:]}")
    for _ in range(300):
        state = subprocess.run(["sinfo", "-h", "-o", "%T"], env=environment, capture_output=True, text=True, timeout=30)
        if state.stdout.strip() == "idle":
            return environment
        time.sleep(0.1)
    _stopped(folder, environment)
    pytest.skip("the node of the Slurm that was started does not become idle")


def _stopped(folder: Path, environment: dict[str, str]) -> None:
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(["scancel", "--quiet", "--user=root"], env=environment, capture_output=True, timeout=10)
        subprocess.run(["scontrol", "shutdown"], env=environment, capture_output=True, timeout=10)
    time.sleep(1)
    for name in ("slurmd", "slurmctld", "munged"):
        with suppress(OSError, ValueError):
            os.kill(int((folder / "run" / f"{name}.pid").read_text()), 15)
