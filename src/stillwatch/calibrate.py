"""Learn what legitimate looks like from a provider's own verified traffic that had time to be found out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from stillwatch import __version__
from stillwatch.detect.attribution import content_cells
from stillwatch.detect.backgrounds import KINDS, Backgrounds
from stillwatch.detect.legitimate import (
    CONTAMINATION,
    ENOUGH_UNITS,
    MOST_RISE_BITS,
    VERIFIED_SHARE,
    Blend,
    Chosen,
    Trust,
    blend,
    choose,
)
from stillwatch.detect.reference import ReferenceFile, unit_counts
from stillwatch.engine import LocalEngine
from stillwatch.errors import InvalidInput, MissingData, UnreadableSource
from stillwatch.ingest import ingest, installation_salt
from stillwatch.ingest.conceal import Concealer
from stillwatch.model.calibration import Calibration
from stillwatch.model.campaign import Verdict
from stillwatch.model.engine import Dataset, Engine
from stillwatch.model.family import ATTRIBUTES
from stillwatch.model.progress import Progress, Stages
from stillwatch.report import read_findings
from stillwatch.scan import Scanned, measure
from stillwatch.sketch import hash_strings
from stillwatch.stats.lookup import among
from stillwatch.stats.summary import Summary

__all__ = ["Rules", "calibrate", "read_ids"]

MOST_LIST_BYTES: Final = 64 << 20
_ACCUSED: Final = (Verdict.HARVEST.value, Verdict.UNCLEAR.value)


@dataclass(frozen=True, slots=True)
class Rules:
    """Whom a calibration learns from.

    lag_days            Nothing younger than this, counted from the newest exchange, is used: an attacker has to stay
                        unnoticed so long before he can teach anything.
    min_verified_level  Least `verified_level` of an account, 0 to 2.
    min_age_days        Least age of an account at the end of the traffic used.
    enough_units        Own units of a size class from which on no units of the base are added.
    exclude             Folders of findings: accounts of their harvest and unclear campaigns are left out.
    exclude_accounts    File with an account id a line: sanctioned later, or known to be bad.
    vouched             File with an account or organisation id a line: a person says that they are legitimate, although
                        they score over the bar.
    """

    lag_days: float = 30.0
    min_verified_level: int = 2
    min_age_days: float = 90.0
    enough_units: int = ENOUGH_UNITS
    exclude: tuple[Path, ...] = ()
    exclude_accounts: Path | None = None
    vouched: Path | None = None

    def __post_init__(self) -> None:
        """Refuse rules that mean nothing, all at once."""
        problems = [
            f"lag_days must be 0 or more, got {self.lag_days:g}" if not 0 <= self.lag_days < 10_000 else "",
            f"min_age_days must be 0 or more, got {self.min_age_days:g}" if not 0 <= self.min_age_days < 10_000 else "",
            f"min_verified_level must be 0, 1 or 2, got {self.min_verified_level}"
            if self.min_verified_level not in {0, 1, 2}
            else "",
            f"enough_units must be 1 or more, got {self.enough_units}" if self.enough_units < 1 else "",
        ]
        if any(problems):
            raise InvalidInput("; ".join(filter(None, problems)))


def calibrate(  # noqa: PLR0913 - one option a question that a user asks
    paths: Sequence[str | Path] | str | Path,
    out: str | Path,
    *,
    accounts: str | Path | None = None,
    mapping: str | Path | None = None,
    rules: Rules | None = None,
    base: str | Path | None = None,
    memory: str = "4GB",
    threads: int | None = None,
    now: datetime | None = None,
    on_progress: Progress | None = None,
) -> ReferenceFile:
    """Learn legitimate families and backgrounds from logs, set the bars, and write both to one file.

    paths       Files, folders or globs, as for a scan.
    out         File to write, Parquet; `stillwatch.scan` takes it as `reference`.
    accounts    The provider's table of accounts; without verified accounts nothing can be learnt.
    rules       Whom to learn from; None takes the defaults of `Rules`.
    base        Reference that disputes families and lends units where own ones are few; None takes the default one.
    now         Time to write down as that of the calibration; None takes the clock.
    Raises      InvalidInput, MissingData when no exchange is old enough, UnreadableSource, UnknownFormat,
                IncompatibleVersion, OutOfMemory.
    """
    stages, rules = Stages(on_progress), rules or Rules()
    lender, salt = ReferenceFile.load(Path(base) if base else None), installation_salt()
    excluded, vouched = _excluded(rules, salt), _hashes(rules.vouched, salt)
    chosen = [paths] if isinstance(paths, str | Path) else list(paths)
    with LocalEngine(memory=memory, threads=threads) as engine:
        source = ingest(
            chosen,
            accounts=accounts,
            mapping=mapping,
            salt=salt,
            on_progress=lambda done, total: stages.report("read", done, total),
        )
        window = _Window(engine, timedelta(days=rules.lag_days), excluded)
        scanned = measure(engine, source, stages, window.keep)
        ordinary = _ordinary(source.accounts, window.used.last, rules)
        trust = Trust(ordinary, vouched, int.from_bytes(salt[:8], "little"))
        with stages.stage("choose families"):
            kept = choose(
                scanned.measured.families,
                scanned.measured.streams,
                scanned.measured.book,
                trust,
                lender,
            )
            blended = blend(scanned.measured.families, kept, lender, rules.enough_units)
        with stages.stage("backgrounds"):
            backgrounds = _backgrounds(engine, scanned, ordinary, salt)
    made = _file(blended, kept, window, rules, now or datetime.now(UTC))
    made = replace(made, backgrounds=backgrounds)
    made.save(Path(out))
    return made


@dataclass(frozen=True, slots=True)
class _Span:
    """First and last time of some exchanges, microseconds, and how many there are."""

    first: int = np.iinfo(np.int64).max
    last: int = np.iinfo(np.int64).min
    n: int = 0

    def add(self, time_us: NDArray[np.int64]) -> Self:
        if not len(time_us):
            return self
        return self.merge(type(self)(int(time_us.min()), int(time_us.max()), len(time_us)))

    def merge(self, other: Self) -> Self:
        return type(self)(min(self.first, other.first), max(self.last, other.last), self.n + other.n)


class _Window:
    """Keeps exchanges that are old enough and of accounts nobody excluded, and counts the others."""

    def __init__(self, engine: Engine, lag: timedelta, excluded: NDArray[np.uint64]) -> None:
        self._engine, self._lag, self._excluded = engine, lag, excluded
        self.used = _Span()
        self.counts: dict[str, int] = {}

    def keep(self, exchanges: Dataset) -> Dataset:
        """Exchanges to learn from.

        Raises  MissingData when there are none.
        """
        times = exchanges.select(["time"])
        read = self._engine.reduce(times, _Span, lambda span, batch: span.add(_microseconds(batch)))
        if not read.n:
            msg = "no exchange was accepted; see what became of the rows with 'stillwatch scan'"
            raise MissingData(msg)
        until = read.last - int(self._lag.total_seconds() * 1e6)
        n_recent = self._engine.reduce(times, _Span, lambda span, batch: span.add(_later(batch, until))).n
        kept = self._engine.map(exchanges, lambda batch: self._chosen(batch, until), exchanges.schema)
        self.used = self._engine.reduce(
            kept.select(["time"]), _Span, lambda span, batch: span.add(_microseconds(batch))
        )
        n_excluded = read.n - n_recent - self.used.n
        self.counts = {"read": read.n, "recent": n_recent, "excluded": n_excluded, "used": self.used.n}
        if not self.used.n:
            days = (read.last - read.first) / 86_400e6
            msg = (
                f"no exchange is left to learn from: {read.n:,} were read over {days:.1f} days, "
                f"{self.counts['recent']:,} are younger than the lag of {self._lag.total_seconds() / 86_400:g} days, "
                f"{self.counts['excluded']:,} are of excluded accounts; give longer logs or a shorter --lag-days"
            )
            raise MissingData(msg)
        return kept

    def _chosen(self, batch: pa.RecordBatch, until: int) -> pa.RecordBatch:
        keep = _microseconds(batch) <= until
        if len(self._excluded):
            keep &= ~among(self._excluded, hash_strings(batch.column("account_id")))
        return batch.filter(pa.array(keep))


def _later(batch: pa.RecordBatch, until: int) -> NDArray[np.int64]:
    """Times after the lag began."""
    times = _microseconds(batch)
    return times[times > until]


def _microseconds(batch: pa.RecordBatch) -> NDArray[np.int64]:
    return np.asarray(batch.column("time").cast(pa.int64()).to_numpy(zero_copy_only=False), np.int64)


def _ordinary(accounts: pa.Table, until_us: int, rules: Rules) -> NDArray[np.uint64]:
    """Hashes, ascending, of accounts that are verified, old enough and have declared nothing."""
    opened_by = until_us - int(rules.min_age_days * 86_400e6)
    created = pc.fill_null(accounts["created_at"].cast(pa.int64()), np.iinfo(np.int64).max).to_numpy()
    level = pc.fill_null(accounts["verified_level"], 0).to_numpy()
    undeclared = pc.is_null(accounts["declared_use"]).to_numpy(zero_copy_only=False)
    is_ordinary = (level >= rules.min_verified_level) & (created <= opened_by) & undeclared.astype(np.bool_)
    return np.unique(hash_strings(accounts["account_id"])[is_ordinary])


def _excluded(rules: Rules, salt: bytes) -> NDArray[np.uint64]:
    """Hashes, ascending, of accounts whose traffic is not looked at at all.

    Whom a person has vouched for since is no longer left out for what an earlier scan found, else nothing could be
    learnt from an appeal that was upheld; the list of accounts that are excluded by name is stronger than any word.
    """
    parts = [np.zeros(0, np.uint64)]
    for folder in rules.exclude:
        streams = read_findings(folder).streams
        accused = streams.filter(pc.is_in(streams["verdict"], value_set=pa.array(_ACCUSED)))
        parts.append(hash_strings(accused["account_id"]))
    found = np.setdiff1d(np.concatenate(parts), _hashes(rules.vouched, salt))
    return np.union1d(found, _hashes(rules.exclude_accounts, salt))


def _hashes(path: Path | None, salt: bytes) -> NDArray[np.uint64]:
    """Hashes, ascending, of the ids in a file; ids that are keys or addresses are concealed as in the logs."""
    if path is None:
        return np.zeros(0, np.uint64)
    return np.unique(hash_strings(Concealer(salt).ids(pa.array(read_ids(path), pa.string()))))


def read_ids(path: Path) -> list[str]:
    r"""Ids of a text file, one a line; empty lines and lines that start with # are left out.

    Raises  MissingData when there is no such file, InvalidInput when it is larger than 64 MiB or no UTF-8.

    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "ids"
    >>> _ = file.write_text("acct-1\n\n# closed in May\nacct-2\n")
    >>> read_ids(file)
    ['acct-1', 'acct-2']
    """
    if not path.is_file():
        msg = f"{path} does not exist; give a text file with one id a line"
        raise MissingData(msg)
    if path.stat().st_size > MOST_LIST_BYTES:
        msg = f"{path} is larger than {MOST_LIST_BYTES >> 20} MiB; give one id a line and nothing else"
        raise InvalidInput(msg)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as wrong:
        msg = f"{path} must be UTF-8 text, byte {wrong.start} is not; give one id a line"
        raise InvalidInput(msg) from wrong
    except OSError as wrong:
        msg = f"{path} cannot be read: {wrong.strerror}"
        raise UnreadableSource(msg) from wrong
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _backgrounds(engine: Engine, scanned: Scanned, ordinary: NDArray[np.uint64], salt: bytes) -> Backgrounds:
    """How common attributes, clients and contents are among ordinary accounts, an owner a vote."""
    book = scanned.measured.book
    owner = np.where(book.organisation == 0, book.account, book.organisation)
    rows = np.flatnonzero(among(ordinary, book.account))
    seen = {kind: (owner[rows], book.attributes[rows, ATTRIBUTES.index(kind)]) for kind in KINDS if kind in ATTRIBUTES}
    counts: dict[str, NDArray[np.int64]] = {}
    for kind, values in (("client", _client), ("cell", content_cells)):
        table = _used_by(engine, scanned, ordinary, values)
        seen[kind] = (owner[book.rows(table["account"].to_numpy())], table["value"].to_numpy())
        counts[kind] = table["n"].to_numpy()
    return Backgrounds.of(seen, salt, counts)


_Values = Callable[[dict[str, NDArray[np.generic]]], NDArray[np.uint64]]


def _client(fingerprints: dict[str, NDArray[np.generic]]) -> NDArray[np.uint64]:
    return np.asarray(fingerprints["client"], np.uint64)


def _used_by(engine: Engine, scanned: Scanned, ordinary: NDArray[np.uint64], values: _Values) -> pa.Table:
    """How often each ordinary account shows each value."""

    def fold(summary: Summary, batch: pa.RecordBatch) -> Summary:
        columns = dict(scanned.columns(batch))
        rows = np.flatnonzero(among(ordinary, columns["account"]))
        value = values(columns)[rows]
        return summary.add(
            pa.table({"account": columns["account"][rows], "value": value, "n": np.ones(len(rows), np.int64)})
        )

    return engine.reduce(scanned.sketched.rows, lambda: Summary(("account", "value"), ("n",)), fold).table()


def _file(blended: Blend, chosen: Chosen, window: _Window, rules: Rules, now: datetime) -> ReferenceFile:
    own = np.unique(blended.families.unit[blended.is_own])
    n_simulated = len(np.unique(blended.families.unit)) - len(own)
    first, last = (datetime.fromtimestamp(t / 1e6, UTC) for t in (window.used.first, window.used.last))
    calibration = Calibration(
        created_at=now,
        first=first,
        last=last,
        lag_days=rules.lag_days,
        n_own=len(own),
        n_simulated=n_simulated,
        rules={
            "min_verified_level": float(rules.min_verified_level),
            "min_age_days": rules.min_age_days,
            "enough_units": float(rules.enough_units),
            "verified_share": VERIFIED_SHARE,
            "contamination": CONTAMINATION,
            "most_rise_bits": MOST_RISE_BITS,
        },
        exchanges=window.counts,
        families=chosen.left_out,
        units=unit_counts(blended.families.unit, blended.view, blended.n_accounts),
        software=__version__,
    )
    name = f"own traffic {first:%Y-%m-%d} to {last:%Y-%m-%d}, {len(own):,} own units and {n_simulated:,} simulated ones"
    return ReferenceFile(
        name=name,
        is_default=False,
        families=blended.families,
        bar_bits=blended.bars[-1].bits,
        n_accounts=blended.n_accounts,
        view=blended.view,
        is_own=blended.is_own,
        bars=blended.bars,
        calibration=calibration,
    )
