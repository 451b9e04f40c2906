"""``stillwatch forum appeal``: the operator looks at cases, and decides those that people have answered."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stillwatch.cli.forum_store import Db, Key, key_of, opened
from stillwatch.cli.options import AsJson

if TYPE_CHECKING:
    from stillwatch.share.forum.appeals import Appeals

__all__ = ["appeal"]

appeal = typer.Typer(help="Appeals against indicators.", no_args_is_help=True)


class OutcomeName(StrEnum):
    """How a case ends."""

    UPHELD = "upheld"
    REJECTED = "rejected"


@appeal.command("list")
def list_cases(
    *,
    db: Db = "forum.db",
    everything: Annotated[bool, typer.Option("--all", help="The decided ones, too.")] = False,
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """List cases by deadline: what each holder thinks, under its name in the case, and what has to be decided."""
    from stillwatch.share.appeals.case import state_of

    now = datetime.now(UTC)
    with _appeals(db, key) as appeals:
        found = appeals.cases(undecided=not everything)
    for case in found:
        told = {
            "case": case.case_id,
            "indicator": case.indicator_id,
            "grounds": case.grounds.value,
            "deadline": f"{case.deadline:%Y-%m-%d %H:%M} UTC",
            "state": state_of(case, now).value,
            "originator": next((h.answer.value for h in case.holders if h.is_originator and h.answer), None),
            "answers": sorted(h.answer.value for h in case.holders if h.answer),
            "holders": len(case.holders),
        }
        tell(told, as_json=as_json)


@appeal.command("decide")
def decide(
    case: Annotated[str, typer.Argument(metavar="CASE", help="Id of the case.")],
    outcome: Annotated[OutcomeName, typer.Argument(help="What a person has decided.")],
    db: Db = "forum.db",
    key: Key = None,
    as_json: AsJson = False,
) -> None:
    """Decide a case that everybody has answered, or whose deadline has passed; upheld deletes the indicator."""
    from stillwatch.share.appeals.case import Outcome

    with _appeals(db, key) as appeals:
        appeals.decide(case, Outcome(outcome.value))
    tell({"case": case, "outcome": outcome.value}, as_json=as_json)


@contextmanager
def _appeals(db: str, key: Path | None) -> "Iterator[Appeals]":
    from stillwatch.share.forum.appeals import Appeals

    signing = key_of(key, db)
    store, _ = opened(db, signing)
    try:
        yield Appeals(store, signing)
    finally:
        store.close()


def tell(told: dict[str, Any], *, as_json: bool) -> None:
    typer.echo(json.dumps(told) if as_json else "  ".join(f"{name}: {value}" for name, value in told.items()))
