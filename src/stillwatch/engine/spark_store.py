"""The folder where the data sets of a Spark scan lie: in any store that Spark's Hadoop connectors reach."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from stillwatch.errors import MissingData

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["Store", "fetch", "has_scheme", "upload"]


def has_scheme(path: str | Path) -> bool:
    """Whether a path names a store, as ``hdfs://`` or ``s3a://`` do.

    >>> has_scheme("s3a://bucket/logs"), has_scheme("/var/logs")
    (True, False)
    """
    return "://" in str(path)


def fetch(spark: "SparkSession", url: str, folder: Path) -> list[Path]:
    """Copy what a URL names, which may be a pattern or a folder, to this machine; where it lies now.

    Raises    MissingData if there is nothing.
    """
    fs, path = _file_system(spark, url)
    found = fs.globStatus(path) or ()
    copies = []
    for i, status in enumerate(found):
        there = status.getPath()
        copy = folder / f"{i:06}" / there.getName()
        copy.parent.mkdir(parents=True)
        fs.copyToLocalFile(False, there, _hadoop_path(spark, copy.absolute().as_uri()), True)
        copies.append(copy)
    if not copies:
        message = f"there is nothing at {url}"
        raise MissingData(message)
    return copies


def upload(spark: "SparkSession", folder: Path, url: str, last: str) -> None:
    """Copy the files of a folder to a URL, over older ones of their name.

    last    File that says the others are there: it is taken away first and comes last.
    """
    fs, _ = _file_system(spark, url)
    fs.delete(_hadoop_path(spark, f"{url}/{last}"), False)
    for file in sorted(folder.iterdir(), key=lambda path: path.name == last):
        here = _hadoop_path(spark, file.absolute().as_uri())
        fs.copyFromLocalFile(False, True, here, _hadoop_path(spark, f"{url}/{file.name}"))


def _file_system(spark: "SparkSession", url: str) -> tuple[Any, Any]:
    """Hadoop's file system of a URL, and its path there."""
    path = _hadoop_path(spark, url)
    return path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration()), path  # noqa: SLF001 - no public way


def _hadoop_path(spark: "SparkSession", url: str) -> Any:  # noqa: ANN401 - a Java object
    jvm: Any = spark.sparkContext._jvm  # noqa: SLF001 - the only way to Hadoop's file systems
    return jvm.org.apache.hadoop.fs.Path(url)


class Store:
    """One folder, by its URL. The driver reads and writes whole files; rows go through Spark."""

    def __init__(self, spark: "SparkSession", url: str) -> None:
        """Make the folder.

        url     With a scheme, or a path of this machine that every executor sees as well.
        """
        self.url = url if has_scheme(url) else Path(url).absolute().as_uri()
        self.url = self.url.rstrip("/")
        parts = urlsplit(self.url)
        self._here = Path(unquote(parts.path)) if parts.scheme == "file" else None
        self._spark = spark
        self._fs, _ = _file_system(spark, self.url)
        self._fs.mkdirs(self._path(""))

    def at(self, name: str) -> str:
        """URL of something in the folder."""
        return f"{self.url}/{name}" if name else self.url

    def put(self, file: Path, name: str) -> None:
        """Move a local file into the folder."""
        if self._here is not None:
            target = self._here / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(file, target)
        else:
            self._fs.copyFromLocalFile(True, True, self._local_path(file), self._path(name))

    @contextmanager
    def files(self, name: str, suffix: str = ".parquet") -> Iterator[Iterator[Path]]:
        """Files of a folder in the folder, one after the other as local ones, by name."""
        with tempfile.TemporaryDirectory(prefix="stillwatch-") as folder:
            yield self._fetched(name, suffix, Path(folder))

    def delete(self, name: str = "") -> None:
        """Remove something in the folder, or all of it; it need not exist."""
        self._fs.delete(self._path(name), True)

    def _fetched(self, name: str, suffix: str, folder: Path) -> Iterator[Path]:
        for found in self._names(name, suffix):
            if self._here is not None:
                yield self._here / name / found
            else:
                copy = folder / found
                self._fs.copyToLocalFile(False, self._path(f"{name}/{found}"), self._local_path(copy), True)
                yield copy
                copy.unlink()

    def _names(self, name: str, suffix: str) -> list[str]:
        if self._here is not None:
            there = self._here / name
            names = [path.name for path in there.iterdir()] if there.is_dir() else []
        elif self._fs.exists(self._path(name)):
            names = [status.getPath().getName() for status in self._fs.listStatus(self._path(name))]
        else:
            names = []
        return sorted(n for n in names if n.endswith(suffix) and not n.startswith((".", "_")))

    def _path(self, name: str) -> Any:  # noqa: ANN401 - a Java object
        return _hadoop_path(self._spark, self.at(name))

    def _local_path(self, file: Path) -> Any:  # noqa: ANN401 - a Java object
        return _hadoop_path(self._spark, file.absolute().as_uri())
