"""Traffic taken in batch by batch: of exchanges of no accused stream only counts are kept, of the others a row each.

Nothing beyond observe is ever done to a request of no accused stream, so rows are needed of accused ones alone. Of them
a row takes 44 bytes; of the rest, each combination of account and of what the policies ask about the request.
"""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.act.preview.codes import Codebook, paired
from stillwatch.act.preview.traffic import COLUMN_OF, NEEDED, NOBODYS, Known, Totals, Traffic
from stillwatch.errors import InvalidInput, MissingData

__all__ = ["ACCUSED", "Replay", "Seen"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MOST_PARTS: Final = 64
_N_DIGESTS: Final = 5
ACCUSED: Final = ("time_us", "account", "campaign", "partner", "feature", "model", "country", "output_tokens")
_OTHERS: Final = ("account", "partner", "feature")


@dataclass(frozen=True)
class Seen:
    """All that was taken in.

    features        Facts of requests that were asked for, by name.
    feature_rows    Values of these, one tuple for each code of a feature.
    owners          Organisation of each account; None when nobody names one.
    organisation    Its code; an account that names none is one of its own.
    by_model, by_country    Exchanges by code.
    accused         Columns `ACCUSED`, one row for an exchange of an accused stream, in order of time; output_tokens is
                    -1 where the logs do not say.
    others, n_others    Columns `account`, `partner` and `feature` of all other exchanges, and how many of each.
    digest          SHA-256 of ids, accounts and times in the order in which they were read.
    """

    known: Known
    totals: Totals
    features: tuple[str, ...]
    feature_rows: list[tuple[Any, ...]]
    owners: list[str | None]
    organisation: NDArray[np.int32]
    models: list[str | None]
    countries: list[str | None]
    by_model: NDArray[np.int64]
    by_country: NDArray[np.int64]
    accused: dict[str, NDArray[Any]]
    others: dict[str, NDArray[np.int32]]
    n_others: NDArray[np.int64]
    n_exchanges: int
    start: datetime
    end: datetime
    digest: str

    @property
    def n_organisations(self) -> int:
        """Organisations with traffic."""
        return int(self.organisation.max(initial=-1)) + 1


class Replay:
    """Takes traffic in.

    uses    Facts that the policies to be previewed ask about, by name.
    """

    def __init__(self, known: Known, uses: Collection[str]) -> None:
        self._known = known
        self._features = tuple(name for name in COLUMN_OF if name in uses)
        self._books = {name: Codebook() for name in self._features}
        self._account, self._model, self._country, self._feature = (Codebook() for _ in range(4))
        self._owner: dict[int, str] = {}
        self._sums = {name: np.zeros(0) for name in ("exchanges", "cost", "priced", "model", "country")}
        self._accused: list[tuple[NDArray[Any], ...]] = []
        self._others: list[tuple[NDArray[Any], ...]] = []
        self._span = (np.iinfo(np.int64).max, np.iinfo(np.int64).min)
        self._n = 0
        self._digests = [hashlib.sha256() for _ in range(_N_DIGESTS)]

    def add(self, traffic: Traffic) -> None:
        """Take one batch in.

        Raises      InvalidInput when a column is missing or the places do not belong to the rows.
        """
        batch = traffic.exchanges
        missing = [name for name in NEEDED if name not in batch.schema.names]
        if missing or len(traffic.campaign) != batch.num_rows:
            wrong = f"without {', '.join(missing)}" if missing else f"{len(traffic.campaign)} places"
            message = f"traffic must have its columns and a place for each of {batch.num_rows} rows, got {wrong}"
            raise InvalidInput(message)
        if not batch.num_rows:
            return
        account = self._account.codes(batch["account_id"])
        self._note_owners(batch, account)
        time_us = np.asarray(batch["time"].cast(pa.int64()), np.int64)
        tokens = np.asarray(batch["output_tokens"].fill_null(-1), np.int32)
        model, country = self._model.codes(batch["model"]), self._country.codes(batch["client_country"])
        self._sum(batch, account, model, country)
        self._span = min(self._span[0], int(time_us.min())), max(self._span[1], int(time_us.max()))
        self._n += batch.num_rows
        self._digest(batch, time_us)
        partner = traffic.partner if traffic.partner is not None else np.full(batch.num_rows, NOBODYS, np.int32)
        columns = (time_us, account, traffic.campaign, partner, self._asked(batch), model, country, tokens)
        self._split(columns, traffic.campaign != NOBODYS)

    def seen(self) -> Seen:
        """What was taken in so far.

        Raises      MissingData when it was nothing.
        """
        if not self._n:
            message = "there is no exchange to preview on; name a folder with traffic of the last days"
            raise MissingData(message)
        self._shrink()
        accused = self._columns(self._accused, len(ACCUSED))
        order = np.argsort(accused[0], kind="stable")
        *others, counts = self._others[0] if self._others else [np.zeros(0, np.int32)] * 4
        owners = self._owners()
        start, end = (_EPOCH + timedelta(microseconds=int(at)) for at in self._span)
        return Seen(
            known=self._known,
            totals=self._totals(),
            features=self._features,
            feature_rows=self._feature_rows(),
            owners=owners,
            organisation=self._organisations(owners),
            models=self._model.values,
            countries=self._country.values,
            by_model=_whole(self._sums["model"], len(self._model)).astype(np.int64),
            by_country=_whole(self._sums["country"], len(self._country)).astype(np.int64),
            accused={name: column[order] for name, column in zip(ACCUSED, accused, strict=True)},
            others=dict(zip(_OTHERS, others, strict=True)),
            n_others=counts.astype(np.int64),
            n_exchanges=self._n,
            start=start,
            end=end,
            digest=hashlib.sha256(b"".join(one.digest() for one in self._digests)).hexdigest(),
        )

    def _asked(self, batch: pa.RecordBatch) -> NDArray[np.int32]:
        """Code of what the policies ask about each request."""
        if not self._features:
            return np.full(batch.num_rows, self._feature.code(()), np.int32)
        return self._feature.rows([self._books[name].codes(batch[COLUMN_OF[name]]) for name in self._features])

    def _split(self, columns: tuple[NDArray[Any], ...], is_accused: NDArray[np.bool_]) -> None:
        self._accused.append(tuple(column[is_accused] for column in columns))
        account, partner, feature = (columns[i][~is_accused] for i in (1, 3, 4))
        self._others.append((account, partner, feature, np.ones(len(account), np.int64)))
        if len(self._others) >= _MOST_PARTS:
            self._shrink()

    def _shrink(self) -> None:
        """Put counts of alike exchanges together."""
        if not self._others:
            return
        account, partner, feature, counts = self._columns(self._others, 4)
        firsts, inverse = np.unique(paired(account, partner, feature), return_index=True, return_inverse=True)[1:]
        summed = np.bincount(inverse, counts, len(firsts)).astype(np.int64)
        self._others = [(account[firsts], partner[firsts], feature[firsts], summed)]

    @staticmethod
    def _columns(parts: list[tuple[NDArray[Any], ...]], n: int) -> list[NDArray[Any]]:
        return [np.concatenate([part[i] for part in parts]) for i in range(n)]

    def _sum(
        self, batch: pa.RecordBatch, account: NDArray[np.int32], model: NDArray[np.int32], country: NDArray[np.int32]
    ) -> None:
        cost = np.asarray(batch["cost_usd"].fill_null(np.nan), np.float64)
        is_priced = np.isfinite(cost)
        for name, codes, weights in (
            ("exchanges", account, np.ones(len(account))),
            ("cost", account, np.where(is_priced, cost, 0.0)),
            ("priced", account, is_priced),
            ("model", model, np.ones(len(account))),
            ("country", country, np.ones(len(account))),
        ):
            added = np.bincount(codes, weights)
            total = _whole(self._sums[name], max(len(added), len(self._sums[name])))
            total[: len(added)] += added
            self._sums[name] = total

    def _totals(self) -> Totals:
        n = len(self._account)
        cost = np.where(_whole(self._sums["priced"], n) > 0, _whole(self._sums["cost"], n), np.nan)
        return Totals(self._account.values, _whole(self._sums["exchanges"], n).astype(np.int64), cost)

    def _note_owners(self, batch: pa.RecordBatch, account: NDArray[np.int32]) -> None:
        """Organisation of each account, as the first exchange that names one says."""
        told = np.flatnonzero(np.asarray(batch["organisation_id"].is_valid()))
        codes, firsts = np.unique(account[told], return_index=True)
        for code, row in zip(codes.tolist(), told[firsts].tolist(), strict=True):
            if code not in self._owner:
                self._owner[code] = batch["organisation_id"][row].as_py()

    def _owners(self) -> list[str | None]:
        ids = enumerate(self._account.values)
        return [self._owner.get(code) or self._known.organisation(account_id) for code, account_id in ids]

    def _organisations(self, owners: list[str | None]) -> NDArray[np.int32]:
        book, ids = Codebook(), self._account.values
        named = (("organisation", o) if o else ("account", own) for o, own in zip(owners, ids, strict=True))
        return np.fromiter((book.code(one) for one in named), np.int32)

    def _feature_rows(self) -> list[tuple[Any, ...]]:
        values = [[_as_told(value) for value in self._books[name].values] for name in self._features]
        return [tuple(column[code] for column, code in zip(values, row, strict=True)) for row in self._feature.values]

    def _digest(self, batch: pa.RecordBatch, time_us: NDArray[np.int64]) -> None:
        """Each column goes into a sum of its own, so that it does not matter how traffic is cut into batches."""
        parts = (*_bytes(batch["exchange_id"]), *_bytes(batch["account_id"]), time_us.tobytes())
        for digest, part in zip(self._digests, parts, strict=True):
            digest.update(part)


def _bytes(column: pa.Array) -> tuple[bytes, bytes]:
    """Lengths and bytes of texts."""
    whole = pa.concat_arrays([column])
    offsets = np.frombuffer(whole.buffers()[1], np.int32)[whole.offset : whole.offset + len(whole) + 1]
    return np.diff(offsets).tobytes(), bytes(memoryview(whole.buffers()[2] or b"")[offsets[0] : offsets[-1]])


def _as_told(value: Any) -> Any:  # noqa: ANN401 - of any column
    """A number as the client wrote it: columns of single precision keep 0.7 as 0.69999999."""
    return float(str(np.float32(value))) if isinstance(value, float) else value


def _whole(sums: NDArray[Any], n: int) -> NDArray[np.float64]:
    """Sums made as long as there are codes."""
    return np.concatenate([sums, np.zeros(max(0, n - len(sums)))])
