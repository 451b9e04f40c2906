"""Hours that are over: their many small files become few, and no reader misses an exchange or takes one for two.

Several files cannot be replaced by one in a single step, so an exchange stands in two files for a while. Whoever reads
traffic knows exchanges by their ids (`stillwatch.ingest`, and with it every scan and every tick), so twice is the same
as once; what must never be is not at all.

1. A plan names the parts, and the whole that takes their place.
2. The whole is written.
3. The parts stay for `Bounds.linger_s`, for readers that have listed them and not yet read them. A reader that takes
   longer fails as it does when an old hour is removed, says so, and reads again.
4. The parts that the plan names are removed, then the plan.

After a crash the plan says how far it had come: without the whole it is dropped, with it the parts go after another
wait. Parts of segments that are not wholly written by hour are left alone: they are written again after a crash.
"""

import hashlib
import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from stillwatch.errors import UnreadableSource
from stillwatch.model.exchange import EXCHANGE
from stillwatch.service.collect.bounds import Bounds
from stillwatch.service.collect.disk import Disk
from stillwatch.service.collect.keeping import Hour, hours_of
from stillwatch.service.collect.places import HOUR_S, Places
from stillwatch.service.collect.recent import RecentIds, hashes_of
from stillwatch.service.collect.segment import conformed

__all__ = ["Compactor"]

_LOG: Final = logging.getLogger("stillwatch.collect")
_FEWEST: Final = 4
_MOST_PLANS: Final = 8
_SMALL_BYTES: Final = 1 << 20
_ROW_GROUP_BYTES: Final = 64 << 20
_LEVEL: Final = 3
_SUFFIX: Final = ".parquet"
_OURS: Final = re.compile(r"(?:[0-9]{10}-[0-9a-f]{8}|whole-[0-9a-f]{16})\.parquet")
"""Files that the collector wrote; what others put there is not touched."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which files of an hour one file takes the place of; `begins` in seconds since 1970."""

    begins: int
    whole: str
    parts: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.begins:012d}-{self.whole.removesuffix(_SUFFIX)}.json"


