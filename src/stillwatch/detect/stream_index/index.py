"""The index: the accused streams of a scan, and everything that says which family an exchange belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from stillwatch.detect.pools import Pool, pooled
from stillwatch.detect.stream_index.held import HeldStreams
from stillwatch.detect.stream_index.nearest import Nearest
from stillwatch.detect.stream_index.talks import places_in, talks_of
from stillwatch.detect.views import family_keys
from stillwatch.detect.views.mixing import mix
from stillwatch.model.engine import Engine
from stillwatch.model.findings import Findings
from stillwatch.model.view import Fingerprints, Grouping
from stillwatch.sketch import PhraseCounts, SignatureBook, Templates, hash_strings
from stillwatch.sketch.fingerprint import sketch
from stillwatch.sketch.stage import Sketched, fingerprints_of
from stillwatch.stats.lookup import HashIndex

__all__ = ["NOBODYS", "StreamIndex"]

NOBODYS = -1
"""Of no accused stream."""
_NO_TEMPLATES: Final = Templates(np.zeros(0, np.uint64), np.zeros(0, np.uint64))


@dataclass(frozen=True)
class StreamIndex:
    """Looks exchanges up, one or many: the answer is that of the scan it comes from, exchange by exchange.

    campaigns   Campaign ids; elsewhere a campaign is its place here.
    held        The accused streams.
    talks       Conversations that accused exchanges open, as hashes of account and conversation, ascending.
    talk_campaign   Campaign of each.
    counts      Phrases of all prompts, which cut segments.
    nearest     Template of each segment, also of one that was not seen before.
    grouping    What else the views have learnt.
    pools       Known lists of questions.
    """

    campaigns: tuple[str, ...]
    held: HeldStreams
    talks: NDArray[np.uint64]
    talk_campaign: NDArray[np.int32]
    counts: PhraseCounts
    nearest: Nearest
    grouping: Grouping
    pools: tuple[Pool, ...] = ()

    @classmethod
    def of(
        cls, engine: Engine, findings: Findings, sketched: Sketched, grouping: Grouping, pools: Sequence[Pool] = ()
    ) -> Self:
        """Index of what a scan found; what no accused stream needs is left out."""
        held = findings.held
        if not len(held):
            return cls.empty()
        names = sorted(set(held["campaign_id"].to_pylist()))
        account, family, rank = (held[name].to_numpy() for name in ("account", "family", "rank"))
        streams = HeldStreams.of(account, family, places_in(names, held["campaign_id"]), rank)
        talks, talk_campaign = talks_of(engine, findings, sketched.rows, names)
        return cls(
            tuple(names),
            streams,
            talks,
            talk_campaign,
            sketched.counts,
            Nearest.of(sketched.book, sketched.templates),
            streams.needs(grouping),
            tuple(pools),
        )

    @classmethod
    def empty(cls) -> Self:
        """Of a scan that accuses nobody.

        >>> StreamIndex.empty().holds("account")
        False
        """
        nothing, places = np.zeros(0, np.uint64), np.zeros(0, np.int32)
        held, nearest = HeldStreams(nothing, nothing, places, places), Nearest.of(SignatureBook.empty(), _NO_TEMPLATES)
        return cls((), held, nothing, places, PhraseCounts.empty(0), nearest, Grouping(nothing, nothing))

    @cached_property
    def _accounts(self) -> HashIndex:
        return HashIndex(self.held.accounts)

    @cached_property
    def _streams(self) -> HashIndex:
        return HashIndex(self.held.book.stream)

    @cached_property
    def _talks(self) -> HashIndex:
        return HashIndex(self.talks)

    def holds(self, account_id: str) -> bool:
        """Whether any stream of the account is accused: most have none, and need no look at what they send."""
        return bool(len(self.held.accounts)) and bool(self._accounts.among(hash_strings(pa.array([account_id])))[0])

    def campaign_of(self, batch: pa.RecordBatch) -> NDArray[np.int32]:
        """Campaign whose stream each exchange is of, `NOBODYS` for most.

        batch   Table EXCHANGE without answers; only what is there counts, so a request without its prompt can be of a
                stream by its client alone.
        """
        found = np.full(batch.num_rows, NOBODYS, np.int32)
        if not len(self.held.accounts) or not batch.num_rows:
            return found
        rows = np.flatnonzero(self._accounts.among(hash_strings(batch["account_id"])))
        if len(rows):
            found[rows] = self._of_accounts(batch.take(pa.array(rows)))
        return found

    def _of_accounts(self, batch: pa.RecordBatch) -> NDArray[np.int32]:
        prints, cut, segments = sketch(batch, self.counts)
        columns = pa.RecordBatch.from_arrays(
            [*prints.columns, *cut.columns], names=[*prints.schema.names, *cut.schema.names]
        )
        found = fingerprints_of(columns, self.nearest.templates(segments))
        grouping = pooled(self.grouping, columns, batch, self.pools) if self.pools else self.grouping
        return self._in_talks(found, self._in_families(found, grouping))

    def _in_families(self, fingerprints: Fingerprints, grouping: Grouping) -> NDArray[np.int32]:
        n = len(fingerprints["account"])
        best, campaign = np.full(n, np.iinfo(np.int32).max, np.int32), np.full(n, NOBODYS, np.int32)
        for keys in family_keys(fingerprints, grouping):
            rows = np.flatnonzero(keys)
            at = self._streams.positions(mix(keys[rows], fingerprints["account"][rows]))
            rows, at = rows[at >= 0], at[at >= 0]
            better = self.held.book.rank[at] < best[rows]
            rows, at = rows[better], at[better]
            best[rows], campaign[rows] = self.held.book.rank[at], self.held.book.campaign[at]
        return campaign

    def _in_talks(self, fingerprints: Fingerprints, campaign: NDArray[np.int32]) -> NDArray[np.int32]:
        """Later turns of a conversation are of the stream that opened it."""
        if not len(self.talks):
            return campaign
        at = self._talks.positions(mix(fingerprints["account"], fingerprints["conversation"]))
        later = (at >= 0) & (fingerprints["conversation"] != 0) & ~fingerprints["head"] & (campaign == NOBODYS)
        return np.where(later, self.talk_campaign[np.maximum(at, 0)], campaign)
