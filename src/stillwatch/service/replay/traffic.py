"""Logs taken in for a preview."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from stillwatch.act.preview.replay import Replay, Seen
from stillwatch.act.preview.traffic import NEEDED, Totals, Traffic
from stillwatch.ingest import Ingest, ingest, installation_salt
from stillwatch.model.decision import AccountFacts, PartnerWord, StreamFacts
from stillwatch.service.replay.accounts import AccountBook
from stillwatch.service.replay.streams import Streams

__all__ = ["Source", "seen_of"]

_COLUMNS: Final = list(NEEDED)


@dataclass(frozen=True, slots=True)
class Source:
    """Where traffic is and what is known of it.

    paths       Files, folders or patterns, as `stillwatch scan` reads them.
    accounts    The provider's table of accounts; one found among the logs is used by itself.
    mapping     TOML file that says which column is which, for other formats.
    found_at    When campaigns were found, by id, where somebody wrote it down.
    """

    paths: Sequence[str | Path]
    streams: Streams
    accounts: Path | None = None
    mapping: Path | None = None
    found_at: Mapping[str, datetime] = field(default_factory=dict)


class _Known:
    """What is known once everything is read: tables of accounts may come last."""

    partner_words: Sequence[PartnerWord] = ()

    def __init__(self, source: Source, logs: Ingest) -> None:
        self._source, self._logs = source, logs
        self._book: AccountBook | None = None

    @property
    def campaigns(self) -> Sequence[str]:
        return self._source.streams.campaigns

    def accounts(self, totals: Totals, now: datetime, /) -> Sequence[AccountFacts]:
        return self._accounts().facts(totals, now)

    def organisation(self, account_id: str, /) -> str | None:
        return self._accounts().organisation(account_id)

    def stream(self, campaign_id: str, account_id: str, /) -> StreamFacts | None:
        return self._source.streams.facts.get(campaign_id, account_id)

    def found_at(self, campaign_id: str, /) -> datetime | None:
        return self._source.found_at.get(campaign_id)

    def _accounts(self) -> AccountBook:
        if self._book is None:
            self._book = AccountBook(self._logs.accounts)
        return self._book


def seen_of(source: Source, uses: Collection[str], on_progress: Callable[[int, int], None] | None = None) -> Seen:
    """Everything that a preview needs of some traffic.

    uses            Facts that the policies to be previewed ask about.
    on_progress     Called with bytes done and in all.
    Raises          As `stillwatch.ingest`; MissingData when there is no exchange.
    """
    logs = ingest(
        list(source.paths),
        accounts=source.accounts,
        mapping=source.mapping,
        content=source.streams.content,
        salt=installation_salt(),
        on_progress=on_progress,
    )
    replay = Replay(_Known(source, logs), uses)
    for batch in logs.batches():
        replay.add(Traffic(batch.select(_COLUMNS), source.streams.campaign_of(batch)))
    return replay.seen()
