"""What every page works with: the service's database, its findings, its key, and what else there is beside them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Engine

from stillwatch.act.policy.book import Signer
from stillwatch.act.trail import Trail
from stillwatch.console.jobs import Jobs
from stillwatch.console.shelf import Shelf
from stillwatch.console.traffic import Hours
from stillwatch.service.access.sessions import Lasting
from stillwatch.service.home import Home
from stillwatch.service.settings import ServiceSettings
from stillwatch.share.node.settings import NodeSettings
from stillwatch.signing.keys import Keys, SigningKey

__all__ = ["Console"]


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Console:
    """The parts of a console.

    shelf       Findings.
    logs        Where exchanges are kept: files, folders or patterns.
    status      What the service says of itself, as `Service.status`; None where none runs.
    node        The member's node; None where the provider takes part in no exchange.
    is_local    It shows one scan's result to the person who started it, who needs no password.
    jobs        Long work that goes on beside the pages.
    """

    home: Home
    shelf: Shelf
    logs: Sequence[str | Path] = ()
    status: Callable[[], dict[str, Any]] | None = None
    node: NodeSettings | None = None
    is_local: bool = False
    clock: Callable[[], datetime] = _now
    jobs: Jobs = field(default_factory=Jobs)

    @property
    def engine(self) -> Engine:
        """The service's database."""
        return self.home.engine

    @property
    def trail(self) -> Trail:
        """Where everything that is changed is recorded."""
        return self.home.trail

    @property
    def key(self) -> SigningKey:
        """The service's."""
        return self.home.key

    @property
    def settings(self) -> ServiceSettings:
        """The service's."""
        return self.home.settings

    @cached_property
    def hours(self) -> Hours:
        """How much was collected in each hour."""
        return Hours(self.home.traffic)

    @cached_property
    def keys(self) -> Keys:
        """Who may have signed policies: the service."""
        return {self.key.key_id: self.key.verify_key}

    @cached_property
    def lasting(self) -> Lasting:
        """How long sessions last."""
        told = self.settings.console
        return Lasting(timedelta(minutes=told.idle_minutes), timedelta(hours=told.session_hours))

    def signer(self, by: str) -> Signer:
        """Who signs policies now, by that person's word."""
        return Signer(self.key, by, self.clock())
