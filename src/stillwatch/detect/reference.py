"""The reference: measured legitimate families, against which every family is judged. It is data, not code."""

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.detect.families import FEATURE_NAMES
from stillwatch.errors import IncompatibleVersion, MissingData

__all__ = ["FEATURES", "REFERENCE_VERSION", "Reference", "feature_arrays"]

REFERENCE_VERSION: Final = 1
FEATURES: Final = (*FEATURE_NAMES, "bits")
"""Features of the score in order: the structure tests, then coordination bits."""

_VERSION_KEY: Final = b"stillwatch.reference_version"
_NAME_KEY: Final = b"stillwatch.reference_name"
_BAR_KEY: Final = b"stillwatch.bar_bits"


@dataclass(frozen=True, slots=True)
class Reference:
    """Legitimate families, one draw per family or organisation.

    name        Where they come from, as every report prints it.
    is_default  True for the one that ships with the package, made from simulated traffic.
    kind        Population of each. Shape n.
    effects     Shape (n, features); NaN when a feature could not be judged.
    errors      Standard errors, same shape.
    bar_bits    Conformal bar on these families, each scored with its own unit left out; bits.
    """

    name: str
    is_default: bool
    kind: tuple[str, ...]
    effects: NDArray[np.float64]
    errors: NDArray[np.float64]
    bar_bits: float

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a reference; None reads the default that ships with the package.

        Raises  MissingData when there is no such file, IncompatibleVersion when its layout is another.
        """
        source = path or Path(str(resources.files("stillwatch.detect") / "data" / "reference.parquet"))
        if not source.is_file():
            msg = f"reference {source} does not exist; build one with 'stillwatch reference build'"
            raise MissingData(msg)
        table = pq.read_table(source)
        labels = table.schema.metadata or {}
        version = int(labels.get(_VERSION_KEY, b"0"))
        if version != REFERENCE_VERSION:
            msg = f"reference {source} has layout {version}, this version reads {REFERENCE_VERSION}; build it again"
            raise IncompatibleVersion(msg)
        effects = np.column_stack([table[name].to_numpy() for name in FEATURES])
        errors = np.column_stack([table[f"{name}_error"].to_numpy() for name in FEATURES])
        name, bar = labels[_NAME_KEY].decode(), float(labels[_BAR_KEY])
        return cls(name, path is None, tuple(table["kind"].to_pylist()), effects, errors, bar)

    def save(self, path: Path) -> None:
        """Write it where `load` finds it."""
        columns: dict[str, object] = {"kind": list(self.kind)}
        for j, feature in enumerate(FEATURES):
            columns[feature] = self.effects[:, j]
            columns[f"{feature}_error"] = self.errors[:, j]
        labels = {_VERSION_KEY: str(REFERENCE_VERSION), _NAME_KEY: self.name, _BAR_KEY: repr(self.bar_bits)}
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table(columns).replace_schema_metadata(labels), path, compression="zstd")


def feature_arrays(measured: pa.Table) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Effects and errors of measured families in the order of `FEATURES`; coordination bits have no error."""
    effects = [measured[name].to_numpy() for name in FEATURE_NAMES]
    errors = [measured[f"{name}_error"].to_numpy() for name in FEATURE_NAMES]
    bits = measured["coordination_bits"].to_numpy()
    return np.column_stack([*effects, bits]), np.column_stack([*errors, np.zeros(len(bits))])
