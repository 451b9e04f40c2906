"""Policies, previews and changes in a console's database for tests."""

from datetime import datetime, timedelta
from typing import Any

from tests.act.policy.made import MUCH, rule_text
from tests.act.preview.made import LADDER, judged, world
from tests.console.conftest import NOW, Rig

from stillwatch.act.policy.activations import activate
from stillwatch.act.policy.approvals import approve
from stillwatch.act.policy.book import Signer, highest
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.previews import Preview, record_preview
from stillwatch.act.policy.read import read_policy
from stillwatch.act.policy.tables import ACTIVATIONS
from stillwatch.act.policy.versions import add_version
from stillwatch.act.preview.preview import previewed
from stillwatch.act.preview.record import recorded

SMALL = {"traffic": 0.001, "organisations": 0.001, "tenured": 0.0}
LARGE = {"traffic": 0.04, "organisations": 0.001, "tenured": 0.0}
HUGE = {"traffic": 0.9, "organisations": 0.9, "tenured": 0.9}
ENOUGH: dict[str, Any] = {"traffic": MUCH}
POLICY = read_policy(f'name = "first"\n{rule_text()}', "first.toml")
OTHER = read_policy(f'name = "second"\n{rule_text(then="block")}', "second.toml")
DRAWN = read_policy(LADDER, "ladder.toml")


def signer(rig: Rig, by: str = "ada", after: timedelta = timedelta(0)) -> Signer:
    """Somebody, some time after the console's noon."""
    return Signer(rig.console.key, by, NOW + after)


def added(rig: Rig, *policies: Policy) -> None:
    """Add policies."""
    with rig.home.engine.begin() as connection:
        for policy in policies:
            add_version(connection, policy, signer(rig))


def seen(
    rig: Rig,
    policy: Policy,
    shares: dict[str, float] | None = None,
    at: datetime = NOW - timedelta(hours=5),
    figures: dict[str, Any] | None = None,
    span: timedelta = timedelta(days=7),
) -> int:
    """Record a preview."""
    told = Preview(policy.version, at - span, at, "0" * 64, shares or SMALL, figures or ENOUGH, at)
    with rig.home.engine.begin() as connection:
        return record_preview(connection, told, signer(rig))


def drawn(rig: Rig, seed: int = 4) -> int:
    """Record a preview of `DRAWN` with everything that a replay counts."""
    rows, told = world(seed)
    with rig.home.engine.begin() as connection:
        return record_preview(connection, recorded(previewed(judged(rows, told, DRAWN)), NOW), signer(rig))


def approved(rig: Rig, policy: Policy, by: str = "bea") -> None:
    """Have somebody stand behind the latest preview."""
    with rig.home.engine.begin() as connection:
        approve(connection, policy.version, signer(rig, by))


def put(rig: Rig, policy: Policy, stage: int, by: str = "ada", after: timedelta = timedelta(0)) -> None:
    """Put a version in force."""
    with rig.home.engine.begin() as connection:
        number = highest(connection, ACTIVATIONS)
        activate(connection, policy.version, stage, signer(rig, by, after), seen=number)
