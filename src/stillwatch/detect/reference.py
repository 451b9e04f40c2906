"""The reference as a file: measured legitimate families that every family is held against. It is data, not code."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stillwatch.detect.accounts import StoredShare
from stillwatch.detect.backgrounds import BACKGROUND, Backgrounds
from stillwatch.detect.harvest.score import TESTS, Reference, leave_one_unit_out
from stillwatch.errors import IncompatibleVersion, InvalidInput, MissingData, UnreadableSource
from stillwatch.model.calibration import Bar, Calibration
from stillwatch.stats.conformal import conformal_quantile

__all__ = [
    "MIN_BAR_BITS",
    "REFERENCE_VERSION",
    "SIZE_CLASSES",
    "ReferenceFile",
    "Scored",
    "feature_arrays",
    "size_bars",
    "size_class",
    "unit_counts",
]

REFERENCE_VERSION: Final = 4

MIN_BAR_BITS: Final = 10.0
"""Least bar: when one judged family in a thousand is a harvest, 10 bits make it as likely as not; attribution and the
least numbers of accounts and exchanges come on top."""

LEVEL: Final = 1 / 200
"""Share of legitimate units that may reach the bar. At the finest level that the units allow, the oddest one of
thousands would set the bar for all: a fleet that no owner explains is one crew by everything that logs can show."""

SIZE_CLASSES: Final[tuple[tuple[int, int | None], ...]] = ((10, 20), (20, None))
"""Accounts, from and to below: small families have large errors, so their scores are another population. A family
smaller than any is judged with the smallest."""

ENOUGH_UNITS: Final = 20
"""Fewer comparable units than this are said to be few."""

MOST_BYTES: Final = 1 << 30
MOST_ROWS: Final = 20_000_000

_VERSION_KEY: Final = b"stillwatch.reference_version"
_FACTS_KEY: Final = b"stillwatch.reference_facts"
_CHECKSUM_KEY: Final = b"stillwatch.reference_checksum"
_EFFECTS: Final = TESTS[:-2]
_OWNERS: Final = 20
_AGAIN: Final = "'stillwatch calibrate' on your own traffic or 'stillwatch reference build' on simulated traffic"


@dataclass(frozen=True, slots=True)
class ReferenceFile:
    """A reference with its bars and where it comes from.

    name        Where the families come from, as every report prints it.
    is_default  True for the one that ships with the package, made from simulated traffic.
    families    The families and their units.
    bar_bits    Score that an accusation needs, for families of 20 accounts and more; bits.
    n_accounts  Accounts of each family, 0 unknown. Shape R; empty is all unknown.
    view        View of each family. Length R; empty is all unknown.
    is_own      True for families of the provider's own traffic. Shape R; empty is none.
    bars        Bar of each size class, ascending; empty is `bar_bits` for all.
    calibration Where it comes from in full; None where it is not known.
    backgrounds How common attributes, clients and contents are among verified customers; None is not known.
    """

    name: str
    is_default: bool
    families: Reference
    bar_bits: float
    n_accounts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    view: tuple[str, ...] = ()
    is_own: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))
    bars: tuple[Bar, ...] = ()
    calibration: Calibration | None = None
    backgrounds: Backgrounds | None = None

    @property
    def n_units(self) -> int:
        """Independent legitimate organisations or families that stand behind the bar."""
        return len(np.unique(self.families.unit))

    @property
    def n_own_units(self) -> int:
        """Those of them that come from the provider's own traffic."""
        return len(np.unique(self.families.unit[self.is_own])) if len(self.is_own) else 0

    @property
    def _sizes_known(self) -> bool:
        return len(self.n_accounts) > 0 and bool((self.n_accounts > 0).all())

    def bar_for(self, n_accounts: int) -> float:
        """Bar of a family with so many accounts, bits.

        >>> ReferenceFile.load().bar_for(15) >= MIN_BAR_BITS
        True
        """
        return self.bars[size_class(n_accounts)].bits if self.bars else self.bar_bits

    def stored_share(self, salt: bytes) -> StoredShare | None:
        """Backgrounds that a calibration kept.

        Raises  IncompatibleVersion when they were made with another salt.
        """
        kept = self.backgrounds
        if kept is None:
            return None
        kept.check(salt)
        return lambda kind, values: kept.share(kind, values, salt)

    def comparable_units(self, view: str, n_accounts: int) -> int | None:
        """Units with a family of the same view and half to twice as many accounts; None when sizes are not all known.

        >>> reference = Reference(np.zeros((2, 13)), np.zeros((2, 13)), np.arange(2), ("people",) * 2)
        >>> file = ReferenceFile("two", False, reference, 10.0, np.array([30, 300]), ("client", "client"))
        >>> file.comparable_units("client", 20)
        1
        """
        if not self._sizes_known:
            return None
        alike = (
            (np.array(self.view) == view) & (2 * self.n_accounts >= n_accounts) & (self.n_accounts <= 2 * n_accounts)
        )
        return len(np.unique(self.families.unit[alike]))

    def beyond(self, view: Sequence[str], n_accounts: NDArray[np.int64]) -> dict[str, int]:
        """Families of a scan that fewer than 20 comparable units stand beside, counted by view and size class."""
        if not self._sizes_known:
            return {}
        octave = np.log2(np.maximum(n_accounts, 1)).astype(np.int64)
        found: Counter[str] = Counter()
        for (name, power), n in Counter(zip(view, octave.tolist(), strict=True)).items():
            middle = round(2.0 ** (power + 0.5))
            if (self.comparable_units(name, middle) or 0) < ENOUGH_UNITS:
                found[f"{name} {class_name(size_class(middle))}"] += n
        return dict(sorted(found.items()))

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Read a reference; None reads the default that ships with the package.

        Raises  MissingData when there is no such file, UnreadableSource when it is no Parquet, too large or damaged,
                IncompatibleVersion when its layout is another.
        """
        source = path or Path(str(resources.files("stillwatch.detect") / "data" / "reference.parquet"))
        if not source.is_file():
            msg = f"reference {source} does not exist; build one with {_AGAIN}"
            raise MissingData(msg)
        table = _opened(source)
        labels = table.schema.metadata or {}
        version = labels.get(_VERSION_KEY, b"none").decode(errors="replace")
        if version != str(REFERENCE_VERSION):
            msg = f"reference {source} has layout {version}, this version reads {REFERENCE_VERSION} and its tests; "
            raise IncompatibleVersion(msg + f"build it again with {_AGAIN}")
        try:
            return cls._of_table(table, labels, is_default=path is None)
        except UnreadableSource as wrong:
            msg = f"reference {source} is damaged: {wrong}; build it again with {_AGAIN}"
            raise UnreadableSource(msg) from wrong
        except (KeyError, ValueError, TypeError) as wrong:
            msg = f"reference {source} lacks {wrong}, which this version needs; build it again with {_AGAIN}"
            raise IncompatibleVersion(msg) from wrong

    @classmethod
    def _of_table(cls, table: pa.Table, labels: Mapping[bytes, bytes], *, is_default: bool) -> Self:
        is_family = pc.equal(table["part"], "family")
        rows, others = table.filter(is_family), table.filter(pc.invert(is_family))
        backgrounds = others.select(BACKGROUND.names).cast(BACKGROUND)
        families = rows.select(_family_columns())
        if _checksum(families, backgrounds, labels[_FACTS_KEY]) != labels[_CHECKSUM_KEY].decode():
            msg = "its checksum does not fit its content"
            raise UnreadableSource(msg)
        facts = orjson.loads(labels[_FACTS_KEY])
        return cls(
            name=facts["name"],
            is_default=is_default,
            families=_families(families),
            bar_bits=float(facts["bar_bits"]),
            n_accounts=families["n_accounts"].to_numpy(),
            view=tuple(families["view"].to_pylist()),
            is_own=families["is_own"].to_numpy(zero_copy_only=False),
            bars=tuple(Bar(**bar) for bar in facts["bars"]),
            calibration=_calibration(facts["calibration"]),
            backgrounds=None if facts["mark"] is None else Backgrounds.from_table(backgrounds, facts["mark"]),
        )

    def save(self, path: Path) -> None:
        """Write it where `load` finds it.

        Raises  UnreadableSource if it cannot be written.
        """
        families = self._table()
        backgrounds = BACKGROUND.empty_table() if self.backgrounds is None else self.backgrounds.table()
        facts = orjson.dumps(
            {
                "name": self.name,
                "bar_bits": self.bar_bits,
                "bars": [asdict(bar) for bar in self.bars],
                "calibration": None if self.calibration is None else asdict(self.calibration),
                "mark": None if self.backgrounds is None else self.backgrounds.mark,
            }
        )
        labels = {
            _VERSION_KEY: str(REFERENCE_VERSION).encode(),
            _FACTS_KEY: facts,
            _CHECKSUM_KEY: _checksum(families, backgrounds, facts).encode(),
        }
        parts = [
            part.add_column(0, "part", pa.array([name] * len(part), pa.string()))
            for name, part in (("family", families), ("background", _nullable(backgrounds)))
        ]
        table = pa.concat_tables(parts, promote_options="default").replace_schema_metadata(labels)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(table, path, compression="zstd")
        except OSError as wrong:
            msg = f"reference {path} cannot be written: {wrong.strerror or type(wrong).__name__}"
            raise UnreadableSource(msg) from wrong

    def _table(self) -> pa.Table:
        """The families, effects and errors to single precision."""
        n = len(self.families.unit)
        columns: dict[str, Any] = {
            "family_kind": list(self.families.kind),
            "unit": self.families.unit,
            "n_accounts": self.n_accounts if len(self.n_accounts) else np.zeros(n, np.int64),
            "view": list(self.view) if self.view else [""] * n,
            "is_own": self.is_own if len(self.is_own) else np.zeros(n, np.bool_),
        }
        for j, test in enumerate(TESTS):
            columns[test] = self.families.x[:, j].astype(np.float32).astype(np.float64)
            columns[f"{test}_error"] = self.families.s[:, j].astype(np.float32).astype(np.float64)
        return pa.table(columns).select(_family_columns())


class Scored(NamedTuple):
    """Scores of families whose units are none of the reference's; bits, unit and number of accounts of each."""

    bits: NDArray[np.float64]
    unit: NDArray[np.int64]
    n_accounts: NDArray[np.int64]


