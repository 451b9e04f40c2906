"""A scan on a cluster gives the bytes that a scan on one machine gives, also when a worker dies in the middle of it."""

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests import traffic
from tests.engine.cluster import ROOT, environment, running, why_not
from tests.scanning import harvests, write
from typer.testing import CliRunner

import stillwatch
from stillwatch.cli import app
from stillwatch.engine.spark import SparkEngine, SparkSizes
from stillwatch.errors import InvalidInput, MissingData
from stillwatch.report import read_findings
from stillwatch.report.json import to_json
from stillwatch.simulate import simulate


def popular() -> pa.Table:
    """One public tool sends half of all exchanges, with one client and one system prompt; a ring is among the rest."""
    rng = np.random.default_rng(11)
    tool = traffic.people(rng, 400, 12)
    for row in tool:
        row |= {"client_build": "tool-1", "temperature": 0.0, "system_text": "You are the helper of a public tool."}
    return traffic.table(tool + traffic.people(rng, 150, 24) + traffic.harvest(rng, 40, 1_200), 11)


def simulated(folder: Path, seed: int, *campaigns: str) -> Path:
    """Logs of a small provider."""
    simulate(folder, exchanges=12_000, seed=seed, days=3, campaigns=campaigns)
    return folder


SCAN = importlib.import_module("stillwatch.scan")
"""The module; `stillwatch.scan` is the function."""


class SmallParts(SparkEngine):
    """Works in small parts and ranges, so that a small scan has many."""

    def __init__(self, master: str | None = None, work: str | Path | None = None, memory: str = "4GB") -> None:
        sizes = SparkSizes(batch_rows=1_500, group_rows=3_000, part_rows=4_000)
        super().__init__(master, work, memory, sizes=sizes)


SCENARIOS: dict[str, Callable[[Path], Path]] = {
    "people and a harvest": lambda folder: write(folder, traffic.mixed(), files=3),
    "a tool with half the traffic": lambda folder: write(folder, popular()),
    "a provider with campaigns": lambda folder: simulated(folder, 3, "reasoning-harvest", "camouflage"),
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_both_engines_write_the_same_bytes(
    name: str, tmp_path: Path, spark: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """campaigns.json to the byte, and the tables with their order; the cluster works in small parts and ranges."""
    monkeypatch.setattr(SCAN, "SparkEngine", SmallParts)
    logs = SCENARIOS[name](tmp_path / "logs")
    here = stillwatch.scan(logs)
    there = stillwatch.scan(logs, engine="spark", master=spark, work=tmp_path / "work")
    assert to_json(there) == to_json(here)
    assert there.streams.equals(here.streams)
    assert there.exchanges.equals(here.exchanges)
    assert harvests(here)
    assert list((tmp_path / "work").iterdir()) == []
    assert there.stage_s.keys() == here.stage_s.keys()


DRIVER = """
import importlib
import sys
from pathlib import Path

from stillwatch.report import write_findings
from tests.engine.test_spark_scan import SmallParts

scan = importlib.import_module("stillwatch.scan")
scan.SparkEngine = SmallParts
logs, out, master, work = sys.argv[1:]
tell = lambda stage, done, total: print(stage, flush=True)
write_findings(scan.scan(logs, engine="spark", master=master, work=work, on_progress=tell), Path(out))
"""


def test_a_worker_that_dies_changes_nothing(tmp_path: Path) -> None:
    """One of two workers is killed with its executor while segments are cut; the other one finishes the scan."""
    if reason := why_not():
        pytest.skip(reason)
    logs = write(tmp_path / "logs", traffic.mixed(3), files=2)
    with running(tmp_path / "cluster") as cluster:
        arguments = [str(logs), str(tmp_path / "there"), cluster.url, str(tmp_path / "work")]
        driver = subprocess.Popen(
            [sys.executable, "-c", DRIVER, *arguments],
            env={**os.environ, **environment(tmp_path / "cluster"), "PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert driver.stdout is not None
        for line in driver.stdout:
            if line.strip() == "cut segments":
                break
        time.sleep(0.5)
        cluster.kill_worker(0)
        _, errors = driver.communicate()
    assert driver.returncode == 0, errors[-3_000:]
    assert "Lost executor" in errors
    here = stillwatch.scan(logs)
    assert (tmp_path / "there" / "campaigns.json").read_text() == to_json(here)


def test_logs_work_and_findings_may_lie_in_a_store(tmp_path: Path, spark: str, store: tuple[str, Path]) -> None:
    """``stillwatch scan URL --engine spark --out URL`` writes there what it writes here from the same logs."""
    url, there = store
    logs = write(there / "logs", traffic.mixed())
    cluster = ["--engine", "spark", "--master", spark, "--work", f"{url}/work"]
    arguments = [[str(logs), "--out", str(tmp_path / "here")], [f"{url}/logs", "--out", f"{url}/findings", *cluster]]
    for given in arguments:
        done = CliRunner().invoke(app, ["scan", *given])
        assert done.exit_code == 0, done.output
    assert f"findings: {url}/findings" in done.output
    campaigns = [(folder / "campaigns.json").read_bytes() for folder in (tmp_path / "here", there / "findings")]
    assert campaigns[0] == campaigns[1]
    assert read_findings(there / "findings").campaigns
    assert list((there / "work").iterdir()) == []


def test_wrong_options_are_refused_before_any_work(tmp_path: Path, spark: str, store: tuple[str, Path]) -> None:
    """What belongs to the other engine, and URLs where nothing is."""
    assert spark
    with pytest.raises(InvalidInput, match="engine must be local or spark"):
        stillwatch.scan(tmp_path, engine="dask")
    with pytest.raises(InvalidInput, match="master is for the Spark engine"):
        stillwatch.scan(tmp_path, master="local[2]")
    with pytest.raises(InvalidInput, match="threads is for the local engine"):
        stillwatch.scan(tmp_path, engine="spark", threads=2)
    with pytest.raises(MissingData, match=f"nothing at {store[0]}/none"):
        stillwatch.scan(f"{store[0]}/none", engine="spark", master=spark)
    done = CliRunner().invoke(app, ["scan", str(tmp_path), "--out", "s3a://bucket/findings"])
    assert isinstance(done.exception, InvalidInput)
