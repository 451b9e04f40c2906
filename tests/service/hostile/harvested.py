"""A service's home after its first hours: a harvest was collected and found, a policy against it is in force.

Made once, by the parts that a service runs; tests take copies.
"""

import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from tests import traffic
from tests.act.policy.made import MUCH
from tests.service.collect.rows import ndjson
from typer.testing import CliRunner

from stillwatch.act.policy.activations import Activation, activate
from stillwatch.act.policy.approvals import approve
from stillwatch.act.policy.book import Signer, highest
from stillwatch.act.policy.previews import Preview, record_preview
from stillwatch.act.policy.read import read_policy
from stillwatch.act.policy.tables import ACTIVATIONS
from stillwatch.act.policy.versions import add_version
from stillwatch.cli import app
from stillwatch.ingest import installation_salt
from stillwatch.service.cases import note_findings
from stillwatch.service.collect.collector import CollectorOptions, journal_in
from stillwatch.service.collect.formats import BodyFormat
from stillwatch.service.home import Home, open_home
from stillwatch.service.serving import tick_job
from stillwatch.service.settings import ServiceSettings, read_settings
from stillwatch.watch import tick

__all__ = ["BLOCKS", "SLOWS", "Harvested", "harvested", "put_in_force", "rule", "run", "tokened"]

N_PEOPLE, N_SHELLS, N_HARVESTED = 400, 20, 800
SETTINGS = """
folder = "service"
provider = "Example Models"
contact = "support@example.com"
trusted_proxies = ["127.0.0.9/32"]
[watch]
every_s = 86400
memory = "1GB"
[collect]
body_bytes = 2000000
queue_bytes = 8000000
"""
"""The watch looks at once and not again: a tick costs seconds. 127.0.0.9 is a proxy."""


def rule(name: str, then: str, *more: str) -> str:
    """A policy of one rule against whatever is accused."""
    lines = [f'name = "{name}"', "[[rule]]", 'name = "harvest"', "when = 'stream.accused'", f'then = "{then}"']
    return "\n".join([*lines, 'lasts = "24h"', 'reason = "It looks like collection. To object: {appeal_url}"', *more])


SLOWS, BLOCKS = rule("slows", "throttle", "rate_per_minute = 600"), rule("blocks", "block")


@dataclass(frozen=True)
class Harvested:
    """Such a home.

    folder      Holds service.toml, and service/ beside it.
    shells      Harvesting exchanges, one an account, as they were sent.
    sent        Ids of all exchanges.
    token       For everything.
    """

    folder: Path
    shells: Sequence[dict[str, Any]]
    sent: Sequence[str]
    token: str = field(repr=False)

    @property
    def toml(self) -> Path:
        """Its settings' file."""
        return self.folder / "service.toml"

    @property
    def settings(self) -> ServiceSettings:
        """Its settings."""
        return read_settings(self.toml)

    def copied(self, folder: Path) -> "Harvested":
        """The same somewhere else."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return replace(self, folder=folder)

    def asks(self, shell: int) -> dict[str, Any]:
        """What a gateway asks about a request of an account of the harvest."""
        row = self.shells[shell]
        names = ("account_id", "prompt_text", "turn_count", "temperature", "max_tokens", "client_build")
        return {name: row[name] for name in names}


def run(*arguments: str, at: Harvested) -> str:
    """What a command prints."""
    told = CliRunner().invoke(app, [*arguments, "--settings", str(at.toml)], catch_exceptions=False)
    assert told.exit_code == 0, told.output
    return told.stdout


def put_in_force(home: Home, text: str, by: str = "ada") -> Activation:
    """Add a policy, preview it, have it approved by a second person and put it in force for everybody."""
    policy, now = read_policy(text, "made.toml"), datetime.now(UTC)
    shares = {"traffic": 0.2, "organisations": 0.05, "tenured": 0.0}
    told = Preview(policy.version, now - timedelta(days=7), now, "0" * 64, shares, {"traffic": MUCH}, now)
    with home.engine.begin() as connection:
        add_version(connection, policy, Signer(home.key, by, now))
        record_preview(connection, told, Signer(home.key, by, now))
        approve(connection, policy.version, Signer(home.key, "second", now))
        seen = highest(connection, ACTIVATIONS)
        return activate(connection, policy.version, 100, Signer(home.key, by, now), seen=seen)


def harvested(folder: Path, change: Callable[[dict[str, Any]], object] = lambda _: None) -> Harvested:
    """Make one.

    folder      New.
    change      Does something to every exchange before it is sent.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "service.toml").write_text(SETTINGS)
    rows = _rows(change)
    made = Harvested(folder, _one_each(rows), [row["exchange_id"] for row in rows], "")
    with open_home(made.settings, is_first=True) as home:
        _collect(home, rows)
        job = tick_job(home)
        done = tick(job.logs, job.state, job.out, job.options)
        assert done.n_campaigns == 1
        note_findings(home.engine, home.trail, home.findings, datetime.now(UTC))
        put_in_force(home, SLOWS)
    return tokened(made)


def tokened(made: Harvested) -> Harvested:
    """The same with a new token for everything."""
    scopes = [part for scope in ("collect", "decide", "metrics") for part in ("--scope", scope)]
    return replace(made, token=run("token", "add", "everything", *scopes, "--by", "ada", at=made).strip())


def _rows(change: Callable[[dict[str, Any]], object]) -> list[dict[str, Any]]:
    """Exchanges of the last hours."""
    rng = np.random.default_rng(1)
    rows = traffic.people(rng, N_PEOPLE, 8) + traffic.harvest(rng, N_SHELLS, N_HARVESTED)
    start_s = datetime.now(UTC).timestamp() - 20 * 3600
    for i, row in enumerate(rows):
        row["exchange_id"] = f"x{i}"
        row["time"] = start_s + row["time"] / traffic.DAY_US / 14 * 19 * 3600
        change(row)
    return rows


def _one_each(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The first harvesting exchange of each account: those have no conversation."""
    found = {row["account_id"]: row for row in reversed(rows) if "conversation_id" not in row}
    return list(found.values())


def _collect(home: Home, rows: Sequence[dict[str, Any]]) -> None:
    options = CollectorOptions(installation_salt(), home.settings.collect)
    with journal_in(home.settings.folder, options) as journal:
        parcel = options.intake().read(ndjson(rows), BodyFormat.NATIVE)
        outcome = journal.submit(parcel).result(60)
    assert outcome.n_accepted == len(rows), json.dumps(outcome.n_quarantined)
