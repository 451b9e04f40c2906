"""A Spark session with what a scan relies on, or an error that says what to install."""

import os
import shutil
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from stillwatch.errors import EngineUnavailable

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["is_on_this_machine", "new_session", "open_session"]

_WHOLE_FILES: Final = str(1 << 40)
"""Bytes of a split, and of opening a file: so no file is split and no two share a task, and parts stay in order."""

_OF_CONTEXT: Final = {
    "spark.ui.showConsoleProgress": "false",
    "spark.python.worker.faulthandler.enabled": "true",
    "spark.hadoop.mapreduce.fileoutputcommitter.algorithm.version": "1",
}
_OF_SESSION: Final = {
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.caseSensitive": "true",
    "spark.sql.files.maxPartitionBytes": _WHOLE_FILES,
    "spark.sql.files.openCostInBytes": _WHOLE_FILES,
    "spark.sql.sources.parallelPartitionDiscovery.threshold": "1000000",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.execution.arrow.maxBytesPerBatch": str(64 << 20),
}


def open_session(master: str | None) -> "tuple[SparkSession, bool]":
    """A session of the running context, or of a new one at `master`; and whether the context is new.

    Everything else is configured as Spark is: ``SPARK_CONF_DIR``, ``PYSPARK_SUBMIT_ARGS``, ``PYSPARK_PYTHON``.

    Raises  EngineUnavailable if pyspark, Java or the cluster is not there.
    """
    _check_installed()
    from py4j.protocol import Py4JError  # noqa: PLC0415 - comes with pyspark
    from pyspark import SparkContext  # noqa: PLC0415 - an extra
    from pyspark.errors import PySparkException  # noqa: PLC0415
    from pyspark.sql import SparkSession  # noqa: PLC0415

    is_new = SparkContext._active_spark_context is None  # noqa: SLF001 - nothing public tells
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.Builder().appName("stillwatch")
    for name, value in _OF_CONTEXT.items() if is_new else ():
        builder = builder.config(name, value)
    if master is not None and is_new:
        builder = builder.master(master)
    try:
        session = builder.getOrCreate()
    except Py4JError as error:
        message = f"no Spark session at {master}: the cluster took no application; Spark's lines above say why"
        raise EngineUnavailable(message) from error
    except (PySparkException, OSError, RuntimeError) as error:
        message = f"no Spark session at {master}: {error}"
        raise EngineUnavailable(message) from error
    if is_new:
        session.sparkContext.setLogLevel("ERROR")
    return session, is_new


def new_session(session: "SparkSession", batch_rows: int) -> "SparkSession":
    """The same context with settings of its own.

    batch_rows  Rows that go to Python at a time, at most.
    """
    own = session.newSession()
    for name, value in _OF_SESSION.items():
        own.conf.set(name, value)
    own.conf.set("spark.sql.execution.arrow.maxRecordsPerBatch", str(batch_rows))
    return own


def is_on_this_machine(master: str | None) -> bool:
    """Whether executors of `master` surely see the files of this machine.

    >>> is_on_this_machine("local[2]"), is_on_this_machine("spark://10.0.0.7:7077")
    (True, False)
    """
    if master is None or master == "local" or master.startswith(("local[", "local-cluster[")):
        return True
    return urlsplit(master).hostname in {"localhost", "127.0.0.1", "::1"}


def _check_installed() -> None:
    missing = [name for name in ("pyspark", "pandas") if find_spec(name) is None]
    if missing:
        message = f"the Spark engine needs {' and '.join(missing)}: pip install 'stillwatch[spark]'"
        raise EngineUnavailable(message)
    java = os.environ.get("JAVA_HOME")
    if not (java and shutil.which(os.path.join(java, "bin", "java")) or shutil.which("java")):  # noqa: PTH118, RUF021
        message = "the Spark engine needs Java 17 or newer: install a JRE, or set JAVA_HOME to one"
        raise EngineUnavailable(message)
