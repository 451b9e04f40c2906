"""From the bytes of bodies to a parcel, through the readers of logs.

Checking and typing cost nearly the same for one row as for a hundred: so bodies that wait together are read together,
and each still has its own counts, its own rows put aside, and its own refusal.
"""

import io
import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from stillwatch.ingest.conceal import Concealer
from stillwatch.ingest.intake import Intake as RowsOfSource
from stillwatch.ingest.options import Content, Limits
from stillwatch.ingest.validate import Validator
from stillwatch.model.exchange import EXCHANGE
from stillwatch.model.reader import Source
from stillwatch.service.collect.bodies import NOTHING_ASIDE, Bodies, Body, put_aside
from stillwatch.service.collect.clock import Clock, Now
from stillwatch.service.collect.formats import BodyFormat
from stillwatch.service.collect.parcel import Parcel, Share, joined

__all__ = ["Intake", "IntakeRules", "Together", "one_by_one"]

_LOG: Final = logging.getLogger("stillwatch.collect")
_ID_COLUMNS: Final = ("account_id", "organisation_id", "end_user_id", "session_id", "conversation_id")
_RULES_S: Final = 60.0
_DAY: Final = timedelta(days=1)
_SOURCE: Final = Source("bodies", io.BytesIO, b"")
_NO_ROWS: Final = pa.RecordBatch.from_pylist([], EXCHANGE)


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """What is taken.

    salt        Key of the hashes that take the place of secrets: the installation's.
    keep_days   An exchange from before is put aside: it would be removed at once.
    ahead_s     As is one from so far in the future.
    rows        Of one body.
    """

    salt: bytes
    content: Content = Content.FULL
    keep_days: int = 30
    ahead_s: float = 3600.0
    rows: int = 50_000


class Together(NamedTuple):
    """What some bodies hold.

    parcel  Of all that are not refused.
    parts   Of each body in turn: its share of the parcel, or why nothing of it was kept.
    """

    parcel: Parcel
    parts: list[Share | Exception]


class Intake:
    """Reads bodies; used by several threads."""

    def __init__(self, rules: IntakeRules, clock: Clock | None = None) -> None:
        self._rules = rules
        self._clock = clock or Clock()
        self._concealer = Concealer(rules.salt)
        self._lock = threading.Lock()
        self._validator: tuple[float, Validator] | None = None

    def read(self, body: bytes, kind: BodyFormat) -> Parcel:
        """Every row of one body, accepted or aside.

        Raises  Refusal 400 when there is nothing in it that can be read, 413 when it has too many rows.
        """
        together = self._read([Body(body, kind)])
        if isinstance(together.parts[0], Exception):
            raise together.parts[0]
        return together.parcel

    def read_together(self, bodies: Sequence[Body]) -> Together:
        """Every row of several bodies. One that cannot be read, whatever the reason, costs the others nothing."""
        try:
            return self._read(bodies)
        except Exception as error:  # noqa: BLE001 - a reader's mistake must not answer for other bodies
            if len(bodies) == 1:
                return Together(Parcel(_NO_ROWS, NOTHING_ASIDE), [error])
            _LOG.exception("a body fails its reader; %d bodies are read one by one", len(bodies))
        return one_by_one([self.read_together([body]) for body in bodies])

    def _read(self, bodies: Sequence[Body]) -> Together:
        reader, quarantine = Bodies(bodies, self._rules.rows), put_aside(bodies, self._rules.rows)
        rows = joined(list(RowsOfSource(_SOURCE, reader, self._checks(), quarantine).batches()), _NO_ROWS)
        faulty = quarantine.table().to_pylist() if len(quarantine) else []
        counts, asides = reader.n_accepted(faulty), reader.aside(faulty)
        if reader.refusals:
            is_kept = [i not in reader.refusals for i in range(len(bodies))]
            rows = rows.filter(pa.array(np.repeat(is_kept, counts)))
        parts: list[Share | Exception] = []
        at = 0
        for i, (n, aside) in enumerate(zip(counts, asides, strict=True)):
            if i in reader.refusals:
                parts.append(reader.refusals[i])
                continue
            parts.append(Share(at, at + n, aside))
            at += n
        kept = [part.aside for part in parts if isinstance(part, Share) and part.aside.num_rows]
        return Together(Parcel(self._concealed(rows), joined(kept, NOTHING_ASIDE)), parts)

    def _concealed(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if not batch.num_rows:
            return batch
        return self._concealer.texts(self._concealer.columns(batch, _ID_COLUMNS), self._rules.content)

    def _checks(self) -> Validator:
        """Checks with the times of this minute."""
        now = self._clock.now()
        with self._lock:
            if self._validator is None or abs(now.latest - self._validator[0]) > _RULES_S:
                self._validator = (now.latest, Validator(EXCHANGE, self._limits(now)))
            return self._validator[1]

    def _limits(self, now: Now) -> Limits:
        latest = datetime.fromtimestamp(now.latest, UTC) + timedelta(seconds=self._rules.ahead_s)
        earliest = datetime.fromtimestamp(now.earliest, UTC) - self._rules.keep_days * _DAY
        return Limits(now=latest - _DAY, earliest=earliest)


def one_by_one(each: Sequence[Together]) -> Together:
    """What was read of one body at a time, as if it had been read together."""
    parts: list[Share | Exception] = []
    at = 0
    for parcel, (part,) in each:
        moved = Share(at, at + part.stop, part.aside) if isinstance(part, Share) else part
        parts.append(moved)
        at += parcel.rows.num_rows
    rows, aside = ([getattr(one.parcel, name) for one in each] for name in ("rows", "aside"))
    return Together(Parcel(joined(rows, _NO_ROWS), joined(aside, NOTHING_ASIDE)), parts)
