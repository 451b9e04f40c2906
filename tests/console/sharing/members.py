"""Consoles beside members' nodes at a forum on loopback; tags come from a function of the tests."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Final

import pytest
from httpx import Response
from sqlalchemy import select
from tests.console.conftest import Browser, Rig, rig_of
from tests.share.trust_exchange import Exchange, House, exchanging

from stillwatch.console.jobs import Job
from stillwatch.ledger.entry import Kind
from stillwatch.ledger.tables import DOCUMENTS, ENTRIES
from stillwatch.service.home import Home
from stillwatch.share.node import service
from stillwatch.share.node.local import LocalIndex
from stillwatch.share.node.service import Service

__all__ = ["REALLY_OPENED", "Beside", "beside_houses", "now"]

REALLY_OPENED: Final = service.opened
"""What opens a node, and asks evaluators that the tests do not have."""
_PATIENCE_S: Final = 60.0


def now() -> datetime:
    """The time: a forum on loopback has a clock of its own."""
    return datetime.now(UTC)


@dataclass
class Beside:
    """Consoles beside the members of an exchange; all of them are of one service.

    told    Indicator that alpha has told, if it has.
    """

    exchange: Exchange
    houses: dict[str, House]
    rigs: dict[str, Rig]
    told: str = field(default="")

    @property
    def house(self) -> House:
        """Alpha, who tells."""
        return self.houses["alpha"]

    @property
    def rig(self) -> Rig:
        """The console beside alpha."""
        return self.rigs["alpha"]

    @property
    def harvest(self) -> str:
        """Alpha's one harvest."""
        (name,) = (name for name, act in self.house.service.index.acts.items() if act["verdict"] == "harvest")
        return name

    def as_(self, name: str, house: str = "alpha") -> Browser:
        """A browser of that user."""
        return self.rigs[house].as_(name)

    def job(self, answer: Response, by: str, house: str = "alpha") -> Job:
        """The job that an answer leads to, when it is over."""
        found = self.rigs[house].console.jobs.of(int(str(answer.url).rpartition("/")[2]), by)
        assert found is not None
        end = monotonic() + _PATIENCE_S
        while not found.is_over:
            assert monotonic() < end, "the job takes too long"
            sleep(0.01)
        return found

    def recorded(self, kind: Kind) -> list[tuple[str, str, str]]:
        """Who did what to which indicator, of one kind of entry of the service's ledger."""
        joined = select(ENTRIES.c.actor, DOCUMENTS.c.document).join(DOCUMENTS, DOCUMENTS.c.index == ENTRIES.c.index)
        with self.rig.home.engine.begin() as connection:
            rows = connection.execute(joined.where(ENTRIES.c.kind == kind).order_by(ENTRIES.c.index)).all()
        return [(row.actor, row.document["event"], row.document["indicator_id"]) for row in rows]


@contextlib.contextmanager
def beside_houses(
    home: Home, scanned: tuple[dict[str, LocalIndex], Path], folder: Path, *names: str
) -> Iterator[Beside]:
    """Members of these names, and a console beside each, whose node is open already."""
    indexes, at = scanned
    with exchanging(folder / "forum.db") as exchange, pytest.MonkeyPatch.context() as patch:
        houses = {name: House.of(exchange, indexes[name], folder / name) for name in names}
        nodes = {name: replace(house.service.settings, index=at / name / "index") for name, house in houses.items()}
        of_folder = {house.service.settings.folder: house.service for house in houses.values()}
        patch.setattr(service, "opened", lambda node, _now: _opens(of_folder[node.folder]))
        rigs = {name: rig_of(home, now, node=node) for name, node in nodes.items()}
        yield Beside(exchange, houses, rigs)
        for rig in rigs.values():
            rig.console.jobs.close()
        for house in houses.values():
            house.close()


@contextlib.contextmanager
def _opens(opened: Service) -> Iterator[Service]:
    yield opened
