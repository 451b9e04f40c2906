"""The reference as a file: measured legitimate families that every family is held against. It is data, not code."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.detect.harvest.score import TESTS, Reference
from stillwatch.errors import IncompatibleVersion, MissingData, UnreadableSource

__all__ = ["REFERENCE_VERSION", "ReferenceFile", "feature_arrays"]

REFERENCE_VERSION: Final = 1

_VERSION_KEY: Final = b"stillwatch.reference_version"
_NAME_KEY: Final = b"stillwatch.reference_name"
_BAR_KEY: Final = b"stillwatch.bar_bits"
_EFFECTS: Final = TESTS[:-1]


@dataclass(frozen=True, slots=True)
class ReferenceFile:
    """A reference with its bar and where it comes from.

    name        Where the families come from, as every report prints it.
    is_default  True for the one that ships with the package, made from simulated traffic.
    families    The families and their units.
    bar_bits    Score that a legitimate unit reaches rarely, and that an accusation needs; bits.
    """

    name: str
    is_default: bool
    families: Reference
    bar_bits: float

    @property
    def n_units(self) -> int:
        """Independent legitimate organisations or families that stand behind the bar."""
        return len(np.unique(self.families.unit))

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a reference; None reads the default that ships with the package.

        Raises  MissingData when there is no such file, UnreadableSource when it is no Parquet, IncompatibleVersion when
                its layout is another.
        """
        source = path or Path(str(resources.files("stillwatch.detect") / "data" / "reference.parquet"))
        if not source.is_file():
            msg = f"reference {source} does not exist; build one with 'stillwatch reference build'"
            raise MissingData(msg)
        table = _opened(source)
        labels = table.schema.metadata or {}
        if labels.get(_VERSION_KEY) != str(REFERENCE_VERSION).encode():
            found = labels.get(_VERSION_KEY, b"none").decode(errors="replace")
            msg = f"reference {source} has layout {found}, this version reads {REFERENCE_VERSION}; build it again"
            raise IncompatibleVersion(msg)
        try:
            families = Reference(
                x=np.column_stack([table[name].to_numpy() for name in TESTS]),
                s=np.column_stack([table[f"{name}_error"].to_numpy() for name in TESTS]),
                unit=table["unit"].to_numpy(),
                kind=tuple(table["kind"].to_pylist()),
            )
            return cls(labels[_NAME_KEY].decode(), path is None, families, float(labels[_BAR_KEY]))
        except (KeyError, ValueError) as wrong:
            msg = f"reference {source} lacks {wrong}, which this version needs; build it again"
            raise IncompatibleVersion(msg) from wrong

    def save(self, path: Path) -> None:
        """Write it where `load` finds it."""
        columns: dict[str, object] = {"kind": list(self.families.kind), "unit": self.families.unit}
        for j, test in enumerate(TESTS):
            columns[test] = self.families.x[:, j].astype(np.float32).astype(np.float64)
            columns[f"{test}_error"] = self.families.s[:, j].astype(np.float32).astype(np.float64)
        labels = {_VERSION_KEY: str(REFERENCE_VERSION), _NAME_KEY: self.name, _BAR_KEY: repr(self.bar_bits)}
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns).replace_schema_metadata(labels), path, compression="zstd")


def _opened(path: Path) -> pa.Table:
    try:
        return pq.ParquetFile(path).read()
    except (OSError, pa.ArrowException) as wrong:
        msg = f"reference {path} is no Parquet file, or is damaged; build one with 'stillwatch reference build'"
        raise UnreadableSource(msg) from wrong


def feature_arrays(measured: pa.Table) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Effects and errors of measured families, columns as `TESTS`; coordination bits carry no error."""
    bits = measured["coordination_bits"].to_numpy()
    effects = [measured[name].to_numpy() for name in _EFFECTS]
    errors = [measured[f"{name}_error"].to_numpy() for name in _EFFECTS]
    return np.column_stack([*effects, bits]), np.column_stack([*errors, np.full(len(bits), np.nan)])
