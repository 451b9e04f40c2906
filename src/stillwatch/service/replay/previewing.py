"""A preview from beginning to end: traffic taken in, the policy asked, evidence and appeals held against it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from stillwatch.act.decide.protected import Protected
from stillwatch.act.policy.policy import Policy
from stillwatch.act.preview.compare import Changes, changes
from stillwatch.act.preview.figures import Previewed
from stillwatch.act.preview.judge import Terms, judge
from stillwatch.act.preview.preview import previewed
from stillwatch.ingest import installation_salt
from stillwatch.service.concealing import RequestConcealer
from stillwatch.service.home import Home
from stillwatch.service.replay.standing import Standing, standing_of
from stillwatch.service.replay.traffic import Source, seen_of
from stillwatch.store.database import reading

__all__ = ["Asked", "preview_of", "protected_at", "said_of"]

_DIGEST: Final = 32


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be previewed, on what.

    said        What people have said so far.
    protected   Accounts that nothing is done to.
    before      Policy that it is held against; None for none.
    stage       Share of accused streams that it is rolled out to.
    """

    policy: Policy
    source: Source
    said: Standing = field(default_factory=Standing)
    protected: Protected = field(default_factory=Protected)
    before: Policy | None = None
    stage: float = 1.0


def preview_of(asked: Asked, report: Callable[[str, int, int], None]) -> tuple[Previewed, Changes | None]:
    """Whom a policy would have touched, and what it changes from the one before.

    report      Told the stage, what is done of it and what there is in all.
    Raises      As `seen_of`.
    """
    policy, before, said = asked.policy, asked.before, asked.said
    uses = policy.uses | (before.uses if before else frozenset())
    source = replace(asked.source, found_at=said.found_at)
    seen = seen_of(source, uses, lambda done, total: report("read", done, total))
    report("preview", 0, 1)
    key = bytes.fromhex(policy.version)[:_DIGEST]
    terms = Terms(
        stage=asked.stage, stage_key=key, protected=asked.protected, cleared=said.cleared, overdue=said.overdue
    )
    judged = judge(policy, seen, terms)
    found = previewed(judged, replace(source.streams.evidence, decided=said.decided, upheld=said.upheld))
    return found, None if before is None else changes(judge(before, seen, terms), judged)


def said_of(home: Home, policy: Policy, now: datetime | None = None) -> Standing:
    """What people have said so far, about rules of the names that a policy has.

    now     For whether an appeal is overdue.
    """
    with reading(home.engine).begin() as connection:
        rules = [rule.name for rule in policy.rules]
        return standing_of(connection, rules, home.settings.appeals, now or datetime.now(UTC))


def protected_at(path: Path | None) -> Protected:
    """The list; its ids are found as a scan hides them, too.

    path        None for no list.
    Raises      As `read_protected`.
    """
    return Protected(path, RequestConcealer(installation_salt()).id)
