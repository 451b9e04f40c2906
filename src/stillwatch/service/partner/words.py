"""What partners say of one request: indicators that the node has found in the member's own traffic, by what it carries.

A tag cannot be made of a request before it is answered: two evaluators make each. So a request is compared with what
the node has found to match, address, network, TLS fingerprint, template or the account's means of payment and mail
domain. What it carries of a match counts with the bits that the node's check gave it, capped by others' benign rates
and halved as the kind ages, and must be beyond a chance of one in a thousand by itself, as a sighting is: of a campaign
that was matched by many things together, one thing that many people have is no word against them.

`has_local_evidence` is the member's own word and nobody else's: its own scan calls the matched family a harvest
(`verdict_of`), and the request is of an account that the family has. Whatever partners say, an account outside of it
has no local evidence against it.
"""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pyarrow as pa
from sqlalchemy import Engine, MetaData
from sqlalchemy.exc import SQLAlchemyError

from stillwatch.errors import InvalidInput, StillwatchError
from stillwatch.model.campaign import Verdict
from stillwatch.model.decision import PartnerWord, Request
from stillwatch.model.indicator import SignalKind
from stillwatch.service.partner.table import MatchTable
from stillwatch.share.answers.check import SIGHTING_BITS
from stillwatch.share.answers.findings import Bars, verdict_of
from stillwatch.share.node.matches import ACCOUNT, account_digest, in_force, match_salt, matched_in, value_digest
from stillwatch.share.tags.bands import BANDS_OF_A_HIT
from stillwatch.sketch import hash_strings
from stillwatch.store.database import open_database, reading

__all__ = ["Bands", "PartnerWords"]

Bands = Callable[[str], Sequence[Sequence[str]]]
"""A prompt -> of each of its templates the values of kind BAND; none where templates cannot be told."""
_NODE_FILE: Final = "node.db"
_OF_ACCOUNTS: Final = (SignalKind.PAYMENT.value, SignalKind.EMAIL_DOMAIN.value)
_CARRIED: Final = (
    (SignalKind.ADDRESS, "client_address"),
    (SignalKind.NETWORK, "client_address"),
    (SignalKind.TLS, "tls_fingerprint"),
)


def _no_templates(_prompt: str) -> Sequence[Sequence[str]]:
    return ()


class PartnerWords:
    """Words of one node, as its database stood at the last `refresh`; any thread may ask, one refreshes.

    node_folder     The node's own folder, with ``node.db``; without it nobody says anything.
    bands           Tells the templates of a prompt; asked only while there is a word about some template.
    bars            What is asked of the member's own evidence beside the name that its own scan gives.

    >>> import tempfile
    >>> words = PartnerWords(Path(tempfile.mkdtemp()))
    >>> words.refresh()
    >>> words.word(Request("acct-1", client_address="198.51.100.7")) is None
    True
    """

    def __init__(
        self,
        node_folder: Path,
        bands: Bands = _no_templates,
        bars: Bars = Bars(0.0, 0.0),  # noqa: B008 - frozen
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._folder, self._bands, self._bars, self._clock = node_folder, bands, bars, clock
        self._engine: Engine | None = None
        self._salt, self._table = b"", MatchTable.empty()
        self._known: list[tuple[str, str, str, str]] = []
        self.problem: str | None = None

    @property
    def n_left_out(self) -> int:
        """Matches that there was no room for, those of the oldest indicators."""
        return self._table.n_left_out

    def refresh(self) -> None:
        """Read what holds now; cheap while nothing has changed. Where the node cannot be read, nobody says anything.

        `problem` says why, None when all is well.
        """
        try:
            self._read()
            self.problem = None
        except (StillwatchError, SQLAlchemyError) as error:
            self._table, self._known = MatchTable.empty(), []
            self.problem = f"the node in {self._folder} cannot be read: {type(error).__name__}"

    def close(self) -> None:
        """Let go of the node's database."""
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def _read(self) -> None:
        path, salt = self._folder / _NODE_FILE, match_salt(self._folder)
        if salt is None or not path.is_file():
            self._table, self._known = MatchTable.empty(), []
            return
        if self._engine is None:
            self._engine = open_database(path, MetaData())
        with reading(self._engine).begin() as connection:
            found = in_force(connection, self._clock())
            known = [(*match.key, match.mark) for match in found]
            if known == self._known:  # the same digests: time has gone on, and grades may have changed
                self._table = replace(self._table, matches=tuple(found[: len(self._table.matches)]))
                return
            self._salt, self._table = salt, MatchTable.of(found, matched_in(connection, found))
            self._known = known

    def word(self, request: Request) -> PartnerWord | None:
        """What partners say of a request; None when nobody says anything."""
        table = self._table
        if not table.matches:
            return None
        bits = self._carried(table, request)
        for place, found in self._templates(table, request).items():
            bits[place] += found
        by_finding: dict[tuple[str, str], float] = defaultdict(float)
        for place, one in bits.items():
            match = table.matches[place]
            by_finding[match.indicator_id, match.family] += one * match.weight
        named = {finding for finding, total in by_finding.items() if total >= SIGHTING_BITS}
        if not named:
            return None
        return PartnerWord(tuple(sorted({name for name, _ in named})), self._agrees(table, named, request))

    def _carried(self, table: MatchTable, request: Request) -> dict[int, float]:
        """Bits of what the request carries beside its text, by match."""
        asked = [kind for kind in _OF_ACCOUNTS if kind in table.kinds]
        account = _hashed(request) if asked else 0
        digests = [account_digest(self._salt, kind, account) for kind in asked]
        for kind, name in _CARRIED:
            value = getattr(request, name)
            if value and kind.value in table.kinds:
                with contextlib.suppress(InvalidInput):  # what a gateway says is a form that no indicator has
                    digests.append(value_digest(self._salt, kind, value))
        bits: dict[int, float] = defaultdict(float)
        for _, hit in table.hits(digests):
            bits[hit.place] += hit.bits
        return bits

    def _templates(self, table: MatchTable, request: Request) -> Mapping[int, float]:
        """Bits of the template that fits best, by match; one that has fewer bands in common than a hit does not fit."""
        best: dict[int, float] = {}
        if SignalKind.BAND.value not in table.kinds or not request.prompt_text:
            return best
        for values in self._bands(request.prompt_text):
            digests = [value_digest(self._salt, SignalKind.BAND, value) for value in values]
            found: dict[int, list[float]] = defaultdict(list)
            for _, hit in table.hits(digests):
                found[hit.place].append(hit.bits)
            for place, bits in found.items():
                if len(bits) >= BANDS_OF_A_HIT:
                    best[place] = max(best.get(place, 0.0), sum(bits))
        return best

    def _agrees(self, table: MatchTable, named: Iterable[tuple[str, str]], request: Request) -> bool:
        """Whether the member's own evidence accuses the account in one of the matched families."""
        hits = table.hits([account_digest(self._salt, ACCOUNT, _hashed(request))])
        own = (table.matches[hit.place] for _, hit in hits)
        wanted = set(named)
        return any(
            (match.indicator_id, match.family) in wanted and verdict_of(match.local, self._bars) is Verdict.HARVEST
            for match in own
        )


def _hashed(request: Request) -> int:
    """Hash of the account, as the node's index has it; half of what a lookup takes, so made only where it is needed."""
    return int(hash_strings(pa.array([request.account_id]))[0])