class Compactor:
    """Does one piece of work at a time; used by the thread that writes and removes hours, and by no other."""

    def __init__(
        self, disk: Disk, places: Places, bounds: Bounds, steady: Callable[[], float] = time.monotonic
    ) -> None:
        self._disk, self._places, self._bounds, self._steady = disk, places, bounds, steady
        self._since: dict[str, float] = {}
        self._unreadable: set[Path] = set()

    def step(self, now: float, most_bytes: int) -> bool:
        """Remove parts that have had their time, then make one whole; False when there was nothing to do.

        now         Seconds since 1970, the earliest that it may be.
        most_bytes  That exchanges may take; a whole that would exceed it is not made.
        Raises      OSError.
        """
        plans = list(self._plans())
        removed = [self._settled(plan) for plan in plans]
        pending = {plan.begins for plan, is_settled in zip(plans, removed, strict=True) if not is_settled}
        if len(pending) >= _MOST_PLANS:
            return any(removed)
        hours = sorted(hours_of(self._disk, self._places), key=lambda hour: hour.begins)
        room = most_bytes - sum(hour.size_bytes for hour in hours)
        unfinished = self._unfinished()
        for hour in hours:
            if hour.begins + HOUR_S + self._bounds.late_s > now:
                break
            group = [] if hour.begins in pending else self._group(hour, unfinished)
            if group and sum(size for _, size in group) <= min(room, self._free_bytes()):
                self._make(hour, [path.name for path, _ in group])
                return True
        return any(removed)

    def _free_bytes(self) -> int:
        """Space for a whole, and as much again for what comes meanwhile."""
        return (self._disk.free_bytes(self._places.traffic) - self._bounds.spare_bytes) // 2

    def _unfinished(self) -> frozenset[str]:
        """Stems of segments that may be written by hour again."""
        return frozenset(name.partition(".")[0] for name in self._disk.names(self._places.segments))

    def _group(self, hour: Hour, unfinished: frozenset[str]) -> list[tuple[Path, int]]:
        """Files to become one, in the order in which they were written; none when it is not worth it.

        Of the smallest ones as many as fit; none is much larger than those before it together, so that late exchanges
        do not have a large file written again and again.
        """
        fit: list[tuple[Path, int]] = []
        total = 0
        for path, size in sorted(hour.files, key=lambda file: file[1]):
            if not self._may_go(path, unfinished):
                continue
            if size > max(_SMALL_BYTES, 2 * total) or total + size > self._bounds.whole_bytes:
                break
            fit.append((path, size))
            total += size
        return sorted(fit) if len(fit) >= _FEWEST else []

    def _may_go(self, path: Path, unfinished: frozenset[str]) -> bool:
        return bool(_OURS.fullmatch(path.name)) and path.stem not in unfinished and path not in self._unreadable

    def _make(self, hour: Hour, parts: Sequence[str]) -> None:
        name = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
        plan = _Plan(hour.begins, f"whole-{name}{_SUFFIX}", tuple(parts))
        try:
            data = _whole(self._batches(hour, parts), RecentIds(self._bounds.remember_ids))
        except UnreadableSource as error:
            _LOG.error("%s; it is left where it is", error)
            return
        self._disk.install(self._places.plans / plan.name, json.dumps(asdict(plan)).encode())
        self._disk.install(hour.folder / plan.whole, data)
        self._since[plan.name] = self._steady()

    def _batches(self, hour: Hour, parts: Sequence[str]) -> Iterator[pa.RecordBatch]:
        for name in parts:
            path = hour.folder / name
            data = self._disk.read(path)
            try:
                with pq.ParquetFile(pa.BufferReader(data)) as file:
                    yield from _ours(file.read()).to_batches()
            except (OSError, ValueError, pa.ArrowException) as error:
                self._unreadable.add(path)
                message = (
                    f"{path.name} of {hour.folder.parent.name} {hour.folder.name} is damaged or of another version"
                )
                raise UnreadableSource(message) from error

    def _plans(self) -> Iterator[_Plan]:
        """Plans that are there; one that cannot be read is dropped, then an exchange stands twice until the next."""
        for name in self._disk.names(self._places.plans):
            if name.startswith("."):
                continue
            path = self._places.plans / name
            plan = _read(self._disk.read(path))
            if plan is not None and plan.name == name:
                yield plan
            else:
                _LOG.error("the plan %s is damaged; it is removed", name)
                self._disk.remove(path)

    def _settled(self, plan: _Plan) -> bool:
        """Remove the parts when it is time; True when nothing of the plan is left."""
        folder = self._places.exchanges_of("", plan.begins // HOUR_S).parent
        names = set(self._disk.names(folder))
        if plan.whole in names:
            since = self._since.setdefault(plan.name, self._steady())
            if self._steady() - since < self._bounds.linger_s:
                return False
            for part in plan.parts:
                if part in names:
                    self._disk.remove(folder / part)
        self._disk.remove(self._places.plans / plan.name)
        self._since.pop(plan.name, None)
        return True


def _read(data: bytes) -> _Plan | None:
    try:
        told: dict[str, Any] = json.loads(data)
        plan = _Plan(int(told["begins"]), str(told["whole"]), tuple(str(part) for part in told["parts"]))
    except (ValueError, TypeError, KeyError):
        return None
    return plan if all(Path(name).name == name for name in (plan.whole, *plan.parts)) else None


def _ours(table: pa.Table) -> pa.Table:
    """A file's exchanges under today's schema.

    Raises  ValueError for a file with columns that this version does not know: they would be lost.
    """
    if not set(table.schema.names) <= set(EXCHANGE.names):
        raise ValueError
    return conformed(table, EXCHANGE).combine_chunks()


def _whole(batches: Iterator[pa.RecordBatch], seen: RecentIds) -> bytes:
    """Batches as one file, in their order, each exchange once."""
    sink = pa.BufferOutputStream()
    held: list[pa.RecordBatch] = []
    size = 0
    with pq.ParquetWriter(sink, EXCHANGE, compression="zstd", compression_level=_LEVEL) as writer:
        for batch in batches:
            hashes = hashes_of(batch.column(0))
            is_new = seen.fresh(hashes)
            seen.add(hashes[is_new])
            held.append(batch if is_new.all() else batch.filter(pa.array(is_new)))
            size += batch.nbytes
            if size >= _ROW_GROUP_BYTES:
                writer.write_table(pa.Table.from_batches(held, EXCHANGE).combine_chunks())
                held, size = [], 0
        if held:
            writer.write_table(pa.Table.from_batches(held, EXCHANGE).combine_chunks())
    return sink.getvalue()  # type: ignore[no-any-return]  # a buffer is as good as bytes to whoever writes it