def size_class(n_accounts: int) -> int:
    """Index into SIZE_CLASSES.

    >>> size_class(19), size_class(20), size_class(5)
    (0, 1, 0)
    """
    return max(i for i, (low, _) in enumerate(SIZE_CLASSES) if n_accounts >= low or i == 0)


def class_name(number: int) -> str:
    """Size class in a few characters.

    >>> class_name(0), class_name(1)
    ('10-19', '20+')
    """
    low, high = SIZE_CLASSES[number]
    return f"{low}+" if high is None else f"{low}-{high - 1}"


def unit_counts(unit: NDArray[np.int64], view: Sequence[str], n_accounts: NDArray[np.int64]) -> dict[str, int]:
    """Units by view and size class, those of unknown size left out.

    >>> unit_counts(np.array([0, 0, 1]), ("client", "client", "client"), np.array([12, 30, 40]))
    {'client 10-19': 1, 'client 20+': 2}
    """
    seen = {
        (int(u), f"{name} {class_name(size_class(int(n)))}")
        for u, name, n in zip(unit, view, n_accounts, strict=True)
        if n
    }
    return dict(sorted(Counter(where for _, where in seen).items()))


def size_bars(
    families: Reference,
    n_accounts: NDArray[np.int64],
    *,
    is_own: NDArray[np.bool_] | None = None,
    n_disputed: Sequence[int] = (),
    most_bits: Sequence[float] = (),
    doubtful: Scored | None = None,
) -> tuple[Bar, ...]:
    """Conformal bar of each size class: one new legitimate unit in 200 reaches it, or what fewer units can promise.

    The score of a unit in a class is that of its highest family there, held against all other units. Units of one class
    are exchangeable with a new one of that class whatever the other classes do (Mondrian), so each bar keeps its
    promise by itself. A class without units takes the bar of all.

    n_accounts  Accounts of each family, 0 unknown: such families count in every class. Shape R.
    n_disputed  Own units of each class that were left out because they scored over the bar; they count against alpha.
    most_bits   A bar is never over this; what lies over it counts against alpha. Empty is no such limit.
    doubtful    Own units that have no vote among the families, but count for the bar as any other; None is none.
    Raises      InvalidInput if there is only one unit.
    References  Vovk, Gammerman and Shafer (2005), Algorithmic Learning in a Random World, section 4.5.

    >>> rng = np.random.default_rng(0)
    >>> people = rng.normal([.4, .4, .4, .5, 2, .3, .1, .4, .2, .5, .1, -1, -6], .1, (60, 13))
    >>> reference = Reference(people, np.full((60, 13), .05), np.arange(60), ("people",) * 60)
    >>> [(bar.low, bar.bits, bar.n_units) for bar in size_bars(reference, np.repeat([12, 40], 30))]
    [(10, 10.0, 30), (20, 10.0, 30)]
    """
    bits, unit = leave_one_unit_out(families).total_bits, families.unit
    own = np.zeros(len(bits), np.bool_) if is_own is None else is_own
    if doubtful is not None:
        bits, unit = np.concatenate([bits, doubtful.bits]), np.concatenate([unit, doubtful.unit])
        n_accounts = np.concatenate([n_accounts, doubtful.n_accounts])
        own = np.concatenate([own, np.ones(len(doubtful.bits), np.bool_)])
    classes = np.array([size_class(int(n)) for n in n_accounts])
    bars = []
    for number, (low, high) in enumerate(SIZE_CLASSES):
        rows = (classes == number) | (n_accounts == 0)
        highest, owned = _by_unit(unit[rows], bits[rows], own[rows])
        quantile = (
            conformal_quantile(highest, max(LEVEL, 1 / (len(highest) + 1))) if len(highest) else float(bits.max())
        )
        wanted = max(quantile, MIN_BAR_BITS)
        bar = min(wanted, most_bits[number]) if most_bits else wanted
        above = int((highest > bar).sum()) + (n_disputed[number] if n_disputed else 0)
        total = len(highest) + (n_disputed[number] if n_disputed else 0)
        bars.append(Bar(low, high, bar, len(highest), int(owned.sum()), above, (1 + above) / (total + 1)))
    return tuple(bars)


