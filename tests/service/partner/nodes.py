"""Two members at a running forum who each see a part of one harvest, and what a service knows of its own traffic."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq
from tests.share.trust_exchange import Exchange, House, exchanging

from stillwatch.detect.stream_index.index import StreamIndex
from stillwatch.detect.stream_index.single import SingleLookup
from stillwatch.engine import LocalEngine
from stillwatch.ingest import ingest
from stillwatch.model.decision import Request
from stillwatch.model.progress import Stages
from stillwatch.scan import measure
from stillwatch.service.partner.bands import bands_by
from stillwatch.service.partner.words import Bands, PartnerWords
from stillwatch.share.node.local import LocalIndex

__all__ = ["Members", "bands_of_logs", "members", "requests_of"]


@dataclass(frozen=True)
class Members:
    """Alpha tells; beta has its own evidence; gamma has beta's traffic and accuses nobody in it."""

    exchange: Exchange
    alpha: House
    beta: House
    gamma: House

    def words(self, house: House, bands: Bands) -> PartnerWords:
        """What partners say of requests at a member."""
        found = PartnerWords(house.service.settings.folder, bands)
        found.refresh()
        return found


@contextmanager
def members(folder: Path, indexes: dict[str, LocalIndex]) -> Iterator[Members]:
    """Three nodes at a forum."""
    acts = {name: {**act, "verdict": "unclear"} for name, act in indexes["beta"].acts.items()}
    quiet = replace(indexes["beta"], acts=acts)
    with exchanging(folder / "forum.db") as exchange:
        told = {"alpha": indexes["alpha"], "beta": indexes["beta"], "gamma": quiet}
        houses = {name: House.of(exchange, index, folder / name) for name, index in told.items()}
        try:
            yield Members(exchange, **houses)
        finally:
            for house in houses.values():
                house.close()


def bands_of_logs(logs: Path) -> Bands:
    """Templates of prompts, cut as a scan of these logs cuts them."""
    with LocalEngine(memory="1GB") as engine:
        counts = measure(engine, ingest([logs]), Stages(None)).sketched.counts
        single = SingleLookup(replace(StreamIndex.empty(), counts=counts))
    return bands_by(lambda: single)


def requests_of(logs: Path, prefix: str) -> list[Request]:
    """Requests of accounts whose name begins so, one an account, as a gateway tells them."""
    found: dict[str, Request] = {}
    for row in pq.read_table(sorted(logs.glob("log-*.parquet"))).to_pylist():
        if row["account_id"].startswith(prefix):
            found[row["account_id"]] = Request(
                row["account_id"], prompt_text=row["prompt_text"], client_address=row["client_address"]
            )
    return list(found.values())
