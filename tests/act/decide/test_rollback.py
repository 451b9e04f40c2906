"""Decisions follow the policy that the database says is in force: activated, rolled back, stopped."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection
from tests.act.decide.made import KEY, SETTINGS, Told, appeal_url, database, facts
from tests.act.policy.made import MUCH

from stillwatch.act.decide.decider import Decider
from stillwatch.act.decide.memory import DecisionMemory
from stillwatch.act.decide.recorder import Recorder
from stillwatch.act.decide.source import People
from stillwatch.act.policy.activations import activate, roll_back, stop
from stillwatch.act.policy.approvals import approve
from stillwatch.act.policy.book import Signer
from stillwatch.act.policy.follow import InForce
from stillwatch.act.policy.policy import Policy
from stillwatch.act.policy.previews import Preview, record_preview
from stillwatch.act.policy.read import read_policy
from stillwatch.act.policy.versions import add_version
from stillwatch.model.decision import Action, Request
from stillwatch.signing.keys import keys_of

TEXT = """
name = "default"
[[rule]]
name = "harvest"
when = 'stream.accused && stream.verdict == "harvest" && stream.bits_over_bar > 5'
then = "{then}"
{rate}
lasts = "2h"
reason = "Limited for {{lasts}}. Object at {{appeal_url}}"
[[case]]
name = "strong"
stream = {{ verdict = "harvest", bits = 60, bar_bits = 40 }}
expects = "{then}"
rule = "harvest"
"""
MILD = read_policy(TEXT.format(then="throttle", rate="rate_per_minute = 6"), "mild.toml")
HARSH = read_policy(TEXT.format(then="block", rate=""), "harsh.toml")


@dataclass
class Office:
    """The people who put policies in force."""

    change: Callable[[Callable[[Connection], object]], None]
    seen: int = 0

    def signer(self, by: str) -> Signer:
        return Signer(KEY, by, datetime.now(UTC))

    def put_in_force(self, policy: Policy) -> None:
        """Added, previewed, approved by a second person, activated for everybody."""

        def work(connection: Connection) -> None:
            now = datetime.now(UTC)
            add_version(connection, policy, self.signer("ada"))
            shares = {"traffic": 0.001, "organisations": 0.001, "tenured": 0.0}
            seen = Preview(policy.version, now - timedelta(days=7), now, "0" * 64, shares, {"traffic": MUCH}, now)
            record_preview(connection, seen, self.signer("ada"))
            approve(connection, policy.version, self.signer("grace"))
            activate(connection, policy.version, 100, self.signer("ada"), seen=self.seen)

        self.change(work)
        self.seen += 1

    def go_back(self) -> None:
        """To the version before."""
        self.change(lambda connection: roll_back(connection, self.signer("ada"), seen=self.seen))
        self.seen += 1

    def stop(self) -> None:
        """Nothing is in force."""
        self.change(lambda connection: stop(connection, self.signer("ada"), seen=self.seen))
        self.seen += 1


def test_decisions_follow_what_is_in_force(tmp_path: Path) -> None:
    """The next decision after a rollback is of the policy before, after a stop of none; no cache outlives it."""
    path = tmp_path / "service.db"
    policies, engine = database(path), database(path)
    in_force = InForce(policies, keys_of([KEY.verify_key]))

    def change(work: Callable[[Connection], object]) -> None:
        with policies.begin() as connection:
            work(connection)
        in_force.refresh()

    office = Office(change)
    with Recorder(engine, KEY) as recorder:
        people = People(appeal_url=appeal_url)
        decider = Decider(Told(otherwise=facts()), in_force, DecisionMemory(recorder), SETTINGS, people)
        assert decider.decide(Request("a-1")).action is Action.OBSERVE
        office.put_in_force(MILD)
        mild = decider.decide(Request("a-1"))
        assert (mild.action, mild.policy_version) == (Action.THROTTLE, MILD.version)
        assert mild.reason == f"Limited for 2 hours. Object at {mild.appeal_url}"
        office.put_in_force(HARSH)
        assert decider.decide(Request("a-1")).action is Action.BLOCK
        office.go_back()
        again = decider.decide(Request("a-1"))
        assert (again.decision_id, again.action) == (mild.decision_id, Action.THROTTLE)
        decider.tend()
        office.stop()
        assert decider.decide(Request("a-1")).action is Action.OBSERVE
    policies.dispose()
    engine.dispose()
