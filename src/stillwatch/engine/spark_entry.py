"""What an executor runs first: it unpacks this package, makes sure that it is the one, and goes on with the task."""

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from stillwatch.engine.spark_ship import versions

if TYPE_CHECKING:
    from pyspark import Accumulator, Broadcast

__all__ = ["check", "entry"]


def entry(
    name: str, broadcast: "Broadcast[Any]", reports: "Accumulator[dict[int, Any]]", agreed: dict[str, str]
) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """The function that Spark runs on a partition. It must not need this package before it has unpacked it.

    name    File name of the archive.
    agreed  What `versions` says on the driver.
    """

    def enter(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import json  # noqa: PLC0415 - this function travels by itself
        import os  # noqa: PLC0415
        import shutil  # noqa: PLC0415
        import sys  # noqa: PLC0415
        import tempfile  # noqa: PLC0415
        import zipfile  # noqa: PLC0415

        from pyspark import SparkFiles, TaskContext  # noqa: PLC0415

        root = os.path.realpath(SparkFiles.getRootDirectory())
        home = os.path.join(root, name.removesuffix(".zip"))  # noqa: PTH118
        if home not in sys.path:
            if not os.path.isdir(home):  # noqa: PTH112
                waiting = tempfile.mkdtemp(dir=root)
                with zipfile.ZipFile(os.path.join(root, name)) as packed:  # noqa: PTH118
                    packed.extractall(waiting)
                    times = json.loads(packed.read("times.json"))
                for file, ns in times.items():
                    os.utime(os.path.join(waiting, file), ns=(ns, ns))  # noqa: PTH118
                try:
                    os.rename(waiting, home)  # noqa: PTH104
                except OSError:  # another Python worker of this executor was first
                    shutil.rmtree(waiting, ignore_errors=True)
            sys.path.insert(0, home)
        from stillwatch.engine.spark_entry import check  # noqa: PLC0415
        from stillwatch.engine.spark_ship import load  # noqa: PLC0415
        from stillwatch.engine.spark_tasks import run  # noqa: PLC0415

        check(home, agreed)
        task, context = load(broadcast), TaskContext.get()
        report: dict[int, Any] = {}
        yield from run(task, batches, context.partitionId() if context else 0, report)
        reports.add(report)

    return enter


def check(home: str, agreed: dict[str, str]) -> None:
    """Refuse an executor that would run other code, or compute with other libraries, than the driver.

    Raises    RuntimeError that says which.
    """
    if not __file__.startswith(home):
        message = f"an executor had imported stillwatch from {__file__} before the shipped one"
        raise RuntimeError(message)
    if (found := versions()) != agreed:
        other = ", ".join(f"{k} {found[k]} instead of {v}" for k, v in agreed.items() if found[k] != v)
        message = f"an executor has {other}: install the same as on the driver"
        raise RuntimeError(message)
