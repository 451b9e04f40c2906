"""The whole story at a small scale, once; what it left on the disk is held against what it told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import MetaData, select

from stillwatch.act.appeals.tables import APPEALS
from stillwatch.act.cases.tables import CASES
from stillwatch.act.decide.tables import DECISIONS
from stillwatch.act.policy.tables import ACTIVATIONS
from stillwatch.errors import FailedProof
from stillwatch.ingest import ingest
from stillwatch.ledger.tables import ENTRIES
from stillwatch.model.decision import Action
from stillwatch.service.rehearsal.result import Rehearsed
from stillwatch.service.rehearsal.story import rehearse
from stillwatch.service.rehearsal.timeline import WIDTH, Entry
from stillwatch.service.rehearsal.world import MAIN, Plot
from stillwatch.signing.stamp import time_of
from stillwatch.store.database import open_database, reading

NOW = datetime(2026, 11, 27, 15, tzinfo=UTC)
PLOT = Plot(24_000, 7, 2, (f"{MAIN}:accounts=20,per_account=52",))


@dataclass(frozen=True)
class Played:
    """What came of it."""

    result: Rehearsed
    lines: list[str]
    folder: Path

    def of(self, what: str) -> list[Entry]:
        """Entries of one word."""
        return [entry for entry in self.result.entries if entry.what == what]

    def rows(self, *columns: object) -> Sequence[tuple[object, ...]]:
        """Columns of a table of the service's database."""
        engine = open_database(self.folder / "service" / "service.db", MetaData())
        try:
            with reading(engine).begin() as connection:
                return [tuple(row) for row in connection.execute(select(*columns))]  # type: ignore[call-overload]
        finally:
            engine.dispose()


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """Two days of 24,000 exchanges."""
    folder, lines = tmp_path_factory.mktemp("rehearsal"), list[str]()
    return Played(rehearse(folder, PLOT, lines.append, NOW), lines, folder)


def test_everything_that_must_hold_does(played: Played) -> None:
    """Counts, refusals, effect, innocents, appeal, rollback, ledger, bundle."""
    assert played.result.failed == ()
    assert len(played.result.checks) > 20


def test_it_happens_in_order(played: Played) -> None:
    """From the alarm to the case that goes to counsel, by the story's clock and by the wall's."""
    words = [entry.what for entry in played.result.entries]
    order = ["traffic", "service", "alarm", "collected", "observed", "preview", "active", "upheld", "rollback", "audit"]
    places = [words.index(word) for word in order]
    assert places == sorted(places)
    assert words[-1] == "case"
    told = [entry.at for entry in played.result.entries if entry.at is not None]
    assert told == sorted(told)
    assert told[-1] == played.result.end == datetime(2026, 11, 27, tzinfo=UTC)
    assert all(len(line) <= WIDTH for line in played.lines)


def test_nothing_is_lost_and_nothing_refused_is_logged(played: Played) -> None:
    """What lies in the traffic of the service is all that was served, each once."""
    stored = sum(batch.num_rows for batch in ingest([played.folder / "service" / "traffic"]).batches())
    sums = [told for _, hours in played.result.hours for told in hours.values()]
    assert sum(one.total for one in sums) == 24_000
    assert stored == sum(one.served + one.changed for one in sums) < 24_000


def test_the_campaign_is_held_up_and_more_so_by_the_stricter_policy(played: Played) -> None:
    """Under strict far more than under default."""
    mild, strict = played.result.phases
    assert (mild.policy, strict.policy) == ("default", "strict")
    assert mild.main.total > 0
    assert strict.main.withheld_share > max(0.5, mild.main.withheld_share)
    assert strict.legitimate.touched_share < 0.02


def test_a_policy_needs_a_preview_and_a_careless_one_is_refused(played: Played) -> None:
    """What was tried and refused left nothing in force: three stages of each policy, and two ways back."""
    told = [entry.text for entry in played.of("refused")]
    assert any("careless" in text for text in told)
    assert any("without a preview" in text for text in told)
    assert len(played.rows(ACTIVATIONS.c.number)) == 8
    for entry in played.of("preview"):
        assert (played.folder / entry.figures["page"]).read_text().startswith("<!DOCTYPE html>")


def test_everything_is_of_the_storys_time(played: Played) -> None:
    """Ledger, decisions, cases and appeals of the service bear no hour of the day on which it was played."""
    start, end = played.result.start, played.result.end
    for column in (
        ENTRIES.c.time,
        DECISIONS.c.decided_at,
        CASES.c.opened_at,
        APPEALS.c.filed_at,
        APPEALS.c.answered_at,
    ):
        times = [time_of(str(time)) for (time,) in played.rows(column)]
        assert times, column
        assert all(start <= time <= end for time in times), column


def test_the_appeal_counts(played: Played) -> None:
    """One was filed through the page and upheld; nothing beyond observe is decided about that stream afterwards."""
    ((account, outcome, answered),) = played.rows(APPEALS.c.account_id, APPEALS.c.outcome, APPEALS.c.answered_at)
    assert outcome == "upheld"
    (appeal,) = played.of("appeal")
    assert account == appeal.figures["account"]
    harmless = {Action.ALLOW.value, Action.OBSERVE.value}
    later = [
        action
        for who, action, at in played.rows(DECISIONS.c.account_id, DECISIONS.c.action, DECISIONS.c.decided_at)
        if who == account and str(at) > str(answered)
    ]
    assert set(later) <= harmless


def test_the_bundle_is_there(played: Played) -> None:
    """It verified, and its case is one of the service's."""
    (case,) = played.of("case")
    assert case.figures["good"]
    assert (played.folder / f"{case.figures['case']}.zip").stat().st_size == case.figures["size_bytes"]
    assert (case.figures["case"],) in played.rows(CASES.c.case_id)


def test_a_story_without_an_alarm_fails(tmp_path: Path) -> None:
    """Five accounts among few others are not found: there is nothing to act on, and that is said."""
    plot = Plot(3_000, 1, 2, (f"{MAIN}:accounts=5,per_account=4",))
    with pytest.raises(FailedProof, match=f"{MAIN} was not found in .* exchanges: try more, or another seed"):
        rehearse(tmp_path, plot, lambda _: None, NOW - timedelta(days=1))
