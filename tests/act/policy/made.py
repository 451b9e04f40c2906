"""Policies, requests and a database for tests of policies."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine

from stillwatch.act.policy.activations import Activation, activate
from stillwatch.act.policy.book import Signer, highest
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.previews import Preview, record_preview
from stillwatch.act.policy.read import read_policy
from stillwatch.act.policy.tables import ACTIVATIONS
from stillwatch.act.policy.versions import add_version
from stillwatch.model.campaign import Verdict
from stillwatch.model.decision import StreamFacts
from stillwatch.signing.keys import SigningKey

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
KEY = SigningKey.generate()
KEYS = {KEY.key_id: KEY.verify_key}
HARVEST = 'stream.accused && stream.verdict == "harvest"'
STREAM = StreamFacts(
    campaign_id="c-1",
    verdict=Verdict.HARVEST,
    bits=60.0,
    bar_bits=40.0,
    attribution_bits=20.0,
    share_of_account=0.5,
    n_exchanges=100,
    n_accounts=30,
    first_seen=NOW - timedelta(hours=6),
    last_seen=NOW - timedelta(hours=1),
)
MUCH = {"exchanges": 100_000, "organisations": 5_000}
"""Traffic enough for a preview."""
SMALL = {"traffic": 0.001, "organisations": 0.001, "tenured": 0.0}


def rule_text(name: str = "harvest", when: str = HARVEST, then: str = "throttle", **more: str) -> str:
    """A rule as a file has it; `more` are further lines, as TOML writes their values."""
    lines = {"name": f'"{name}"', "when": f"'''{when}'''", "then": f'"{then}"', "reason": '"Because."'}
    if then not in {"allow", "observe"}:
        lines["lasts"] = '"24h"'
    if then == "throttle":
        lines["rate_per_minute"] = "6"
    told = {key: value for key, value in {**lines, **more}.items() if value}
    return "\n".join(["[[rule]]", *(f"{key} = {value}" for key, value in told.items()), ""])


def policy_of(*rules: str) -> Policy:
    """Policy of rules."""
    return read_policy("\n".join(rules or (rule_text(),)), "made.toml")


def signer(by: str = "ada", after: timedelta = timedelta(0), key: SigningKey = KEY) -> Signer:
    """Somebody, some time after noon."""
    return Signer(key, by, NOW + after)


def preview_of(policy: Policy, shares: dict[str, float] | None = None, at: datetime = NOW) -> Preview:
    """What a preview of a policy shows."""
    told = SMALL if shares is None else shares
    return Preview(policy.version, NOW - timedelta(days=7), NOW, "0" * 64, told, {"traffic": MUCH}, at)


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction."""
    with engine.begin() as connection:
        yield connection


def ready(engine: Engine, *policies: Policy, shares: dict[str, float] | None = None) -> None:
    """Add policies and preview each."""
    with engine.begin() as connection:
        for policy in policies:
            add_version(connection, policy, signer())
            record_preview(connection, preview_of(policy, shares), signer())


def put(
    engine: Engine,
    policy: Policy,
    stage: int,
    after: timedelta = timedelta(0),
    by: str = "ada",
    seen: int | None = None,
) -> Activation:
    """Activate a version over what is in force."""
    with engine.begin() as connection:
        number = highest(connection, ACTIVATIONS) if seen is None else seen
        return activate(connection, policy.version, stage, signer(by, after), seen=number)


def changed(stream: StreamFacts, **facts: float | str | bool) -> StreamFacts:
    """The stream with other facts."""
    return replace(stream, **facts)  # type: ignore[arg-type]