def _by_unit(
    unit: NDArray[np.int64], bits: NDArray[np.float64], own: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Highest score of each unit, and whether it is the provider's own."""
    names, first, code = np.unique(unit, return_index=True, return_inverse=True)
    highest = np.full(len(names), -np.inf)
    np.maximum.at(highest, code, bits)
    return highest, own[first]


def _family_columns() -> list[str]:
    return ["family_kind", "unit", "n_accounts", "view", "is_own", *TESTS, *(f"{test}_error" for test in TESTS)]


def _families(table: pa.Table) -> Reference:
    kinds = table["family_kind"] if "family_kind" in table.column_names else table["kind"]
    return Reference(
        x=np.column_stack([table[name].to_numpy() for name in TESTS]),
        s=np.column_stack([table[f"{name}_error"].to_numpy() for name in TESTS]),
        unit=table["unit"].to_numpy(),
        kind=tuple(kinds.to_pylist()),
    )


def _calibration(facts: Mapping[str, Any] | None) -> Calibration | None:
    if facts is None:
        return None
    times = {name: _time(facts[name]) for name in ("created_at", "first", "last")}
    if times["created_at"] is None:
        msg = "created_at"
        raise KeyError(msg)
    return Calibration(**{**facts, **times})


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)


def _nullable(table: pa.Table) -> pa.Table:
    """The same rows, in columns that may hold nulls: families have none of them."""
    return pa.table({name: table[name] for name in table.column_names})


