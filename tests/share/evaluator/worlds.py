"""An evaluator or two, with a clock that tests can turn."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from starlette.applications import Starlette
from tests.share.evaluator.asgi import client_of

from stillwatch.share.evaluator import METER_TABLES, Keyring, Meter, OnSpent, Peer, Purpose, evaluator_app
from stillwatch.share.tags import epoch_of
from stillwatch.store.database import open_database

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
EPOCH = epoch_of(NOW)
TOKENS = {"token-a": "alpha", "token-b": "beta"}
BUDGETS = dict.fromkeys(Purpose, 5_000)


class World:
    """One evaluator: its key file, its database, its application and what its ledger was told."""

    def __init__(
        self,
        folder: Path,
        stack: ExitStack,
        budgets: Mapping[Purpose, int] = BUDGETS,
        on_spent: OnSpent | None = None,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.now = NOW
        self.keyring = stack.enter_context(Keyring(folder / "keys.json"))
        self.engine = open_database(folder / "spent.db", METER_TABLES)
        stack.callback(self.engine.dispose)
        self.meter = Meter(self.engine, budgets)
        self.told: list[tuple[str, Purpose, int, int]] = []
        hook: OnSpent = on_spent or (lambda *spent: self.told.append(spent))
        self.app: Starlette = evaluator_app(self.keyring, self.meter, TOKENS.get, on_spent=hook, now=lambda: self.now)

    def peer(
        self,
        name: str,
        token: str = "token-a",  # noqa: S107 - of a test
        change: Callable[[httpx.Response], httpx.Response] = lambda response: response,
    ) -> Peer:
        """What a member knows of it."""
        return Peer(name, client_of(self.app, change), token, self.keyring.publics(self.now))

    def wait(self, days: float) -> None:
        """Turn the clock on."""
        self.now += timedelta(days=days)