def _checksum(families: pa.Table, backgrounds: pa.Table, facts: bytes) -> str:
    """SHA-256 over names and values; how Parquet packs them does not matter."""
    digest = hashlib.sha256(facts)
    for table in (families, backgrounds):
        for name in table.column_names:
            column = table[name]
            digest.update(name.encode() + b"\0" + str(len(column)).encode() + b"\0")
            if pa.types.is_string(column.type):
                digest.update(orjson.dumps(column.to_pylist()))
            else:
                digest.update(np.ascontiguousarray(column.to_numpy()).tobytes())
    return digest.hexdigest()


def _opened(path: Path) -> pa.Table:
    try:
        with pq.ParquetFile(path) as file:
            if path.stat().st_size > MOST_BYTES or file.metadata.num_rows > MOST_ROWS:
                msg = f"reference {path} is larger than {MOST_BYTES >> 20} MiB or {MOST_ROWS:,} rows"
                raise InvalidInput(msg)
            return file.read()
    except (OSError, pa.ArrowException) as wrong:
        msg = f"reference {path} is no Parquet file, or is damaged; build one with {_AGAIN}"
        raise UnreadableSource(msg) from wrong


def feature_arrays(measured: pa.Table) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Effects and errors of measured families, columns as `TESTS`; bits carry no error.

    Bits are those that twenty owners would have: evidence adds up with the owners, and a crowd of thousands who share a
    mail service now and then has as many in all as a crew of twenty.
    """
    per_twenty = np.minimum(1.0, _OWNERS / np.maximum(measured["n_owners"].to_numpy(), 1))
    bits = [measured[name].to_numpy() * per_twenty for name in ("payment_known_bits", "bits_without_payment")]
    effects = [measured[name].to_numpy() for name in _EFFECTS]
    errors = [measured[f"{name}_error"].to_numpy() for name in _EFFECTS]
    return np.column_stack([*effects, *bits]), np.column_stack([*errors, *(np.full(len(b), np.nan) for b in bits)])
